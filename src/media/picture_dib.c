/* Windows' bitmaps: BMP, and without its file header .dib files and the pictures in ICO and CUR. As in Pillow, 32 bits
 * without masks have no alpha, and masks are of a few known layouts. */
#include "media/picture_dib.h"

#include "base/byte_order.h"
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

static int is_header_size(const uint8_t *data, size_t size) {
    static const uint8_t sizes[] = {12, 40, 52, 56, 64, 108, 124};
    return size >= 26 && !data[1] && !data[2] && !data[3] && memchr(sizes, data[0], sizeof sizes);
}

static int is_depth(uint32_t depth) {
    return depth == 1 || depth == 4 || depth == 8 || depth == 16 || depth == 24 || depth == 32;
}

int i2v_is_dib(const uint8_t *data, size_t size) {
    if (!is_header_size(data, size)) return 0;
    size_t planes = data[0] == CORE_HEADER ? 8 : 12;
    return i2v_little_endian(data + planes, 2) == 1 && is_depth(i2v_little_endian(data + planes + 2, 2));
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
    if (!is_header_size(header, left)) return fail_unusual(source, error);
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
    if (!is_depth((uint32_t)dib->depth)) return fail_unusual(source, error);
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

/* Run lengths being read: pixels are counted from the first row of the file, the column as the runs have it, which may
 * be beyond the end of a row. */
typedef struct rle_state {
    i2v_raster *raster;
    const i2v_dib *dib;
    i2v_reader reader;
    size_t place, column;
    int is_rle4;
} rle_state;

/* The pixel at the place; beyond the picture, none. */
static void put(rle_state *rle, unsigned index) {
    size_t width = (size_t)rle->raster->width, height = (size_t)rle->raster->height, y = rle->place / width;
    size_t x = rle->place++ % width;
    if (y >= height) return;
    if (!rle->dib->top_down) y = height - 1 - y;
    uint8_t *out = rle->raster->pixels + (y * width + x) * (size_t)rle->raster->channels;
    palette_color(rle->dib, rle->reader.data, index, out);
}

static unsigned index_of(const rle_state *rle, uint8_t byte, size_t i) {
    return rle->is_rle4 ? i % 2 ? byte & 15 : byte >> 4 : byte;
}

/* One byte again and again, to the end of the row at the most. */
static void read_run(rle_state *rle, uint8_t count, uint8_t byte) {
    size_t width = (size_t)rle->raster->width, left = rle->column < width ? width - rle->column : 0;
    size_t run = count < left ? count : left;
    for (size_t i = 0; i < run; i++) put(rle, index_of(rle, byte, i));
    rle->column += run;
}

static int read_literal(rle_state *rle, uint8_t count) {
    size_t bytes = rle->is_rle4 ? (count + 1u) / 2 : count;
    const uint8_t *literal = i2v_read_bytes(&rle->reader, bytes);
    if (!literal) return 0;
    for (size_t i = 0; i < count; i++) put(rle, index_of(rle, literal[rle->is_rle4 ? i / 2 : i], i));
    rle->column += count;
    if (bytes % 2) i2v_read_byte(&rle->reader);
    return 1;
}

static int step(rle_state *rle) {
    size_t width = (size_t)rle->raster->width;
    const uint8_t *by = i2v_read_bytes(&rle->reader, 2);
    if (!by) return 0;
    rle->place += by[0] + by[1] * width;
    rle->column = rle->place % width;
    return 1;
}

/* A count and a byte, or 0 and an escape: the end of a row, of the picture, a step, or a count of pixels that follow.
 */
static i2v_status read_rle(i2v_raster *raster, const i2v_dib *dib, const i2v_encoded *source, i2v_error *error) {
    enum { END_OF_ROW, END_OF_PICTURE, STEP };
    size_t width = (size_t)raster->width, count = width * (size_t)raster->height;
    if (dib->pixels_at > source->size) return i2v_fail_truncated(source, error);
    rle_state rle = {raster, dib, {source->data, source->size, dib->pixels_at}, 0, 0, dib->compression == RLE4};
    while (rle.place < count) put(&rle, 0);
    rle.place = 0;
    while (rle.place < count) {
        const uint8_t *code = i2v_read_bytes(&rle.reader, 2);
        if (!code) return i2v_fail_truncated(source, error);
        int is_read = 1;
        if (code[0]) {
            read_run(&rle, code[0], code[1]);
        } else if (code[1] == END_OF_ROW) {
            rle.place = (rle.place + width - 1) / width * width;
            rle.column = 0;
        } else if (code[1] == END_OF_PICTURE) {
            break;
        } else {
            is_read = code[1] == STEP ? step(&rle) : read_literal(&rle, code[1]);
        }
        if (!is_read) return i2v_fail_truncated(source, error);
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
