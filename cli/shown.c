/* Parameters as people are shown them in pictures and pages. */
#include "shown.h"
#include "img2vid/img2vid.h"
#include "json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LONGEST = 60 }; /* characters of a value */

static int is_hash(const char *key) {
    size_t length = strlen(key);
    return length > 7 && strcmp(key + length - 7, "_sha256") == 0;
}

int cli_is_shown(const char *key) {
    static const char *const others[] = {"program", "version", "command", "backend"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (strcmp(key, others[i]) == 0) return 0;
    return !is_hash(key);
}

/* What a text ends with is what tells paths apart. */
static const char *short_text(const char *key, const char *text) {
    const char *slash = strrchr(text, '/');
    if (is_hash(key)) return text;
    return slash && slash[1] ? slash + 1 : text;
}

/* Cut to that many bytes, at the beginning of a character. */
static void cut(char *text, size_t most) {
    if (strlen(text) <= most) return;
    while (most > 0 && ((unsigned char)text[most] & 0xc0) == 0x80) most--;
    text[most] = 0;
}

char *cli_shown_value(const char *key, const json_t *value) {
    char *text;
    if (!value || json_is_null(value))
        text = strdup("none");
    else if (json_is_string(value))
        text = strdup(short_text(key, json_string_value(value)));
    else
        text = cli_json_write(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(15));
    if (!text) return NULL;
    i2v_make_printable(text);
    cut(text, is_hash(key) ? 8 : LONGEST);
    return text;
}

/* 0 without memory, or where writing failed. */
static int print_parameter(FILE *to, const char *key, const json_t *value, int is_first) {
    char *name = strdup(key), *text = cli_shown_value(key, value);
    int done = name && text;
    if (done) {
        i2v_make_printable(name);
        cut(name, LONGEST);
        done = fprintf(to, "%s%s %s", is_first ? "" : ", ", name, text) > 0;
    }
    free(name);
    free(text);
    return done;
}

char *cli_shown_parameters(const json_t *metadata) {
    char *text = NULL;
    size_t size;
    FILE *to = open_memstream(&text, &size);
    int done = to != NULL, count = 0;
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)metadata, key, value) {
        if (!done || !cli_is_shown(key) || json_is_null(value)) continue;
        done = print_parameter(to, key, value, count++ == 0);
    }
    if (to && fclose(to) != 0) done = 0;
    if (done) return text;
    free(text);
    return NULL;
}
