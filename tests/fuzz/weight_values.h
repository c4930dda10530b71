/* What targets ask of every file of weights that opens, whatever its format: its hash and its values. */
#ifndef FUZZ_WEIGHT_VALUES_H
#define FUZZ_WEIGHT_VALUES_H

#include "fuzz.h"

#include "weights/fingerprint.h"
#include "weights/weights.h"

static inline void fuzz_fingerprint(const i2v_weights *weights) {
    i2v_error error = {0};
    i2v_sha256 hash;
    char hex[I2V_SHA256_SIZE];
    i2v_sha256_begin(&hash);
    fuzz_require(i2v_weights_fingerprint(weights, &hash, &error) == I2V_OK);
    i2v_sha256_end(&hash, hex, NULL);
}

/* Every tensor is found by its name, and its first and last values can be read. */
static inline void fuzz_read_values(const i2v_weights *weights) {
    for (size_t i = 0; i < i2v_weights_count(weights); i++) {
        const i2v_weight *weight = i2v_weights_at(weights, i);
        float values[4];
        fuzz_require(i2v_weights_find(weights, weight->name) != NULL);
        if (weight->dtype == I2V_WEIGHT_OTHER || weight->count == 0) continue;
        uint64_t few = weight->count < 4 ? weight->count : 4;
        fuzz_require(i2v_weight_read_f32(weight, 0, few, values) == 0);
        fuzz_require(i2v_weight_read_f32(weight, weight->count - few, few, values) == 0);
    }
}

#endif
