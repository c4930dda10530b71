/* One safetensors file, its header checked whole. Internal to this layer. */
#ifndef I2V_WEIGHTS_SAFETENSORS_H
#define I2V_WEIGHTS_SAFETENSORS_H

#include "weights/weight.h"

#include <jansson.h>

/* A dtype by its name in the format. */
typedef struct i2v_weight_type {
    const char *name;
    unsigned bytes; /* of a value */
    i2v_weight_dtype dtype;
} i2v_weight_type;

/* NULL: there is none of that name. */
const i2v_weight_type *i2v_weight_type_find(const char *name);

typedef struct i2v_safetensors {
    i2v_input_file file;
    char *path;
    i2v_weight *tensors; /* in the order of their bytes; names and path are owned by this struct */
    size_t count;
    json_t *metadata; /* the header's __metadata__; NULL if it has none */
} i2v_safetensors;

/* On failure file needs no close, but allows it. Its tensors point to it: it must stay where it is. */
i2v_status i2v_safetensors_open(i2v_safetensors *file, const char *path, i2v_error *error);
void i2v_safetensors_close(i2v_safetensors *file);

#endif
