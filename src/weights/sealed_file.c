/* Safetensors files that end in their own SHA-256, as 64 hexadecimal digits: `head -c -64 FILE | sha256sum` gives what
 * `tail -c 64 FILE` does. */
#include "weights/sealed_file.h"

#include "base/sha256.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { SEAL = I2V_SHA256_SIZE - 1, ALIGNMENT = 8 };

static const char SEAL_NAME[] = "sha256";

/* ---- writing ---------------------------------------------------------------------------------------------------- */

static size_t bytes_of(const i2v_memory_tensor *tensor) {
    size_t bytes = i2v_weight_type_find(tensor->dtype)->bytes;
    for (int i = 0; i < tensor->ndim; i++) bytes *= (size_t)tensor->shape[i];
    return bytes;
}

/* *at: where its bytes begin, then where they end. 0 without memory. */
static int add_tensor(json_t *header, const i2v_memory_tensor *tensor, size_t *at) {
    size_t begin = *at;
    *at += bytes_of(tensor);
    json_t *shape = json_array();
    for (int i = 0; i < tensor->ndim; i++) json_array_append_new(shape, json_integer(tensor->shape[i]));
    json_t *entry = json_pack("{s:s, s:o, s:[I, I]}", "dtype", tensor->dtype, "shape", shape, "data_offsets",
                              (json_int_t)begin, (json_int_t)*at);
    return entry && (int)json_array_size(shape) == tensor->ndim &&
           json_object_set_new(header, tensor->name, entry) == 0;
}

/* The header as text, to be freed; NULL without memory. */
static char *header_text(json_t *metadata, const i2v_memory_tensor *tensors, size_t count) {
    static const int64_t seal_shape[] = {SEAL};
    static const i2v_memory_tensor seal = {.name = SEAL_NAME, .dtype = "U8", .ndim = 1, .shape = seal_shape};
    size_t at = 0;
    json_t *header = json_pack("{s:O}", "__metadata__", metadata);
    int whole = header != NULL;
    for (size_t i = 0; whole && i < count; i++) whole = add_tensor(header, &tensors[i], &at);
    whole = whole && add_tensor(header, &seal, &at);
    char *text = whole ? json_dumps(header, JSON_COMPACT | JSON_ENSURE_ASCII) : NULL;
    json_decref(header);
    return text;
}

static int write_hashed(FILE *stream, i2v_sha256 *hash, const void *bytes, size_t size) {
    i2v_sha256_update(hash, bytes, size);
    return fwrite(bytes, 1, size, stream) == size;
}

/* The header's length, the header, and spaces after which the tensors are aligned. */
static int write_header(FILE *stream, i2v_sha256 *hash, const char *text) {
    static const char spaces[ALIGNMENT] = "       ";
    size_t length = strlen(text), rest = (ALIGNMENT - length % ALIGNMENT) % ALIGNMENT;
    uint64_t size = length + rest;
    return write_hashed(stream, hash, &size, sizeof size) && write_hashed(stream, hash, text, length) &&
           write_hashed(stream, hash, spaces, rest);
}

i2v_status i2v_sealed_file_write(FILE *stream, const char *path, json_t *metadata, const i2v_memory_tensor *tensors,
                                 size_t count, i2v_error *error) {
    char hex[I2V_SHA256_SIZE], *text = header_text(metadata, tensors, count);
    if (!text) return i2v_fail_memory(error, path, 0);
    i2v_sha256 hash;
    i2v_sha256_begin(&hash);
    int written = write_header(stream, &hash, text);
    for (size_t i = 0; written && i < count; i++)
        written = write_hashed(stream, &hash, tensors[i].data, bytes_of(&tensors[i]));
    int cause = errno;
    free(text);
    i2v_status status = i2v_sha256_end(&hash, hex, error);
    if (!written) return i2v_fail_system(error, "write", path, cause);
    if (status) return status;
    return fwrite(hex, 1, SEAL, stream) == SEAL ? I2V_OK : i2v_fail_system(error, "write", path, errno);
}

/* ---- reading ---------------------------------------------------------------------------------------------------- */

static i2v_status fail_damaged(const char *path, i2v_error *error) {
    return i2v_fail(error, I2V_ERROR_FORMAT,
                    "%s is damaged, or is another kind of file: its checksum is not that of "
                    "its bytes; remove it and begin anew",
                    path);
}

static i2v_status check_seal(const i2v_tensor_file *file, const char *path, i2v_error *error) {
    const i2v_weight *last = file->count ? &file->tensors[file->count - 1] : NULL;
    if (!last || strcmp(last->name, SEAL_NAME) != 0 || last->bytes != SEAL) return fail_damaged(path, error);
    char seal[SEAL], hex[I2V_SHA256_SIZE];
    i2v_status status = i2v_sha256_of_file(&file->file, last->at.offset, hex, error);
    if (status) return status;
    if (!i2v_bytes_read(&last->at, 0, SEAL, seal)) return i2v_bytes_fail(&last->at, error);
    return memcmp(seal, hex, SEAL) == 0 ? I2V_OK : fail_damaged(path, error);
}

i2v_status i2v_sealed_file_open(i2v_tensor_file *file, const char *path, i2v_error *error) {
    i2v_status status = i2v_safetensors_open(file, path, error);
    if (status == I2V_ERROR_MODEL) return fail_damaged(path, error); /* what its header lacks is nobody's concern */
    if (!status) status = check_seal(file, path, error);
    if (status) i2v_tensor_file_close(file);
    return status;
}
