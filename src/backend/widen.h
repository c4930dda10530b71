/* Values as they are stored in files and packed weights, to f32. */
#ifndef I2V_BACKEND_WIDEN_H
#define I2V_BACKEND_WIDEN_H

#include "backend/backend.h"
#include "base/float8.h"

/* The bits of the f32 that the value of two or four bytes at `from`, which need not be aligned, is exactly. */
static inline uint32_t i2v_widen(i2v_element element, const void *from) {
    uint32_t bits;
    uint16_t half;
    if (element == I2V_ELEMENT_F32) {
        memcpy(&bits, from, sizeof bits);
        return bits;
    }
    memcpy(&half, from, sizeof half);
    return element == I2V_ELEMENT_F16 ? i2v_widen_f16(half) : i2v_widen_bf16(half);
}

/* Values of one byte as f32, scaled. */
static inline void i2v_widen_bytes(i2v_element element, float scale, const void *from, int64_t count, float *out) {
    const uint8_t *bytes = from;
    for (int64_t i = 0; i < count; i++) {
        uint32_t bits = element == I2V_ELEMENT_E4M3 ? i2v_widen_e4m3(bytes[i]) : i2v_widen_e5m2(bytes[i]);
        memcpy(out + i, &bits, sizeof bits);
        out[i] *= scale;
    }
}

#endif
