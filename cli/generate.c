/* img2vid generate: pictures in, short videos out. */
#include "address.h"
#include "commands.h"
#include "job.h"
#include "latents.h"
#include "many.h"
#include "rerun.h"
#include "signals.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* "[14,4,72,128]" */
static void describe_shape(char *text, size_t size, const int64_t *shape, int ndim) {
    size_t length = (size_t)snprintf(text, size, "[");
    for (int i = 0; i < ndim && length < size; i++)
        length += (size_t)snprintf(text + length, size - length, "%s%" PRId64, i ? "," : "", shape[i]);
    if (length < size) snprintf(text + length, size - length, "]");
}

/* Reads --latents into *data. The number of videos may be left out of the file's shape where it is one. */
static i2v_status load_latents(cli_job *job, float **data) {
    const char *path = job->settings->latents;
    if (!path) return I2V_OK;
    int64_t shape[8], needed[5];
    int ndim;
    i2v_status status = i2v_array_load(path, data, shape, &ndim, &job->error);
    if (status != I2V_OK) return status;
    cli_latents_shape(needed, job);
    int skipped = ndim == 4 && needed[0] == 1;
    if (ndim + skipped != 5 || memcmp(shape, needed + skipped, sizeof needed - (size_t)skipped * sizeof *needed) != 0) {
        char is[200], should_be[128];
        describe_shape(is, sizeof is, shape, ndim);
        describe_shape(should_be, sizeof should_be, needed + (needed[0] == 1), 5 - (needed[0] == 1));
        snprintf(job->error.message, sizeof job->error.message,
                 "%s has shape %s, but %s is needed; change --num-frames, --width, --height or --num-videos", path, is,
                 should_be);
        return job->error.status = I2V_ERROR_PARAMETER;
    }
    job->params.latents = *data;
    status = i2v_file_sha256(path, job->latents_sha256, &job->error);
    return status == I2V_OK ? cli_rerun_check_latents(job) : status;
}

/* --plan: neither picture nor noise matter. */
static int plan(const cli_settings *settings) {
    cli_job job;
    i2v_status status = cli_job_begin(&job, settings);
    if (status == I2V_OK) {
        status = cli_job_engine_result(&job, i2v_plan_generate(job.engine, &job.params, &job.plan));
    }
    return cli_job_end(&job, status);
}

/* A picture, by its path, "-" or an address, is read once, for all its seeds: standard input gives it only once. */
static i2v_status load_image(cli_job *job) {
    if (job->image && job->image_index == job->task.index) return I2V_OK;
    i2v_image_free(job->image);
    job->image_index = job->task.index;
    const char *input = job->task.input;
    i2v_status status = cli_is_address(input) ? i2v_image_load_url(&job->image, input, job->settings->alpha,
                                                                   cli_signals_came, NULL, &job->error)
                                              : i2v_image_load(&job->image, input, job->settings->alpha, &job->error);
    job->input_failed = status != I2V_OK;
    if (status != I2V_OK) return status;
    strcpy(job->image_sha256, job->image->sha256);
    return cli_rerun_check_image(job);
}

/* The task's videos: made and written. */
static i2v_status make(cli_job *job) {
    i2v_status status = load_image(job);
    if (status != I2V_OK) return status;
    status = cli_job_engine_result(job, i2v_generate(job->engine, job->image, &job->params, &job->video));
    if (status == I2V_OK) status = cli_job_save(job);
    if (status != I2V_OK && status != I2V_CANCELLED) cli_latents_tell(job);
    return status;
}

int cli_generate(const cli_settings *settings) {
    if (settings->plan) return plan(settings);
    cli_job job;
    float *latents = NULL;
    i2v_status status = cli_job_begin(&job, settings);
    if (status == I2V_OK) status = load_latents(&job, &latents);
    if (status == I2V_OK) cli_signals_running(job.engine);
    int exit_status;
    if (cli_tasks_count(settings) > 1) {
        exit_status = cli_many_run(&job, status, make);
    } else {
        if (status == I2V_OK) status = make(&job);
        exit_status = cli_job_end(&job, status);
    }
    i2v_array_free(latents);
    return exit_status;
}
