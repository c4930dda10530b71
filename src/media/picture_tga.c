/* TGA, with the pixels that Pillow makes of it. The format has no magic number, so its header is looked at closely
 * (i2v_is_tga), after all others. */
#include "base/byte_order.h"
#include "media/picture_rare.h"
#include "media/reader.h"

#include <stdlib.h>
#include <string.h>

enum { HEADER_SIZE = 18, FOOTER_SIZE = 26, ATTRIBUTES_AT = 494, KIND_PALETTE = 1, KIND_COLOR = 2, KIND_GREY = 3 };

typedef struct tga {
    int has_palette, kind, is_rle, depth, flags;
    int palette_start, palette_count, palette_depth;
    int width, height;
    size_t pixels_at;
    uint8_t palette[256][4]; /* RGBA */
} tga;

static int read_header(tga *file, const uint8_t *data, size_t size) {
    if (size < HEADER_SIZE) return 0;
    *file = (tga){.has_palette = data[1],
                  .kind = data[2] & 7,
                  .is_rle = data[2] & 8,
                  .depth = data[16],
                  .flags = data[17],
                  .palette_start = (int)i2v_little_endian(data + 3, 2),
                  .palette_count = (int)i2v_little_endian(data + 5, 2),
                  .palette_depth = data[7],
                  .width = (int)i2v_little_endian(data + 12, 2),
                  .height = (int)i2v_little_endian(data + 14, 2)};
    size_t palette_bytes = (size_t)file->palette_count * (size_t)(file->palette_depth / 8);
    file->pixels_at = HEADER_SIZE + data[0] + (file->has_palette ? palette_bytes : 0);
    return data[2] < 12;
}

/* Bits a pixel that each kind may have. */
static int is_depth(const tga *file) {
    switch (file->kind) {
    case KIND_PALETTE:
        return file->depth == 8 && file->has_palette;
    case KIND_COLOR:
        return file->depth == 16 || file->depth == 24 || file->depth == 32;
    case KIND_GREY:
        return file->depth == 8 || file->depth == 16 || (file->depth == 1 && !file->is_rle);
    default:
        return 0;
    }
}

int i2v_is_tga(const uint8_t *data, size_t size) {
    tga file;
    if (!read_header(&file, data, size) || file.has_palette > 1 || !is_depth(&file)) return 0;
    int palette_depth = file.palette_depth;
    if (file.has_palette && palette_depth != 16 && palette_depth != 24 && palette_depth != 32) return 0;
    return file.width > 0 && file.height > 0 && !(file.flags & 0xc0);
}

/* One pixel as RGBA. Of 16 bits in colour, 5 are each channel's, and the highest, set, means transparent. */
static void to_rgba(uint8_t rgba[4], const uint8_t *pixel, int kind, int depth) {
    unsigned value;
    switch (kind == KIND_GREY ? -depth : depth) {
    case -8:
    case -16:
        memset(rgba, pixel[0], 3);
        rgba[3] = depth == 16 ? pixel[1] : 255;
        break;
    case 16:
        value = i2v_little_endian(pixel, 2);
        for (int c = 0; c < 3; c++) rgba[c] = (uint8_t)((value >> (10 - 5 * c) & 31) * 255 / 31);
        rgba[3] = value >> 15 ? 0 : 255;
        break;
    default:
        for (int c = 0; c < 3; c++) rgba[c] = pixel[2 - c];
        rgba[3] = depth == 32 ? pixel[3] : 255;
    }
}

/* Entries that the file does not give are black, as in Pillow. */
static int read_palette(tga *file, const i2v_encoded *source) {
    i2v_reader reader = {source->data, source->size, HEADER_SIZE};
    if (!i2v_read_bytes(&reader, source->data[0])) return 0;
    int bytes = file->palette_depth / 8, before = file->palette_start;
    for (int i = 0; i < 256; i++) {
        memset(file->palette[i], 0, 3);
        file->palette[i][3] = 255;
    }
    for (int i = 0; i < before + file->palette_count; i++) {
        static const uint8_t zero[4] = {0};
        const uint8_t *entry = i < before ? zero : i2v_read_bytes(&reader, (size_t)bytes);
        if (!entry) return 0;
        if (i < 256) to_rgba(file->palette[i], entry, KIND_COLOR, file->palette_depth);
    }
    return 1;
}

/* Where a file of version 2 says that its fourth channel is no alpha. */
static int alpha_is_none(const i2v_encoded *source) {
    if (source->size < FOOTER_SIZE) return 0;
    const uint8_t *footer = source->data + source->size - FOOTER_SIZE;
    if (memcmp(footer + FOOTER_SIZE - 18, "TRUEVISION-XFILE.", 18) != 0) return 0;
    size_t extension = i2v_little_endian(footer, 4);
    return extension && extension + ATTRIBUTES_AT < source->size && source->data[extension + ATTRIBUTES_AT] == 0;
}

static int has_alpha(const tga *file) {
    if (file->kind == KIND_PALETTE) return file->palette_depth != 24;
    return file->kind == KIND_GREY ? file->depth == 16 : file->depth != 24;
}

/* Pixels one after the other: run lengths are a count, whose highest bit says whether one pixel is to be repeated. */
typedef struct pixel_source {
    i2v_reader reader;
    size_t bytes;
    int is_rle, left, repeats;
    const uint8_t *pixel;
} pixel_source;

static const uint8_t *next_pixel(pixel_source *pixels) {
    if (pixels->is_rle && pixels->left == 0) {
        int count = i2v_read_byte(&pixels->reader);
        if (count < 0) return NULL;
        pixels->left = (count & 127) + 1;
        pixels->repeats = count >> 7;
        pixels->pixel = NULL;
    }
    pixels->left--;
    if (!pixels->is_rle || !pixels->repeats || !pixels->pixel) {
        pixels->pixel = i2v_read_bytes(&pixels->reader, pixels->bytes);
    }
    return pixels->pixel;
}

static int read_row(const tga *file, pixel_source *pixels, uint8_t *out, int channels) {
    uint8_t rgba[4];
    if (file->depth == 1) {
        const uint8_t *row = i2v_read_bytes(&pixels->reader, ((size_t)file->width + 7) / 8);
        for (int x = 0; row && x < file->width; x++) memset(out + x * 3, row[x / 8] & 0x80 >> x % 8 ? 255 : 0, 3);
        return row != NULL;
    }
    for (int x = 0; x < file->width; x++) {
        const uint8_t *pixel = next_pixel(pixels);
        if (!pixel) return 0;
        if (file->kind == KIND_PALETTE) {
            memcpy(rgba, file->palette[pixel[0]], 4);
        } else {
            to_rgba(rgba, pixel, file->kind, file->depth);
        }
        int to = file->flags & 0x10 ? file->width - 1 - x : x; /* from the right */
        memcpy(out + (size_t)to * (size_t)channels, rgba, (size_t)channels);
    }
    return 1;
}

i2v_status i2v_decode_tga(i2v_raster *raster, const i2v_encoded *source, i2v_error *error) {
    tga file;
    read_header(&file, source->data, source->size);
    if (file.pixels_at > source->size || (file.has_palette && !read_palette(&file, source))) {
        return i2v_fail_truncated(source, error);
    }
    /* a run is of 128 pixels at most */
    size_t bits = (size_t)file.depth * (size_t)file.width * (size_t)file.height, left = source->size - file.pixels_at;
    if (left < bits / 8 / (file.is_rle ? 128 : 1)) return i2v_fail_truncated(source, error);
    i2v_status status =
        i2v_raster_alloc(raster, file.width, file.height, has_alpha(&file) ? 4 : 3, source->name, error);
    if (status) return status;
    pixel_source pixels = {{source->data, source->size, file.pixels_at}, (size_t)file.depth / 8, file.is_rle, 0, 0, 0};
    size_t stride = (size_t)raster->width * (size_t)raster->channels;
    for (int y = 0; y < file.height; y++) {
        int to = file.flags & 0x20 ? y : file.height - 1 - y;
        if (!read_row(&file, &pixels, raster->pixels + (size_t)to * stride, raster->channels)) {
            return i2v_fail_truncated(source, error);
        }
    }
    if (file.kind == KIND_COLOR && raster->channels == 4 && alpha_is_none(source)) {
        for (size_t i = 3; i < stride * (size_t)raster->height; i += 4) raster->pixels[i] = 255;
    }
    return I2V_OK;
}
