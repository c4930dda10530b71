/* Refuses a run that would write what it reads, or one file twice. */
#include "overwrite.h"
#include "address.h"
#include "bundled.h"
#include "checkpoint.h"
#include "list.h"
#include "model_path.h"
#include "place.h"
#include "same_model.h"
#include "standard_output.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* A file to be written. */
typedef struct output {
    cli_place place;
    char *path;
    const char *option; /* that names it */
} output;

typedef struct check {
    cli_job *job;
    output *outputs; /* sorted by place once they are all there */
    size_t count, room;
} check;

static i2v_status fail_memory(check *c) {
    return cli_job_fail(c->job, I2V_ERROR_MEMORY, "not enough memory for the names of all files");
}

/* ---- outputs ---------------------------------------------------------------------------------------------------- */

/* More frames and videos than the library makes are refused later. */
enum { MOST = 4096, MOST_FRAMES = 1 << 16 };

int cli_file_frames(const cli_job *job, int clip_frames) {
    int extend = job->params.extend, clip = clip_frames < MOST ? clip_frames : MOST;
    int frames = extend > 0 && extend < MOST ? clip + extend * (clip - 1) : clip;
    if (job->settings->output.loop && frames > 2) frames = 2 * frames - 2;
    return frames < MOST_FRAMES ? frames : MOST_FRAMES;
}

static i2v_status add_place(check *c, const char *path, const char *option) {
    if (c->count == c->room) {
        size_t room = c->room ? 2 * c->room : 64;
        output *grown = realloc(c->outputs, room * sizeof *grown);
        if (!grown) return fail_memory(c);
        c->outputs = grown;
        c->room = room;
    }
    output *added = &c->outputs[c->count];
    if (!cli_place_of(&added->place, path)) return I2V_OK; /* writing it will say why */
    added->path = strdup(path);
    added->option = option;
    c->count++;
    return added->path ? I2V_OK : fail_memory(c);
}

static i2v_status add_file(check *c, const char *path, const char *option) {
    size_t before = c->count;
    i2v_status status = add_place(c, path, option);
    int is_there = status == I2V_OK && c->count > before && !c->outputs[before].place.name;
    if (!is_there || !c->job->settings->output.no_replace) return status;
    return cli_job_fail(c->job, I2V_ERROR_IO, "cannot write %s: it is there already, and --no-overwrite keeps it",
                        path);
}

/* The one file of path, or one a frame. */
static i2v_status add_path(check *c, const char *path, const char *option, int frames) {
    char file[PATH_MAX], first[PATH_MAX] = "";
    i2v_status status = I2V_OK;
    for (int frame = 1; status == I2V_OK && frame <= frames; frame++) {
        status = i2v_video_file(path, frame, file, sizeof file, &c->job->error);
        if (status != I2V_OK || strcmp(file, first) == 0) break;
        if (frame == 1) strcpy(first, file);
        status = add_file(c, file, option);
    }
    return status;
}

static i2v_status add_pattern(check *c, const cli_task *task, const char *pattern, const char *option, int frames) {
    int all = cli_videos_count(task->settings), videos = all < MOST ? all : MOST;
    i2v_status status = I2V_OK;
    for (int video = 0; pattern && status == I2V_OK && video < videos; video++) {
        char *path = cli_task_path(task->settings, task, pattern, video, all);
        status = path ? add_path(c, path, option, frames) : fail_memory(c);
        free(path);
    }
    return status;
}

/* What a task writes: nothing where that is there. */
static i2v_status add_task(check *c, const cli_task *task) {
    const cli_settings *settings = task->settings;
    const cli_list_entry *entry = task->entry;
    int frames = entry ? entry->frames : c->job->file_frames;
    if (entry && (entry->finished || entry->failure)) return I2V_OK;
    i2v_status status =
        cli_is_standard_output(settings->path) ? I2V_OK : add_pattern(c, task, settings->path, "--output", frames);
    if (status == I2V_OK) status = add_pattern(c, task, settings->save_latents, "--save-latents", 1);
    return status == I2V_OK ? add_pattern(c, task, settings->sheet, "--sheet", 1) : status;
}

static i2v_status add_tasks(check *c) {
    i2v_status status = I2V_OK;
    for (size_t i = 0; status == I2V_OK && i < cli_tasks_count(c->job->all); i++) {
        cli_task task = cli_task_at(c->job->all, i);
        status = add_task(c, &task);
    }
    return status;
}

/* The states of all tasks, which are replaced in any case; of a list, each job's is known when it begins. */
static i2v_status add_checkpoints(check *c) {
    const cli_settings *settings = c->job->all;
    i2v_status status = I2V_OK;
    for (size_t i = 0; c->job->keeps_state && status == I2V_OK && i < cli_tasks_count(settings); i++) {
        cli_task task = cli_task_at(settings, i);
        char *path = cli_checkpoint_path(&task);
        status = path ? add_place(c, path, "--checkpoint") : fail_memory(c);
        free(path);
    }
    return status;
}

static int by_place(const void *a, const void *b) {
    return cli_place_order(&((const output *)a)->place, &((const output *)b)->place);
}

static i2v_status check_different(check *c) {
    if (c->count) qsort(c->outputs, c->count, sizeof *c->outputs, by_place);
    for (size_t i = 1; i < c->count; i++) {
        const output *a = &c->outputs[i - 1], *b = &c->outputs[i];
        if (by_place(a, b) != 0) continue;
        int order = strcmp(a->option, b->option);
        return cli_job_fail(c->job, I2V_ERROR_PARAMETER,
                            "%s and %s, which are to be written, are one file; change %s%s%s", a->path, b->path,
                            order > 0 ? b->option : a->option, order ? " or " : "",
                            order > 0   ? a->option
                            : order < 0 ? b->option
                                        : "");
    }
    return I2V_OK;
}

/* ---- inputs ----------------------------------------------------------------------------------------------------- */

static i2v_status check_file(check *c, const char *path, const char *what) {
    output input = {0};
    if (!cli_place_of(&input.place, path)) return I2V_OK; /* reading it will say why */
    const output *found = c->count ? bsearch(&input, c->outputs, c->count, sizeof input, by_place) : NULL;
    cli_place_free(&input.place);
    if (!found) return I2V_OK;
    return cli_job_fail(c->job, I2V_ERROR_PARAMETER, "writing %s would overwrite %s, %s; give another name with %s",
                        found->path, strcmp(path, "-") == 0 ? "standard input" : path, what, found->option);
}

static int is_part_of_model(const char *name) {
    const char *dot = strrchr(name, '.');
    return cli_is_weights_file(name) || (dot && strcmp(dot, ".json") == 0);
}

/* The files of a model's folder, which are in it or one level below. */
static i2v_status check_folder(check *c, const char *folder, const char *what, int levels) {
    i2v_status status = I2V_OK;
    DIR *directory = opendir(folder);
    for (struct dirent *entry; directory && status == I2V_OK && (entry = readdir(directory));) {
        struct stat info;
        char *path = NULL;
        if (*entry->d_name == '.') continue;
        if (asprintf(&path, "%s/%s", folder, entry->d_name) < 0) {
            status = fail_memory(c);
            break;
        }
        if (is_part_of_model(entry->d_name))
            status = check_file(c, path, what);
        else if (levels > 0 && stat(path, &info) == 0 && S_ISDIR(info.st_mode))
            status = check_folder(c, path, what, levels - 1);
        free(path);
    }
    if (directory) closedir(directory);
    return status;
}

/* What is read beside a file of weights. */
static i2v_status check_beside(check *c, const char *path, const char *what) {
    static const char *const names[] = {"config.json", "adapter_config.json"};
    const char *slash = strrchr(path, '/');
    int folder = slash ? (int)(slash - path + 1) : 0;
    i2v_status status = I2V_OK;
    for (size_t i = 0; status == I2V_OK && i < sizeof names / sizeof *names; i++) {
        char *beside = NULL;
        if (asprintf(&beside, "%.*s%s", folder, path, names[i]) < 0) return fail_memory(c);
        status = check_file(c, beside, what);
        free(beside);
    }
    return status;
}

static i2v_status check_model(check *c, const char *path, const char *what) {
    struct stat info;
    if (!path) return I2V_OK;
    if (stat(path, &info) == 0 && S_ISDIR(info.st_mode)) return check_folder(c, path, what, 1);
    i2v_status status = check_file(c, path, what);
    return status == I2V_OK ? check_beside(c, path, what) : status;
}

static i2v_status check_models(check *c, const cli_settings *settings, const char *model_path) {
    static const char a_part[] = "a part of the model";
    const i2v_options *options = &settings->options;
    const char *tiny = options->tiny_decoder;
    int is_word = tiny && (strcmp(tiny, I2V_TINY_DECODER_AUTO) == 0 || strcmp(tiny, I2V_TINY_DECODER_NONE) == 0);
    const char *parts[] = {options->unet, options->vae, options->image_encoder, options->frame_decoder,
                           is_word ? NULL : tiny};
    i2v_status status = check_model(c, model_path, a_part);
    for (int i = 0; status == I2V_OK && i < 5; i++) status = check_model(c, parts[i], a_part);
    for (size_t i = 0; status == I2V_OK && i < options->loras_count; i++)
        status = check_model(c, options->loras[i].path, "a LoRA of this run");
    return status;
}

static i2v_status check_inputs(check *c) {
    const cli_settings *settings = c->job->all;
    const char *what = settings->command->bit == CLI_GENERATE ? "a picture of this run" : "the latents of this run";
    static const char noise[] = "the noise of this run";
    i2v_status status = I2V_OK;
    int last = -1;
    for (size_t i = 0; status == I2V_OK && i < cli_tasks_count(settings); i++) {
        cli_task task = cli_task_at(settings, i); /* with each seed in turn */
        if (task.input && task.index != last && !cli_is_address(task.input)) status = check_file(c, task.input, what);
        last = task.index;
        if (status == I2V_OK && task.entry && task.settings->latents)
            status = check_file(c, task.settings->latents, noise);
    }
    if (status == I2V_OK && settings->latents) status = check_file(c, settings->latents, noise);
    if (status == I2V_OK && settings->from) status = check_file(c, settings->from, "the file of --from");
    if (status == I2V_OK && settings->jobs) status = check_file(c, settings->jobs, "the list of jobs");
    return status;
}

/* A list's jobs may have several, whose paths are as they are given. */
static i2v_status check_all_models(check *c) {
    const cli_settings *all = c->job->all, *before = NULL;
    i2v_status status = I2V_OK;
    if (!all->list) return check_models(c, all, c->job->model_path);
    for (size_t i = 0; status == I2V_OK && i < cli_tasks_count(all); i++) {
        const cli_settings *settings = cli_task_at(all, i).settings;
        if (before && cli_opens_same(before, settings)) continue;
        char *path = NULL;
        before = settings;
        if (settings->model)
            status = cli_model_path(&path, settings->model, settings, &c->job->error);
        else
            path = cli_bundled_model();
        if (status == I2V_OK) status = check_models(c, settings, path);
        free(path);
    }
    return status;
}

i2v_status cli_overwrite_check(cli_job *job, int clip_frames) {
    check c = {.job = job};
    job->file_frames = cli_file_frames(job, clip_frames);
    i2v_status status = add_tasks(&c);
    if (status == I2V_OK && job->all->preview) status = add_file(&c, job->all->preview, "--preview");
    if (status == I2V_OK && job->settings->log_file) status = add_file(&c, job->settings->log_file, "--log-file");
    if (status == I2V_OK) status = add_checkpoints(&c);
    if (status == I2V_OK) status = check_different(&c);
    if (status == I2V_OK) status = check_inputs(&c);
    if (status == I2V_OK) status = check_all_models(&c);
    for (size_t i = 0; i < c.count; i++) {
        cli_place_free(&c.outputs[i].place);
        free(c.outputs[i].path);
    }
    free(c.outputs);
    return status;
}
