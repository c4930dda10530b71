/* Netpbm's PBM, PGM and PPM, plain and raw, and grey PFM, with Pillow's arithmetic. 16-bit grey keeps its high byte, as
 * in PNG; Pillow's clips at 255. */
#include "base/byte_order.h"
#include "media/bytes.h"
#include "media/picture_rare.h"
#include "media/reader.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_TOKEN = 10 };

typedef struct pnm {
    i2v_reader reader;
    char kind; /* '1' .. '6', 'f' */
    int64_t width, height;
    int maxval, channels;
    double scale; /* of a PFM; negative: little-endian */
    const i2v_encoded *source;
    i2v_error *error;
} pnm;

static int is_space(int byte) {
    return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

static i2v_status fail_damaged(const pnm *file, const char *what) {
    return i2v_fail(file->error, I2V_ERROR_FORMAT, "%s is a damaged PNM: %s", file->source->name, what);
}

/* The next byte that is no part of a comment (from # to the end of the line). */
static int next_byte(i2v_reader *reader) {
    int byte = i2v_read_byte(reader);
    while (byte == '#') {
        while (byte >= 0 && byte != '\n' && byte != '\r') byte = i2v_read_byte(reader);
        byte = i2v_read_byte(reader);
    }
    return byte;
}

/* A word and the one white space after it. */
static i2v_status read_token(pnm *file, char token[MAX_TOKEN + 1]) {
    size_t length = 0;
    int byte = next_byte(&file->reader);
    while (is_space(byte)) byte = next_byte(&file->reader);
    for (; byte >= 0 && !is_space(byte); byte = next_byte(&file->reader)) {
        if (length == MAX_TOKEN) return fail_damaged(file, "a number is too long");
        token[length++] = (char)byte;
    }
    token[length] = 0;
    return length ? I2V_OK : i2v_fail_truncated(file->source, file->error);
}

static i2v_status read_number(pnm *file, int64_t most, int64_t *number) {
    char token[MAX_TOKEN + 1], *end;
    i2v_status status = read_token(file, token);
    if (status) return status;
    *number = strtoll(token, &end, 10);
    if (*end || token[0] < '0' || token[0] > '9') return fail_damaged(file, "what should be a number is none");
    return *number <= most ? I2V_OK : fail_damaged(file, "a number is too large");
}

static i2v_status read_scale(pnm *file) {
    char token[MAX_TOKEN + 1], *end;
    i2v_status status = read_token(file, token);
    if (status) return status;
    file->scale = strtod(token, &end);
    if (*end || file->scale == 0 || !isfinite(file->scale)) return fail_damaged(file, "its scale is no number or 0");
    return I2V_OK;
}

static i2v_status read_header(pnm *file) {
    int64_t maxval = 1;
    file->kind = (char)file->source->data[1];
    file->channels = file->kind == '3' || file->kind == '6' ? 3 : 1;
    file->reader = (i2v_reader){file->source->data, file->source->size, 2};
    i2v_status status = read_number(file, INT32_MAX, &file->width);
    if (!status) status = read_number(file, INT32_MAX, &file->height);
    if (!status && file->kind == 'f') status = read_scale(file);
    if (!status && strchr("2356", file->kind)) status = read_number(file, 65535, &maxval);
    if (!status && maxval < 1) status = fail_damaged(file, "its largest value is 0");
    file->maxval = (int)maxval;
    return status;
}

/* Pillow scales grey of more than 8 bits to 16, of which the high byte is kept here, and colour to 8. */
static uint8_t sample_to_u8(const pnm *file, int64_t value) {
    if (value > file->maxval) value = file->maxval;
    if (file->maxval == 255) return (uint8_t)value;
    double part = (double)value / file->maxval;
    if (file->maxval > 255 && file->channels == 1) return (uint8_t)((unsigned)rint(part * 65535) >> 8);
    return (uint8_t)rint(part * 255);
}

static i2v_status read_plain_sample(pnm *file, uint8_t *sample) {
    int64_t value;
    if (file->kind != '1') {
        i2v_status status = read_number(file, file->maxval, &value);
        if (!status) *sample = sample_to_u8(file, value);
        return status;
    }
    int byte = next_byte(&file->reader); /* bits need no space between them */
    while (is_space(byte)) byte = next_byte(&file->reader);
    if (byte < 0) return i2v_fail_truncated(file->source, file->error);
    if (byte != '0' && byte != '1') return fail_damaged(file, "a bit is neither 0 nor 1");
    *sample = byte == '1' ? 0 : 255;
    return I2V_OK;
}

/* Pillow clips: values are those of 8 bits, whatever the scale. */
static uint8_t float_to_u8(const uint8_t *bytes, int little_endian) {
    uint32_t bits = little_endian ? i2v_little_endian(bytes, 4) : i2v_big_endian(bytes, 4);
    float value;
    memcpy(&value, &bits, sizeof value);
    return i2v_cut_to_u8((double)value);
}

static uint8_t raw_sample(const pnm *file, const uint8_t *row, size_t i) {
    switch (file->kind) {
    case '4':
        return row[i / 8] & 0x80 >> i % 8 ? 0 : 255;
    case 'f':
        return float_to_u8(row + i * 4, file->scale < 0);
    default:
        return sample_to_u8(file, file->maxval < 256 ? row[i] : i2v_big_endian(row + i * 2, 2));
    }
}

static size_t row_bytes(const pnm *file) {
    size_t samples = (size_t)file->width * (size_t)file->channels;
    if (file->kind == '4') return (samples + 7) / 8;
    return samples * (file->kind == 'f' ? 4 : file->maxval > 255 ? 2 : 1);
}

static i2v_status read_row(pnm *file, uint8_t *out) {
    size_t count = (size_t)file->width * (size_t)file->channels, copies = file->channels == 1 ? 3 : 1;
    const uint8_t *row = NULL;
    int is_plain = file->kind <= '3';
    if (!is_plain) row = i2v_read_bytes(&file->reader, row_bytes(file));
    if (!is_plain && !row) return i2v_fail_truncated(file->source, file->error);
    for (size_t i = 0; i < count; i++, out += copies) {
        i2v_status status = I2V_OK;
        if (is_plain) {
            status = read_plain_sample(file, out);
        } else {
            *out = raw_sample(file, row, i);
        }
        if (status) return status;
        for (size_t c = 1; c < copies; c++) out[c] = out[0];
    }
    return I2V_OK;
}

i2v_status i2v_decode_pnm(i2v_raster *raster, const i2v_encoded *source, i2v_error *error) {
    pnm file = {.source = source, .error = error};
    i2v_status status = read_header(&file);
    if (!status) status = i2v_raster_check(file.width, file.height, source->name, error);
    if (status) return status;
    /* the least that such a file can have, so that a short one asks for no memory */
    size_t least = file.kind <= '3' ? (size_t)file.width * (size_t)file.channels : row_bytes(&file);
    if ((source->size - file.reader.at) / least < (size_t)file.height) return i2v_fail_truncated(source, error);
    status = i2v_raster_alloc(raster, file.width, file.height, 3, source->name, error);
    for (int y = 0; !status && y < raster->height; y++) {
        int to = file.kind == 'f' ? raster->height - 1 - y : y; /* a PFM begins with its last row */
        status = read_row(&file, raster->pixels + (size_t)to * (size_t)raster->width * 3);
    }
    if (status || file.kind != 'f') return status;
    return i2v_raster_check_not_black(raster, "PFM", source->name, error);
}

i2v_status i2v_pnm_size(const i2v_encoded *source, int64_t *width, int64_t *height, i2v_error *error) {
    pnm file = {.source = source, .error = error};
    i2v_status status = read_header(&file);
    *width = file.width;
    *height = file.height;
    return status;
}
