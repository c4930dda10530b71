/* Vectors of VECTOR_WIDTH floats by the compilers' vector extensions, and the functions of one variable. Included by
 * kernels_*.c, which may define vec_max by an instruction. */
#include "backend/cpu/kernels.h"
#include "base/half.h"

#include <math.h>
#include <string.h>

typedef float vec __attribute__((vector_size(4 * VECTOR_WIDTH)));
typedef float loose_vec __attribute__((vector_size(4 * VECTOR_WIDTH), aligned(4), may_alias));
typedef int32_t int_vec __attribute__((vector_size(4 * VECTOR_WIDTH)));
typedef uint32_t bits_vec __attribute__((vector_size(4 * VECTOR_WIDTH)));
typedef uint16_t half_vec __attribute__((vector_size(2 * VECTOR_WIDTH)));
typedef uint16_t loose_half_vec __attribute__((vector_size(2 * VECTOR_WIDTH), aligned(2), may_alias));

static inline vec splat(float x) {
    return x - (vec){0};
}

static inline vec load(const float *x) {
    return *(const loose_vec *)x;
}

static inline void store(float *x, vec value) {
    *(loose_vec *)x = value;
}

/* Ends of rows; kept out of the loops, which would otherwise go through memory for their sake. */
__attribute__((noinline, cold)) static vec load_end(const float *x, int64_t count) {
    vec value = {0};
    memcpy(&value, x, (size_t)count * sizeof(float));
    return value;
}

__attribute__((noinline, cold)) static void store_end(float *x, vec value, int64_t count) {
    memcpy(x, &value, (size_t)count * sizeof(float));
}

/* The first `count` of a vector's worth; the rest is zero. */
static inline vec load_some(const float *x, int64_t count) {
    return __builtin_expect(count >= VECTOR_WIDTH, 1) ? load(x) : load_end(x, count);
}

static inline void store_some(float *x, vec value, int64_t count) {
    if (__builtin_expect(count >= VECTOR_WIDTH, 1)) {
        store(x, value);
    } else {
        store_end(x, value, count);
    }
}

static inline vec select_vec(int_vec mask, vec yes, vec no) {
    return (vec)((mask & (int_vec)yes) | (~mask & (int_vec)no));
}

/* Of two unordered values the second, as the instructions of x86 have it. */
#ifndef vec_max
#define vec_max(x, y) select_vec((x) > (y), (x), (y))
#define vec_min(x, y) select_vec((x) < (y), (x), (y))
#endif

/* The two halves are added, then the quarters, and so on. */
static inline float vec_sum(vec x) {
    float parts[VECTOR_WIDTH];
    memcpy(parts, &x, sizeof parts);
    for (int half = VECTOR_WIDTH / 2; half > 0; half /= 2) {
        for (int i = 0; i < half; i++) parts[i] += parts[i + half];
    }
    return parts[0];
}

static inline vec vec_abs(vec x) {
    return (vec)((bits_vec)x & 0x7fffffffu);
}

/* x rounded to whole numbers, to even from halfway, and x 2^n for such an n; |x| and n are small. */
#ifndef round_to_whole
static inline vec round_to_whole(vec x) {
    return (x + 12582912.0f) - 12582912.0f; /* 1.5 * 2^23 has no digits after the point */
}

static inline vec scale_by_power(vec x, vec n) {
    return x * (vec)(((bits_vec)(n + 12582912.0f) - 0x4b400000u + 127u) << 23);
}
#endif

#ifndef vec_divide
#define vec_divide(x, y) ((x) / (y))
#endif

/* x within low..high; NaN stays NaN. */
static inline vec vec_clamp(vec x, float low, float high) {
    return vec_max(splat(low), vec_min(splat(high), x));
}

/* 2^x of -126..127, relative error 1e-7. Minimax, 1 at 0. */
static inline vec exp2_within(vec x) {
    vec n = round_to_whole(x), f = x - n;
    vec p = f * 1.5353362e-4f + 1.3398875e-3f;
    p = p * f + 9.618437e-3f;
    p = p * f + 5.5503324e-2f;
    p = p * f + 2.4022648e-1f;
    p = p * f + 6.931472e-1f;
    p = p * f + 1.0f;
    return scale_by_power(p, n);
}

/* The same of any x: at least 2^-126 (as good as zero beside 1), at most 2^127. */
static inline vec vec_exp2(vec x) {
    return exp2_within(vec_clamp(x, -126.0f, 127.0f));
}

/* The same of -126..0 to bf16's precision: relative error 7.5e-5, of which rounding makes 2e-3. Minimax. */
static inline vec exp2_for_bf16(vec x) {
    vec n = round_to_whole(x), f = x - n;
    vec p = f * 5.5171669e-2f + 2.4261113e-1f;
    p = p * f + 6.9326097e-1f;
    p = p * f + 9.9992806e-1f;
    return scale_by_power(p, n);
}

/* x / (1 + e^-(factor x)). 2^x loses digits of large arguments, where they do not count: beside 1, or in a result near
 * zero. */
static inline vec vec_swish(vec x, float factor) {
    return vec_divide(x, 1.0f + vec_exp2(x * (-1.44269504f * factor)));
}

/* x Phi(x) = max(x, 0) - |x| Phi(-|x|), error 1e-7 max(1, |x|). Phi(-t) = 2^Q(t), and from 6 on as at 6: 1e-9. Q's
 * error times what it makes of the result is minimax (Lawson's method), -1 at 0. */
static inline vec vec_gelu(vec x) {
    vec t = vec_min(splat(6.0f), vec_abs(x));
    vec q = t * -1.9020658e-6f + 2.8056944e-5f;
    q = q * t + -1.3147324e-4f;
    q = q * t + -2.7207567e-4f;
    q = q * t + 7.245421e-3f;
    q = q * t + -5.2627612e-2f;
    q = q * t + -4.5916215e-1f;
    q = q * t + -1.151111f;
    q = q * t + -1.0f;
    return vec_max(splat(0.0f), x) - t * exp2_within(q);
}

static inline vec vec_activate(i2v_activation activation, vec x) {
    switch (activation) {
    case I2V_ACTIVATION_SILU:
        return vec_swish(x, 1.0f);
    case I2V_ACTIVATION_GELU:
        return vec_gelu(x);
    case I2V_ACTIVATION_QUICK_GELU:
        return vec_swish(x, 1.702f);
    case I2V_ACTIVATION_NONE:
        break;
    }
    return x;
}
