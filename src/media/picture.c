/* Pictures in: the format is told by content, a decoder makes a raster of it, alpha and EXIF orientation are applied,
 * and an i2v_image goes out. */
#include "media/picture.h"

#include "base/file.h"
#include "base/sha256.h"

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
    if (size >= 4 && (memcmp(data, "II*\0", 4) == 0 || memcmp(data, "MM\0*", 4) == 0)) return I2V_PICTURE_TIFF;
    if (size >= 2 && memcmp(data, "BM", 2) == 0) return I2V_PICTURE_BMP;
    return I2V_PICTURE_UNKNOWN;
}

i2v_status i2v_fail_truncated(const i2v_encoded *source, i2v_error *error) {
    return i2v_fail(error, I2V_ERROR_FORMAT, "%s is truncated", source->name);
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
    if (status) return status;
    raster->pixels = calloc((size_t)(width * height), (size_t)channels);
    if (!raster->pixels) return i2v_fail_memory(error, name, (uint64_t)(width * height * channels));
    raster->width = (int)width;
    raster->height = (int)height;
    raster->channels = channels;
    return I2V_OK;
}

i2v_status i2v_image_new(i2v_image **image, int width, int height, i2v_error *error) {
    *image = NULL;
    i2v_status status = check_size(width, height, "the picture", I2V_ERROR_PARAMETER, error);
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

void i2v_image_free(i2v_image *image) {
    if (!image) return;
    free(image->pixels);
    free(image);
}

static i2v_status decode(i2v_raster *raster, const i2v_encoded *source, i2v_error *error) {
    i2v_picture_format format = i2v_picture_format_of(source->data, source->size);
    switch (format) {
    case I2V_PICTURE_JPEG:
        return i2v_decode_jpeg(raster, source, error);
    case I2V_PICTURE_PNG:
        return i2v_decode_png(raster, source, error);
    case I2V_PICTURE_WEBP:
        return i2v_decode_webp(raster, source, error);
    case I2V_PICTURE_BMP:
    case I2V_PICTURE_TIFF:
    case I2V_PICTURE_GIF:
        return i2v_decode_ffmpeg(raster, source, format, error);
    case I2V_PICTURE_UNKNOWN:
        break;
    }
    return i2v_fail(error, I2V_ERROR_FORMAT, "%s is not a picture (PNG, JPEG, WebP, BMP, TIFF or GIF)", source->name);
}

/* RGBA to RGB, in place: the pixels close up. */
static void remove_alpha(i2v_raster *raster, i2v_alpha alpha) {
    if (raster->channels != 4) return;
    const uint8_t *from = raster->pixels;
    uint8_t *to = raster->pixels;
    size_t count = (size_t)raster->width * (size_t)raster->height;
    for (size_t i = 0; i < count; i++, from += 4, to += 3) {
        unsigned opacity = alpha == I2V_ALPHA_WHITE ? from[3] : 255;
        for (int c = 0; c < 3; c++) to[c] = (uint8_t)((opacity * from[c] + (255 - opacity) * 255 + 127) / 255);
    }
    raster->channels = 3;
}

/* Copies the RGB raster upright, as PIL.ImageOps.exif_transpose does. */
static void orient(const i2v_raster *raster, i2v_image *image) {
    int o = raster->orientation;
    int swap = o >= 5, flip_x = o == 2 || o == 3 || o == 7 || o == 8, flip_y = o == 3 || o == 4 || o == 6 || o == 7;
    uint8_t *to = image->pixels;
    for (int y = 0; y < image->height; y++) {
        for (int x = 0; x < image->width; x++, to += 3) {
            int from_x = swap ? y : x, from_y = swap ? x : y;
            if (flip_x) from_x = raster->width - 1 - from_x;
            if (flip_y) from_y = raster->height - 1 - from_y;
            memcpy(to, raster->pixels + ((size_t)from_y * (size_t)raster->width + (size_t)from_x) * 3, 3);
        }
    }
}

static i2v_status load(i2v_image **image, const i2v_encoded *source, i2v_alpha alpha, i2v_error *error) {
    i2v_raster raster = {.orientation = 1};
    i2v_status status = decode(&raster, source, error);
    if (status) goto end;
    remove_alpha(&raster, alpha);
    int swap = raster.orientation >= 5;
    status = i2v_image_new(image, swap ? raster.height : raster.width, swap ? raster.width : raster.height, error);
    if (status) goto end;
    orient(&raster, *image);
    status = i2v_sha256_of(source->data, source->size, (*image)->sha256, error);
    if (status) {
        i2v_image_free(*image);
        *image = NULL;
    }
end:
    free(raster.pixels);
    return status;
}

i2v_status i2v_image_load_memory(i2v_image **image, const void *data, size_t size, i2v_alpha alpha, i2v_error *error) {
    *image = NULL;
    if (!data && size > 0) return i2v_fail(error, I2V_ERROR_PARAMETER, "the picture's data is NULL");
    if (size > I2V_FILE_MAX_BYTES) {
        return i2v_fail(error, I2V_ERROR_FORMAT, "the picture is larger than %zu MiB", I2V_FILE_MAX_BYTES >> 20);
    }
    i2v_encoded source = {data, size, "the picture"};
    return load(image, &source, alpha, error);
}

i2v_status i2v_image_load(i2v_image **image, const char *path, i2v_alpha alpha, i2v_error *error) {
    *image = NULL;
    uint8_t *data = NULL;
    i2v_encoded source = {.name = strcmp(path, "-") == 0 ? "standard input" : path};
    i2v_status status = i2v_stream_read(&data, &source.size, path, I2V_FILE_MAX_BYTES, error);
    if (status) return status;
    source.data = data;
    status = load(image, &source, alpha, error);
    free(data);
    return status;
}
