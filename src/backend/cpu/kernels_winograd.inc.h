/* Kernels of Winograd's convolutions F(m x m, 3 x 3), m = 2 and 4: a tile of m x m outputs needs n x n inputs, n = m +
 * 2, and n^2 products in place of 9 m^2; and F(m, 3) over frames, n in place of 3 m. Transforms are of Lavin and Gray,
 * "Fast Algorithms for Convolutional Neural Networks" (2015), in f32. `m` is known to the compiler in every loop. */
#include "backend/cpu/kernels_pack.inc.h"

#define WINOGRAD_MOST 6 /* n of the largest tile */

/* B^T d */
static inline void winograd_inputs(const int m, const vec d[], vec out[]) {
    if (m == 2) {
        out[0] = d[0] - d[2];
        out[1] = d[1] + d[2];
        out[2] = d[2] - d[1];
        out[3] = d[1] - d[3];
    } else {
        vec odd = d[3] - 4.0f * d[1], even = d[4] - 4.0f * d[2];
        vec twice = 2.0f * (d[3] - d[1]), half = d[4] - d[2];
        out[0] = 4.0f * d[0] - 5.0f * d[2] + d[4];
        out[1] = even + odd;
        out[2] = even - odd;
        out[3] = half + twice;
        out[4] = half - twice;
        out[5] = 4.0f * d[1] - 5.0f * d[3] + d[5];
    }
}

/* G g */
static inline void winograd_weights_line(const int m, const vec g[], vec out[]) {
    vec sum = g[0] + g[2];
    if (m == 2) {
        out[0] = g[0];
        out[1] = 0.5f * (sum + g[1]);
        out[2] = 0.5f * (sum - g[1]);
        out[3] = g[2];
    } else {
        vec wide = 1.0f / 24 * g[0] + 1.0f / 6 * g[2], middle = 1.0f / 12 * g[1];
        out[0] = 0.25f * g[0];
        out[1] = -1.0f / 6 * (sum + g[1]);
        out[2] = -1.0f / 6 * (sum - g[1]);
        out[3] = wide + middle;
        out[4] = wide - middle;
        out[5] = g[2];
    }
}

/* A^T s */
static inline void winograd_outputs(const int m, const vec s[], vec out[]) {
    if (m == 2) {
        out[0] = s[0] + s[1] + s[2];
        out[1] = s[1] - s[2] - s[3];
    } else {
        vec sum = s[1] + s[2], difference = s[1] - s[2], sum2 = s[3] + s[4], difference2 = s[3] - s[4];
        out[0] = s[0] + sum + sum2;
        out[1] = difference + 2.0f * difference2;
        out[2] = sum + 4.0f * sum2;
        out[3] = difference + 8.0f * difference2 + s[5];
    }
}

static inline void winograd_tile_in(const int m, const i2v_element element, const float *x, int64_t line, int64_t pixel,
                                    int channels, void *out, int64_t stride) {
    const int n = m + 2;
    for (int c = 0; c < channels; c += VECTOR_WIDTH) {
        int left = channels - c;
        vec columns[WINOGRAD_MOST][WINOGRAD_MOST], d[WINOGRAD_MOST], t[WINOGRAD_MOST];
#pragma GCC unroll 8
        for (int j = 0; j < n; j++) {
#pragma GCC unroll 8
            for (int i = 0; i < n; i++) d[i] = load_some(x + i * line + j * pixel + c, left);
            winograd_inputs(m, d, columns[j]);
        }
#pragma GCC unroll 8
        for (int i = 0; i < n; i++) {
#pragma GCC unroll 8
            for (int j = 0; j < n; j++) d[j] = columns[j][i];
            winograd_inputs(m, d, t);
#pragma GCC unroll 8
            for (int j = 0; j < n; j++) store_as(element, out, (i * n + j) * stride + c, t[j], left);
        }
    }
}

static void winograd_input(int m, const float *x, int64_t line, int64_t pixel, int channels, i2v_element element,
                           void *out, int64_t stride) {
    if (m == 4) {
        winograd_tile_in(4, I2V_ELEMENT_F32, x, line, pixel, channels, out, stride);
    } else if (element == I2V_ELEMENT_BF16) {
        winograd_tile_in(2, I2V_ELEMENT_BF16, x, line, pixel, channels, out, stride);
    } else {
        winograd_tile_in(2, I2V_ELEMENT_F32, x, line, pixel, channels, out, stride);
    }
}

static inline void frames_in(const int m, const i2v_element element, const float *x, int64_t frame, int64_t count,
                             void *out, int64_t stride) {
    const int n = m + 2;
    for (int64_t c = 0; c < count; c += VECTOR_WIDTH) {
        vec d[WINOGRAD_MOST], t[WINOGRAD_MOST];
#pragma GCC unroll 8
        for (int i = 0; i < n; i++) d[i] = load_some(x + i * frame + c, count - c);
        winograd_inputs(m, d, t);
#pragma GCC unroll 8
        for (int i = 0; i < n; i++) store_as(element, out, i * stride + c, t[i], count - c);
    }
}

static void winograd_frames_input(int m, const float *x, int64_t frame, int64_t count, i2v_element element, void *out,
                                  int64_t stride) {
    if (m == 4) {
        frames_in(4, I2V_ELEMENT_F32, x, frame, count, out, stride);
    } else if (element == I2V_ELEMENT_BF16) {
        frames_in(2, I2V_ELEMENT_BF16, x, frame, count, out, stride);
    } else {
        frames_in(2, I2V_ELEMENT_F32, x, frame, count, out, stride);
    }
}

/* Value i of taps first, first + step and first + 2 step of the panel: G g. */
static inline __attribute__((always_inline)) void winograd_taps(const int m, const i2v_element element,
                                                                const i2v_winograd_weights *w, int first, int step,
                                                                int64_t i, vec out[]) {
    vec g[3];
#pragma GCC unroll 8
    for (int y = 0; y < 3; y++) g[y] = load_as(element, w->panel, (first + y * step) * w->tap + i, VECTOR_WIDTH);
    winograd_weights_line(m, g, out);
}

/* Value i of the panel at all points: of an image, G g G^T. */
static inline __attribute__((always_inline)) void winograd_weights_at(const int m, const int image,
                                                                      const i2v_element element,
                                                                      const i2v_winograd_weights *w, int64_t i,
                                                                      vec out[]) {
    if (!image) {
        winograd_taps(m, element, w, 0, 1, i, out);
        return;
    }
    vec columns[3][WINOGRAD_MOST], g[3];
#pragma GCC unroll 8
    for (int x = 0; x < 3; x++) winograd_taps(m, element, w, x, 3, i, columns[x]);
#pragma GCC unroll 8
    for (int y = 0; y < m + 2; y++) {
#pragma GCC unroll 8
        for (int x = 0; x < 3; x++) g[x] = columns[x][y];
        winograd_weights_line(m, g, out + y * (m + 2));
    }
}

static inline __attribute__((always_inline)) void
winograd_weights_of(const int m, const int image, const i2v_element element, const i2v_winograd_weights *w) {
    const int points = image ? (m + 2) * (m + 2) : m + 2;
    for (int64_t i = 0; i < w->depth * PANEL; i += VECTOR_WIDTH) {
        vec t[WINOGRAD_MOST * WINOGRAD_MOST];
        winograd_weights_at(m, image, element, w, i, t);
#pragma GCC unroll 36
        for (int p = 0; p < points; p++) store(w->out + p * w->stride + i, t[p]);
    }
}

static inline __attribute__((always_inline)) void winograd_pairs_of(const int image, const i2v_element element,
                                                                    const i2v_winograd_weights *w) {
#ifdef add_pairs
    const int points = image ? 16 : 4;
    float *out = w->out;
    for (int64_t i = 0; i < w->depth * PANEL; i += 2 * PANEL, out += PANEL) {
        for (int column = 0; column < PANEL; column += VECTOR_WIDTH) {
            vec even[16], odd[16];
            winograd_weights_at(2, image, element, w, i + column, even);
            winograd_weights_at(2, image, element, w, i + PANEL + column, odd);
#pragma GCC unroll 16
            for (int p = 0; p < points; p++) store(out + p * w->stride + column, join_pairs(even[p], odd[p]));
        }
    }
#else
    (void)image, (void)element, (void)w;
#endif
}

static inline __attribute__((always_inline)) void winograd_weights_in(const int image, const i2v_element element,
                                                                      const i2v_winograd_weights *w) {
    if (w->m == 4) {
        winograd_weights_of(4, image, element, w);
    } else if (w->pairs) {
        winograd_pairs_of(image, element, w);
    } else {
        winograd_weights_of(2, image, element, w);
    }
}

static void winograd_weights(const i2v_winograd_weights *w) {
    if (w->element == I2V_ELEMENT_F16) {
        winograd_weights_in(1, I2V_ELEMENT_F16, w);
    } else {
        winograd_weights_in(1, w->element, w);
    }
}

static void winograd_frames_weights(const i2v_winograd_weights *w) {
    if (w->element == I2V_ELEMENT_F16) {
        winograd_weights_in(0, I2V_ELEMENT_F16, w);
    } else {
        winograd_weights_in(0, w->element, w);
    }
}

static inline void winograd_tile_out(const int m, const float *sums, int64_t stride, int columns, float *out,
                                     int64_t line, int64_t pixel, int rows, int across) {
    const int n = m + 2;
    for (int c = 0; c < columns; c += VECTOR_WIDTH) {
        vec lines[4][WINOGRAD_MOST], s[WINOGRAD_MOST], t[4];
#pragma GCC unroll 8
        for (int x = 0; x < n; x++) {
#pragma GCC unroll 8
            for (int y = 0; y < n; y++) s[y] = load(sums + (y * n + x) * stride + c);
            winograd_outputs(m, s, t);
#pragma GCC unroll 8
            for (int y = 0; y < m; y++) lines[y][x] = t[y];
        }
#pragma GCC unroll 8
        for (int y = 0; y < m; y++) {
            winograd_outputs(m, lines[y], t);
#pragma GCC unroll 8
            for (int x = 0; x < m; x++) {
                if (y < rows && x < across) store(out + y * line + x * pixel + c, t[x]);
            }
        }
    }
}

static void winograd_output(int m, const float *sums, int64_t stride, int columns, float *out, int64_t line,
                            int64_t pixel, int rows, int across) {
    if (m == 2 && rows == 2 && across == 2) {
        winograd_tile_out(2, sums, stride, columns, out, line, pixel, 2, 2);
    } else if (m == 2) {
        winograd_tile_out(2, sums, stride, columns, out, line, pixel, rows, across);
    } else if (rows == 4 && across == 4) {
        winograd_tile_out(4, sums, stride, columns, out, line, pixel, 4, 4);
    } else {
        winograd_tile_out(4, sums, stride, columns, out, line, pixel, rows, across);
    }
}

static inline void frames_out(const int m, const float *sums, int64_t stride, int64_t count, float *out,
                              int64_t frame) {
    for (int64_t c = 0; c < count; c += VECTOR_WIDTH) {
        vec s[WINOGRAD_MOST], t[4];
#pragma GCC unroll 8
        for (int i = 0; i < m + 2; i++) s[i] = load(sums + i * stride + c);
        winograd_outputs(m, s, t);
#pragma GCC unroll 8
        for (int i = 0; i < m; i++) store(out + i * frame + c, t[i]);
    }
}

static void winograd_frames_output(int m, const float *sums, int64_t stride, int64_t count, float *out, int64_t frame) {
    if (m == 2) {
        frames_out(2, sums, stride, count, out, frame);
    } else {
        frames_out(4, sums, stride, count, out, frame);
    }
}
