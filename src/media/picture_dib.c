/* Windows' bitmaps: BMP, and without its file header .dib files and the pictures in ICO and CUR. As in Pillow, 32 bits
 * without masks have no alpha, and masks are of a few known layouts. */
#include "media/picture_dib.h"

#include "media/bytes.h"
#include "media/reader.h"

#include <string.h>

enum { PLAIN = 0, RLE8 = 1, RLE4 = 2, BITFIELDS = 3, CORE_HEADER = 12, INFO_HEADER = 40, BMP_HEADER = 14 };

/* Byte of red, green, blue and alpha in 32 bits, by the masks; -1: none. */
static const struct {
    uint32_t masks[4];
    int8_t at[4];
} layouts32[] = {
    {{0xff0000, 0xff00, 0xff, 0}, {2, 1, 0, -1}},         {{0xff000000, 0xff0000, 0xff00, 0}, {3, 2, 1, -1}},
    {{0xff000000, 0xff00, 0xff, 0}, {3, 1, 0, -1}},       {{0xff000000, 0xff0000, 0xff00, 0xff}, {3, 2, 1, 0}},
    {{0xff, 0xff00, 0xff0000, 0xff000000}, {0, 1, 2, 3}}, {{0xff0000, 0xff00, 0xff, 0xff000000}, {2, 1, 0, 3}},
    {{0xff000000, 0xff00, 0xff, 0xff0000}, {3, 1, 0, 2}}, {{0, 0, 0, 0}, {2, 1, 0, 3}},
};

int i2v_is_dib(const uint8_t *data, size_t size) {
    static const uint8_t sizes[] = {12, 40, 52, 56, 64, 108, 124};
    if (size < 26 || data[1] || data[2] || data[3] || !memchr(sizes, data[0], sizeof sizes)) return 0;
    size_t planes = data[0] == CORE_HEADER ? 8 : 12;
    uint32_t depth = i2v_little_endian(data + planes + 2, 2);
    return i2v_little_endian(data + planes, 2) == 1 &&
           (depth == 1 || depth == 4 || depth == 8 || depth == 16 || depth == 24 || depth == 32);
}

static i2v_status fail_unusual(const i2v_encoded *source, i2v_error *error) {
    return i2v_fail(error, I2V_ERROR_UNSUPPORTED, "%s is a bitmap of an unusual kind: convert it to PNG", source->name);
}

static i2v_status read_masks(i2v_dib *dib, const uint8_t *header, size_t left, const i2v_encoded *source,
                             i2v_error *error) {
    int in_header = dib->header_size >= 52, count = dib->header_size >= 56 ? 4 : 3;
    if (left < INFO_HEADER + 12) return i2v_fail_truncated(source, error);
    for (int i = 0; i < count; i++) dib->masks[i] = i2v_little_endian(header + INFO_HEADER + 4 * i, 4);
    if (!in_header) dib->palette_at += 12;
    if (dib->depth == 16) {
        dib->is_565 = dib->masks[0] == 0xf800 && dib->masks[1] == 0x7e0 && dib->masks[2] == 0x1f;
        if (dib->is_565 || (dib->masks[0] == 0x7c00 && dib->masks[1] == 0x3e0 && dib->masks[2] == 0x1f)) return I2V_OK;
    }
    if (dib->depth == 24 && dib->masks[0] == 0xff0000 && dib->masks[1] == 0xff00 && dib->masks[2] == 0xff)
        return I2V_OK;
    for (size_t i = 0; dib->depth == 32 && i < sizeof layouts32 / sizeof *layouts32; i++) {
        if (memcmp(layouts32[i].masks, dib->masks, sizeof dib->masks) != 0) continue;
        memcpy(dib->at, layouts32[i].at, sizeof dib->at);
        return I2V_OK;
    }
    return fail_unusual(source, error);
}

i2v_status i2v_dib_read_header(i2v_dib *dib, size_t at, const i2v_encoded *source, i2v_error *error) {
    *dib = (i2v_dib){.at = {2, 1, 0, -1}};
    if (at > source->size || source->size - at < 16) return i2v_fail_truncated(source, error);
    const uint8_t *header = source->data + at;
    size_t left = source->size - at;
    dib->header_size = i2v_little_endian(header, 4);
    dib->palette_at = at + dib->header_size;
    dib->palette_entry = dib->header_size == CORE_HEADER ? 3 : 4;
    if (!i2v_is_dib(header, left)) return fail_unusual(source, error);
    if (left < dib->header_size) return i2v_fail_truncated(source, error);
    if (dib->header_size == CORE_HEADER) {
        dib->width = i2v_little_endian(header + 4, 2);
        dib->height = i2v_little_endian(header + 6, 2);
        dib->depth = (int)i2v_little_endian(header + 10, 2);
    } else {
        dib->width = i2v_little_endian(header + 4, 4);
        dib->height = (int32_t)i2v_little_endian(header + 8, 4);
        dib->depth = (int)i2v_little_endian(header + 14, 2);
        dib->compression = i2v_little_endian(header + 16, 4);
        dib->colors = i2v_little_endian(header + 32, 4);
    }
    dib->top_down = dib->height < 0;
    if (dib->top_down) dib->height = -dib->height;
    if (dib->colors == 0) dib->colors = 1u << (dib->depth <= 8 ? dib->depth : 0);
    int is_rle = (dib->compression == RLE8 && dib->depth == 8) || (dib->compression == RLE4 && dib->depth == 4);
    if (dib->compression == BITFIELDS) {
        i2v_status status = read_masks(dib, header, left, source, error);
        if (status) return status;
    } else if (dib->compression != PLAIN && !is_rle) {
        return fail_unusual(source, error);
    }
    if (dib->colors > 65536) return fail_unusual(source, error);
    dib->pixels_at = dib->palette_at + (dib->depth <= 8 ? (size_t)dib->palette_entry * dib->colors : 0);
    return I2V_OK;
}

size_t i2v_dib_stride(const i2v_dib *dib) {
    return ((size_t)dib->width * (size_t)dib->depth + 31) / 32 * 4;
}

/* ---- pixels ----------------------------------------------------------------------------------------------------- */

/* A colour of the palette; beyond its end, black. */
static void palette_color(const i2v_dib *dib, const uint8_t *data, unsigned index, uint8_t *out) {
    if (index >= dib->colors) {
        memset(out, 0, 3);
        return;
    }
    const uint8_t *entry = data + dib->palette_at + (size_t)index * (size_t)dib->palette_entry;
    for (int c = 0; c < 3; c++) out[c] = entry[2 - c];
}

static void copy_pixel(const i2v_dib *dib, const uint8_t *data, const uint8_t *row, size_t x, uint8_t *out,
                       int channels) {
    unsigned value;
    switch (dib->depth) {
    case 16:
        value = i2v_little_endian(row + x * 2, 2);
        out[0] = (uint8_t)((value >> (dib->is_565 ? 11 : 10) & 31) * 255 / 31);
        out[1] = (uint8_t)(dib->is_565 ? (value >> 5 & 63) * 255 / 63 : (value >> 5 & 31) * 255 / 31);
        out[2] = (uint8_t)((value & 31) * 255 / 31);
        break;
    case 24:
        for (int c = 0; c < 3; c++) out[c] = row[x * 3 + 2 - (size_t)c];
        break;
    case 32:
        for (int c = 0; c < channels && dib->at[c] >= 0; c++) out[c] = row[x * 4 + (size_t)dib->at[c]];
        break;
    default: {
        size_t bit = x * (size_t)dib->depth, shift = 8 - (size_t)dib->depth - bit % 8;
        palette_color(dib, data, row[bit / 8] >> shift & ((1u << dib->depth) - 1), out);
    }
    }
}

static i2v_status read_plain(i2v_raster *raster, const i2v_dib *dib, const i2v_encoded *source, i2v_error *error) {
    size_t stride = i2v_dib_stride(dib), needed = ((size_t)dib->width * (size_t)dib->depth + 7) / 8;
    for (int y = 0; y < raster->height; y++) {
        size_t at = dib->pixels_at + (size_t)y * stride;
        if (at > source->size || source->size - at < needed) return i2v_fail_truncated(source, error);
        int to = dib->top_down ? y : raster->height - 1 - y;
        uint8_t *out = raster->pixels + (size_t)to * (size_t)raster->width * (size_t)raster->channels;
        for (int x = 0; x < raster->width; x++, out += raster->channels) {
            copy_pixel(dib, source->data, source->data + at, (size_t)x, out, raster->channels);
        }
    }
    return I2V_OK;
}

/* A pixel of index `index` at `place`, counted from the first row of the file; beyond the picture, none. */
static void put(i2v_raster *raster, const i2v_dib *dib, const uint8_t *data, size_t place, unsigned index) {
    size_t width = (size_t)raster->width, y = place / width;
    if (y >= (size_t)raster->height) return;
    if (!dib->top_down) y = (size_t)raster->height - 1 - y;
    palette_color(dib, data, index, raster->pixels + (y * width + place % width) * (size_t)raster->channels);
}

static unsigned index_of(uint8_t byte, int is_rle4, int odd) {
    return is_rle4 ? odd ? byte & 15 : byte >> 4 : byte;
}

/* Run lengths: a count and a byte, or 0 and an escape: end of row, of picture, a step, or pixels as they are. */
static i2v_status read_rle(i2v_raster *raster, const i2v_dib *dib, const i2v_encoded *source, i2v_error *error) {
    i2v_reader reader = {source->data, source->size, dib->pixels_at};
    size_t width = (size_t)raster->width, count = width * (size_t)raster->height, place = 0;
    int is_rle4 = dib->compression == RLE4;
    if (dib->pixels_at > source->size) return i2v_fail_truncated(source, error);
    for (size_t i = 0; i < count; i++) put(raster, dib, source->data, i, 0);
    while (place < count) {
        const uint8_t *pair = i2v_read_bytes(&reader, 2);
        if (!pair) return i2v_fail_truncated(source, error);
        if (pair[0]) {
            size_t left = width - place % width, run = pair[0] < left ? pair[0] : left;
            for (size_t i = 0; i < run; i++) put(raster, dib, source->data, place++, index_of(pair[1], is_rle4, i % 2));
        } else if (pair[1] == 0) {
            place = (place + width - 1) / width * width;
        } else if (pair[1] == 1) {
            break;
        } else if (pair[1] == 2) {
            const uint8_t *step = i2v_read_bytes(&reader, 2);
            if (!step) return i2v_fail_truncated(source, error);
            place += step[0] + step[1] * width;
        } else {
            size_t bytes = is_rle4 ? (pair[1] + 1u) / 2 : pair[1];
            const uint8_t *literal = i2v_read_bytes(&reader, bytes);
            if (!literal) return i2v_fail_truncated(source, error);
            for (size_t i = 0; i < pair[1]; i++) {
                put(raster, dib, source->data, place++, index_of(literal[is_rle4 ? i / 2 : i], is_rle4, i % 2));
            }
            if (bytes % 2) i2v_read_byte(&reader);
        }
    }
    return I2V_OK;
}

i2v_status i2v_dib_read_pixels(i2v_raster *raster, const i2v_dib *dib, const i2v_encoded *source, i2v_error *error) {
    size_t palette = dib->depth <= 8 ? (size_t)dib->colors * (size_t)dib->palette_entry : 0;
    if (dib->palette_at > source->size || source->size - dib->palette_at < palette) {
        return i2v_fail_truncated(source, error);
    }
    return dib->compression == RLE8 || dib->compression == RLE4 ? read_rle(raster, dib, source, error)
                                                                : read_plain(raster, dib, source, error);
}

static i2v_status decode(i2v_raster *raster, const i2v_dib *dib, const i2v_encoded *source, i2v_error *error) {
    int alpha = dib->depth == 32 && dib->at[3] >= 0;
    i2v_status status = i2v_raster_alloc(raster, dib->width, dib->height, alpha ? 4 : 3, source->name, error);
    return status ? status : i2v_dib_read_pixels(raster, dib, source, error);
}

i2v_status i2v_decode_dib(i2v_raster *raster, const i2v_encoded *source, i2v_error *error) {
    i2v_dib dib;
    i2v_status status = i2v_dib_read_header(&dib, 0, source, error);
    return status ? status : decode(raster, &dib, source, error);
}

/* The file header before it says where the pixels are; some writers forget the palette between. */
i2v_status i2v_decode_bmp(i2v_raster *raster, const i2v_encoded *source, i2v_error *error) {
    i2v_dib dib;
    i2v_status status = i2v_dib_read_header(&dib, BMP_HEADER, source, error);
    if (status) return status;
    size_t pixels_at = i2v_little_endian(source->data + 10, 4);
    if (pixels_at && !(dib.depth <= 8 && pixels_at == BMP_HEADER + dib.header_size)) dib.pixels_at = pixels_at;
    return decode(raster, &dib, source, error);
}

i2v_status i2v_dib_size(const i2v_encoded *source, int64_t *width, int64_t *height, i2v_error *error) {
    i2v_dib dib = {0};
    i2v_status status = i2v_dib_read_header(&dib, 0, source, error);
    *width = dib.width;
    *height = dib.height;
    return status;
}
