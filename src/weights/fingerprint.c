/* A hash of names, shapes and some values. */
#include "weights/fingerprint.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { SAMPLE = 4096 };

i2v_status i2v_weight_fingerprint(const i2v_weight *weight, i2v_sha256 *hash, i2v_error *error) {
    char sample[SAMPLE];
    char line[512];
    size_t used = (size_t)snprintf(line, sizeof line, " %s", weight->dtype_name);
    for (int i = 0; i < weight->ndim && used < sizeof line; i++) {
        used += (size_t)snprintf(line + used, sizeof line - used, " %" PRId64, weight->shape[i]);
    }
    i2v_sha256_update(hash, weight->name, strlen(weight->name));
    i2v_sha256_update(hash, line, strlen(line) + 1);
    if (weight->scale != 1) i2v_sha256_update(hash, &weight->scale, sizeof weight->scale);
    uint64_t size = weight->bytes < SAMPLE ? weight->bytes : SAMPLE;
    const void *bytes = i2v_bytes_read(&weight->at, (weight->bytes - size) / 2, (size_t)size, sample);
    if (!bytes) return i2v_bytes_fail(&weight->at, error);
    i2v_sha256_update(hash, bytes, (size_t)size);
    return I2V_OK;
}

i2v_status i2v_weights_fingerprint(const i2v_weights *weights, i2v_sha256 *hash, i2v_error *error) {
    i2v_status status = I2V_OK;
    for (size_t i = 0; !status && i < i2v_weights_count(weights); i++) {
        status = i2v_weight_fingerprint(i2v_weights_at(weights, i), hash, error);
    }
    return status;
}
