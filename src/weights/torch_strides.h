/* Where a tensor's values lie in its storage: PyTorch's sizes and strides. Internal to this layer. */
#ifndef I2V_WEIGHTS_TORCH_STRIDES_H
#define I2V_WEIGHTS_TORCH_STRIDES_H

#include "weights/weight.h"

typedef struct i2v_torch_view {
    int ndim;
    int64_t shape[I2V_WEIGHT_MAX_DIMS], strides[I2V_WEIGHT_MAX_DIMS]; /* none is negative; strides are in values */
    unsigned element;                                                 /* bytes of a value */
} i2v_torch_view;

/* 1 if all values lie in a storage of so many bytes whose value number `first` is the tensor's first one. */
int i2v_torch_view_fits(const i2v_torch_view *view, uint64_t first, uint64_t bytes);

/* 1 if the values lie one behind the other, in C order. */
int i2v_torch_view_is_plain(const i2v_torch_view *view);

/* Writes the values in C order, of a tensor that has some, from bytes that begin with its first one. */
i2v_status i2v_torch_view_read(const i2v_torch_view *view, const i2v_bytes *from, void *out, i2v_error *error);

#endif
