/* Values of a tensor widened to f32, exactly: every f16 and bf16 value is an f32 value. */
#include "base/half.h"
#include "weights/weights.h"

#include <string.h>

static void read_f16(const uint8_t *data, uint64_t count, float *out) {
    for (uint64_t i = 0; i < count; i++) {
        uint16_t half;
        memcpy(&half, data + 2 * i, sizeof half);
        uint32_t bits = i2v_widen_f16(half);
        memcpy(out + i, &bits, sizeof bits);
    }
}

static void read_bf16(const uint8_t *data, uint64_t count, float *out) {
    for (uint64_t i = 0; i < count; i++) {
        uint16_t half;
        memcpy(&half, data + 2 * i, sizeof half);
        uint32_t bits = i2v_widen_bf16(half);
        memcpy(out + i, &bits, sizeof bits);
    }
}

void i2v_weight_read_f32(const i2v_weight *weight, uint64_t first, uint64_t count, float *out) {
    if (count == 0) return;
    switch (weight->dtype) {
    case I2V_WEIGHT_F32:
        memcpy(out, weight->data + 4 * first, 4 * count);
        break;
    case I2V_WEIGHT_F16:
        read_f16(weight->data + 2 * first, count, out);
        break;
    case I2V_WEIGHT_BF16:
        read_bf16(weight->data + 2 * first, count, out);
        break;
    case I2V_WEIGHT_OTHER:
        break;
    }
}

void i2v_weight_forget(const i2v_weight *weight) {
    if (weight->mapped) i2v_file_forget(weight->data, weight->bytes);
}
