/* Sun raster files. As in Pillow, the bytes of 32-bit pixels are blue, green, red and one that means nothing. Rows are
 * filled up to 16 bits, in run lengths, too (where Pillow shears pictures of odd width). */
#include "base/byte_order.h"
#include "media/picture_rare.h"
#include "media/reader.h"

#include <string.h>

enum { HEADER_SIZE = 32, TYPE_RLE = 2, TYPE_RGB = 3, MAX_TYPE = 5, MAX_RUN = 256, MAX_COLORS = 256 };

typedef struct sun {
    int64_t width, height;
    unsigned depth, type, palette_type;
    size_t palette_size;
    const uint8_t *palette; /* all reds, all greens, all blues; NULL: grey */
    i2v_reader reader;
    int value, run;
} sun;

static i2v_status read_header(sun *file, const i2v_encoded *source, i2v_error *error) {
    const uint8_t *data = source->data;
    if (source->size < HEADER_SIZE) return i2v_fail_truncated(source, error);
    *file = (sun){.width = i2v_big_endian(data + 4, 4),
                  .height = i2v_big_endian(data + 8, 4),
                  .depth = i2v_big_endian(data + 12, 4),
                  .type = i2v_big_endian(data + 20, 4),
                  .palette_type = i2v_big_endian(data + 24, 4),
                  .palette_size = i2v_big_endian(data + 28, 4),
                  .reader = {data, source->size, HEADER_SIZE}};
    unsigned depth = file->depth;
    int is_depth = depth == 1 || depth == 4 || depth == 8 || depth == 24 || depth == 32;
    if (!is_depth || file->type > MAX_TYPE || (file->palette_size && file->palette_type != 1) ||
        file->palette_size > 3 * MAX_COLORS) {
        return i2v_fail(error, I2V_ERROR_UNSUPPORTED, "%s is a Sun raster file of an unusual kind: convert it to PNG",
                        source->name);
    }
    const uint8_t *palette = i2v_read_bytes(&file->reader, file->palette_size);
    if (!palette) return i2v_fail_truncated(source, error);
    if (file->palette_size && (depth == 4 || depth == 8)) file->palette = palette;
    return I2V_OK;
}

/* 0x80 stands before a count, less one, and the byte to repeat; alone it is followed by 0. */
static int next_byte(sun *file) {
    if (file->run > 0) {
        file->run--;
        return file->value;
    }
    int byte = i2v_read_byte(&file->reader);
    if (file->type != TYPE_RLE || byte != 0x80) return byte;
    file->run = i2v_read_byte(&file->reader);
    if (file->run < 0) return -1;
    file->value = file->run ? i2v_read_byte(&file->reader) : 0x80;
    return file->value;
}

/* A pixel from its bytes, or from the byte that holds several. */
static void to_rgb(const sun *file, const uint8_t *bytes, size_t x, uint8_t *out) {
    unsigned depth = file->depth;
    if (depth >= 24) {
        for (int c = 0; c < 3; c++) out[c] = bytes[file->type == TYPE_RGB ? c : 2 - c];
        return;
    }
    size_t per_byte = 8 / depth;
    unsigned most = (1u << depth) - 1, value = bytes[0] >> (8 - depth * (x % per_byte + 1)) & most;
    size_t colors = file->palette_size / 3;
    if (file->palette && value < colors) {
        for (size_t c = 0; c < 3; c++) out[c] = file->palette[c * colors + value];
    } else {
        memset(out, (int)(depth == 1 ? value ? 0 : 255 : value * 255 / most), 3);
    }
}

/* Reads a row with its filling, and keeps its pixels. */
static int read_row(sun *file, uint8_t *out) {
    size_t width = (size_t)file->width, pixel = file->depth >= 24 ? file->depth / 8 : 1;
    size_t per_byte = file->depth >= 24 ? 1 : 8 / file->depth, used = (width + per_byte - 1) / per_byte * pixel;
    uint8_t bytes[4];
    for (size_t i = 0; i < used + used % 2; i++) {
        int byte = next_byte(file);
        if (byte < 0) return i >= used; /* the last row's filling may be missing */
        bytes[i % pixel] = (uint8_t)byte;
        if (i >= used || i % pixel != pixel - 1) continue;
        size_t first = i / pixel * per_byte;
        for (size_t x = first; x < first + per_byte && x < width; x++) to_rgb(file, bytes, x, out + 3 * x);
    }
    return 1;
}

i2v_status i2v_decode_sun(i2v_raster *raster, const i2v_encoded *source, i2v_error *error) {
    sun file = {0};
    i2v_status status = read_header(&file, source, error);
    if (!status) status = i2v_raster_check(file.width, file.height, source->name, error);
    if (status) return status;
    size_t bits = (size_t)file.width * (size_t)file.height * file.depth;
    if (source->size < bits / 8 / (file.type == TYPE_RLE ? MAX_RUN : 1)) return i2v_fail_truncated(source, error);
    status = i2v_raster_alloc(raster, file.width, file.height, 3, source->name, error);
    for (int y = 0; !status && y < raster->height; y++) {
        uint8_t *row = raster->pixels + (size_t)y * (size_t)raster->width * 3;
        if (!read_row(&file, row)) status = i2v_fail_truncated(source, error);
    }
    return status;
}
