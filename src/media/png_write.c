/* PNG out, by libpng. */
#include "media/png_write.h"

#include <errno.h>
#include <png.h>
#include <stdio.h>

i2v_status i2v_png_write(const char *path, const char *name, int width, int height, const uint8_t *rgb,
                         i2v_error *error) {
    FILE *stream = fopen(path, "wbe");
    if (!stream) return i2v_fail_system(error, "write", name, errno);
    png_image image = {.version = PNG_IMAGE_VERSION, .format = PNG_FORMAT_RGB};
    image.width = (png_uint_32)width;
    image.height = (png_uint_32)height;
    errno = 0;
    int encoded = png_image_write_to_stdio(&image, stream, 0, rgb, 3 * width, NULL);
    int failed = !encoded || fflush(stream) != 0 || ferror(stream);
    int cause = errno;
    if (fclose(stream) != 0 && !failed) {
        failed = 1;
        cause = errno;
    }
    if (!failed) return I2V_OK;
    if (cause) return i2v_fail_system(error, "write", name, cause);
    return i2v_fail(error, I2V_ERROR_IO, "cannot write %s: %s", name, image.message);
}
