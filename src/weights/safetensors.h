/* Safetensors files, their headers checked whole. Internal to this layer. */
#ifndef I2V_WEIGHTS_SAFETENSORS_H
#define I2V_WEIGHTS_SAFETENSORS_H

#include "weights/tensor_file.h"

/* A dtype by its name in the format. */
typedef struct i2v_weight_type {
    const char *name;
    unsigned bytes; /* of a value */
    i2v_weight_dtype dtype;
} i2v_weight_type;

/* NULL: there is none of that name. */
const i2v_weight_type *i2v_weight_type_find(const char *name);

/* Reads the tensors of a file that has begun, in the order of their bytes. On failure file is to be closed. */
i2v_status i2v_safetensors_read(i2v_tensor_file *file, i2v_error *error);

/* Begins and reads. On failure file needs no close, but allows it. Its tensors point to it: it must stay where it is.
 */
i2v_status i2v_safetensors_open(i2v_tensor_file *file, const char *path, i2v_error *error);

#endif
