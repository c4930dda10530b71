/* Safetensors files whose last tensor is the SHA-256 of all bytes before it, so that whatever changes or cuts one is
 * noticed. */
#ifndef I2V_WEIGHTS_SEALED_FILE_H
#define I2V_WEIGHTS_SEALED_FILE_H

#include "weights/safetensors.h"

#include <stdio.h>

/* Writes the file to a stream that is at its beginning. metadata: an object of texts, the header's __metadata__. Of a
 * tensor's name, dtype and shape, the bytes at data follow. path is for messages. What the stream keeps back is for the
 * caller to flush. */
i2v_status i2v_sealed_file_write(FILE *stream, const char *path, json_t *metadata, const i2v_memory_tensor *tensors,
                                 size_t count, i2v_error *error);

/* As i2v_safetensors_open, of a file that was written so; I2V_ERROR_FORMAT where it is not, or is no longer as it was
 * written. All of it is read once. */
i2v_status i2v_sealed_file_open(i2v_tensor_file *file, const char *path, i2v_error *error);

#endif
