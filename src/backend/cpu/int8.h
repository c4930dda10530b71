/* Products of int8: rows of activations as int16, times packed blocks of weights. */
#ifndef I2V_BACKEND_CPU_INT8_H
#define I2V_BACKEND_CPU_INT8_H

#include "backend/cpu/kernels_int8.h"
#include "backend/cpu/product.h"

/* Rows as int16, block by block, with a scale for each block. */
typedef struct i2v_int8_rows {
    float *memory; /* scratch of rows times i2v_int8_row_floats */
    int inputs;    /* of a row */
    int64_t row;   /* floats of a row */
    int64_t blocks;
} i2v_int8_rows;

/* Whether the weights are to be multiplied as int8. */
static inline int i2v_linear_is_int8(const i2v_linear *weights) {
    return weights->parts[0].filter.packing == I2V_PACKING_BLOCKS_INT8;
}

/* Floats that hold a row of so many inputs: its values, then its scales. */
int64_t i2v_int8_row_floats(int inputs);
i2v_int8_rows i2v_int8_rows_at(int inputs, float *memory);

/* Rounds `count` rows [inputs] of f32, `stride` floats apart. */
void i2v_int8_round(const i2v_kernels *kernels, const float *x, int64_t stride, int64_t count, i2v_int8_rows *rows);
/* Rows first..first + count of the input, through a layer norm or not. row: scratch [inputs]. */
void i2v_int8_read(const i2v_product_input *input, const i2v_norm *layer_norm, int64_t first, int64_t count, float *row,
                   i2v_int8_rows *rows);

/* sums = (sums +) the products of the rows with the filter's inputs from `first` on, a multiple of I2V_INT8_BLOCK. Of
 * the product, spans are not used, and there is one line. */
void i2v_int8_sum(const i2v_product *product, const i2v_int8_rows *rows, int first, int accumulate);

/* The packed block of input `input`, a multiple of I2V_INT8_BLOCK, and of the panel of column `column`. */
const char *i2v_int8_block_at(const i2v_kernels *kernels, const i2v_filter *filter, int64_t column, int64_t input);
/* Bytes of the packed weights [out, in], and their packing; see i2v_backend. */
size_t i2v_int8_filter_size(const i2v_kernels *kernels, const i2v_filter *filter);
i2v_status i2v_int8_filter_pack(const i2v_device *device, const i2v_filter *filter, const i2v_source *source,
                                void *scratch, void *packed, i2v_error *error);

#endif
