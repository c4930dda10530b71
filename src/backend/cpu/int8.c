/* Products of int8: a row is rounded block by block, and a block's sums are scaled when they are whole. */
#include "backend/cpu/int8.h"

/* Values of a row, two in a float's place, rounded up to whole vectors. */
static int64_t value_floats(int inputs) {
    return i2v_round_up(inputs, I2V_INT8_VECTOR) / 2;
}

int64_t i2v_int8_row_floats(int inputs) {
    return value_floats(inputs) + i2v_divide_up(inputs, I2V_INT8_BLOCK);
}

i2v_int8_rows i2v_int8_rows_at(int inputs, float *memory) {
    return (i2v_int8_rows){.memory = memory,
                           .inputs = inputs,
                           .row = i2v_int8_row_floats(inputs),
                           .blocks = i2v_divide_up(inputs, I2V_INT8_BLOCK)};
}

/* A row's values of block `block`, and its scale. */
static char *values_at(const i2v_int8_rows *rows, int64_t row, int64_t block) {
    return (char *)(rows->memory + row * rows->row + block * I2V_INT8_BLOCK / 2);
}

static float *scale_at(const i2v_int8_rows *rows, int64_t row, int64_t block) {
    return rows->memory + row * rows->row + value_floats(rows->inputs) + block;
}

void i2v_int8_round(const i2v_kernels *kernels, const float *x, int64_t stride, int64_t count, i2v_int8_rows *rows) {
    for (int64_t row = 0; row < count; row++, x += stride) {
        for (int64_t block = 0; block < rows->blocks; block++) {
            int64_t first = block * I2V_INT8_BLOCK;
            *scale_at(rows, row, block) = kernels->int8->quantize(
                x + first, (int)i2v_min(I2V_INT8_BLOCK, rows->inputs - first), values_at(rows, row, block));
        }
    }
}

void i2v_int8_read(const i2v_product_input *input, const i2v_norm *layer_norm, int64_t first, int64_t count, float *row,
                   i2v_int8_rows *rows) {
    i2v_int8_rows one = *rows;
    for (int64_t r = 0; r < count; r++, one.memory += one.row) {
        i2v_product_read(input, first + r, 1, I2V_ELEMENT_F32, row);
        if (layer_norm) input->kernels->layer_norm(layer_norm, row, rows->inputs, I2V_ELEMENT_F32, row);
        i2v_int8_round(input->kernels, row, 0, 1, &one);
    }
}

void i2v_int8_sum(const i2v_product *p, const i2v_int8_rows *rows, int first, int accumulate) {
    const i2v_kernels *kernels = p->kernels;
    i2v_int8_product product = {.stride = (size_t)rows->row * sizeof(float),
                                .scales_stride = rows->row,
                                .count = p->lines[0].rows,
                                .sums_stride = p->sums_stride};
    for (int column = 0; column < p->columns; column += kernels->panel) {
        product.sums = p->sums + column;
        for (int64_t block = 0; block < rows->blocks; block++) {
            int64_t begin = block * I2V_INT8_BLOCK;
            product.rows = values_at(rows, 0, block);
            product.scales = scale_at(rows, 0, block);
            product.inputs = (int)i2v_min(I2V_INT8_BLOCK, rows->inputs - begin);
            product.block = i2v_int8_block_at(kernels, p->filter, p->first_column + column, first + begin);
            product.accumulate = accumulate || block > 0;
            kernels->int8->product(&product);
        }
    }
}
