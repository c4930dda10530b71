/* What `img2vid info` and --from read of a picture, video or array: what it is, and the text it carries. */
#include "fuzz.h"

#include "base/file.h"
#include "media/metadata.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const char *path = fuzz_file(data, size, 0);
    i2v_error error = {0};
    i2v_media_info info;
    i2v_status status = i2v_media_probe(path, &info, &error);
    fuzz_require_told(status, &error);
    fuzz_require(info.width >= 0 && info.height >= 0 && info.num_frames >= 0);
    fuzz_require(memchr(info.container, 0, sizeof info.container) && memchr(info.codec, 0, sizeof info.codec));

    error = (i2v_error){0};
    char *json = NULL;
    status = i2v_metadata_load(path, &json, &error);
    fuzz_require_told(status, &error);
    fuzz_require(!json || (!status && *json == '{'));
    i2v_metadata_free(json);
    return 0;
}
