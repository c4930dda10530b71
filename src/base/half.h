/* Values of two bytes as f32, exactly, and f32 rounded to them (to nearest, ties to even). */
#ifndef I2V_BASE_HALF_H
#define I2V_BASE_HALF_H

#include <stdint.h>
#include <string.h>

/* The bits of an f16 as f32. Written with masks and no comparison on the way to the float subtraction, which GCC would
 * turn into a branch: so loops over it vectorise on the baseline instruction set. NaNs keep their payload. */
static inline uint32_t i2v_widen_f16(uint16_t half) {
    const uint32_t exponent_mask = 0x7c00u << 13, rebias = (127u - 15u) << 23;
    uint32_t bits = (uint32_t)(half & 0x7fff) << 13;
    uint32_t exponent = bits & exponent_mask;
    uint32_t normal = bits + rebias + (exponent == exponent_mask ? rebias : 0); /* infinity and NaN: all ones again */
    /* Subnormal: the mantissa goes under the exponent of 2^-14, and taking 2^-14 away normalises it. Multiplying would
     * do for all cases at once, but by way of f32 subnormals: slow, and lost where they are flushed to zero. */
    uint32_t lifted = bits + rebias + (1u << 23), smallest = rebias + (1u << 23);
    float value, base;
    memcpy(&value, &lifted, sizeof value);
    memcpy(&base, &smallest, sizeof base);
    value -= base;
    uint32_t subnormal;
    memcpy(&subnormal, &value, sizeof subnormal);
    uint32_t is_subnormal = 0u - ((exponent - 1u) >> 31); /* all ones where exponent is 0 */
    return (subnormal & is_subnormal) | (normal & ~is_subnormal) | (uint32_t)(half & 0x8000) << 16;
}

static inline uint32_t i2v_widen_bf16(uint16_t half) {
    return (uint32_t)half << 16;
}

/* NaN stays NaN. */
static inline uint16_t i2v_narrow_bf16(uint32_t bits) {
    if ((bits & 0x7fffffffu) > 0x7f800000u) return (uint16_t)(bits >> 16 | 0x40u);
    return (uint16_t)((bits + 0x7fffu + (bits >> 16 & 1u)) >> 16);
}

/* Too large becomes infinity; NaN stays NaN. */
static inline uint16_t i2v_narrow_f16(uint32_t bits) {
    uint32_t sign = bits >> 16 & 0x8000u, magnitude = bits & 0x7fffffffu;
    if (magnitude > 0x7f800000u) return (uint16_t)(sign | 0x7e00u);
    if (magnitude >= 0x477ff000u) return (uint16_t)(sign | 0x7c00u); /* 65520, halfway past the largest */
    if (magnitude < 0x38800000u) {
        /* subnormal: adding 0.5 leaves the rounded mantissa in the last bits */
        float value, half = 0.5f;
        memcpy(&value, &magnitude, sizeof value);
        value += half;
        memcpy(&magnitude, &value, sizeof magnitude);
        return (uint16_t)(sign | (magnitude - 0x3f000000u));
    }
    magnitude += 0xfffu + (magnitude >> 13 & 1u);
    return (uint16_t)(sign | (magnitude - (112u << 23)) >> 13);
}

#endif
