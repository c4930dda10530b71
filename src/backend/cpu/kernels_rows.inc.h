/* Kernels that go along rows: widening, epilogues, norms. */
#include "backend/cpu/kernels_math.inc.h"

static inline vec widen_bf16(const uint16_t *x) {
    bits_vec bits;
    for (int i = 0; i < VECTOR_WIDTH; i++) bits[i] = i2v_widen_bf16(x[i]);
    return (vec)bits;
}

#ifndef vec_from_f16
static inline vec vec_from_f16(const uint16_t *x) {
    bits_vec bits;
    for (int i = 0; i < VECTOR_WIDTH; i++) bits[i] = i2v_widen_f16(x[i]);
    return (vec)bits;
}
#endif

/* count is a multiple of VECTOR_WIDTH. */
static void widen(i2v_element element, const void *x, int64_t count, float *out) {
    const uint16_t *from = x;
    if (element == I2V_ELEMENT_F16) {
        for (int64_t i = 0; i < count; i += VECTOR_WIDTH) store(out + i, vec_from_f16(from + i));
    } else {
        for (int64_t i = 0; i < count; i += VECTOR_WIDTH) store(out + i, widen_bf16(from + i));
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

static void epilogue_row(const i2v_epilogue *epilogue, const float *product, const float *bias, int64_t at, int column,
                         int count, float *out) {
    for (int i = 0; i < count; i += VECTOR_WIDTH) {
        int left = count - i;
        vec x = load_some(product + i, left);
        if (bias) x += load_some(bias + i, left);
        if (epilogue->vector) x += load_some(epilogue->vector + column + i, left);
        x = vec_activate(epilogue->activation, x) * epilogue->scale;
        for (int r = 0; r < I2V_EPILOGUE_MAX_RESIDUALS; r++) {
            if (epilogue->residual[r]) {
                x += load_some(epilogue->residual[r] + at + i, left) * epilogue->residual_scale[r];
            }
        }
        store_some(out + at + i, x, left);
    }
}

static void geglu(float *value, const float *gate, const float *value_bias, const float *gate_bias, int count) {
    for (int i = 0; i < count; i += VECTOR_WIDTH) {
        int left = count - i;
        vec v = load_some(value + i, left), g = load_some(gate + i, left);
        if (value_bias) v += load_some(value_bias + i, left);
        if (gate_bias) g += load_some(gate_bias + i, left);
        store_some(value + i, v * vec_gelu(g), left);
    }
}

/* The mean is taken in two steps, so that values far from zero keep their digits. */
static void layer_norm(const i2v_norm *norm, const float *x, int channels, float *out) {
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
    if (variance < 0) variance = 0;
    float factor = (float)(1 / sqrt(variance + norm->epsilon)), left_over = (float)far;
    for (int c = 0; c < channels; c += VECTOR_WIDTH) {
        int left = channels - c;
        vec y = ((load_some(x + c, left) - near) - left_over) * factor;
        store_some(out + c, y * load_some(norm->weight + c, left) + load_some(norm->bias + c, left), left);
    }
}

/* Rows whose sums are taken in float, small enough to be in cache for the second pass. */
#define MOMENTS_RUN 16

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
            __builtin_prefetch(row + MOMENTS_RUN * stride + c);
            vec d = load_some(row + c, left) - load_some(mean + c, left);
            store_some(rest + c, load_some(rest + c, left) + d, left);
            store_some(squares + c, load_some(squares + c, left) + d * d, left);
        }
    }
}

/* Joins the moments of runs by Chan's formula. */
static void moments(i2v_moments *moments, const float *x, int64_t stride, int rows, int channels) {
    const float *mean = moments->work, *rest = mean + channels, *squares = rest + channels;
    for (int begin = 0; begin < rows; begin += MOMENTS_RUN) {
        int run = rows - begin < MOMENTS_RUN ? rows - begin : MOMENTS_RUN;
        moments_of_run(x + begin * stride, stride, run, channels, moments->work);
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

static inline void normalize_as(const float *x, const float *mean, const float *scale, const float *shift, int count,
                                i2v_activation activation, float *out) {
    for (int c = 0; c < count; c += VECTOR_WIDTH) {
        int left = count - c;
        vec y = (load_some(x + c, left) - load_some(mean + c, left)) * load_some(scale + c, left) +
                load_some(shift + c, left);
        store_some(out + c, vec_activate(activation, y), left);
    }
}

static void normalize(const float *x, const float *mean, const float *scale, const float *shift, int count,
                      i2v_activation activation, float *out) {
    if (activation == I2V_ACTIVATION_SILU) {
        normalize_as(x, mean, scale, shift, count, I2V_ACTIVATION_SILU, out);
    } else {
        normalize_as(x, mean, scale, shift, count, activation, out);
    }
}
