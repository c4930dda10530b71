/* What is checked in GIF files before FFmpeg sees them. Its own checks come after allocations, print to
 * stderr whatever the log level of the context, and pass files that end too early. */
#include "media/bytes.h"
#include "media/picture.h"

#include <limits.h>

/* The end of the first frame is found: header, colour table, extensions, image descriptor, colour table, sub-blocks up
 * to an empty one. (FFmpeg gives a half-empty picture for what is missing.) */
static int gif_is_whole(const i2v_encoded *source) {
    const uint8_t *data = source->data;
    size_t size = source->size, at = 13;
    if (size < at) return 0;
    if (data[10] & 0x80) at += (size_t)3 << ((data[10] & 7) + 1);
    int image = 0;
    while (!image) {
        if (at >= size) return 0;
        image = data[at] == ',';
        if (!image && data[at] != '!') return 0;
        size_t flags = at + 9;
        at += image ? 11 : 2; /* a descriptor and the code size, or an extension and its label */
        if (image && flags < size && data[flags] & 0x80) at += (size_t)3 << ((data[flags] & 7) + 1);
        while (at < size && data[at] != 0) at += (size_t)data[at] + 1;
        if (at >= size) return 0;
        at++;
    }
    return 1;
}

static i2v_status check_size(const i2v_encoded *source, int64_t width, int64_t height, i2v_error *error) {
    i2v_status status = i2v_raster_check(width, height, source->name, error);
    if (status) return status;
    /* av_image_check_size2 counts 8 bytes a pixel and a margin, in an int; decoders align the sides to 64 at most */
    if ((8 * (width + 64) + 1024) * (height + 64 + 128) < INT_MAX) return I2V_OK;
    return i2v_fail(error, I2V_ERROR_FORMAT, "%s is too large for this format: convert it to PNG or JPEG",
                    source->name);
}

i2v_status i2v_precheck_gif(const i2v_encoded *source, i2v_error *error) {
    if (source->size < 26) return i2v_fail_truncated(source, error);
    i2v_status status = check_size(source, i2v_little_endian(source->data + 6, 2),
                                   i2v_little_endian(source->data + 8, 2), error);
    if (status) return status;
    return gif_is_whole(source) ? I2V_OK : i2v_fail_truncated(source, error);
}
