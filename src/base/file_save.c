/* Bytes to a file that appears whole or not at all. */
#include "base/file.h"

#include <errno.h>
#include <stdio.h>

i2v_status i2v_output_file_write(const i2v_output_file *file, const void *data, size_t size, i2v_error *error) {
    FILE *stream = fopen(file->temporary, "wbe");
    int failed = !stream || fwrite(data, 1, size, stream) != size;
    int cause = errno;
    if (stream && fclose(stream) != 0 && !failed) {
        failed = 1;
        cause = errno;
    }
    return failed ? i2v_fail_system(error, "write", file->path, cause) : I2V_OK;
}

i2v_status i2v_file_save(const char *path, const void *data, size_t size, int is_new, i2v_error *error) {
    i2v_output_file file;
    i2v_status status = i2v_require(error, "path", path, NULL);
    if (!status && size > 0) status = i2v_require(error, "data", data, NULL);
    if (status) return status;
    i2v_output_file_sweep(path);
    status = i2v_output_file_begin_new(&file, path, is_new, error);
    if (status) return status;
    status = i2v_output_file_write(&file, data, size, error);
    if (!status) return i2v_output_file_commit(&file, error);
    i2v_output_file_abort(&file);
    return status;
}
