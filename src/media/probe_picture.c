/* Pictures by their headers: sizes as stored, and the frames of animated PNG, GIF and WebP with their delays. */
#include "base/byte_order.h"
#include "media/bytes.h"
#include "media/probe.h"

#include <stdio.h>
#include <string.h>
#include <webp/decode.h>

static i2v_status fail_damaged(const i2v_encoded *source, i2v_error *error) {
    return i2v_fail(error, I2V_ERROR_FORMAT, "%s is truncated or damaged; copy or download it again", source->name);
}

static void name_kind(i2v_media_info *info, const char *container, const char *codec) {
    snprintf(info->container, sizeof info->container, "%s", container);
    snprintf(info->codec, sizeof info->codec, "%s", codec);
}

static void set_size(i2v_media_info *info, uint32_t width, uint32_t height) {
    info->width = width <= INT32_MAX ? (int)width : 0;
    info->height = height <= INT32_MAX ? (int)height : 0;
}

static i2v_status set_animation(i2v_media_info *info, int64_t frames, double seconds, const i2v_encoded *source,
                                i2v_error *error) {
    if (frames < 1) return fail_damaged(source, error);
    info->num_frames = frames;
    info->fps = frames > 1 && seconds > 0 ? (double)frames / seconds : 0;
    return I2V_OK;
}

/* Chunks: length, name, data, checksum. A frame of an animation is an fcTL with its delay as a fraction. */
static i2v_status probe_png(i2v_media_info *info, const i2v_encoded *source, i2v_error *error) {
    const uint8_t *data = source->data;
    if (source->size < 33 || memcmp(data + 12, "IHDR", 4) != 0) return fail_damaged(source, error);
    set_size(info, i2v_big_endian(data + 16, 4), i2v_big_endian(data + 20, 4));
    name_kind(info, "png", "png");
    int64_t frames = 0;
    int is_animated = 0, has_pixels = 0;
    double seconds = 0;
    for (size_t at = 8; at < source->size && source->size - at >= 12;) {
        const uint8_t *name = data + at + 4;
        uint32_t length = i2v_big_endian(data + at, 4);
        if (memcmp(name, "IDAT", 4) == 0) has_pixels = 1;
        if (length > source->size - at - 12) break;
        if (memcmp(name, "acTL", 4) == 0) is_animated = 1;
        if (memcmp(name, "fcTL", 4) == 0 && length == 26) {
            uint32_t denominator = i2v_big_endian(data + at + 30, 2);
            seconds += (double)i2v_big_endian(data + at + 28, 2) / (denominator ? denominator : 100);
            frames++;
        }
        if (memcmp(name, "IEND", 4) == 0) {
            if (is_animated) name_kind(info, "apng", "apng");
            return is_animated ? set_animation(info, frames, seconds, source, error) : I2V_OK;
        }
        at += 12 + (size_t)length;
    }
    /* the end of a still picture is not missed, as when it is read */
    return has_pixels && !is_animated ? I2V_OK : fail_damaged(source, error);
}

/* Segments: 0xff, a marker, length with itself, data; the size is in the start-of-frame segment. */
static i2v_status probe_jpeg(i2v_media_info *info, const i2v_encoded *source, i2v_error *error) {
    const uint8_t *data = source->data;
    name_kind(info, "jpeg", "jpeg");
    for (size_t at = 2; source->size - at >= 9;) {
        uint8_t marker = data[at + 1];
        if (data[at] != 0xff) break;
        if (marker == 0xff) { /* filling */
            at++;
            continue;
        }
        int is_start = marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
        if (is_start) {
            set_size(info, i2v_big_endian(data + at + 7, 2), i2v_big_endian(data + at + 5, 2));
            return I2V_OK;
        }
        size_t length = i2v_big_endian(data + at + 2, 2);
        if (length < 2 || length + 2 > source->size - at) break;
        at += 2 + length;
    }
    return fail_damaged(source, error);
}

/* Blocks: extensions, of which the graphic control holds the next picture's delay in 1/100 s, and pictures. A missing
 * end marker is common and forgiven. */
static i2v_status probe_gif(i2v_media_info *info, const i2v_encoded *source, i2v_error *error) {
    const uint8_t *data = source->data;
    size_t size = source->size;
    if (size < 13) return fail_damaged(source, error);
    name_kind(info, "gif", "gif");
    set_size(info, i2v_little_endian(data + 6, 2), i2v_little_endian(data + 8, 2));
    int64_t frames = 0, hundredths = 0;
    size_t at = 13 + i2v_gif_table_size(data[10]);
    while (at < size && data[at] != ';') {
        int is_picture = data[at] == ',';
        size_t left = size - at;
        if ((!is_picture && data[at] != '!') || left < (is_picture ? 11 : 3)) return fail_damaged(source, error);
        if (!is_picture && data[at + 1] == 0xf9 && left >= 8) hundredths += i2v_little_endian(data + at + 4, 2);
        size_t blocks = at + (is_picture ? 11 + i2v_gif_table_size(data[at + 9]) : 2);
        at = i2v_gif_skip(data, size, blocks);
        if (at > size) return fail_damaged(source, error);
        frames += is_picture;
    }
    return set_animation(info, frames, (double)hundredths / 100, source, error);
}

/* Chunks: name, length, data, filling to an even length. A frame of an animation is an ANMF, its delay in ms. */
static i2v_status probe_webp(i2v_media_info *info, const i2v_encoded *source, i2v_error *error) {
    const uint8_t *data = source->data;
    WebPBitstreamFeatures features;
    if (WebPGetFeatures(data, source->size, &features) != VP8_STATUS_OK) return fail_damaged(source, error);
    name_kind(info, "webp", "webp");
    info->width = features.width;
    info->height = features.height;
    int64_t frames = 0, milliseconds = 0;
    for (size_t at = 12; source->size - at >= 8;) {
        size_t length = i2v_little_endian(data + at + 4, 4);
        if (length > source->size - at - 8) return fail_damaged(source, error);
        if (memcmp(data + at, "ANMF", 4) == 0 && length >= 16) {
            milliseconds += i2v_little_endian(data + at + 20, 3);
            frames++;
        }
        at += 8 + length;
        if (length % 2 && at < source->size) at++;
    }
    if (!features.has_animation) return I2V_OK;
    return set_animation(info, frames, (double)milliseconds / 1000, source, error);
}

/* The header's length tells OS/2's 16-bit sizes from Windows' signed 32-bit ones (a negative height: top row first). */
static i2v_status probe_bmp(i2v_media_info *info, const i2v_encoded *source, i2v_error *error) {
    const uint8_t *data = source->data;
    if (source->size < 26) return fail_damaged(source, error);
    name_kind(info, "bmp", "bmp");
    if (i2v_little_endian(data + 14, 4) == 12) {
        set_size(info, i2v_little_endian(data + 18, 2), i2v_little_endian(data + 20, 2));
    } else {
        uint32_t height = i2v_little_endian(data + 22, 4);
        set_size(info, i2v_little_endian(data + 18, 4), height > INT32_MAX ? 0u - height : height);
    }
    return I2V_OK;
}

static i2v_status probe_tiff(i2v_media_info *info, const i2v_encoded *source, i2v_error *error) {
    enum { TAG_WIDTH = 256, TAG_HEIGHT = 257 };
    name_kind(info, "tiff", "tiff");
    set_size(info, i2v_tiff_tag(source->data, source->size, TAG_WIDTH, 0),
             i2v_tiff_tag(source->data, source->size, TAG_HEIGHT, 0));
    return I2V_OK;
}

i2v_status i2v_probe_picture(i2v_media_info *info, const i2v_encoded *source, i2v_picture_format format,
                             i2v_error *error) {
    i2v_status status = I2V_OK;
    info->num_frames = 1;
    switch (format) {
    case I2V_PICTURE_PNG:
        status = probe_png(info, source, error);
        break;
    case I2V_PICTURE_JPEG:
        status = probe_jpeg(info, source, error);
        break;
    case I2V_PICTURE_GIF:
        status = probe_gif(info, source, error);
        break;
    case I2V_PICTURE_WEBP:
        status = probe_webp(info, source, error);
        break;
    case I2V_PICTURE_BMP:
        status = probe_bmp(info, source, error);
        break;
    case I2V_PICTURE_TIFF:
        status = probe_tiff(info, source, error);
        break;
    default:
        status = i2v_probe_rare(info, source, format, error);
    }
    if (!status && (info->width < 1 || info->height < 1)) status = fail_damaged(source, error);
    return status;
}
