/* The choice between the formats. */
#include "weights/tensor_format.h"

#include "weights/safetensors.h"
#include "weights/torch_file.h"

#include <string.h>

/* A ZIP archive's first bytes. Of a safetensors file they would say that its header has 64 MiB to the byte. */
static int is_zip(const i2v_input_file *file) {
    char begin[4];
    i2v_bytes bytes = {.file = file};
    return file->size >= sizeof begin && i2v_bytes_read(&bytes, 0, sizeof begin, begin) &&
           memcmp(begin, "PK\3\4", sizeof begin) == 0;
}

i2v_status i2v_tensor_file_open(i2v_tensor_file *file, const char *path, i2v_error *error) {
    i2v_status status = i2v_tensor_file_begin(file, path, error);
    if (status == I2V_OK)
        status = is_zip(&file->file) ? i2v_torch_file_read(file, error) : i2v_safetensors_read(file, error);
    if (status != I2V_OK) i2v_tensor_file_close(file);
    return status;
}
