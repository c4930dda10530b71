/* Values of a tensor widened to f32, exactly: every f16 and bf16 value is an f32 value. */
#include "weights/weights.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* The bits of half as f32. Written with masks and no comparison on the way to the float subtraction, which GCC would
 * turn into a branch: so the loop below vectorises on the baseline instruction set. NaNs keep their payload. */
static uint32_t widen_f16(uint16_t half) {
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

static void read_f16(const uint8_t *data, uint64_t count, float *out) {
    for (uint64_t i = 0; i < count; i++) {
        uint16_t half;
        memcpy(&half, data + 2 * i, sizeof half);
        uint32_t bits = widen_f16(half);
        memcpy(out + i, &bits, sizeof bits);
    }
}

static void read_bf16(const uint8_t *data, uint64_t count, float *out) {
    for (uint64_t i = 0; i < count; i++) {
        uint16_t half;
        memcpy(&half, data + 2 * i, sizeof half);
        uint32_t bits = (uint32_t)half << 16;
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
    /* whole pages only: the ones at the ends are shared with neighbours */
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t begin = ((uintptr_t)weight->data + page - 1) / page * page;
    uintptr_t end = ((uintptr_t)weight->data + weight->bytes) / page * page;
    if (begin < end) madvise((void *)begin, end - begin, MADV_DONTNEED);
}
