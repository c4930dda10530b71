/* The index of a part's shards. */
#include "fuzz.h"

#include "weights/shard_index.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    i2v_error error = {0};
    i2v_shard_index index;
    i2v_status status = i2v_shard_index_open(&index, fuzz_file(data, size, 0), &error);
    fuzz_require_told(status, &error);
    for (size_t i = 0; !status && i < index.count; i++) {
        fuzz_require(!strchr(index.names[i], '/') && index.names[i][0] != '.');
        fuzz_require(i == 0 || strcmp(index.names[i - 1], index.names[i]) < 0);
    }
    i2v_shard_index_close(&index);
    return 0;
}
