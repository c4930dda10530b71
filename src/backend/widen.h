/* One value as it is stored in files and packed weights, to f32. */
#ifndef I2V_BACKEND_WIDEN_H
#define I2V_BACKEND_WIDEN_H

#include "backend/backend.h"
#include "base/half.h"

/* The bits of the f32 that the value at `from`, which need not be aligned, is exactly. */
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

#endif
