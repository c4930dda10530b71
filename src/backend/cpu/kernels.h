/* The inner loops, compiled once per instruction set from one text (kernels_*.inc.h) and chosen at run time. */
#ifndef I2V_BACKEND_CPU_KERNELS_H
#define I2V_BACKEND_CPU_KERNELS_H

#include "backend/cpu/kernels_int8.h"

#include <float.h>
#include <math.h>

/* What a norm scales by. NaN where the sum of squares overflowed: 0 would make plain values of what is lost. */
static inline double i2v_norm_factor(double variance, float epsilon) {
    return variance <= DBL_MAX ? 1 / sqrt((variance < 0 ? 0 : variance) + epsilon) : NAN;
}

/* Running mean and sum of squared deviations of `count` rows, channel by channel. */
typedef struct i2v_moments {
    double *mean, *squares; /* [channels] */
    float *work;            /* I2V_MOMENTS_WORK times channels */
    int64_t count;
} i2v_moments;

/* Rows whose sums are taken in float, small enough to be in cache for a second pass. */
#define I2V_MOMENTS_RUN 16
#define I2V_MOMENTS_WORK (3 + I2V_MOMENTS_RUN)

/* Softmax of one query over its keys, block of keys by block of keys. */
typedef struct i2v_softmax {
    float highest;
    double sum;
} i2v_softmax;

/* Rows at equal distances, in A and in what is made of C. */
typedef struct i2v_product_line {
    int64_t pixel; /* of A, of the first row */
    int64_t out;   /* row of the output, of the first row */
    int rows;
} i2v_product_line;

/* C[lines * rows, panels * panel] = (C +) A[lines * rows, depth] B. B is cut into panels of `panel` columns, each
 * [depth][panel], and A into lines, all of as many rows. */
typedef struct i2v_panel_product {
    const i2v_product_line *lines; /* NULL: one, at a */
    int lines_count;
    int64_t pixel; /* floats of A from pixel to pixel */
    int rows;      /* of a line */
    int64_t depth;
    const float *a;
    int64_t a_stride; /* from row to row */
    const float *panels;
    int64_t panel_stride;
    int panel_count;
    float *c;
    int64_t c_stride;
    int accumulate;
    /* For AMX: A and the panels are too large for the nearest cache. So A is read past it, and the next panel is
     * fetched while one is multiplied. */
    int exceeds_cache;
} i2v_panel_product;

static inline int i2v_product_lines(const i2v_panel_product *product) {
    return product->lines ? product->lines_count : 1;
}

/* The first row of a line. */
static inline const float *i2v_product_line_start(const i2v_panel_product *product, int line) {
    return product->lines ? product->a + product->lines[line].pixel * product->pixel : product->a;
}

/* `depth` inputs of a packed panel, whose taps lie `tap` values apart, to be transformed for Winograd's convolution
 * with tiles of m outputs on a side: panels out[depth][panel], or, of pairs (m 2), [depth / 2][panel]; from point to
 * point `stride` floats. */
typedef struct i2v_winograd_weights {
    int m;
    int pairs; /* of bf16, see pair_product */
    i2v_element element;
    const void *panel;
    int64_t tap, depth;
    float *out;
    int64_t stride;
} i2v_winograd_weights;

struct i2v_kernels {
    const char *name;
    int step_rows, panel; /* of panel_product: rows that it sums at once, columns of a panel */
    const i2v_int8_kernels *int8; /* products of int8, with panels as wide */

    /* y[i] = 2^x[i], gelu(x[i]); for the tests. */
    void (*exp2)(const float *x, int64_t count, float *y);
    void (*gelu)(const float *x, int64_t count, float *y);

    /* count values as f32, and f32 rounded to bf16 (or as they are), which may be in place. */
    void (*widen)(i2v_element element, const void *x, int64_t count, float *out);
    void (*narrow)(i2v_element element, const float *x, int64_t count, void *out);
    /* The part of an output row that starts at `column` and, as an index into out and residuals, at `at`. bias (may be
     * NULL) starts at the part. */
    void (*epilogue)(const i2v_epilogue *epilogue, const float *product, const float *bias, int64_t at, int column,
                     int count, i2v_element element, void *out);
    /* out[i] = value[i] gelu(gate[i]), biases (may be NULL) added first; out may be value. */
    void (*geglu)(const float *value, const float *gate, const float *value_bias, const float *gate_bias, int count,
                  i2v_element out_element, void *out);

    void (*layer_norm)(const i2v_norm *norm, const float *x, int channels, i2v_element out_element,
                       void *out); /* out may be x */
    /* stride: values from row to row. */
    void (*moments)(i2v_moments *moments, i2v_element element, const void *x, int64_t stride, int rows, int channels);
    /* out = activation((x - mean) scale + shift), each [count]. */
    void (*normalize)(i2v_element element, const void *x, const float *mean, const float *scale, const float *shift,
                      int count, i2v_activation activation, i2v_element out_element, void *out);
    void (*add)(const float *x, const float *y, int64_t count, float *out);

    /* n x n values of `size` bytes, 2 or 4, where n are a vector, half a panel of f32: row r is at rows + r stride, and
     * value c of each row goes to columns[c], side by side. */
    void (*transpose)(size_t size, const void *rows, size_t stride, char *const *columns);

    void (*panel_product)(const i2v_panel_product *product);
    /* The same by dot products of pairs of bf16, summed in f32, or NULL where the CPU has none: a float of A and of the
     * panels stands for the pair of inputs 2k and 2k + 1, and depth and a_stride count pairs. */
    void (*pair_product)(const i2v_panel_product *product);
    /* Rows that pair_product sums at once where it has tile registers, else 0. With them it is so fast that Winograd's
     * transforms would take longer than what they save, and that weights and sums take longer to come than to be
     * multiplied. */
    int tile_rows;
    /* A panel [depth][panel] as pairs, out[depth / 2][panel], which may be in place; NULL where there is no
     * pair_product. */
    void (*pair_panel)(i2v_element element, const void *panel, int64_t depth, float *out);

    /* Winograd's convolution of kernel 3 with tiles of m x m outputs (m 2 or 4), n = m + 2.
     * input: a tile's n x n pixels, the first at x, lines and pixels so many floats apart, to n^2 rows out[channels],
     * stride values apart, f32 or, with m 2, bf16.
     * weights: to n^2 points.
     * output: n^2 rows of sums[columns], stride apart, columns rounded up to the panel, to the first rows x across of
     * the tile's pixels. */
    void (*winograd_input)(int m, const float *x, int64_t line, int64_t pixel, int channels, i2v_element element,
                           void *out, int64_t stride);
    void (*winograd_weights)(const i2v_winograd_weights *weights);
    void (*winograd_output)(int m, const float *sums, int64_t stride, int columns, float *out, int64_t line,
                            int64_t pixel, int rows, int across);
    /* The same over frames, where a tile is m outputs of n inputs.
     * input: n frames of `count` values from x on, `frame` apart, to n rows out[count].
     * weights: to n points.
     * output: n rows of sums[count], stride apart, count a multiple of the panel, to m frames of out. */
    void (*winograd_frames_input)(int m, const float *x, int64_t frame, int64_t count, i2v_element element, void *out,
                                  int64_t stride);
    void (*winograd_frames_weights)(const i2v_winograd_weights *weights);
    void (*winograd_frames_output)(int m, const float *sums, int64_t stride, int64_t count, float *out, int64_t frame);
    /* scores[padded] (times factor > 0 in powers of two) become weights relative to softmax->highest, f32 or bf16 from
     * the same address on; what output[depth] has summed up so far is rescaled to it. Scores from `keys` on do not
     * count. */
    void (*softmax)(i2v_softmax *softmax, float factor, float *scores, int keys, int padded, i2v_element element,
                    float *output, int depth);
    void (*scale)(const float *x, int64_t count, float factor, float *out);
    /* Panel of up to `panel` rows of x (those of keys), transposed: out[depth][panel], columns beyond rows zero. */
    void (*pack_transposed)(const float *x, int64_t stride, int rows, int depth, float *out);
    /* Panels of the columns of x[rows][depth]: out[panels][panel_rows][panel], columns beyond depth zero. */
    void (*pack_columns)(const float *x, int64_t stride, int rows, int depth, int64_t panel_rows, float *out);
};
typedef struct i2v_kernels i2v_kernels;

/* Those of every CPU of the architecture. */
#if defined(__aarch64__)
#define I2V_BASELINE_NAME "NEON"
#else
#define I2V_BASELINE_NAME "baseline"
#endif
extern const i2v_kernels i2v_kernels_baseline;
#if defined(__x86_64__)
extern const i2v_kernels i2v_kernels_avx2, i2v_kernels_avx_vnni, i2v_kernels_avx512, i2v_kernels_avx512_vnni;
extern const i2v_kernels i2v_kernels_avx512_bf16, i2v_kernels_amx;
#elif defined(__aarch64__)
extern const i2v_kernels i2v_kernels_neon_dot;
#endif

#endif
