/* Kernels of Winograd's convolutions F(m x m, 3 x 3), m = 2 and 4: a tile of m x m outputs needs n x n inputs, n = m +
 * 2, and n^2 products in place of 9 m^2; and F(m, 3) over frames, n in place of 3 m. Transforms are of Lavin and Gray,
 * "Fast Algorithms for Convolutional Neural Networks" (2015), in f32. `m` is known to the compiler in every loop. */
#include "backend/cpu/kernels_product.inc.h"

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

static inline void winograd_tile_in(const int m, const float *x, int64_t line, int64_t pixel, int channels, float *out,
                                    int64_t stride) {
    const int n = m + 2;
    for (int c = 0; c < channels; c += VECTOR_WIDTH) {
        int left = channels - c;
        vec columns[WINOGRAD_MOST][WINOGRAD_MOST], d[WINOGRAD_MOST], t[WINOGRAD_MOST];
        for (int j = 0; j < n; j++) {
            for (int i = 0; i < n; i++) d[i] = load_some(x + i * line + j * pixel + c, left);
            winograd_inputs(m, d, columns[j]);
        }
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < n; j++) d[j] = columns[j][i];
            winograd_inputs(m, d, t);
            for (int j = 0; j < n; j++) store_some(out + (i * n + j) * stride + c, t[j], left);
        }
    }
}

static void winograd_input(int m, const float *x, int64_t line, int64_t pixel, int channels, float *out,
                           int64_t stride) {
    if (m == 2) {
        winograd_tile_in(2, x, line, pixel, channels, out, stride);
    } else {
        winograd_tile_in(4, x, line, pixel, channels, out, stride);
    }
}

static inline void frames_in(const int m, const float *x, int64_t frame, int64_t count, float *out, int64_t stride) {
    const int n = m + 2;
    for (int64_t c = 0; c < count; c += VECTOR_WIDTH) {
        vec d[WINOGRAD_MOST], t[WINOGRAD_MOST];
        for (int i = 0; i < n; i++) d[i] = load_some(x + i * frame + c, count - c);
        winograd_inputs(m, d, t);
        for (int i = 0; i < n; i++) store_some(out + i * stride + c, t[i], count - c);
    }
}

static void winograd_frames_input(int m, const float *x, int64_t frame, int64_t count, float *out, int64_t stride) {
    if (m == 2) {
        frames_in(2, x, frame, count, out, stride);
    } else {
        frames_in(4, x, frame, count, out, stride);
    }
}

static inline void winograd_weights_of(const int m, i2v_element element, const char *panel, int64_t tap, int64_t depth,
                                       float *out) {
    const int n = m + 2;
    for (int64_t i = 0; i < depth * PANEL; i += VECTOR_WIDTH) {
        vec columns[3][WINOGRAD_MOST], g[3], t[WINOGRAD_MOST];
        for (int x = 0; x < 3; x++) {
            for (int y = 0; y < 3; y++) g[y] = load_as(element, panel, (3 * y + x) * tap + i, VECTOR_WIDTH);
            winograd_weights_line(m, g, columns[x]);
        }
        for (int y = 0; y < n; y++) {
            for (int x = 0; x < 3; x++) g[x] = columns[x][y];
            winograd_weights_line(m, g, t);
            for (int x = 0; x < n; x++) store(out + (y * n + x) * depth * PANEL + i, t[x]);
        }
    }
}

static void winograd_weights(int m, i2v_element element, const void *panel, int64_t tap, int64_t depth, float *out) {
    if (m == 2 && element == I2V_ELEMENT_F16) {
        winograd_weights_of(2, I2V_ELEMENT_F16, panel, tap, depth, out);
    } else if (m == 2) {
        winograd_weights_of(2, element, panel, tap, depth, out);
    } else if (element == I2V_ELEMENT_F16) {
        winograd_weights_of(4, I2V_ELEMENT_F16, panel, tap, depth, out);
    } else {
        winograd_weights_of(4, element, panel, tap, depth, out);
    }
}

static inline void frames_weights_of(const int m, i2v_element element, const char *panel, int64_t tap, int64_t depth,
                                     float *out) {
    for (int64_t i = 0; i < depth * PANEL; i += VECTOR_WIDTH) {
        vec g[3], t[WINOGRAD_MOST];
        for (int y = 0; y < 3; y++) g[y] = load_as(element, panel, y * tap + i, VECTOR_WIDTH);
        winograd_weights_line(m, g, t);
        for (int y = 0; y < m + 2; y++) store(out + y * depth * PANEL + i, t[y]);
    }
}

static void winograd_frames_weights(int m, i2v_element element, const void *panel, int64_t tap, int64_t depth,
                                    float *out) {
    if (m == 2 && element == I2V_ELEMENT_F16) {
        frames_weights_of(2, I2V_ELEMENT_F16, panel, tap, depth, out);
    } else if (m == 2) {
        frames_weights_of(2, element, panel, tap, depth, out);
    } else if (element == I2V_ELEMENT_F16) {
        frames_weights_of(4, I2V_ELEMENT_F16, panel, tap, depth, out);
    } else {
        frames_weights_of(4, element, panel, tap, depth, out);
    }
}

static inline void winograd_tile_out(const int m, const float *sums, int64_t stride, int columns, float *out,
                                     int64_t line, int64_t pixel, int rows, int across) {
    const int n = m + 2;
    for (int c = 0; c < columns; c += VECTOR_WIDTH) {
        vec lines[4][WINOGRAD_MOST], s[WINOGRAD_MOST], t[4];
        for (int x = 0; x < n; x++) {
            for (int y = 0; y < n; y++) s[y] = load(sums + (y * n + x) * stride + c);
            winograd_outputs(m, s, t);
            for (int y = 0; y < m; y++) lines[y][x] = t[y];
        }
        for (int y = 0; y < m; y++) {
            winograd_outputs(m, lines[y], t);
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
        for (int i = 0; i < m + 2; i++) s[i] = load(sums + i * stride + c);
        winograd_outputs(m, s, t);
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
