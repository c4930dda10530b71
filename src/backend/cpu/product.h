/* A tile of a matrix product, and what follows it while the tile is in cache. Linear layers and convolutions are all
 * this: rows of A at regular distances, times packed panels of weights. */
#ifndef I2V_BACKEND_CPU_PRODUCT_H
#define I2V_BACKEND_CPU_PRODUCT_H

#include "backend/cpu/cpu.h"
#include "backend/cpu/scratch.h"

/* Part of the inputs that a product sums over, such as one row of a convolution's window. Row r of a line begins at
 * a + (line.pixel + r * product.step) * span.pixel. */
typedef struct i2v_product_span {
    const void *a; /* f32, or bf16 if the product is of pairs; then all counts here are even */
    int64_t pixel; /* values from one pixel of a to the next */
    int64_t depth; /* values summed */
    int64_t first; /* row of the panels that the first of them meets */
} i2v_product_span;

typedef struct i2v_product {
    const i2v_kernels *kernels;
    int pairs; /* by dot products of pairs of bf16 */
    const i2v_product_span *spans;
    int spans_count;
    const i2v_product_line *lines;
    int lines_count;
    int step;     /* pixels of a from row to row of a line */
    int out_step; /* rows of out, likewise */
    const i2v_filter *filter;
    const float *bias;         /* [filter->out] or NULL */
    int first_column, columns; /* of the filter's outputs; first_column a multiple of the panel */
    int part_column;           /* where the filter's first output lies in out */
    int out_columns;           /* of out */
    float *sums; /* scratch [rows of all lines][sums_stride], sums_stride >= columns rounded up to panels */
    int64_t sums_stride;
    float *expanded; /* scratch of i2v_product_expanded floats */
} i2v_product;

/* Where an operation's input rows come from: one or two sources side by side, through a group norm or not. */
typedef struct i2v_product_input {
    const i2v_kernels *kernels;
    i2v_element element;
    const void *source[2];
    int channels[2];
    const i2v_input_norm *norm; /* norm->factors may be NULL */
} i2v_product_input;

/* Whether an operation on activations of this element, whose sums are over so many channels of each source, is computed
 * by pairs of bf16, and reads its input as bf16. */
int i2v_product_is_of_pairs(const i2v_kernels *kernels, i2v_element element, int channels, int more_channels);

/* Whether a product is computed by tile registers. pairs, here and below: it is of pairs of bf16. */
static inline int i2v_product_is_by_tiles(const i2v_kernels *kernels, int pairs) {
    return pairs && kernels->tile_rows > 0;
}

/* What a product takes its input as. */
static inline i2v_element i2v_product_element(int pairs) {
    return pairs ? I2V_ELEMENT_BF16 : I2V_ELEMENT_F32;
}

static inline void i2v_product_multiply(const i2v_kernels *kernels, int pairs, const i2v_panel_product *product) {
    (pairs ? kernels->pair_product : kernels->panel_product)(product);
}

/* Whether the rows of the input can be multiplied where they lie. */
int i2v_product_input_is_plain(const i2v_product_input *input, int pairs);

/* Rows first..first + rows, out[rows][channels of both], as `element`: f32, or bf16 if the input is bf16. */
void i2v_product_read(const i2v_product_input *input, int64_t first, int64_t rows, i2v_element element, void *out);
/* The same through a layer norm (or NULL) over the channels. row: scratch [channels of both]. */
void i2v_product_read_normed(const i2v_product_input *input, const i2v_norm *layer_norm, i2v_element element,
                             int64_t first, int64_t rows, float *row, void *out);
/* rows x columns pixels of a frame of the image x, whose rows are the input's, from (row, column) on, as `element`;
 * what lies outside of the image is zero. */
void i2v_product_read_window(const i2v_product_input *input, const i2v_tensor *x, int frame, int row, int column,
                             int rows, int columns, i2v_element element, void *out);

/* Columns of a tile at most, a multiple of every panel. */
#define I2V_PRODUCT_COLUMNS 256

/* Floats of scratch for widened weights. */
int64_t i2v_product_expanded(const i2v_kernels *kernels);

/* Floats that hold so many values as a product takes them. */
static inline int64_t i2v_product_floats(int pairs, int64_t values) {
    return pairs ? i2v_divide_up(values, 2) : values;
}

/* sums = (sums +) the products of the spans. */
void i2v_product_sum(const i2v_product *product, int accumulate);

/* The sums through the epilogue into out. */
void i2v_product_write(const i2v_product *product, const i2v_epilogue *epilogue, i2v_element element, void *out);

/* Columns of a tile, a multiple of the panel: all up to I2V_PRODUCT_COLUMNS, or fewer where there are so few tiles of
 * rows that threads would wait for each other. */
int i2v_product_columns(const i2v_kernels *kernels, int64_t row_tiles, int columns);

/* Rows of a tile that needs `floats` of scratch a row. It depends on the threads, so that none waits for another's last
 * tile; results do not, as a row's sums are its own. */
int64_t i2v_product_rows(int64_t rows, int64_t floats, int threads);

#endif
