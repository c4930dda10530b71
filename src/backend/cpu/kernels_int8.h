/* The inner loops of products of int8, compiled once per instruction set from one text (kernels_int8.inc.h). All of
 * them give the same bits: sums of whole numbers are exact, and what is scaled in f32 is not fused. */
#ifndef I2V_BACKEND_CPU_KERNELS_INT8_H
#define I2V_BACKEND_CPU_KERNELS_INT8_H

#include "backend/backend.h"

_Static_assert(I2V_INT8_BLOCK <= INT32_MAX / I2V_INT8_MOST / I2V_INT8_ROW_MOST, "a block's sum fits");

/* Values of a row that a whole vector of any instruction set fills. */
#define I2V_INT8_VECTOR 16

/* A block of a panel: so many inputs, rounded up to a multiple of 4, of `panel` outputs, as int8 [inputs /
 * group][panel] [group]; then each output's scale, f32 [panel]. Inputs and outputs beyond the last are zero. */
static inline size_t i2v_int8_block_values(int inputs, int panel) {
    return (size_t)(inputs + 3) / 4 * 4 * (size_t)panel;
}
static inline size_t i2v_int8_block_bytes(int inputs, int panel) {
    return i2v_int8_block_values(inputs, panel) + (size_t)panel * sizeof(float);
}

/* sums[rows][panel] = (sums +) scaled products of rows with one block. */
typedef struct i2v_int8_product {
    const char *rows; /* the block of the first row, as quantize makes it */
    size_t stride;    /* bytes from row to row */
    const float *scales;
    int64_t scales_stride; /* from row to row */
    int count, inputs;     /* of rows, and of the block's inputs */
    const char *block;
    float *sums;
    int64_t sums_stride;
    int accumulate;
} i2v_int8_product;

typedef struct i2v_int8_kernels {
    const char *name;
    int panel; /* outputs: those of the kernels that these belong to */
    /* Inputs side by side, of which an instruction adds the products: 2, which a row has as int16; or 4, which it has
     * as bytes, the upper ones of a block and then the lower ones, so that q is 256 * upper + lower. All are signed. */
    int group;

    /* `count` inputs, a block at most, as a row's values, rounded up with zeros to a multiple of I2V_INT8_VECTOR.
     * Returns the scale. */
    float (*quantize)(const float *x, int count, void *out);
    /* The same of weights: int8. */
    float (*quantize_weights)(const float *x, int count, int8_t *out);
    void (*product)(const i2v_int8_product *product);
} i2v_int8_kernels;

/* Those of every CPU of the architecture. */
extern const i2v_int8_kernels i2v_int8_baseline;
#if defined(__x86_64__)
extern const i2v_int8_kernels i2v_int8_avx2, i2v_int8_avx_vnni, i2v_int8_avx512, i2v_int8_avx512_vnni;
#elif defined(__aarch64__)
extern const i2v_int8_kernels i2v_int8_neon_dot;
#endif

#endif
