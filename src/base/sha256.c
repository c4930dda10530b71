/* SHA-256 of files and of memory. */
#include "base/sha256.h"

#include <stdlib.h>

i2v_status i2v_sha256_of(const void *bytes, size_t size, char hex[I2V_SHA256_SIZE], i2v_error *error) {
    i2v_sha256 hash;
    i2v_sha256_begin(&hash);
    i2v_sha256_update(&hash, bytes, size);
    return i2v_sha256_end(&hash, hex, error);
}

i2v_status i2v_sha256_of_file(const i2v_input_file *file, uint64_t size, char hex[I2V_SHA256_SIZE], i2v_error *error) {
    enum { CHUNK = 1 << 18 };
    i2v_bytes bytes = {.file = file};
    i2v_sha256 hash;
    void *buffer = malloc(CHUNK);
    i2v_status status = buffer ? I2V_OK : i2v_fail_memory(error, file->path, CHUNK);
    i2v_sha256_begin(&hash);
    for (uint64_t first = 0; !status && first < size; first += CHUNK) {
        size_t count = size - first < CHUNK ? (size_t)(size - first) : CHUNK;
        if (!i2v_bytes_read(&bytes, first, count, buffer)) status = i2v_bytes_fail(&bytes, error);
        if (!status) i2v_sha256_update(&hash, buffer, count);
    }
    i2v_status ended = i2v_sha256_end(&hash, hex, status ? NULL : error);
    if (status) hex[0] = '\0';
    free(buffer);
    return status ? status : ended;
}

i2v_status i2v_file_sha256(const char *path, char hex[I2V_SHA256_SIZE], i2v_error *error) {
    i2v_input_file file;
    if (hex) hex[0] = '\0';
    i2v_status status = i2v_require(error, "path", path, "hex", hex, NULL);
    if (!status) status = i2v_input_file_open(&file, path, error);
    if (status) return status;
    status = i2v_sha256_of_file(&file, file.size, hex, error);
    i2v_input_file_close(&file);
    return status;
}
