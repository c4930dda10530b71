/* Values of one byte as f32, exactly: the two kinds that files of weights have (Micikevicius et al. 2022, "FP8 Formats
 * for Deep Learning"). */
#ifndef I2V_BASE_FLOAT8_H
#define I2V_BASE_FLOAT8_H

#include "base/half.h"

/* E5M2, the upper byte of an f16. */
static inline uint32_t i2v_widen_e5m2(uint8_t byte) {
    return i2v_widen_f16((uint16_t)(byte << 8));
}

/* E4M3 without infinities: all ones is NaN, of either sign. Laid into an f16, whose exponent is biased by 8 more, it is
 * 2^8 times too small. */
static inline uint32_t i2v_widen_e4m3(uint8_t byte) {
    uint32_t bits = i2v_widen_f16((uint16_t)((byte & 0x80) << 8 | (byte & 0x7f) << 7));
    float value;
    memcpy(&value, &bits, sizeof value);
    value *= 256;
    memcpy(&bits, &value, sizeof bits);
    uint32_t is_nan = 0u - (((uint32_t)(byte & 0x7f) + 1u) >> 7); /* all ones where the byte's are */
    return bits | (is_nan & 0x7fc00000u);
}

#endif
