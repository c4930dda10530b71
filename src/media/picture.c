/* Pictures in: the format is told by content, and a decoder makes a raster of it. */
#include "media/picture.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* A picture more stretched than this is a mistake, and would make intermediate sizes absurd. */
#define MAX_ASPECT 200

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

i2v_status i2v_fail_truncated(const i2v_encoded *source, i2v_error *error) {
    return i2v_fail(error, I2V_ERROR_FORMAT, "%s is truncated: get a whole copy of it", source->name);
}

static i2v_status check_size(int64_t width, int64_t height, const char *name, i2v_status status, i2v_error *error) {
    if (width < 1 || height < 1) {
        return i2v_fail(error, status, "%s has no pixels (%" PRId64 " x %" PRId64 ")", name, width, height);
    }
    if (width > I2V_IMAGE_MAX_SIDE || height > I2V_IMAGE_MAX_SIDE || width * height > I2V_IMAGE_MAX_PIXELS) {
        return i2v_fail(error, status,
                        "%s is too large: %" PRId64 " x %" PRId64 " pixels, where %d on a side and %u in all are the "
                        "limit",
                        name, width, height, I2V_IMAGE_MAX_SIDE, I2V_IMAGE_MAX_PIXELS);
    }
    return I2V_OK;
}

i2v_status i2v_raster_check(int64_t width, int64_t height, const char *name, i2v_error *error) {
    i2v_status status = check_size(width, height, name, I2V_ERROR_FORMAT, error);
    if (status) return status;
    if (width > MAX_ASPECT * height || height > MAX_ASPECT * width) {
        return i2v_fail(error, I2V_ERROR_FORMAT,
                        "%s is %" PRId64 " x %" PRId64 " pixels: crop it, one side may be at most %d times the other",
                        name, width, height, MAX_ASPECT);
    }
    return I2V_OK;
}

i2v_status i2v_raster_alloc(i2v_raster *raster, int64_t width, int64_t height, int channels, const char *name,
                            i2v_error *error) {
    i2v_status status = i2v_raster_check(width, height, name, error);
    uint64_t bytes = (uint64_t)(width * height) * (uint64_t)channels;
    if (!status) status = i2v_raster_reserve(raster, width, height, bytes + raster->working, name, error);
    if (status) return status;
    raster->pixels = calloc((size_t)(width * height), (size_t)channels);
    if (!raster->pixels) return i2v_fail_memory(error, name, bytes);
    raster->width = (int)width;
    raster->height = (int)height;
    raster->channels = channels;
    return I2V_OK;
}

i2v_status i2v_raster_check_not_black(const i2v_raster *raster, const char *kind, const char *name, i2v_error *error) {
    size_t count = (size_t)raster->width * (size_t)raster->height * 3;
    for (size_t i = 0; i < count; i++) {
        if (raster->pixels[i] > 1) return I2V_OK;
    }
    return i2v_fail(error, I2V_ERROR_UNSUPPORTED,
                    "%s is a %s whose values do not go to 255: scale them and convert it to PNG", name, kind);
}

i2v_status i2v_image_new(i2v_image **image, int width, int height, i2v_error *error) {
    if (image) *image = NULL;
    i2v_status status = i2v_require(error, "image", image, NULL);
    if (!status) status = check_size(width, height, "the picture", I2V_ERROR_PARAMETER, error);
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
    if (!status) status = check_size(image->width, image->height, "the picture", I2V_ERROR_PARAMETER, error);
    if (status || image->pixels) return status;
    return i2v_fail(error, I2V_ERROR_PARAMETER, "the picture has no pixels");
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
