/* Kernels that go along rows: widening, epilogues, norms. */
#include "backend/cpu/kernels_math.inc.h"

static void exp2_row(const float *x, int64_t count, float *y) {
    for (int64_t i = 0; i < count; i += VECTOR_WIDTH)
        store_some(y + i, vec_exp2(load_some(x + i, count - i)), count - i);
}

static void gelu_row(const float *x, int64_t count, float *y) {
    for (int64_t i = 0; i < count; i += VECTOR_WIDTH)
        store_some(y + i, vec_gelu(load_some(x + i, count - i)), count - i);
}

static inline vec load_bf16(const uint16_t *x) {
    return (vec)(__builtin_convertvector(*(const loose_half_vec *)x, bits_vec) << 16);
}

/* To nearest, ties to even; NaN stays NaN. */
#ifndef to_bf16
static inline half_vec to_bf16(vec x) {
    bits_vec bits = (bits_vec)x, rounded = bits + 0x7fffu + (bits >> 16 & 1u);
    bits_vec is_nan = (bits_vec)((bits & 0x7fffffffu) > 0x7f800000u);
    return __builtin_convertvector(((rounded & ~is_nan) | ((bits | 0x400000u) & is_nan)) >> 16, half_vec);
}
#endif

#ifndef load_f16
static inline vec load_f16(const uint16_t *x) {
    bits_vec bits;
    for (int i = 0; i < VECTOR_WIDTH; i++) bits[i] = i2v_widen_f16(x[i]);
    return (vec)bits;
}
#endif

__attribute__((noinline, cold)) static vec load_halves_end(i2v_element element, const uint16_t *x, int64_t count) {
    uint16_t end[VECTOR_WIDTH] = {0};
    memcpy(end, x, (size_t)count * sizeof *x);
    return element == I2V_ELEMENT_F16 ? load_f16(end) : load_bf16(end);
}

/* Of two-byte values, the first `count` of a vector's worth; the rest is zero. */
static inline vec load_halves(i2v_element element, const uint16_t *x, int64_t count) {
    if (__builtin_expect(count < VECTOR_WIDTH, 0)) return load_halves_end(element, x, count);
    return element == I2V_ELEMENT_F16 ? load_f16(x) : load_bf16(x);
}

/* Values i.. of x, of which `left` are there. element is known to the compiler wherever speed counts. */
static inline vec load_as(i2v_element element, const void *x, int64_t i, int64_t left) {
    if (element == I2V_ELEMENT_F32) return load_some((const float *)x + i, left);
    return load_halves(element, (const uint16_t *)x + i, left);
}

__attribute__((noinline, cold)) static void store_halves_end(uint16_t *x, half_vec value, int64_t count) {
    memcpy(x, &value, (size_t)count * sizeof *x);
}

static inline void store_as(i2v_element element, void *x, int64_t i, vec value, int64_t left) {
    if (element == I2V_ELEMENT_F32) {
        store_some((float *)x + i, value, left);
        return;
    }
    half_vec halves = to_bf16(value);
    if (__builtin_expect(left >= VECTOR_WIDTH, 1)) {
        *(loose_half_vec *)((uint16_t *)x + i) = halves;
    } else {
        store_halves_end((uint16_t *)x + i, halves, left);
    }
}

static inline void widen_as(i2v_element element, const void *x, int64_t count, float *out) {
    for (int64_t i = 0; i < count; i += VECTOR_WIDTH) store_some(out + i, load_as(element, x, i, count - i), count - i);
}

static void widen(i2v_element element, const void *x, int64_t count, float *out) {
    if (element == I2V_ELEMENT_F32) {
        memcpy(out, x, (size_t)count * sizeof *out);
    } else if (element == I2V_ELEMENT_F16) {
        widen_as(I2V_ELEMENT_F16, x, count, out);
    } else {
        widen_as(I2V_ELEMENT_BF16, x, count, out);
    }
}

static void narrow(i2v_element element, const float *x, int64_t count, void *out) {
    if (element == I2V_ELEMENT_F32) {
        memcpy(out, x, (size_t)count * sizeof *x);
        return;
    }
    for (int64_t i = 0; i < count; i += VECTOR_WIDTH) {
        store_as(I2V_ELEMENT_BF16, out, i, load_some(x + i, count - i), count - i);
    }
}

static void add_rows(const float *x, const float *y, int64_t count, float *out) {
    for (int64_t i = 0; i < count; i += VECTOR_WIDTH) {
        store_some(out + i, load_some(x + i, count - i) + load_some(y + i, count - i), count - i);
    }
}

static void scale_row(const float *x, int64_t count, float factor, float *out) {
    for (int64_t i = 0; i < count; i += VECTOR_WIDTH) {
        store_some(out + i, load_some(x + i, count - i) * factor, count - i);
    }
}

static inline void epilogue_as(const i2v_epilogue *epilogue, const float *product, const float *bias, int64_t at,
                               int column, int count, i2v_element element, void *out) {
    for (int i = 0; i < count; i += VECTOR_WIDTH) {
        int left = count - i;
        vec x = load_some(product + i, left);
        if (bias) x += load_some(bias + i, left);
        if (epilogue->vector) x += load_some(epilogue->vector + column + i, left);
        x = vec_activate(epilogue->activation, x) * epilogue->scale;
        for (int r = 0; r < I2V_EPILOGUE_MAX_RESIDUALS; r++) {
            if (epilogue->residual[r]) {
                x += load_as(element, epilogue->residual[r], at + i, left) * epilogue->residual_scale[r];
            }
        }
        if (epilogue->relu) x = (x + vec_abs(x)) * 0.5f; /* of NaN and -infinity, NaN */
        store_as(element, out, at + i, x, left);
    }
}

static void epilogue_row(const i2v_epilogue *epilogue, const float *product, const float *bias, int64_t at, int column,
                         int count, i2v_element element, void *out) {
    if (element == I2V_ELEMENT_F32) {
        epilogue_as(epilogue, product, bias, at, column, count, I2V_ELEMENT_F32, out);
    } else {
        epilogue_as(epilogue, product, bias, at, column, count, I2V_ELEMENT_BF16, out);
    }
}

static inline void geglu_as(const float *value, const float *gate, const float *value_bias, const float *gate_bias,
                            int count, i2v_element element, void *out) {
    for (int i = 0; i < count; i += VECTOR_WIDTH) {
        int left = count - i;
        vec v = load_some(value + i, left), g = load_some(gate + i, left);
        if (value_bias) v += load_some(value_bias + i, left);
        if (gate_bias) g += load_some(gate_bias + i, left);
        store_as(element, out, i, v * vec_gelu(g), left);
    }
}

static void geglu(const float *value, const float *gate, const float *value_bias, const float *gate_bias, int count,
                  i2v_element out_element, void *out) {
    if (out_element == I2V_ELEMENT_F32) {
        geglu_as(value, gate, value_bias, gate_bias, count, I2V_ELEMENT_F32, out);
    } else {
        geglu_as(value, gate, value_bias, gate_bias, count, I2V_ELEMENT_BF16, out);
    }
}

/* The mean is taken in two steps, so that values far from zero keep their digits. */
static inline void layer_norm_as(const i2v_norm *norm, const float *x, int channels, i2v_element element, void *out) {
    vec sum = {0}, rest = {0}, squares = {0};
    for (int c = 0; c < channels; c += VECTOR_WIDTH) sum += load_some(x + c, channels - c);
    float near = vec_sum(sum) / (float)channels;
    int whole = channels / VECTOR_WIDTH * VECTOR_WIDTH;
    for (int c = 0; c < whole; c += VECTOR_WIDTH) {
        vec d = load(x + c) - near;
        rest += d;
        squares += d * d;
    }
    double rest_sum = vec_sum(rest), squares_sum = vec_sum(squares);
    for (int c = whole; c < channels; c++) {
        float d = x[c] - near;
        rest_sum += d;
        squares_sum += (double)d * d;
    }
    double far = rest_sum / channels;
    double variance = squares_sum / channels - far * far;
    float factor = (float)i2v_norm_factor(variance, norm->epsilon), left_over = (float)far;
    for (int c = 0; c < channels; c += VECTOR_WIDTH) {
        int left = channels - c;
        vec y = ((load_some(x + c, left) - near) - left_over) * factor;
        store_as(element, out, c, y * load_some(norm->weight + c, left) + load_some(norm->bias + c, left), left);
    }
}

static void layer_norm(const i2v_norm *norm, const float *x, int channels, i2v_element out_element, void *out) {
    if (out_element == I2V_ELEMENT_F32) {
        layer_norm_as(norm, x, channels, I2V_ELEMENT_F32, out);
    } else {
        layer_norm_as(norm, x, channels, I2V_ELEMENT_BF16, out);
    }
}

/* work = sums, then means; rest and squares = sums of deviations from these means. */
static void moments_of_run(const float *x, int64_t stride, int rows, int channels, float *work) {
    float *mean = work, *rest = work + channels, *squares = work + 2 * channels;
    memset(work, 0, 3 * (size_t)channels * sizeof(float));
    for (int r = 0; r < rows; r++) add_rows(mean, x + r * stride, channels, mean);
    scale_row(mean, channels, 1 / (float)rows, mean);
    for (int r = 0; r < rows; r++) {
        const float *row = x + r * stride;
        for (int c = 0; c < channels; c += VECTOR_WIDTH) {
            int left = channels - c;
            __builtin_prefetch(row + I2V_MOMENTS_RUN * stride + c);
            vec d = load_some(row + c, left) - load_some(mean + c, left);
            store_some(rest + c, load_some(rest + c, left) + d, left);
            store_some(squares + c, load_some(squares + c, left) + d * d, left);
        }
    }
}

/* Joins the moments of runs by Chan's formula. */
static void moments(i2v_moments *moments, i2v_element element, const void *x, int64_t stride, int rows, int channels) {
    const float *mean = moments->work, *rest = mean + channels, *squares = rest + channels;
    float *widened = moments->work + 3 * channels;
    for (int begin = 0; begin < rows; begin += I2V_MOMENTS_RUN) {
        int run = rows - begin < I2V_MOMENTS_RUN ? rows - begin : I2V_MOMENTS_RUN;
        if (element == I2V_ELEMENT_F32) {
            moments_of_run((const float *)x + begin * stride, stride, run, channels, moments->work);
        } else {
            for (int r = 0; r < run; r++) {
                widen(element, (const uint16_t *)x + (begin + r) * stride, channels, widened + r * channels);
            }
            moments_of_run(widened, channels, run, channels, moments->work);
        }
        double before = (double)moments->count, after = before + run, inverse = 1.0 / run;
        for (int c = 0; c < channels; c++) {
            double run_mean = mean[c] + rest[c] * inverse, delta = run_mean - moments->mean[c];
            moments->mean[c] += delta * (run / after);
            moments->squares[c] +=
                squares[c] - (double)rest[c] * rest[c] * inverse + delta * delta * (before * run / after);
        }
        moments->count += run;
    }
}

static inline void normalize_as(i2v_element element, const void *x, const float *mean, const float *scale,
                                const float *shift, int count, i2v_activation activation, i2v_element out_element,
                                void *out) {
    for (int c = 0; c < count; c += VECTOR_WIDTH) {
        int left = count - c;
        vec y = (load_as(element, x, c, left) - load_some(mean + c, left)) * load_some(scale + c, left) +
                load_some(shift + c, left);
        store_as(out_element, out, c, vec_activate(activation, y), left);
    }
}

/* What most layers are is known to the compiler. */
static void normalize(i2v_element element, const void *x, const float *mean, const float *scale, const float *shift,
                      int count, i2v_activation activation, i2v_element out_element, void *out) {
    const i2v_element f32 = I2V_ELEMENT_F32, bf16 = I2V_ELEMENT_BF16;
    if (element == f32 && out_element == f32 && activation == I2V_ACTIVATION_SILU) {
        normalize_as(f32, x, mean, scale, shift, count, I2V_ACTIVATION_SILU, f32, out);
    } else if (element == bf16 && out_element == f32 && activation == I2V_ACTIVATION_SILU) {
        normalize_as(bf16, x, mean, scale, shift, count, I2V_ACTIVATION_SILU, f32, out);
    } else if (element == bf16 && out_element == bf16 && activation == I2V_ACTIVATION_SILU) {
        normalize_as(bf16, x, mean, scale, shift, count, I2V_ACTIVATION_SILU, bf16, out);
    } else {
        normalize_as(element, x, mean, scale, shift, count, activation, out_element, out);
    }
}
