/* SHA-256 of files and of memory. */
#include "base/sha256.h"

#include "base/input_file.h"

#include <stdlib.h>

i2v_status i2v_sha256_of(const void *bytes, size_t size, char hex[I2V_SHA256_SIZE], i2v_error *error) {
    i2v_sha256 hash;
    i2v_sha256_begin(&hash);
    i2v_sha256_update(&hash, bytes, size);
    return i2v_sha256_end(&hash, hex, error);
}

i2v_status i2v_file_sha256(const char *path, char hex[I2V_SHA256_SIZE], i2v_error *error) {
    enum { CHUNK = 1 << 18 };
    i2v_input_file file;
    i2v_sha256 hash;
    if (hex) hex[0] = '\0';
    i2v_status status = i2v_require(error, "path", path, "hex", hex, NULL);
    if (!status) status = i2v_input_file_open(&file, path, error);
    if (status) return status;
    i2v_bytes bytes = {.file = &file};
    void *buffer = malloc(CHUNK);
    if (!buffer) status = i2v_fail_memory(error, path, CHUNK);
    i2v_sha256_begin(&hash);
    for (uint64_t first = 0; !status && first < file.size; first += CHUNK) {
        size_t count = file.size - first < CHUNK ? (size_t)(file.size - first) : CHUNK;
        if (!i2v_bytes_read(&bytes, first, count, buffer)) status = i2v_bytes_fail(&bytes, error);
        if (!status) i2v_sha256_update(&hash, buffer, count);
    }
    i2v_status ended = i2v_sha256_end(&hash, hex, status ? NULL : error);
    if (status) hex[0] = '\0';
    free(buffer);
    i2v_input_file_close(&file);
    return status ? status : ended;
}
