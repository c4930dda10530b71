/* Kernels of attention: packing of keys and values into panels, and the softmax between the two products. */
#include "backend/cpu/kernels_winograd.inc.h"

static inline float vec_highest(vec x) {
    float parts[VECTOR_WIDTH];
    memcpy(parts, &x, sizeof parts);
    for (int half = VECTOR_WIDTH / 2; half > 0; half /= 2) {
        for (int i = 0; i < half; i++) parts[i] = parts[i] > parts[i + half] ? parts[i] : parts[i + half];
    }
    return parts[0];
}

/* Of a score, as good as none; 2 to it is no denormal number, which processors take long for. */
#define LOWEST (-120.0f)

/* scores become 2^(factor scores - highest), as element where they lie; their sum in f32. */
static inline float softmax_weights(i2v_element element, float *scores, int padded, float factor, float highest) {
    vec sum = {0};
    for (int i = 0; i < padded; i += VECTOR_WIDTH) {
        vec score = vec_max(splat(LOWEST), load(scores + i) * factor - highest); /* at most 0, or NaN */
        vec weight = element == I2V_ELEMENT_BF16 ? exp2_for_bf16(score) : exp2_within(vec_min(splat(0.0f), score));
        store_as(element, scores, i, weight, VECTOR_WIDTH);
        sum += weight;
    }
    return vec_sum(sum);
}

static void softmax(i2v_softmax *softmax, float factor, float *scores, int keys, int padded, i2v_element element,
                    float *output, int depth) {
    for (int i = keys; i < padded; i++) scores[i] = -INFINITY;
    vec highest = splat(-INFINITY);
    for (int i = 0; i < padded; i += VECTOR_WIDTH) highest = vec_max(load(scores + i), highest);
    float before = softmax->highest, now = vec_highest(highest) * factor;
    if (!(now > before)) now = before;
    float sum = element == I2V_ELEMENT_BF16 ? softmax_weights(I2V_ELEMENT_BF16, scores, padded, factor, now)
                                            : softmax_weights(I2V_ELEMENT_F32, scores, padded, factor, now);
    if (now != before) {
        float less = vec_exp2(splat(before - now))[0];
        softmax->sum *= less;
        scale_row(output, depth, less, output);
        softmax->highest = now;
    }
    softmax->sum += sum;
}

/* Rows and columns that are not there come as zeros, and go nowhere. */
static void pack_block(const float *x, int64_t stride, int rows, int depth, float *out) {
    float block[VECTOR_WIDTH * VECTOR_WIDTH], unused[VECTOR_WIDTH];
    char *columns[VECTOR_WIDTH];
    if (rows < VECTOR_WIDTH || depth < VECTOR_WIDTH) {
        for (int r = 0; r < VECTOR_WIDTH; r++) {
            store(block + r * VECTOR_WIDTH, r < rows ? load_some(x + r * stride, depth) : splat(0));
        }
        x = block;
        stride = VECTOR_WIDTH;
    }
    for (int d = 0; d < VECTOR_WIDTH; d++) columns[d] = (char *)(d < depth ? out + d * PANEL : unused);
    transpose_bits((const char *)x, (size_t)stride * sizeof *x, columns);
}

static void pack_transposed(const float *x, int64_t stride, int rows, int depth, float *out) {
    for (int r = 0; r < PANEL; r += VECTOR_WIDTH) {
        for (int d = 0; d < depth; d += VECTOR_WIDTH) {
            pack_block(x + r * stride + d, stride, rows - r, depth - d, out + d * PANEL + r);
        }
    }
}

static void pack_columns(const float *x, int64_t stride, int rows, int depth, int64_t panel_rows, float *out) {
    for (int r = 0; r < rows; r++) {
        for (int begin = 0; begin < depth; begin += PANEL) {
            float *to = out + begin * panel_rows + r * PANEL;
            const float *from = x + r * stride + begin;
            store(to, load_some(from, depth - begin));
            int left = depth - begin - VECTOR_WIDTH;
            store(to + VECTOR_WIDTH, left > 0 ? load_some(from + VECTOR_WIDTH, left) : splat(0));
        }
    }
}
