/* What generate, decode and bench have in common: a task, an opened engine, progress, messages. */
#include "job.h"
#include "error.h"
#include "list.h"
#include "message.h"
#include "signals.h"

#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

i2v_status cli_job_fail(cli_job *job, i2v_status status, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    cli_error_vfail(&job->error, status, format, arguments);
    va_end(arguments);
    return status;
}

char *cli_job_path(const cli_job *job, const char *pattern, int index, int count) {
    return cli_task_path(job->settings, &job->task, pattern, index, count);
}

char *cli_job_shown_path(const cli_job *job, const char *pattern, int index, int count) {
    char *path = cli_job_path(job, pattern, index, count), first[PATH_MAX], second[PATH_MAX];
    if (!path || i2v_video_file(path, 1, first, sizeof first, NULL) != I2V_OK) return path;
    if (i2v_video_file(path, 2, second, sizeof second, NULL) != I2V_OK || strcmp(first, second) != 0) return path;
    free(path);
    return strdup(first);
}

void cli_job_note(cli_job *job, const char *format, ...) {
    char *end = strchr(job->notes, 0);
    size_t room = sizeof job->notes - (size_t)(end - job->notes);
    if (room < 3) return; /* a character, the line's end and the text's */
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(end, room - 1, format, arguments);
    va_end(arguments);
    if (!job->progress.notes) { /* work has begun: of a list, with another job */
        cli_progress_end(&job->progress);
        cli_say(!job->settings->quiet, "%s", end);
        *end = 0;
        return;
    }
    i2v_make_printable(end);
    strcat(end, "\n");
}

void cli_job_warn(cli_job *job, const char *what) {
    cli_progress_end(&job->progress);
    cli_say(!job->settings->quiet, "img2vid: warning: %s: %s", job->task.input, what);
}

/* "picture 2 of 3, seed 7: " before a phase. */
static void describe_task(cli_job *job, size_t place) {
    const cli_settings *all = job->all;
    char *text = job->progress.task;
    size_t size = sizeof job->progress.task;
    if (!cli_tasks_are_many(all)) return;
    if (job->task.entry)
        snprintf(text, size, "job %zu of %zu: ", place + 1, cli_tasks_count(all));
    else if (all->seeds.count <= 1)
        snprintf(text, size, "picture %d of %d: ", job->task.index + 1, (int)all->operands.count);
    else
        snprintf(text, size, "picture %d of %d, seed %" PRIu64 ": ", job->task.index + 1, (int)all->operands.count,
                 job->task.seed);
}

/* A job of a list has parameters of its own. */
static void take_settings(cli_job *job) {
    i2v_event_callback on_event = job->params.on_event;
    job->settings = job->task.settings;
    if (!job->task.entry) return;
    job->params = job->settings->params;
    job->params.on_event = on_event;
    job->params.user = job;
    job->file_frames = job->task.entry->frames;
    i2v_array_free(job->noise);
    job->noise = NULL;
    job->image_sha256[0] = job->latents_sha256[0] = 0;
}

i2v_status cli_job_check_tasks(cli_job *job, i2v_status (*check)(cli_job *)) {
    i2v_status status = I2V_OK;
    for (size_t i = 0; status == I2V_OK && i < cli_tasks_count(job->all); i++) {
        job->task = cli_task_at(job->all, i);
        status = check(job);
    }
    job->task = cli_task_at(job->all, 0);
    return status;
}

/* In a file, on the terminal, or in a plan. */
static int shows_previews(const cli_job *job) {
    return job->all->preview || job->all->plan || job->show.terminal.graphics != CLI_GRAPHICS_NONE;
}

void cli_job_select(cli_job *job, size_t place) {
    job->task = cli_task_at(job->all, place);
    take_settings(job);
    if (!shows_previews(job)) job->params.preview_every = 0;
    job->params.seed = job->task.seed;
    job->input_failed = 0;
    job->error = (i2v_error){0};
    job->save_seconds = 0;
    job->skipped = 0;
    free(job->latents_path);
    free(job->clips_latents);
    job->latents_path = NULL;
    job->clips_latents = NULL;
    job->began = cli_now();
    cli_progress_next(&job->progress, place, cli_tasks_count(job->all));
    describe_task(job, place);
}

i2v_status cli_job_running(cli_job *job) {
    cli_signals_running(job->engine);
    return cli_signals_came(NULL) ? I2V_CANCELLED : I2V_OK;
}

i2v_status cli_job_engine_result(cli_job *job, i2v_status status) {
    /* cancelled by an error of our own */
    if (status == I2V_CANCELLED && job->error.status != I2V_OK) return job->error.status;
    if (status == I2V_OK || status == I2V_CANCELLED) return status;
    if (!job->engine) return cli_job_fail(job, status, "not enough memory to open a model");
    i2v_get_error(job->engine, &job->error);
    return job->error.status = status;
}

void cli_job_close(cli_job *job) {
    cli_signals_running(NULL);
    i2v_video_free(job->video);
    i2v_bench_report_free(job->bench);
    free(job->loss);
    i2v_image_free(job->image);
    i2v_close(job->engine);
    free(job->bundled);
    free(job->model_path);
    free(job->latents_path);
    free(job->clips_latents);
    i2v_array_free(job->noise);
    cli_folders_end(&job->folders);
    cli_show_end(&job->show);
    cli_signals_note(0);
}
