/* Opens a file of tensors in the format that its first bytes tell: safetensors, or PyTorch's. Internal to this layer.
 */
#ifndef I2V_WEIGHTS_TENSOR_FORMAT_H
#define I2V_WEIGHTS_TENSOR_FORMAT_H

#include "weights/tensor_file.h"

/* On failure file needs no close, but allows it. Its tensors point to it: it must stay where it is. */
i2v_status i2v_tensor_file_open(i2v_tensor_file *file, const char *path, i2v_error *error);

#endif
