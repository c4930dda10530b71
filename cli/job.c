/* What generate, decode and bench have in common: a task, an opened engine, progress, messages. */
#include "job.h"
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
    vsnprintf(job->error.message, sizeof job->error.message, format, arguments);
    va_end(arguments);
    job->error.names_count = 0;
    return job->error.status = status;
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
    i2v_make_printable(end);
    strcat(end, "\n");
}

void cli_job_warn(cli_job *job, const char *what) {
    cli_progress_end(&job->progress);
    cli_say(!job->settings->quiet, "img2vid: warning: %s: %s", job->task.input, what);
}

void cli_job_select(cli_job *job, size_t place) {
    const cli_settings *settings = job->settings;
    job->task = cli_task_at(settings, place);
    job->params.seed = job->task.seed;
    job->input_failed = 0;
    job->error = (i2v_error){0};
    job->save_seconds = 0;
    job->skipped = 0;
    free(job->latents_path);
    job->latents_path = NULL;
    job->began = cli_now();
    cli_progress_next(&job->progress);
    if (cli_tasks_count(settings) <= 1) return;
    int pictures = (int)settings->operands.count, one = settings->seeds.count <= 1;
    size_t size = sizeof job->progress.task;
    if (one)
        snprintf(job->progress.task, size, "picture %d of %d: ", job->task.index + 1, pictures);
    else
        snprintf(job->progress.task, size, "picture %d of %d, seed %" PRIu64 ": ", job->task.index + 1, pictures,
                 job->task.seed);
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
    i2v_image_free(job->image);
    i2v_close(job->engine);
    free(job->bundled);
    free(job->model_path);
    free(job->latents_path);
    free(job->clips_latents);
    cli_folders_end(&job->folders);
    cli_signals_note(0);
}
