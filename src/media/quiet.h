/* FFmpeg's libavformat speaks to stderr by default; a library must not. */
#ifndef I2V_MEDIA_QUIET_H
#define I2V_MEDIA_QUIET_H

#include <libavformat/avformat.h>

/* Added to the level of a message (8 to 56), it makes it finer than any log level lets through. Must stay within a
 * byte: av_log takes the bits above for a colour. */
#define I2V_QUIET_LEVEL 128

/* Silences one context, before it is opened. Uses context->opaque; *storage must outlive the context.
 * (av_log_set_level would silence the whole process. Codec contexts have a log_level_offset of their own.) */
void i2v_quiet_format(AVFormatContext *context, AVClass *storage);

#endif
