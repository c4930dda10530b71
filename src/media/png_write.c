/* PNG out, by libpng. */
#include "media/png_write.h"

#include "media/media.h"

#include <png.h>
#include <stdlib.h>

/* A file in memory, to be freed with free(); on failure *png is NULL. */
static i2v_status encode(uint8_t **png, size_t *size, int width, int height, const uint8_t *rgb, i2v_error *error) {
    png_image header = {.version = PNG_IMAGE_VERSION, .format = PNG_FORMAT_RGB};
    header.width = (png_uint_32)width;
    header.height = (png_uint_32)height;
    png_alloc_size_t bytes = PNG_IMAGE_PNG_SIZE_MAX(header); /* at most */
    *png = malloc(bytes);
    if (!*png) return i2v_fail_memory(error, "the PNG", bytes);
    if (png_image_write_to_memory(&header, *png, &bytes, 0, rgb, 3 * width, NULL)) {
        *size = bytes;
        return I2V_OK;
    }
    free(*png);
    *png = NULL;
    return i2v_fail(error, I2V_ERROR_INTERNAL, "libpng cannot write a PNG to memory: %s", header.message);
}

i2v_status i2v_png_write(const i2v_output_file *file, int width, int height, const uint8_t *rgb, i2v_error *error) {
    uint8_t *png;
    size_t size = 0;
    i2v_status status = encode(&png, &size, width, height, rgb, error);
    if (!status) status = i2v_output_file_write(file, png, size, error);
    free(png);
    return status;
}

i2v_status i2v_image_png(const i2v_image *image, uint8_t **png, size_t *size, i2v_error *error) {
    if (png) *png = NULL;
    i2v_status status = i2v_require(error, "png", png, "size", size, NULL);
    if (!status) status = i2v_image_check(image, "image", error);
    return status ? status : encode(png, size, image->width, image->height, image->pixels, error);
}

void i2v_png_free(uint8_t *png) {
    free(png);
}
