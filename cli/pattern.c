#include "pattern.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef enum { NAME, SEED, INDEX, VIDEO, NONE } field;

/* The field at "{...}" and the length of that. */
static field read_field(const char *text, size_t *length) {
    static const char *const names[NONE] = {"{name}", "{seed}", "{index}", "{video}"};
    for (int i = 0; i < NONE; i++) {
        *length = strlen(names[i]);
        if (strncmp(text, names[i], *length) == 0) return (field)i;
    }
    return NONE;
}

static int is_doubled(const char *c) {
    return (*c == '{' || *c == '}') && c[1] == *c;
}

const char *cli_pattern_wrong(const char *pattern, int has_seed) {
    for (const char *c = pattern; *c; c++) {
        size_t length;
        if (is_doubled(c)) {
            c++;
        } else if (*c == '{') {
            field found = read_field(c, &length);
            if (found == NONE || (found == SEED && !has_seed))
                return has_seed ? "the fields in braces are {name}, {seed}, {index} and {video}; {{ is a brace"
                                : "the fields in braces are {name}, {index} and {video}; {{ is a brace";
            c += length - 1;
        } else if (*c == '}') {
            return "there is a } without its {; }} is a brace";
        }
    }
    return NULL;
}

/* "rocket" of "pictures/rocket.jpg", "stdin" of "-". */
static void print_name(FILE *out, const char *path) {
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path, *dot = strrchr(name, '.');
    if (strcmp(path, "-") == 0) name = "stdin";
    fprintf(out, "%.*s", (int)(dot && dot > name ? dot - name : (ptrdiff_t)strlen(name)), name);
}

static void print_field(FILE *out, field which, const cli_fields *fields) {
    if (which == NAME) print_name(out, fields->input);
    if (which == SEED && fields->seed) fprintf(out, "%" PRIu64, *fields->seed);
    if (which == INDEX) fprintf(out, "%d", fields->index);
    if (which == VIDEO) fprintf(out, "%d", fields->video);
}

/* 1 if there was {video}. */
static int fill(FILE *out, const char *pattern, const cli_fields *fields) {
    int has_video = 0;
    for (const char *c = pattern; *c; c++) {
        size_t length;
        if (*c == '{' && !is_doubled(c)) {
            field which = read_field(c, &length);
            has_video |= which == VIDEO;
            print_field(out, which, fields);
            c += length - 1;
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

char *cli_pattern_path(const char *pattern, const cli_fields *fields) {
    char *path = NULL;
    size_t size;
    FILE *out = open_memstream(&path, &size);
    if (!out) return NULL;
    int has_video = fill(out, pattern, fields), failed = ferror(out);
    if (fclose(out) != 0 || failed) {
        free(path);
        return NULL;
    }
    if (has_video || fields->videos <= 1) return path;
    char *result = numbered(path, fields->video);
    free(path);
    return result;
}
