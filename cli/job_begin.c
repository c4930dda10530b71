/* The beginning of a job: are its files good, and is its model there? */
#include "job_begin.h"
#include "bundled.h"
#include "checkpoint.h"
#include "detail.h"
#include "ending.h"
#include "existing.h"
#include "latents.h"
#include "message.h"
#include "metadata.h"
#include "model_path.h"
#include "preview.h"
#include "rerun.h"
#include "same_model.h"
#include "signals.h"
#include "standard_output.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* The kinds of outputs. */
typedef enum output_kind { A_VIDEO, LATENTS, A_SHEET } output_kind;

/* What stays as it is need not be writable. */
static i2v_status check_file(cli_job *job, const char *path, output_kind kind) {
    i2v_output output;
    if (kind == A_VIDEO && cli_is_standard_output(path)) return cli_standard_output_prepare(job);
    if (cli_is_kept(job, path)) return I2V_OK;
    i2v_output_default(&output);
    output.no_replace = job->settings->output.no_replace;
    i2v_status status = cli_folders_make(&job->folders, path, &job->error);
    if (status != I2V_OK) return status;
    if (kind == A_SHEET) return i2v_image_check_output(path, &output, &job->error);
    return i2v_video_check_output(path, kind == LATENTS ? &output : &job->settings->output, &job->error);
}

static i2v_status check_output(cli_job *job, const char *pattern, output_kind kind) {
    int count = cli_videos_count(job->settings);
    int checked = count < 4096 ? count : 1; /* more than the library makes are refused later */
    i2v_status status = I2V_OK;
    for (int i = 0; status == I2V_OK && i < checked; i++) {
        char *path = cli_job_path(job, pattern, i, count);
        if (!path) return cli_job_fail(job, I2V_ERROR_MEMORY, "not enough memory for the name of %s", pattern);
        status = check_file(job, path, kind);
        free(path);
    }
    return status;
}

i2v_status cli_job_check_outputs(cli_job *job) {
    const char *latents = job->settings->save_latents;
    if (!job->settings->path) return I2V_OK;
    if (latents && !cli_is_array(latents))
        return cli_job_fail(job, I2V_ERROR_PARAMETER, "--save-latents writes NumPy files; end '%s' in .npy", latents);
    i2v_status status = check_output(job, job->settings->path, A_VIDEO);
    if (status == I2V_OK && latents) status = check_output(job, latents, LATENTS);
    return status == I2V_OK && job->settings->sheet ? check_output(job, job->settings->sheet, A_SHEET) : status;
}

/* ---- the model -------------------------------------------------------------------------------------------------- */

static void close_model(cli_job *job) {
    cli_signals_running(NULL);
    i2v_close(job->engine);
    free(job->bundled);
    free(job->model_path);
    job->engine = NULL;
    job->opened = NULL;
    job->bundled = job->model_path = NULL;
    job->model = (i2v_model_info){0};
    job->model_sha256[0] = 0;
}

static i2v_status open_model(cli_job *job) {
    const char *model = job->settings->model;
    if (!model) model = job->bundled = cli_bundled_model();
    if (!model)
        return cli_job_fail(
            job, I2V_ERROR_PARAMETER,
            "no model: give a folder in diffusers' layout (the one with model_index.json) with --model DIR");
    i2v_status found = cli_model_path(&job->model_path, model, job->settings, &job->error);
    if (found != I2V_OK) return found;
    i2v_status status = cli_job_engine_result(job, i2v_open(&job->engine, job->model_path, &job->settings->options));
    if (status != I2V_OK) return status;
    status = cli_job_engine_result(job, i2v_get_model_info(job->engine, &job->model));
    for (size_t i = 0; i < job->model.warnings_count; i++)
        cli_say(!job->settings->quiet, "img2vid: warning: %s", job->model.warnings[i]);
    if (status == I2V_OK) job->opened = job->settings;
    return status == I2V_OK ? cli_rerun_check_model(job) : status;
}

i2v_status cli_job_open_model(cli_job *job) {
    i2v_status status = I2V_OK;
    if (!job->opened || !cli_opens_same(job->opened, job->settings)) {
        close_model(job);
        status = open_model(job);
    }
    /* without the picture the bundled model makes grey: guidance only raises contrast */
    if (job->bundled && !job->settings->guidance_given) job->params.max_guidance_scale = 1;
    return status;
}

void cli_job_write_notes(cli_job *job) {
    if (job->bundled)
        cli_job_note(job,
                     "model: the small bundled one, %s, not Stable Video Diffusion: README.md says how to get that "
                     "for --model",
                     job->bundled);
    if (job->all->seed_drawn) cli_job_note(job, "seed: %" PRIu64, job->all->params.seed);
}

/* Latents are written even where a signal came with the last step. */
static int on_event(const i2v_event *event, void *user) {
    cli_job *job = user;
    i2v_status saved = cli_latents_save(job, event);
    cli_checkpoint_event(job, event);
    cli_preview_save(job, event);
    cli_detail_event(job, event);
    cli_show_event(&job->show, event, &job->progress);
    return cli_progress_event(event, &job->progress) || saved != I2V_OK;
}

void cli_job_prepare(cli_job *job, const cli_settings *settings) {
    memset(job, 0, sizeof *job);
    job->all = job->settings = settings;
    job->params = settings->params;
    job->params.on_event = on_event;
    job->params.user = job;
    cli_progress_begin(&job->progress, settings->quiet, job->notes);
    cli_preview_begin(job);
    if (cli_tasks_count(settings) > 0) cli_job_select(job, 0);
    cli_signals_note(1); /* an end at once would leave the folders of the outputs */
}

i2v_status cli_job_begin(cli_job *job, const cli_settings *settings) {
    cli_job_prepare(job, settings);
    i2v_status status = cli_job_check_tasks(job, cli_job_check_outputs);
    if (status == I2V_OK) status = cli_job_open_model(job);
    cli_job_write_notes(job);
    if (status == I2V_OK) cli_detail_job(job);
    if (status == I2V_OK && settings->path && !settings->no_metadata) status = cli_metadata_check(job);
    return status;
}
