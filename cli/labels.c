/* Labels of compared videos: the parameters in which they differ. */
#include "labels.h"
#include "metadata.h"
#include "shown.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- metadata --------------------------------------------------------------------------------------------------- */

/* Of one picture a frame, the first has it. */
static i2v_status read_metadata(cli_comparison *all, cli_compared *video) {
    char file[PATH_MAX];
    i2v_status status = i2v_video_file(video->path, 1, file, sizeof file, &all->error);
    if (status != I2V_OK) return status;
    i2v_error error;
    video->metadata = cli_metadata_read(file, &error);
    if (video->metadata || (error.status != I2V_ERROR_MEMORY && error.status != I2V_ERROR_IO)) return I2V_OK;
    all->error = error;
    return error.status;
}

/* NULL for null, too: both are "not set". */
static const json_t *value_of(const cli_compared *video, const char *key) {
    const json_t *value = json_object_get(video->metadata, key);
    return value && !json_is_null(value) ? value : NULL;
}

/* 1 if two videos that have metadata have other values for the key. */
static int differs(const cli_comparison *all, const char *key) {
    const cli_compared *first = NULL;
    for (int i = 0; i < all->count; i++) {
        const cli_compared *video = &all->videos[i];
        if (!video->metadata) continue;
        if (!first) first = video;
        const json_t *a = value_of(first, key), *b = value_of(video, key);
        if (a != b && !(a && b && json_equal(a, b))) return 1;
    }
    return 0;
}

/* A hash tells videos apart where the name beside it does not. */
static int tells_apart(const cli_comparison *all, const char *key) {
    static const char ending[] = "_sha256";
    char name[64];
    size_t length = strlen(key);
    if (strcmp(key, "program") == 0 || !differs(all, key)) return 0;
    if (length < sizeof ending || strcmp(key + length - (sizeof ending - 1), ending) != 0) return 1;
    snprintf(name, sizeof name, "%.*s", (int)(length - (sizeof ending - 1)), key);
    return !differs(all, name);
}

/* ---- texts ------------------------------------------------------------------------------------------------------ */

typedef struct text_maker {
    FILE *to;
    char *text;
    size_t size;
    int failed;
} text_maker;

/* The stream writes into *maker, which stays where it is. */
static void begin_text(text_maker *maker) {
    *maker = (text_maker){0};
    maker->to = open_memstream(&maker->text, &maker->size);
    maker->failed = !maker->to;
}

/* The text, to be freed; NULL without memory. */
static char *end_text(text_maker *maker) {
    if (maker->to && fclose(maker->to) != 0) maker->failed = 1;
    if (!maker->failed) return maker->text;
    free(maker->text);
    return NULL;
}

/* "seed 42", with a comma before where something is there already. */
static void add_parameter(text_maker *maker, const char *key, const json_t *value) {
    char name[64], *text = cli_shown_value(key, value);
    snprintf(name, sizeof name, "%s", key);
    i2v_make_printable(name);
    if (maker->failed || !text || fflush(maker->to) != 0 ||
        fprintf(maker->to, "%s%s %s", maker->size ? ", " : "", name, text) < 0)
        maker->failed = 1;
    free(text);
}

static int is_in_earlier(const cli_comparison *all, int before, const char *key) {
    for (int i = 0; i < before; i++)
        if (json_object_get(all->videos[i].metadata, key)) return 1;
    return 0;
}

/* Calls add for each key that any video has, once, in the order of the files. */
static void for_keys(const cli_comparison *all, void (*add)(const cli_comparison *, const char *, void *), void *user) {
    for (int i = 0; i < all->count; i++) {
        const char *key;
        json_t *value;
        json_object_foreach(all->videos[i].metadata, key, value) {
            if (!is_in_earlier(all, i, key)) add(all, key, user);
        }
    }
}

typedef struct label_maker {
    text_maker text;
    const cli_compared *video;
} label_maker;

static void add_difference(const cli_comparison *all, const char *key, void *user) {
    label_maker *label = user;
    if (tells_apart(all, key)) add_parameter(&label->text, key, value_of(label->video, key));
}

static void add_shared(const cli_comparison *all, const char *key, void *user) {
    if (cli_is_shown(key) && !differs(all, key) && value_of(&all->videos[0], key))
        add_parameter(user, key, value_of(&all->videos[0], key));
}

static const char *name_of(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash && slash[1] ? slash + 1 : path;
}

/* The file's name, in parentheses where a label says something already. */
static i2v_status add_name(cli_comparison *all, cli_compared *video) {
    char *label = NULL, *before = video->label;
    int is_bare = !before || !*before;
    if (asprintf(&label, is_bare ? "%s%s" : "%s (%s)", is_bare ? "" : before, name_of(video->path)) < 0)
        return cli_comparison_fail(all, I2V_ERROR_MEMORY, "not enough memory for the labels");
    i2v_make_printable(label);
    free(before);
    video->label = label;
    return I2V_OK;
}

static int has_a_twin(const cli_comparison *all, int index) {
    for (int i = 0; i < all->count; i++)
        if (i != index && strcmp(all->videos[i].label, all->videos[index].label) == 0) return 1;
    return 0;
}

static i2v_status name_all(cli_comparison *all) {
    int needs_name[CLI_MOST_COMPARED];
    i2v_status status = I2V_OK;
    for (int i = 0; i < all->count; i++) needs_name[i] = !*all->videos[i].label || has_a_twin(all, i);
    for (int i = 0; status == I2V_OK && i < all->count; i++)
        if (needs_name[i]) status = add_name(all, &all->videos[i]);
    return status;
}

static int all_have_metadata(const cli_comparison *all) {
    for (int i = 0; i < all->count; i++)
        if (!all->videos[i].metadata) return 0;
    return 1;
}

i2v_status cli_labels_make(cli_comparison *all) {
    i2v_status status = I2V_OK;
    for (int i = 0; status == I2V_OK && i < all->count; i++) status = read_metadata(all, &all->videos[i]);
    for (int i = 0; status == I2V_OK && i < all->count; i++) {
        label_maker label = {.video = &all->videos[i]};
        begin_text(&label.text);
        if (label.video->metadata) for_keys(all, add_difference, &label);
        all->videos[i].label = end_text(&label.text);
        if (!all->videos[i].label) status = cli_comparison_fail(all, I2V_ERROR_MEMORY, "not enough memory for labels");
    }
    if (status == I2V_OK) status = name_all(all);
    if (status != I2V_OK) return status;
    text_maker shared;
    begin_text(&shared);
    if (all_have_metadata(all)) for_keys(all, add_shared, &shared);
    all->shared = end_text(&shared);
    return all->shared ? I2V_OK : cli_comparison_fail(all, I2V_ERROR_MEMORY, "not enough memory for labels");
}
