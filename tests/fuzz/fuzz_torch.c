/* A file of PyTorch's; of bytes that are none, an archive with them as its pickle, which is where most can be wrong. */
#include "fuzz.h"

#include "torch_archive.h"
#include "weights/fingerprint.h"
#include "weights/weights.h"

#include <stdlib.h>
#include <string.h>

static void read_file(const uint8_t *data, size_t size) {
    i2v_error error = {0};
    i2v_weights *weights = NULL;
    i2v_status status = i2v_weights_open_file(&weights, fuzz_file(data, size, 0), &error);
    fuzz_require_told(status, &error);
    if (status) return;
    i2v_sha256 hash;
    char hex[I2V_SHA256_SIZE];
    i2v_sha256_begin(&hash);
    fuzz_require(i2v_weights_fingerprint(weights, &hash, &error) == I2V_OK);
    i2v_sha256_end(&hash, hex, NULL);
    for (size_t i = 0; i < i2v_weights_count(weights); i++) {
        const i2v_weight *weight = i2v_weights_at(weights, i);
        float values[4];
        fuzz_require(i2v_weights_find(weights, weight->name) != NULL);
        if (weight->dtype == I2V_WEIGHT_OTHER || weight->count == 0) continue;
        uint64_t few = weight->count < 4 ? weight->count : 4;
        fuzz_require(i2v_weight_read_f32(weight, 0, few, values) == 0);
        fuzz_require(i2v_weight_read_f32(weight, weight->count - few, few, values) == 0);
    }
    i2v_weights_close(weights);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size >= 2 && memcmp(data, "PK", 2) == 0) {
        read_file(data, size);
        return 0;
    }
    size_t archive_size;
    uint8_t *archive = torch_archive(data, size, &archive_size);
    read_file(archive, archive_size);
    free(archive);
    return 0;
}
