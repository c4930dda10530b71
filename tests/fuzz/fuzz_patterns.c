/* Names of outputs: a pattern, and in a second line the input that gives {name}. */
#include "fuzz.h"

#include "media/video.h"
#include "pattern.h"

#include <stdlib.h>
#include <string.h>

static void fill(const char *pattern, const char *input, int has_seed) {
    if (cli_pattern_wrong(pattern, has_seed)) return;
    uint64_t seed = UINT64_MAX;
    for (int videos = 1; videos < 3; videos++) {
        cli_fields fields = {input, has_seed ? &seed : NULL, 12, videos, videos, NULL};
        char *path = cli_pattern_path(pattern, &fields);
        fuzz_require(path != NULL);
        free(path);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char *text = fuzz_text(data, size), *rest = text, *path = NULL;
    char *pattern = fuzz_line(&rest), *input = fuzz_line(&rest);
    i2v_error error = {0};
    fill(pattern, input, 0);
    fill(pattern, input, 1);
    i2v_status status = i2v_video_path(&path, pattern, (int)(size % 2000), &error);
    fuzz_require_told(status, &error);
    fuzz_require(status || path);
    free(path);
    free(text);
    return 0;
}
