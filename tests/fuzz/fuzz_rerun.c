/* The text that a video's file keeps of how it was made, as --from reads it: in the comment of a GIF. */
#include "fuzz.h"

#include "metadata.h"
#include "settings_read.h"

#include <stdio.h>
#include <string.h>

/* At most this much text: a GIF's comment is in blocks of 255 bytes. */
enum { MAX_TEXT = 1 << 16, BLOCK = 255 };

static size_t make_gif(uint8_t *gif, const uint8_t *text, size_t size) {
    static const uint8_t head[] = "GIF89a\x01\0\x01\0\0\0\0!\xfe";
    size_t used = sizeof head - 1;
    memcpy(gif, head, used);
    for (size_t at = 0; at < size; at += BLOCK) {
        size_t length = size - at < BLOCK ? size - at : BLOCK;
        gif[used++] = (uint8_t)length;
        memcpy(gif + used, text + at, length);
        used += length;
    }
    gif[used++] = 0;
    gif[used++] = ';';
    return used;
}

/* As `img2vid generate --from FILE picture.png -o out.mp4`. */
static void apply(char *path) {
    cli_all_options all;
    cli_all_options_make(&all);
    const cli_command command = {CLI_GENERATE, "generate", "IMAGE", "",   "",   "", all.options,
                                 all.count,    1,          0,       NULL, NULL, 0};
    char from[] = "--from", picture[] = "picture.png", to[] = "-o", out[] = "{name}-{seed}.mp4";
    char *argv[] = {from, path, picture, to, out, NULL};
    cli_settings settings;
    char unknown[200];
    if (cli_settings_read(&settings, &command, 5, argv) == CLI_PARSED) {
        fuzz_require(settings.metadata != NULL);
        cli_metadata_unknown(settings.metadata, &command, unknown, sizeof unknown);
        fuzz_require(strlen(unknown) < sizeof unknown);
    }
    cli_settings_free(&settings);
}

/* What the program says is not wanted here. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static uint8_t gif[2 * MAX_TEXT];
    static FILE *nowhere;
    if (!nowhere) nowhere = fopen("/dev/null", "w");
    fuzz_require(nowhere != NULL);
    char path[64];
    snprintf(path, sizeof path, "%s", fuzz_file(gif, make_gif(gif, data, size < MAX_TEXT ? size : MAX_TEXT), 0));
    FILE *told = stderr;
    stderr = nowhere;
    apply(path);
    stderr = told;
    return 0;
}
