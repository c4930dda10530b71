/* Values of a tensor widened to f32, exactly: every f16 and bf16 value is an f32 value. */
#include "base/half.h"
#include "weights/weights.h"

#include <string.h>

enum { TOGETHER = 256 };

/* Two-byte values at the end of out, where they were read, become floats from its beginning on: none is written over
 * before it is read. */
static void widen(i2v_weight_dtype dtype, float *out, uint64_t count) {
    const char *from = (const char *)out + 2 * count;
    for (uint64_t first = 0; first < count; first += TOGETHER) {
        uint16_t halves[TOGETHER];
        uint32_t bits[TOGETHER];
        size_t left = count - first < TOGETHER ? (size_t)(count - first) : TOGETHER;
        memcpy(halves, from + 2 * first, 2 * left);
        if (dtype == I2V_WEIGHT_F16) {
            for (size_t i = 0; i < left; i++) bits[i] = i2v_widen_f16(halves[i]);
        } else {
            for (size_t i = 0; i < left; i++) bits[i] = i2v_widen_bf16(halves[i]);
        }
        memcpy(out + first, bits, 4 * left);
    }
}

int i2v_weight_read_f32(const i2v_weight *weight, uint64_t first, uint64_t count, float *out) {
    if (count == 0 || weight->dtype == I2V_WEIGHT_OTHER) return 0;
    size_t size = weight->dtype == I2V_WEIGHT_F32 ? 4 : 2;
    char *place = (char *)out + (4 - size) * count;
    const void *from = i2v_bytes_read(&weight->at, size * first, size * count, place);
    if (!from) return -1;
    if (from != place) memcpy(place, from, size * count);
    if (size == 2) widen(weight->dtype, out, count);
    return 0;
}
