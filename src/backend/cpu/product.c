/* Tiles of matrix products, by oneDNN's sgemm or, for one row, a dot product that reads the weights once. */
#ifdef I2V_ONEDNN
#include "backend/cpu/product.h"

#include "backend/cpu/onednn.h"

i2v_product_tiling i2v_product_tiling_of(int64_t rows) {
    i2v_product_tiling tiling;
    tiling.rows = i2v_even_tile(rows, rows >= 1024 ? 256 : 64);
    tiling.row_tiles = i2v_tiles(rows, tiling.rows);
    tiling.columns = rows == 1 ? 64 : rows >= 1024 ? 512 : 256;
    return tiling;
}

int i2v_product_sum(const i2v_kernels *kernels, const i2v_product_source *sources, int sources_count, int rows,
                    int columns, int accumulate, float *product, int64_t product_stride) {
    int status = 0;
    for (int i = 0; i < sources_count && !status; i++) {
        const i2v_product_source *s = &sources[i];
        int add = accumulate || i > 0;
        if (rows == 1) {
            kernels->dot(s->x, s->weight, s->weight_stride, s->depth, columns, add, product);
        } else {
            status = i2v_onednn_product(rows, columns, s->depth, s->x, s->x_stride, s->weight, s->weight_stride,
                                        add ? 1 : 0, product, product_stride);
        }
    }
    return status;
}

int i2v_product_write(const i2v_kernels *kernels, const i2v_product_tile *tile, const i2v_epilogue *epilogue,
                      float *out) {
    int status = i2v_product_sum(kernels, tile->sources, tile->sources_count, tile->rows, tile->columns, 0,
                                 tile->product, tile->columns);
    for (int r = 0; r < tile->rows && !status; r++) {
        int64_t at = (tile->first_row + r) * tile->out_columns + tile->first_column;
        kernels->epilogue(epilogue, tile->product + (int64_t)r * tile->columns, tile->bias, at, tile->first_column,
                          tile->columns, out);
    }
    return status;
}

void i2v_product_note(atomic_int *failure, int status) {
    int none = 0;
    if (status) atomic_compare_exchange_strong(failure, &none, status);
}

i2v_status i2v_product_result(atomic_int *failure, const char *operation, i2v_error *error) {
    int status = atomic_load(failure);
    if (!status) return I2V_OK;
    return i2v_fail(error, I2V_ERROR_INTERNAL, "oneDNN failed in a %s: %s", operation, i2v_onednn_status(status));
}
#else
typedef int i2v_product_is_left_out; /* a file is not empty */
#endif
