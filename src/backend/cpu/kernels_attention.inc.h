/* Kernels of attention: packing of keys and values into panels, and the softmax between the two products. */
#include "backend/cpu/kernels_winograd.inc.h"

static void softmax(i2v_softmax *softmax, float factor, float *scores, int keys, int padded, float *output, int depth) {
    for (int i = keys; i < padded; i++) scores[i] = -INFINITY;
    vec highest = splat(-INFINITY), sum = {0};
    for (int i = 0; i < padded; i += VECTOR_WIDTH) highest = vec_max(load(scores + i), highest);
    float before = softmax->highest, now = before;
    for (int i = 0; i < VECTOR_WIDTH; i++) now = highest[i] * factor > now ? highest[i] * factor : now;
    for (int i = 0; i < padded; i += VECTOR_WIDTH) {
        vec weight = vec_exp2(load(scores + i) * factor - now);
        store(scores + i, weight);
        sum += weight;
    }
    if (now != before) {
        float less = vec_exp2(splat(before - now))[0];
        softmax->sum *= less;
        scale_row(output, depth, less, output);
        softmax->highest = now;
    }
    softmax->sum += vec_sum(sum);
}

/* Whole cache lines are read of one row before the next: rows may lie in the same cache set. */
static void pack_transposed(const float *x, int64_t stride, int rows, int depth, float *out) {
    if (rows < PANEL) memset(out, 0, (size_t)depth * PANEL * sizeof(float));
    for (int begin = 0; begin < depth; begin += 16) {
        int end = depth - begin < 16 ? depth : begin + 16;
        for (int r = 0; r < rows; r++) {
            for (int d = begin; d < end; d++) out[d * PANEL + r] = x[r * stride + d];
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
