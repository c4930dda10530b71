/* What is checked in TIFF files before FFmpeg sees them. Its own checks come after allocations and print to stderr
 * whatever the log level of the context. */
#include "media/picture.h"

#include <limits.h>

enum { TIFF_WIDTH = 0x100, TIFF_HEIGHT = 0x101, TIFF_DNG_VERSION = 0xc612 };

static i2v_status check_size(const i2v_encoded *source, int64_t width, int64_t height, i2v_error *error) {
    i2v_status status = i2v_raster_check(width, height, source->name, error);
    if (status) return status;
    /* av_image_check_size2 counts 8 bytes a pixel and a margin, in an int; decoders align the sides to 64 at most */
    if ((8 * (width + 64) + 1024) * (height + 64 + 128) < INT_MAX) return I2V_OK;
    return i2v_fail(error, I2V_ERROR_FORMAT, "%s is too large for this format: convert it to PNG or JPEG",
                    source->name);
}

i2v_status i2v_precheck(const i2v_encoded *source, i2v_error *error) {
    if (source->size < 26) return i2v_fail_truncated(source, error);
    int64_t width = i2v_tiff_tag(source->data, source->size, TIFF_WIDTH, 0);
    int64_t height = i2v_tiff_tag(source->data, source->size, TIFF_HEIGHT, 0);
    i2v_status status = check_size(source, width, height, error);
    if (status) return status;
    if (i2v_tiff_tag(source->data, source->size, TIFF_DNG_VERSION, 0)) {
        return i2v_fail(error, I2V_ERROR_UNSUPPORTED, "%s is a raw camera picture (DNG): convert it to PNG",
                        source->name);
    }
    return I2V_OK;
}
