/* A file of PyTorch's; of bytes that are none, an archive with them as its pickle, which is where most can be wrong. */
#include "weight_values.h"

#include "torch_archive.h"

#include <stdlib.h>
#include <string.h>

static void read_file(const uint8_t *data, size_t size) {
    i2v_error error = {0};
    i2v_weights *weights = NULL;
    i2v_status status = i2v_weights_open_file(&weights, fuzz_file(data, size, 0), &error);
    fuzz_require_told(status, &error);
    if (status) return;
    fuzz_fingerprint(weights);
    fuzz_read_values(weights);
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
