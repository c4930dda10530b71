/* What generate, decode and bench have in common: an opened engine, progress, files at the end, a report. */
#include "job.h"
#include "bench_report.h"
#include "bundled.h"
#include "detail.h"
#include "existing.h"
#include "latents.h"
#include "message.h"
#include "metadata.h"
#include "model_path.h"
#include "plan_report.h"
#include "report.h"
#include "rerun.h"
#include "signals.h"
#include "standard_output.h"

#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

__attribute__((format(printf, 3, 4))) static i2v_status fail(cli_job *job, i2v_status status, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(job->error.message, sizeof job->error.message, format, arguments);
    va_end(arguments);
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

/* latents: not a video, an array. What stays as it is need not be writable. */
static i2v_status check_file(cli_job *job, const char *path, int latents) {
    i2v_output output;
    if (cli_is_standard_output(path) && !latents) return cli_standard_output_prepare(job);
    if (cli_is_kept(job, path)) return I2V_OK;
    i2v_output_default(&output);
    output.no_replace = job->settings->output.no_replace;
    i2v_status status = cli_folders_make(&job->folders, path, &job->error);
    if (status != I2V_OK) return status;
    return i2v_video_check_output(path, latents ? &output : &job->settings->output, &job->error);
}

static i2v_status check_output(cli_job *job, const char *pattern, int latents) {
    int count = cli_videos_count(job->settings);
    int checked = count < 4096 ? count : 1; /* more than the library makes are refused later */
    i2v_status status = I2V_OK;
    for (int i = 0; status == I2V_OK && i < checked; i++) {
        char *path = cli_job_path(job, pattern, i, count);
        if (!path) return fail(job, I2V_ERROR_MEMORY, "not enough memory for the name of %s", pattern);
        status = check_file(job, path, latents);
        free(path);
    }
    return status;
}

static i2v_status check_outputs(cli_job *job) {
    const char *latents = job->settings->save_latents;
    if (!job->settings->path) return I2V_OK;
    size_t length = latents ? strlen(latents) : 0;
    if (latents && (length < 4 || strcmp(latents + length - 4, ".npy") != 0))
        return fail(job, I2V_ERROR_PARAMETER, "--save-latents writes NumPy files; end '%s' in .npy", latents);
    i2v_status status = I2V_OK;
    for (size_t i = 0; status == I2V_OK && i < cli_tasks_count(job->settings); i++) {
        job->task = cli_task_at(job->settings, i);
        status = check_output(job, job->settings->path, 0);
        if (status == I2V_OK && latents) status = check_output(job, latents, 1);
    }
    job->task = cli_task_at(job->settings, 0);
    return status;
}

static i2v_status open_model(cli_job *job) {
    const char *model = job->settings->model;
    if (!model) model = job->bundled = cli_bundled_model();
    if (!model)
        return fail(job, I2V_ERROR_PARAMETER,
                    "no model: give a folder in diffusers' layout (the one with model_index.json) with --model DIR");
    i2v_status found = cli_model_path(&job->model_path, model, job->settings, &job->error);
    if (found != I2V_OK) return found;
    /* without the picture the bundled model makes grey: guidance only raises contrast */
    if (job->bundled && !job->settings->guidance_given) job->params.max_guidance_scale = 1;
    i2v_status status = cli_job_engine_result(job, i2v_open(&job->engine, job->model_path, &job->settings->options));
    if (status != I2V_OK) return status;
    status = cli_job_engine_result(job, i2v_get_model_info(job->engine, &job->model));
    for (size_t i = 0; i < job->model.warnings_count; i++)
        cli_say(!job->settings->quiet, "img2vid: warning: %s", job->model.warnings[i]);
    return status == I2V_OK ? cli_rerun_check_model(job) : status;
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

static void write_notes(cli_job *job) {
    if (job->bundled)
        cli_job_note(job,
                     "model: the small bundled one, %s, not Stable Video Diffusion: README.md says how to get that "
                     "for --model",
                     job->bundled);
    if (job->settings->seed_drawn) cli_job_note(job, "seed: %" PRIu64, job->params.seed);
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

/* Latents are written even where a signal came with the last step. */
static int on_event(const i2v_event *event, void *user) {
    cli_job *job = user;
    i2v_status saved = cli_latents_save(job, event);
    cli_detail_event(job, event);
    return cli_progress_event(event, &job->progress) || saved != I2V_OK;
}

i2v_status cli_job_begin(cli_job *job, const cli_settings *settings) {
    memset(job, 0, sizeof *job);
    job->settings = settings;
    job->params = settings->params;
    job->params.on_event = on_event;
    job->params.user = job;
    cli_progress_begin(&job->progress, settings->quiet, job->notes);
    cli_job_select(job, 0);
    cli_signals_note(1); /* an end at once would leave the folders of the outputs */
    i2v_status status = check_outputs(job);
    if (status == I2V_OK) status = open_model(job);
    write_notes(job);
    if (status == I2V_OK) cli_detail_job(job);
    if (status == I2V_OK && settings->path && !settings->no_metadata) status = cli_metadata_check(job);
    return status;
}

i2v_status cli_job_running(cli_job *job) {
    cli_signals_running(job->engine);
    return cli_signals_came(NULL) ? I2V_CANCELLED : I2V_OK;
}

i2v_status cli_job_engine_result(cli_job *job, i2v_status status) {
    /* cancelled by an error of our own */
    if (status == I2V_CANCELLED && job->error.status != I2V_OK) return job->error.status;
    if (status == I2V_OK || status == I2V_CANCELLED) return status;
    const char *message = job->engine ? i2v_error_message(job->engine) : "";
    return fail(job, status, "%s", *message ? message : "not enough memory to open a model");
}

static i2v_status save_video(cli_job *job, int index, const char *path) {
    char doing[300];
    snprintf(doing, sizeof doing, "%swriting %s", job->progress.task, path);
    cli_progress_say(&job->progress, doing);
    i2v_output output = job->settings->output;
    output.index = index;
    output.cancelled = cli_signals_came;
    output.no_replace |= job->settings->skip_existing; /* it was not there before the run */
    job->error.status = I2V_OK;
    char *metadata = job->settings->no_metadata ? NULL : cli_metadata_text(job, index);
    if (!metadata && !job->settings->no_metadata) {
        /* the model's hash has its own reason to fail */
        return job->error.status ? job->error.status : fail(job, I2V_ERROR_MEMORY, "not enough memory for metadata");
    }
    output.metadata = metadata;
    i2v_status status;
    if (cli_is_standard_output(path)) {
        status = cli_standard_output_save(job, &output);
    } else {
        status = cli_folders_make(&job->folders, path, &job->error); /* another run may have removed one */
        if (status == I2V_OK) status = i2v_video_save(job->video, path, &output, &job->error);
    }
    free(metadata);
    return status;
}

i2v_status cli_job_save(cli_job *job) {
    const char *path = job->settings->path;
    double began = cli_now();
    i2v_status status = I2V_OK;
    int count = job->video->num_videos;
    /* another run was faster; latents of this one would not belong to its video */
    job->skipped = !job->settings->save_latents && cli_task_is_done(job);
    for (int i = 0; path && !job->skipped && status == I2V_OK && i < count; i++) {
        char *numbered = cli_job_path(job, path, i, count);
        status = cli_signals_came(NULL) ? I2V_CANCELLED
                 : numbered             ? save_video(job, i, numbered)
                                        : fail(job, I2V_ERROR_MEMORY, "not enough memory for the name of %s", path);
        free(numbered);
    }
    job->save_seconds += cli_now() - began;
    return status;
}

/* Of several tasks, what fails before the first is of them all. */
static int report_failure(const cli_job *job) {
    int exit_status = cli_fail("%s", job->error.message);
    if (job->settings->json) cli_report_error_json(job, cli_tasks_count(job->settings) <= 1);
    return exit_status;
}

int cli_job_end(cli_job *job, i2v_status status) {
    int exit_status = CLI_DONE;
    cli_signals_running(NULL);
    cli_folders_end(&job->folders);
    cli_signals_note(0);
    cli_progress_end(&job->progress);
    if (status == I2V_CANCELLED) {
        job->error = (i2v_error){I2V_CANCELLED, "interrupted"};
        cli_latents_tell(job);
        report_failure(job);
        exit_status = CLI_INTERRUPTED;
    } else if (status != I2V_OK) {
        exit_status = report_failure(job);
    } else if (job->skipped) {
        exit_status = cli_report_skipped(job);
    } else if (job->settings->plan) {
        exit_status = job->settings->json ? cli_plan_json(job) : cli_plan_table(job);
    } else if (job->bench) {
        exit_status = job->settings->json ? cli_bench_json(job) : cli_bench_table(job);
    } else {
        cli_report_line(job);
        if (job->settings->json) exit_status = cli_report_json(job);
    }
    cli_job_close(job);
    return exit_status;
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
