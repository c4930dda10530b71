/* The files of a comparison. */
#include "compare_files.h"
#include "ending.h"
#include "place.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* 1 if each frame has a file of its own. */
static int is_numbered(const char *path) {
    char first[PATH_MAX], second[PATH_MAX];
    return i2v_video_file(path, 1, first, sizeof first, NULL) == I2V_OK &&
           i2v_video_file(path, 2, second, sizeof second, NULL) == I2V_OK && strcmp(first, second) != 0;
}

cli_compare_kind cli_compare_kind_of(const char *path) {
    if (!path) return CLI_COMPARE_NOTHING;
    if (cli_ends_in(path, ".html") || cli_ends_in(path, ".htm")) return CLI_COMPARE_PAGE;
    return cli_ends_in(path, ".png") && !is_numbered(path) ? CLI_COMPARE_PICTURE : CLI_COMPARE_VIDEO;
}

/* ---- places ----------------------------------------------------------------------------------------------------- */

/* Files that are read, sorted by place. */
typedef struct inputs {
    struct input {
        cli_place place;
        const char *path;
    } * items;
    size_t count;
} inputs;

static int by_place(const void *a, const void *b) {
    return cli_place_order(&((const struct input *)a)->place, &((const struct input *)b)->place);
}

/* 0 without memory. */
static int add_file(inputs *all, const char *file, const char *path) {
    if (all->count % 64 == 0) {
        struct input *grown = realloc(all->items, (all->count + 64) * sizeof *grown);
        if (!grown) return 0;
        all->items = grown;
    }
    if (cli_place_of(&all->items[all->count].place, file)) all->items[all->count++].path = path;
    return 1;
}

static int add_video(inputs *all, const cli_compared *video) {
    char file[PATH_MAX];
    int files = is_numbered(video->path) ? video->frames : 1, done = 1;
    for (int i = 1; done && i <= files; i++)
        if (i2v_video_file(video->path, i, file, sizeof file, NULL) == I2V_OK) done = add_file(all, file, video->path);
    return done;
}

static const char *find(const inputs *all, const char *file) {
    struct input wanted = {.path = file};
    if (!all->count || !cli_place_of(&wanted.place, file)) return NULL; /* writing it will say why */
    const struct input *found = bsearch(&wanted, all->items, all->count, sizeof wanted, by_place);
    cli_place_free(&wanted.place);
    return found ? found->path : NULL;
}

static i2v_status check_file(cli_comparison *all, const inputs *read, const char *file, const char *option) {
    const char *found = find(read, file);
    if (!found) return I2V_OK;
    return cli_comparison_fail(all, I2V_ERROR_PARAMETER,
                               "writing %.300s would overwrite %.300s, a video of this comparison; give another name "
                               "with %s",
                               file, found, option);
}

static i2v_status check_outputs(cli_comparison *all, const inputs *read) {
    const char *path = all->settings->path;
    char file[PATH_MAX];
    i2v_status status = I2V_OK;
    int files = is_numbered(path) ? all->frames : 1;
    if (cli_compare_kind_of(path) == CLI_COMPARE_PAGE) return check_file(all, read, path, "--output");
    for (int i = 1; status == I2V_OK && i <= files; i++) {
        status = i2v_video_file(path, i, file, sizeof file, &all->error);
        if (status == I2V_OK) status = check_file(all, read, file, "--output");
    }
    return status;
}

i2v_status cli_compare_check_places(cli_comparison *all) {
    const cli_settings *settings = all->settings;
    inputs read = {0};
    int done = 1;
    i2v_status status = I2V_OK;
    for (int i = 0; done && i < all->count; i++) done = add_video(&read, &all->videos[i]);
    if (!done) status = cli_comparison_fail(all, I2V_ERROR_MEMORY, "not enough memory for the names of all files");
    if (read.count) qsort(read.items, read.count, sizeof *read.items, by_place);
    if (status == I2V_OK && settings->path) status = check_outputs(all, &read);
    if (status == I2V_OK && settings->log_file) status = check_file(all, &read, settings->log_file, "--log-file");
    for (size_t i = 0; i < read.count; i++) cli_place_free(&read.items[i].place);
    free(read.items);
    return status;
}

i2v_status cli_compare_check_output(cli_comparison *all) {
    const cli_settings *settings = all->settings;
    switch (cli_compare_kind_of(settings->path)) {
    case CLI_COMPARE_VIDEO:
        return i2v_video_check_output(settings->path, &settings->output, &all->error);
    case CLI_COMPARE_PICTURE:
        return i2v_image_check_output(settings->path, &settings->output, &all->error);
    default:
        return I2V_OK;
    }
}
