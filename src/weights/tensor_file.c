/* What holds of files of tensors whatever their format. */
#include "weights/tensor_file.h"

#include "base/other_files.h"

#include <stdlib.h>
#include <string.h>

i2v_status i2v_tensor_file_begin(i2v_tensor_file *file, const char *path, i2v_error *error) {
    *file = (i2v_tensor_file){0};
    file->path = strdup(path);
    if (!file->path) return i2v_fail_memory(error, path, 0);
    i2v_status status = i2v_other_file_check_download(file->path, error);
    return status == I2V_OK ? i2v_input_file_open(&file->file, file->path, error) : status;
}

void i2v_tensor_file_close(i2v_tensor_file *file) {
    for (size_t i = 0; i < file->count; i++) free((char *)(uintptr_t)file->tensors[i].name);
    for (size_t i = 0; file->copies && i < file->count; i++) free(file->copies[i]);
    free(file->tensors);
    free(file->copies);
    json_decref(file->metadata);
    i2v_input_file_close(&file->file);
    free(file->path);
    *file = (i2v_tensor_file){0};
}
