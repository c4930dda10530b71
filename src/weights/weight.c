/* Values of a tensor widened to f32, exactly: every value of one or two bytes is an f32 value. */
#include "weights/weight.h"

#include "base/float8.h"

#include <string.h>

enum { PIECE = 256 }; /* values that are widened at a time */

/* Two-byte values at the end of out, where they were read, become floats from its beginning on: none is written over
 * before it is read. */
static void widen_halves(i2v_weight_dtype dtype, float *out, uint64_t count) {
    const char *from = (const char *)out + 2 * count;
    for (uint64_t first = 0; first < count; first += PIECE) {
        uint16_t halves[PIECE];
        uint32_t bits[PIECE];
        size_t left = count - first < PIECE ? (size_t)(count - first) : PIECE;
        memcpy(halves, from + 2 * first, 2 * left);
        if (dtype == I2V_WEIGHT_F16) {
            for (size_t i = 0; i < left; i++) bits[i] = i2v_widen_f16(halves[i]);
        } else {
            for (size_t i = 0; i < left; i++) bits[i] = i2v_widen_bf16(halves[i]);
        }
        memcpy(out + first, bits, 4 * left);
    }
}

/* Likewise those of one byte, which are then scaled. */
static void widen_bytes(i2v_weight_dtype dtype, float scale, float *out, uint64_t count) {
    const char *from = (const char *)out + 3 * count;
    for (uint64_t first = 0; first < count; first += PIECE) {
        uint8_t bytes[PIECE];
        uint32_t bits[PIECE];
        size_t left = count - first < PIECE ? (size_t)(count - first) : PIECE;
        memcpy(bytes, from + first, left);
        if (dtype == I2V_WEIGHT_E4M3) {
            for (size_t i = 0; i < left; i++) bits[i] = i2v_widen_e4m3(bytes[i]);
        } else {
            for (size_t i = 0; i < left; i++) bits[i] = i2v_widen_e5m2(bytes[i]);
        }
        memcpy(out + first, bits, 4 * left);
        for (size_t i = 0; i < left; i++) out[first + i] *= scale;
    }
}

/* Of those that have floating values. */
static size_t size_of(i2v_weight_dtype dtype) {
    return dtype == I2V_WEIGHT_F32 ? 4 : dtype == I2V_WEIGHT_F16 || dtype == I2V_WEIGHT_BF16 ? 2 : 1;
}

int i2v_weight_read_f32(const i2v_weight *weight, uint64_t first, uint64_t count, float *out) {
    if (count == 0 || weight->dtype == I2V_WEIGHT_OTHER) return 0;
    size_t size = size_of(weight->dtype);
    char *place = (char *)out + (4 - size) * count;
    const void *from = i2v_bytes_read(&weight->at, size * first, size * count, place);
    if (!from) return -1;
    if (from != place) memcpy(place, from, size * count);
    if (size == 2) widen_halves(weight->dtype, out, count);
    if (size == 1) widen_bytes(weight->dtype, weight->scale, out, count);
    return 0;
}
