/* QOI: a header of 14 bytes, then pixels as themselves, as differences from the one before, as one of 64 seen last, or
 * as its repetition. */
#include "base/byte_order.h"
#include "media/picture_rare.h"
#include "media/reader.h"

#include <string.h>

enum { HEADER_SIZE = 14, MAX_RUN = 62 };
enum { OP_RGB = 0xfe, OP_RGBA = 0xff, OP_INDEX = 0, OP_DIFF = 1, OP_LUMA = 2 };

typedef struct qoi_state {
    i2v_reader reader;
    uint8_t pixel[4], seen[64][4];
    int run; /* pixels still to repeat */
} qoi_state;

static int apply_differences(qoi_state *qoi, int byte) {
    int red = (byte >> 4 & 3) - 2, green = (byte >> 2 & 3) - 2, blue = (byte & 3) - 2;
    if (byte >> 6 == OP_LUMA) {
        int second = i2v_read_byte(&qoi->reader);
        if (second < 0) return 0;
        green = (byte & 63) - 32;
        red = green + (second >> 4) - 8;
        blue = green + (second & 15) - 8;
    }
    qoi->pixel[0] = (uint8_t)(qoi->pixel[0] + red);
    qoi->pixel[1] = (uint8_t)(qoi->pixel[1] + green);
    qoi->pixel[2] = (uint8_t)(qoi->pixel[2] + blue);
    return 1;
}

static int next_pixel(qoi_state *qoi) {
    if (qoi->run > 0) {
        qoi->run--;
        return 1;
    }
    int byte = i2v_read_byte(&qoi->reader);
    if (byte < 0) return 0;
    if (byte >= OP_RGB) {
        size_t count = byte == OP_RGB ? 3 : 4;
        const uint8_t *pixel = i2v_read_bytes(&qoi->reader, count);
        if (!pixel) return 0;
        memcpy(qoi->pixel, pixel, count);
    } else if (byte >> 6 == OP_INDEX) {
        memcpy(qoi->pixel, qoi->seen[byte & 63], 4);
    } else if (byte >> 6 == OP_DIFF || byte >> 6 == OP_LUMA) {
        if (!apply_differences(qoi, byte)) return 0;
    } else {
        qoi->run = byte & 63;
        return 1;
    }
    const uint8_t *p = qoi->pixel;
    memcpy(qoi->seen[(p[0] * 3 + p[1] * 5 + p[2] * 7 + p[3] * 11) % 64], p, 4);
    return 1;
}

i2v_status i2v_decode_qoi(i2v_raster *raster, const i2v_encoded *source, i2v_error *error) {
    if (source->size < HEADER_SIZE) return i2v_fail_truncated(source, error);
    int64_t width = i2v_big_endian(source->data + 4, 4), height = i2v_big_endian(source->data + 8, 4);
    i2v_status status = i2v_raster_check(width, height, source->name, error);
    if (status) return status;
    if ((int64_t)source->size < width * height / MAX_RUN) return i2v_fail_truncated(source, error);
    status = i2v_raster_alloc(raster, width, height, source->data[12] == 3 ? 3 : 4, source->name, error);
    if (status) return status;
    qoi_state qoi = {.reader = {source->data, source->size, HEADER_SIZE}, .pixel = {0, 0, 0, 255}};
    size_t channels = (size_t)raster->channels, count = (size_t)(width * height);
    for (size_t i = 0; i < count; i++) {
        if (!next_pixel(&qoi)) return i2v_fail_truncated(source, error);
        memcpy(raster->pixels + i * channels, qoi.pixel, channels);
    }
    return I2V_OK;
}
