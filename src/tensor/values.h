/* Values of tensors: from the host's memory, to it, and from tensor to tensor.
 *
 * Models and the pipeline reach a tensor's values by these functions alone, wherever the backend keeps them. All are
 * silent in a dry run and after a failure: nothing is read or written then, and walks have no rows. */
#ifndef I2V_TENSOR_VALUES_H
#define I2V_TENSOR_VALUES_H

#include "tensor/run.h"

/* All values of a tensor of f32, in its order. */
void i2v_tensor_write(i2v_run *run, i2v_tensor to, const float *values);
void i2v_tensor_read(i2v_run *run, i2v_tensor from, float *values);

void i2v_tensor_zero(i2v_run *run, i2v_tensor tensor);
/* Of the same sizes, stored alike. */
void i2v_tensor_copy(i2v_run *run, i2v_tensor to, i2v_tensor from);
/* to's channels become those of `from` that begin at `first`; both have as many rows and are stored alike. */
void i2v_tensor_copy_channels(i2v_run *run, i2v_tensor to, i2v_tensor from, int first);

/* A walk over the rows [channels] of a tensor of f32, for what is computed beside the operations:
 *
 *     i2v_walk walk = i2v_walk_to_write(run, tensor);
 *     for (float *row; (row = i2v_walk_next(&walk));) ...
 *     i2v_walk_end(&walk);
 *
 * Rows are given where they lie, if the host may go there, else as copies. One that is written must be written whole;
 * one that is read is not to be changed. */
typedef struct i2v_walk {
    i2v_run *run;
    i2v_tensor tensor;
    int writes;
    int64_t row;        /* the one given last; -1 before the first */
    int64_t first, end; /* the rows that are here */
    float *values;      /* theirs */
} i2v_walk;

i2v_walk i2v_walk_to_read(i2v_run *run, i2v_tensor tensor);
i2v_walk i2v_walk_to_write(i2v_run *run, i2v_tensor tensor);
/* The next row; NULL after the last. */
float *i2v_walk_next(i2v_walk *walk);
/* What was written is in the tensor after it. */
void i2v_walk_end(i2v_walk *walk);

#endif
