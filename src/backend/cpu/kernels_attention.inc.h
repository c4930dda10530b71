/* Kernels of attention: a small matrix product on packed panels, and the softmax between two of them. */
#include "backend/cpu/kernels_rows.inc.h"

#define PANEL (2 * VECTOR_WIDTH)

/* ROW_TILE x PANEL sums stay in registers. */
static inline void panel_tile(const i2v_panel_product *p, const float *a, const float *panel, float *c) {
    vec sum[ROW_TILE][2];
    for (int r = 0; r < ROW_TILE; r++) {
        sum[r][0] = p->accumulate ? load(c + r * p->c_stride) : splat(0);
        sum[r][1] = p->accumulate ? load(c + r * p->c_stride + VECTOR_WIDTH) : splat(0);
    }
    int64_t stride = p->a_stride;
    for (int64_t k = 0; k < p->depth; k++) {
        vec first = load(panel + k * PANEL), second = load(panel + k * PANEL + VECTOR_WIDTH);
#pragma GCC unroll 16
        for (int r = 0; r < ROW_TILE; r++) {
            vec value = splat(a[r * stride + k]);
            sum[r][0] += value * first;
            sum[r][1] += value * second;
        }
    }
    for (int r = 0; r < ROW_TILE; r++) {
        store(c + r * p->c_stride, sum[r][0]);
        store(c + r * p->c_stride + VECTOR_WIDTH, sum[r][1]);
    }
}

static void panel_product(const i2v_panel_product *product) {
    i2v_panel_product local = *product; /* so that the compiler sees that stores do not change it */
    for (int panel = 0; panel < local.panel_count; panel++) {
        for (int row = 0; row < local.rows; row += ROW_TILE) {
            panel_tile(&local, local.a + row * local.a_stride, local.panels + panel * local.panel_stride,
                       local.c + row * local.c_stride + panel * PANEL);
        }
    }
}

static void softmax(i2v_softmax *softmax, float *scores, int keys, int padded, float *output, int depth) {
    for (int i = keys; i < padded; i++) scores[i] = -INFINITY;
    vec highest = splat(softmax->highest), sum = {0};
    for (int i = 0; i < padded; i += VECTOR_WIDTH) highest = vec_max(load(scores + i), highest);
    float before = softmax->highest, now = highest[0];
    for (int i = 1; i < VECTOR_WIDTH; i++) now = highest[i] > now ? highest[i] : now;
    for (int i = 0; i < padded; i += VECTOR_WIDTH) {
        vec weight = vec_exp2(load(scores + i) - now);
        store(scores + i, weight);
        sum += weight;
    }
    if (now != before) {
        float factor = vec_exp2(splat(before - now))[0];
        softmax->sum *= factor;
        scale_row(output, depth, factor, output);
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
