/* Silences one AVFormatContext. av_log reads an offset to the message's level from wherever the context's class says
 * it is; libavformat's class says nowhere. So the context gets a copy of its class that points at context->opaque,
 * which is the caller's to use. */
#include "media/quiet.h"

#include <stddef.h>
#include <string.h>

void i2v_quiet_format(AVFormatContext *context, AVClass *storage) {
    *storage = *context->av_class;
    storage->version = LIBAVUTIL_VERSION_INT; /* a newer library must not look for fields that were not copied */
    storage->log_level_offset_offset = (int)offsetof(AVFormatContext, opaque);
    int level = I2V_QUIET_LEVEL;
    memcpy(&context->opaque, &level, sizeof level);
    context->av_class = storage;
}
