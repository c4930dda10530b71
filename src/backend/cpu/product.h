/* A tile of a matrix product: sums over one to three sources, then the epilogue while the tile is in cache. */
#ifndef I2V_BACKEND_CPU_PRODUCT_H
#define I2V_BACKEND_CPU_PRODUCT_H

#include "backend/cpu/cpu.h"

#include <stdatomic.h>

#define I2V_PRODUCT_MAX_SOURCES 3

/* rows x depth values times the transpose of columns x depth weights. */
typedef struct i2v_product_source {
    const float *x, *weight;
    int64_t x_stride, weight_stride, depth;
} i2v_product_source;

typedef struct i2v_product_tile {
    int sources_count;
    i2v_product_source sources[I2V_PRODUCT_MAX_SOURCES];
    int rows, columns;
    const float *bias; /* [columns] or NULL */
    int64_t first_row; /* where the tile lies in out */
    int first_column;
    int out_columns;
    float *product; /* scratch [rows][columns] */
} i2v_product_tile;

/* Sizes of tiles, which must depend on nothing but the operation's shape. */
typedef struct i2v_product_tiling {
    int64_t rows, row_tiles;
    int columns;
} i2v_product_tiling;

i2v_product_tiling i2v_product_tiling_of(int64_t rows);

/* product = the sum over the sources (+ what it was, with accumulate). Returns oneDNN's status. */
int i2v_product_sum(const i2v_kernels *kernels, const i2v_product_source *sources, int sources_count, int rows,
                    int columns, int accumulate, float *product, int64_t product_stride);

/* Computes the tile and writes it to out. */
int i2v_product_write(const i2v_kernels *kernels, const i2v_product_tile *tile, const i2v_epilogue *epilogue,
                      float *out);

/* The status of the first tile that failed, to be turned into the operation's error. */
void i2v_product_note(atomic_int *failure, int status);
i2v_status i2v_product_result(atomic_int *failure, const char *operation, i2v_error *error);

#endif
