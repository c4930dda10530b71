/* Pictures in: the format is told by content, and a decoder makes a raster of it. */
#include "media/picture.h"

#include <stdlib.h>
#include <string.h>

i2v_picture_format i2v_picture_format_of(const uint8_t *data, size_t size) {
    if (size >= 3 && memcmp(data, "\xff\xd8\xff", 3) == 0) return I2V_PICTURE_JPEG;
    if (size >= 8 && memcmp(data, "\x89PNG\r\n\x1a\n", 8) == 0) return I2V_PICTURE_PNG;
    if (size >= 12 && memcmp(data, "RIFF", 4) == 0 && memcmp(data + 8, "WEBP", 4) == 0) return I2V_PICTURE_WEBP;
    if (size >= 6 && (memcmp(data, "GIF87a", 6) == 0 || memcmp(data, "GIF89a", 6) == 0)) return I2V_PICTURE_GIF;
    if (size >= 10 && memcmp(data, "II*\0", 4) == 0 && memcmp(data + 8, "CR", 2) == 0)
        return I2V_PICTURE_UNKNOWN; /* raw */
    if (size >= 4 && (memcmp(data, "II*\0", 4) == 0 || memcmp(data, "MM\0*", 4) == 0)) return I2V_PICTURE_TIFF;
    if (size >= 4 && (memcmp(data, "II+\0", 4) == 0 || memcmp(data, "MM\0+", 4) == 0)) return I2V_PICTURE_TIFF;
    if (size >= 2 && memcmp(data, "BM", 2) == 0) return I2V_PICTURE_BMP;
    return i2v_picture_format_of_rare(data, size);
}

i2v_status i2v_image_new(i2v_image **image, int width, int height, i2v_error *error) {
    if (image) *image = NULL;
    i2v_status status = i2v_require(error, "image", image, NULL);
    if (!status) status = i2v_picture_size_check(width, height, "the picture", I2V_ERROR_PARAMETER, error);
    if (status) return status;
    size_t bytes = (size_t)width * (size_t)height * 3;
    i2v_image *made = malloc(sizeof *made);
    uint8_t *pixels = malloc(bytes);
    if (!made || !pixels) {
        free(made);
        free(pixels);
        return i2v_fail_memory(error, "the picture", bytes);
    }
    *made = (i2v_image){.width = width, .height = height, .pixels = pixels};
    *image = made;
    return I2V_OK;
}

i2v_status i2v_image_check(const i2v_image *image, const char *name, i2v_error *error) {
    i2v_status status = i2v_require(error, name, image, NULL);
    if (!status)
        status = i2v_picture_size_check(image->width, image->height, "the picture", I2V_ERROR_PARAMETER, error);
    if (status || image->pixels) return status;
    return i2v_fail(error, I2V_ERROR_PARAMETER,
                    "the picture has no pixels; load it from a file, or make it with i2v_image_new");
}

void i2v_image_free(i2v_image *image) {
    if (!image) return;
    free(image->pixels);
    free(image);
}

i2v_status i2v_raster_decode(i2v_raster *raster, const i2v_encoded *source, i2v_error *error) {
    i2v_picture_format format = i2v_picture_format_of(source->data, source->size);
    switch (format) {
    case I2V_PICTURE_JPEG:
        return i2v_decode_jpeg(raster, source, error);
    case I2V_PICTURE_PNG:
        return i2v_decode_png(raster, source, error);
    case I2V_PICTURE_WEBP:
        return i2v_decode_webp(raster, source, error);
    case I2V_PICTURE_TIFF:
        return i2v_decode_tiff(raster, source, error);
    case I2V_PICTURE_AVIF:
        return i2v_decode_avif(raster, source, error);
    case I2V_PICTURE_HEIC:
        return i2v_decode_heic(raster, source, error);
    case I2V_PICTURE_JPEG2000:
        return i2v_decode_jpeg2000(raster, source, error);
    case I2V_PICTURE_UNKNOWN:
        break;
    default:
        return i2v_decode_rare(raster, source, format, error);
    }
    return i2v_fail_not_a_picture(source, error);
}
