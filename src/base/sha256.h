/* SHA-256 (FIPS 180-4). */
#ifndef I2V_BASE_SHA256_H
#define I2V_BASE_SHA256_H

#include "base/input_file.h"

/* A running hash. What fails along the way is said by i2v_sha256_end. */
typedef struct i2v_sha256 {
    void *context; /* NULL: it failed */
} i2v_sha256;

void i2v_sha256_begin(i2v_sha256 *hash);
void i2v_sha256_update(i2v_sha256 *hash, const void *bytes, size_t size);
/* Writes the hash as 64 lower-case hexadecimal digits and ends it; to be called in every case. */
i2v_status i2v_sha256_end(i2v_sha256 *hash, char hex[I2V_SHA256_SIZE], i2v_error *error);

/* Of so many bytes in memory. */
i2v_status i2v_sha256_of(const void *bytes, size_t size, char hex[I2V_SHA256_SIZE], i2v_error *error);

/* Of the first so many bytes of an open file, which has them. */
i2v_status i2v_sha256_of_file(const i2v_input_file *file, uint64_t size, char hex[I2V_SHA256_SIZE], i2v_error *error);

#endif
