/* A picture as a PNG file in memory, by libpng. */
#include "base/error.h"
#include "media/media.h"

#include <png.h>
#include <stdlib.h>

i2v_status i2v_image_png(const i2v_image *image, uint8_t **png, size_t *size, i2v_error *error) {
    if (png) *png = NULL;
    i2v_status status = i2v_require(error, "png", png, "size", size, NULL);
    if (!status) status = i2v_image_check(image, "image", error);
    if (status) return status;
    png_image header = {.version = PNG_IMAGE_VERSION, .format = PNG_FORMAT_RGB};
    header.width = (png_uint_32)image->width;
    header.height = (png_uint_32)image->height;
    png_alloc_size_t bytes = PNG_IMAGE_PNG_SIZE_MAX(header); /* at most */
    uint8_t *file = malloc(bytes);
    if (!file) return i2v_fail_memory(error, "the PNG", bytes);
    if (!png_image_write_to_memory(&header, file, &bytes, 0, image->pixels, 3 * image->width, NULL)) {
        free(file);
        return i2v_fail(error, I2V_ERROR_INTERNAL, "libpng cannot write a PNG to memory: %s", header.message);
    }
    *png = file;
    *size = bytes;
    return I2V_OK;
}

void i2v_png_free(uint8_t *png) {
    free(png);
}
