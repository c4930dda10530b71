/* PCX: rows of one plane after the other in run lengths; a palette of 16 in the header or of 256 at the end. */
#include "base/byte_order.h"
#include "media/picture_rare.h"
#include "media/reader.h"

#include <stdlib.h>
#include <string.h>

enum { HEADER_SIZE = 128, PALETTE_SIZE = 769, MAX_RUN = 63 };

typedef struct pcx {
    int64_t width, height;
    int bits, planes;
    size_t stride;          /* bytes of a row of one plane */
    const uint8_t *palette; /* RGB; NULL: grey, or of one bit black and white */
    i2v_reader reader;
    int value, run;
} pcx;

int i2v_is_pcx(const uint8_t *data, size_t size) {
    if (size < HEADER_SIZE || data[0] != 10 || data[1] == 1 || data[1] == 4 || data[1] > 5 || data[2] > 1) return 0;
    return data[3] == 1 || data[3] == 2 || data[3] == 4 || data[3] == 8;
}

void i2v_pcx_size(const i2v_encoded *source, int64_t *width, int64_t *height) {
    const uint8_t *data = source->data;
    *width = (int64_t)i2v_little_endian(data + 8, 2) - i2v_little_endian(data + 4, 2) + 1;
    *height = (int64_t)i2v_little_endian(data + 10, 2) - i2v_little_endian(data + 6, 2) + 1;
}

static void read_header(pcx *file, const i2v_encoded *source) {
    const uint8_t *data = source->data, *end = data + source->size;
    i2v_pcx_size(source, &file->width, &file->height);
    file->bits = data[3];
    file->planes = data[65];
    file->stride = i2v_little_endian(data + 66, 2);
    if (file->bits == 1 && file->planes > 1) file->palette = data + 16;
    if (file->bits == 8 && file->planes == 1 && source->size >= HEADER_SIZE + PALETTE_SIZE &&
        end[-PALETTE_SIZE] == 12) {
        file->palette = end - PALETTE_SIZE + 1;
    }
    file->reader = (i2v_reader){data, source->size, HEADER_SIZE};
}

static int is_supported(const pcx *file) {
    if (file->bits == 8) return file->planes == 1 || file->planes == 3;
    return file->bits == 1 && (file->planes == 1 || file->planes == 2 || file->planes == 4);
}

static int fill(pcx *file, uint8_t *line, size_t count) {
    for (size_t i = 0; i < count; i++) {
        while (file->run == 0) {
            file->value = i2v_read_byte(&file->reader);
            file->run = 1;
            if (file->value >= 0xc0) {
                file->run = file->value & MAX_RUN;
                file->value = i2v_read_byte(&file->reader);
            }
            if (file->value < 0) return 0;
        }
        line[i] = (uint8_t)file->value;
        file->run--;
    }
    return 1;
}

static void copy_pixel(const pcx *file, const uint8_t *line, size_t x, uint8_t *out) {
    unsigned index = 0;
    if (file->bits == 8 && file->planes == 3) {
        for (size_t c = 0; c < 3; c++) out[c] = line[c * file->stride + x];
        return;
    }
    if (file->bits == 8) index = line[x];
    for (int p = 0; file->bits == 1 && p < file->planes; p++) {
        index |= (line[(size_t)p * file->stride + x / 8] >> (7 - x % 8) & 1u) << p;
    }
    if (file->palette) {
        memcpy(out, file->palette + 3 * (size_t)index, 3);
    } else {
        memset(out, file->bits == 1 ? index ? 255 : 0 : (int)index, 3);
    }
}

i2v_status i2v_decode_pcx(i2v_raster *raster, const i2v_encoded *source, i2v_error *error) {
    pcx file = {0};
    read_header(&file, source);
    if (!is_supported(&file)) {
        return i2v_fail(error, I2V_ERROR_UNSUPPORTED, "%s is a PCX of an unusual kind: convert it to PNG",
                        source->name);
    }
    i2v_status status = i2v_raster_check(file.width, file.height, source->name, error);
    if (status) return status;
    size_t least = ((size_t)file.width * (size_t)file.bits + 7) / 8;
    if (file.stride < least) file.stride = least;
    size_t line_size = file.stride * (size_t)file.planes;
    if (source->size < line_size * (size_t)file.height / MAX_RUN) return i2v_fail_truncated(source, error);
    status = i2v_raster_alloc(raster, file.width, file.height, 3, source->name, error);
    if (status) return status;
    uint8_t *line = malloc(line_size);
    if (!line) return i2v_fail_memory(error, source->name, line_size);
    for (int y = 0; !status && y < raster->height; y++) {
        uint8_t *out = raster->pixels + (size_t)y * (size_t)raster->width * 3;
        if (!fill(&file, line, line_size)) status = i2v_fail_truncated(source, error);
        for (int x = 0; !status && x < raster->width; x++) copy_pixel(&file, line, (size_t)x, out + 3 * (size_t)x);
    }
    free(line);
    return status;
}
