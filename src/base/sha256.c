#include "base/sha256.h"

#include "base/input_file.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>

static void give_up(i2v_sha256 *hash) {
    EVP_MD_CTX_free(hash->context);
    hash->context = NULL;
}

void i2v_sha256_begin(i2v_sha256 *hash) {
    hash->context = EVP_MD_CTX_new();
    if (hash->context && EVP_DigestInit_ex(hash->context, EVP_sha256(), NULL) != 1) give_up(hash);
}

void i2v_sha256_update(i2v_sha256 *hash, const void *bytes, size_t size) {
    if (hash->context && EVP_DigestUpdate(hash->context, bytes, size) != 1) give_up(hash);
}

i2v_status i2v_sha256_end(i2v_sha256 *hash, char hex[I2V_SHA256_SIZE], i2v_error *error) {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    hex[0] = '\0';
    if (hash->context && EVP_DigestFinal_ex(hash->context, digest, &size) != 1) size = 0;
    give_up(hash);
    /* libcrypto says the same of lack of memory and of a hash that it has not */
    if (size != (I2V_SHA256_SIZE - 1) / 2)
        return i2v_fail(error, I2V_ERROR_MEMORY, "not enough memory for a SHA-256, or libcrypto has none");
    for (unsigned i = 0; i < size; i++) snprintf(hex + 2 * (size_t)i, 3, "%02x", digest[i]);
    return I2V_OK;
}

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
