/* What is checked in BMP, TIFF and GIF files before FFmpeg sees them. Its own checks come after allocations, print to
 * stderr whatever the log level of the context, and pass files that end too early. */
#include "media/picture.h"

#include <limits.h>
#include <stdlib.h>

enum { TIFF_WIDTH = 0x100, TIFF_HEIGHT = 0x101, TIFF_DNG_VERSION = 0xc612 };
enum { BMP_RGB = 0, BMP_BITFIELDS = 3, BMP_CORE_HEADER = 12 };

/* Little-endian; 0 beyond the end. */
static uint32_t read_uint(const i2v_encoded *source, size_t offset, int count) {
    uint32_t value = 0;
    if (offset > source->size || source->size - offset < (size_t)count) return 0;
    for (int i = count - 1; i >= 0; i--) value = value << 8 | source->data[offset + (size_t)i];
    return value;
}

typedef struct bmp_header {
    int64_t width, height; /* of the picture; a negative height in the file means that the top row comes first */
    uint32_t pixels, depth, compression;
} bmp_header;

static bmp_header read_bmp_header(const i2v_encoded *source) {
    bmp_header header = {.pixels = read_uint(source, 10, 4)};
    if (read_uint(source, 14, 4) == BMP_CORE_HEADER) {
        header.width = read_uint(source, 18, 2);
        header.height = read_uint(source, 20, 2);
        header.depth = read_uint(source, 24, 2);
        return header;
    }
    header.width = (int32_t)read_uint(source, 18, 4);
    header.height = llabs((int32_t)read_uint(source, 22, 4));
    header.depth = read_uint(source, 28, 2);
    header.compression = read_uint(source, 30, 4);
    return header;
}

/* FFmpeg takes rows to be unpadded where the file is a little short, and shears the picture. Run lengths (the other
 * compressions) have their size in the header. */
static int bmp_is_whole(const i2v_encoded *source) {
    bmp_header header = read_bmp_header(source);
    if (header.compression != BMP_RGB && header.compression != BMP_BITFIELDS) {
        return source->size >= (uint64_t)header.pixels + read_uint(source, 34, 4);
    }
    uint64_t bits = (uint64_t)header.width * header.depth, stride = (bits + 31) / 32 * 4;
    return source->size >= header.pixels + stride * (uint64_t)(header.height - 1) + (bits + 7) / 8;
}

int i2v_bmp_has_alpha(const i2v_encoded *source) {
    return read_bmp_header(source).compression == BMP_BITFIELDS;
}

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

/* FFmpeg's copy of the file and its frame, which is freed after the raster is there; of a GIF also the frame before. */
static uint64_t memory_of(const i2v_encoded *source, i2v_picture_format format, int64_t width, int64_t height) {
    uint64_t frame = 8, raster = 4; /* bytes a pixel */
    if (format == I2V_PICTURE_BMP) {
        uint32_t depth = read_bmp_header(source).depth;
        frame = depth <= 8 ? 1 : depth <= 24 ? depth / 8 : 4;
        raster = i2v_bmp_has_alpha(source) ? 4 : 3;
    }
    return source->size + (uint64_t)(width + 64) * (uint64_t)(height + 64) * frame +
           (uint64_t)(width * height) * raster + ((uint64_t)1 << 20);
}

static i2v_status check_size(const i2v_encoded *source, int64_t width, int64_t height, i2v_error *error) {
    i2v_status status = i2v_raster_check(width, height, source->name, error);
    if (status) return status;
    /* av_image_check_size2 counts 8 bytes a pixel and a margin, in an int; decoders align the sides to 64 at most */
    if ((8 * (width + 64) + 1024) * (height + 64 + 128) < INT_MAX) return I2V_OK;
    return i2v_fail(error, I2V_ERROR_FORMAT, "%s is too large for this format: convert it to PNG or JPEG",
                    source->name);
}

i2v_status i2v_precheck(const i2v_raster *raster, const i2v_encoded *source, i2v_picture_format format,
                        i2v_error *error) {
    int64_t width = 0, height = 0;
    int whole = 1;
    if (format == I2V_PICTURE_BMP) {
        bmp_header header = read_bmp_header(source);
        width = header.width;
        height = header.height;
    } else if (format == I2V_PICTURE_GIF) {
        width = read_uint(source, 6, 2);
        height = read_uint(source, 8, 2);
    } else {
        width = i2v_tiff_tag(source->data, source->size, TIFF_WIDTH, 0);
        height = i2v_tiff_tag(source->data, source->size, TIFF_HEIGHT, 0);
    }
    if (source->size < 26) return i2v_fail_truncated(source, error);
    i2v_status status = check_size(source, width, height, error);
    if (!status) {
        uint64_t bytes = memory_of(source, format, width, height);
        status = i2v_raster_reserve(raster, width, height, bytes, source->name, error);
    }
    if (status) return status;
    if (format == I2V_PICTURE_BMP) whole = bmp_is_whole(source);
    if (format == I2V_PICTURE_GIF) whole = gif_is_whole(source);
    if (!whole) return i2v_fail_truncated(source, error);
    if (format == I2V_PICTURE_TIFF && i2v_tiff_tag(source->data, source->size, TIFF_DNG_VERSION, 0)) {
        return i2v_fail(error, I2V_ERROR_UNSUPPORTED, "%s is a raw camera picture (DNG): convert it to PNG",
                        source->name);
    }
    return I2V_OK;
}
