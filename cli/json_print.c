/* JSON on standard output. */
#include "json_print.h"
#include "json.h"
#include "message.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

json_t *cli_json_text(const char *text) {
    if (!text) return json_null();
    json_t *string = json_string(text);
    char *plain = string ? NULL : strdup(text);
    for (char *c = plain; c && *c; c++)
        if ((unsigned char)*c >= 0x80) *c = '?';
    if (plain) string = json_string(plain);
    free(plain);
    return string;
}

/* Of the characters that steer a terminal jansson escapes those below U+0020 only. The others stand raw in its text,
 * always within strings, where \uXXXX says the same. */
static void write_escaped(FILE *to, const char *text) {
    for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
        if (*c == 0x7f) {
            fputs("\\u007f", to);
        } else if (*c == 0xc2 && c[1] < 0xa0) { /* C1 */
            fprintf(to, "\\u%04x", *++c);
        } else if (*c == 0xe2 && ((c[1] == 0x80 && c[2] >= 0xa8 && c[2] <= 0xae) ||  /* U+2028 to U+202E */
                                  (c[1] == 0x81 && c[2] >= 0xa6 && c[2] <= 0xa9))) { /* U+2066 to U+2069 */
            fprintf(to, "\\u%04x", 0x2000 | (c[1] & 0x3f) << 6 | (c[2] & 0x3f));
            c += 2;
        } else {
            fputc(*c, to);
        }
    }
}

char *cli_json_dump(const json_t *value, size_t layout) {
    char *raw = cli_json_write(value, layout), *text = NULL;
    size_t size;
    FILE *to = raw ? open_memstream(&text, &size) : NULL;
    if (to) write_escaped(to, raw);
    int failed = to && ferror(to);
    if (to && (fclose(to) != 0 || failed)) {
        free(text);
        text = NULL;
    }
    free(raw);
    return text;
}

int cli_print_json_as(json_t *object, size_t layout) {
    char *text = object ? cli_json_dump(object, layout | JSON_REAL_PRECISION(9)) : NULL;
    json_decref(object);
    if (!text) return cli_fail("not enough memory for the JSON report");
    puts(text);
    free(text);
    return cli_flush_output();
}

int cli_print_json(json_t *object) {
    return cli_print_json_as(object, JSON_INDENT(2));
}

json_t *cli_json_seed(uint64_t seed) {
    if (seed <= INT64_MAX) return json_integer((json_int_t)seed);
    return json_sprintf("%" PRIu64, seed);
}
