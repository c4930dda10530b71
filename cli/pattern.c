/* Names of outputs with fields in braces. */
#include "pattern.h"
#include "address.h"
#include "ending.h"
#include "settings_value.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef enum { NAME, SEED, INDEX, VIDEO, VALUE, NONE } field_kind;

typedef struct {
    field_kind kind;
    size_t length;  /* of "{...}" */
    char value[40]; /* the name of a VALUE */
} field;

static field read_field(const char *text) {
    static const char *const names[VALUE] = {"{name}", "{seed}", "{index}", "{video}"};
    field found = {NONE, 1, ""};
    cli_value value;
    for (int i = 0; i < VALUE; i++)
        if (strncmp(text, names[i], strlen(names[i])) == 0) return (field){(field_kind)i, strlen(names[i]), ""};
    size_t length = strcspn(text + 1, "{}");
    if (text[1 + length] != '}' || length >= sizeof found.value) return found;
    memcpy(found.value, text + 1, length);
    if (!cli_settings_value(&value, NULL, found.value)) return found;
    found.kind = VALUE;
    found.length = length + 2;
    return found;
}

static int is_doubled(const char *c) {
    return (*c == '{' || *c == '}') && c[1] == *c;
}

const char *cli_pattern_wrong(const char *pattern, int has_seed) {
    for (const char *c = pattern; *c; c++) {
        if (is_doubled(c)) {
            c++;
        } else if (*c == '{') {
            field found = read_field(c);
            if (found.kind == NONE || (!has_seed && (found.kind == SEED || found.kind == VALUE)))
                return has_seed ? "the fields in braces are {name}, {seed}, {index}, {video} and parameters such as "
                                  "{width}; {{ is a brace"
                                : "the fields in braces are {name}, {index} and {video}; {{ is a brace";
            c += found.length - 1;
        } else if (*c == '}') {
            return "there is a } without its {; }} is a brace";
        }
    }
    return NULL;
}

/* "." and ".." name folders. */
static int is_dots(const char *name, size_t length) {
    return length <= 2 && strspn(name, ".") >= length;
}

/* "rocket" of "pictures/rocket.jpg" and of "https://host/rocket.jpg?key=1/2", "stdin" of "-". A % is doubled if it is
 * to be. */
static void print_name(FILE *out, const char *path, int double_percent) {
    size_t end = cli_is_address(path) ? strcspn(path, "?#") : strlen(path);
    const char *name = path + end;
    while (name > path && name[-1] != '/') name--;
    size_t length = end - (size_t)(name - path), dot = length;
    while (dot > 0 && name[dot - 1] != '.') dot--;
    if (dot > 1) length = dot - 1;
    if (strcmp(path, "-") == 0) {
        fputs("stdin", out);
    } else if (is_dots(name, length)) {
        fputs("picture", out);
    } else {
        for (size_t i = 0; i < length; i++) fputs(double_percent && name[i] == '%' ? "%%" : (char[]){name[i], 0}, out);
    }
}

static void print_value(FILE *out, const char *name, const cli_fields *fields, int double_percent) {
    cli_value value;
    cli_settings_value(&value, fields->settings, name);
    if (!*value.text)
        fputs("auto", out);
    else if (value.is_path)
        print_name(out, value.text, double_percent);
    else
        fputs(value.text, out);
}

static void print_field(FILE *out, const field *which, const cli_fields *fields, int double_percent) {
    if (which->kind == NAME) print_name(out, fields->input, double_percent);
    if (which->kind == SEED && fields->seed) fprintf(out, "%" PRIu64, *fields->seed);
    if (which->kind == INDEX) fprintf(out, "%d", fields->index);
    if (which->kind == VIDEO) fprintf(out, "%d", fields->video);
    if (which->kind == VALUE) print_value(out, which->value, fields, double_percent);
}

/* 1 if there was {video}. is_png: a % of the file name would be read as a frame's number. */
static int fill(FILE *out, const char *pattern, const cli_fields *fields, int is_png) {
    int has_video = 0;
    const char *slash = strrchr(pattern, '/'), *name = slash ? slash + 1 : pattern;
    for (const char *c = pattern; *c; c++) {
        if (*c == '{' && !is_doubled(c)) {
            field which = read_field(c);
            has_video |= which.kind == VIDEO;
            print_field(out, &which, fields, is_png && c >= name);
            c += which.length - 1;
        } else {
            if (is_doubled(c)) c++;
            putc(*c, out);
        }
    }
    return has_video;
}

/* NAME-1.mp4 of NAME.mp4. */
static char *numbered(const char *path, int video) {
    const char *name = strrchr(path, '/'), *dot = strrchr(name ? name : path, '.');
    int stem = (int)(dot ? dot - path : (ptrdiff_t)strlen(path));
    char *result;
    return asprintf(&result, "%.*s-%d%s", stem, path, video, path + stem) < 0 ? NULL : result;
}

/* NULL without memory. */
static char *filled(const char *pattern, const cli_fields *fields, int is_png, int *has_video) {
    char *path = NULL;
    size_t size;
    FILE *out = open_memstream(&path, &size);
    if (!out) return NULL;
    *has_video = fill(out, pattern, fields, is_png);
    int failed = ferror(out);
    if (fclose(out) == 0 && !failed) return path;
    free(path);
    return NULL;
}

char *cli_pattern_path(const char *pattern, const cli_fields *fields) {
    int has_video = 0;
    char *path = filled(pattern, fields, 0, &has_video);
    if (path && cli_ends_in(path, ".png")) { /* an ending may come from a name, too */
        free(path);
        path = filled(pattern, fields, 1, &has_video);
    }
    if (!path || has_video || fields->videos <= 1) return path;
    char *result = numbered(path, fields->video);
    free(path);
    return result;
}
