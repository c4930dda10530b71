/* One file of tensors, whatever its format. Internal to this layer. */
#ifndef I2V_WEIGHTS_TENSOR_FILE_H
#define I2V_WEIGHTS_TENSOR_FILE_H

#include "weights/weight.h"

#include <jansson.h>

typedef struct i2v_tensor_file {
    i2v_input_file file;
    char *path;
    i2v_weight *tensors; /* names and path are owned by this struct */
    size_t count;
    void **copies;    /* NULL, or for each tensor: NULL, or its values, where they do not lie in order in the file */
    uint64_t copied;  /* bytes of these */
    json_t *metadata; /* a safetensors header's __metadata__; NULL if it has none */
} i2v_tensor_file;

/* Opens the file, without a tensor yet. After a failure, too, it is to be closed. Tensors will point to it: it must
 * stay where it is. */
i2v_status i2v_tensor_file_begin(i2v_tensor_file *file, const char *path, i2v_error *error);
void i2v_tensor_file_close(i2v_tensor_file *file);

#endif
