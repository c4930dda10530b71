/* img2vid generate: pictures in, short videos out. */
#include "checkpoint.h"
#include "commands.h"
#include "detail.h"
#include "existing.h"
#include "job_begin.h"
#include "job_end.h"
#include "job_save.h"
#include "latents.h"
#include "list_run.h"
#include "many.h"
#include "message.h"
#include "overwrite.h"
#include "picture.h"
#include "plan_report.h"
#include "preview.h"
#include "report.h"
#include "rerun.h"
#include "shorter.h"

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

/* Reads --latents, if it has the right shape. The number of videos may be left out of the file's where it is one. */
static i2v_status load_latents(cli_job *job) {
    const char *path = job->settings->latents;
    if (!path) return I2V_OK;
    int64_t shape[8], needed[5];
    int ndim;
    i2v_status status = i2v_array_shape(path, shape, &ndim, &job->error);
    if (status != I2V_OK) return status;
    cli_latents_shape(needed, job);
    int skipped = ndim == 4 && needed[0] == 1;
    if (ndim + skipped != 5 || memcmp(shape, needed + skipped, sizeof needed - (size_t)skipped * sizeof *needed) != 0) {
        const cli_command *command = job->settings->command;
        char is[200], should_be[128];
        describe_shape(is, sizeof is, shape, ndim);
        describe_shape(should_be, sizeof should_be, needed + (needed[0] == 1), 5 - (needed[0] == 1));
        return cli_job_fail(job, I2V_ERROR_PARAMETER, "%s has shape %s, but %s is needed; change %s, %s, %s or %s",
                            path, is, should_be, cli_flag(command, CLI_AT(params.num_frames)).text,
                            cli_flag(command, CLI_AT(params.width)).text, cli_flag(command, CLI_AT(params.height)).text,
                            cli_flag(command, CLI_AT(params.num_videos)).text);
    }
    status = i2v_array_load_same(path, &job->noise, shape, ndim, job->latents_sha256, &job->error);
    if (status != I2V_OK) return status;
    job->params.latents = job->noise;
    return cli_rerun_check_latents(job);
}

/* What the run is about to take, in job->plan; all zeros where there is no plan: the run says why. */
static void foresee(cli_job *job) {
    if (i2v_plan_generate(job->engine, &job->params, &job->plan) != I2V_OK) job->plan = (i2v_memory_plan){0};
}

static i2v_status begin(cli_job *job, const cli_settings *settings) {
    i2v_status status = cli_job_begin(job, settings);
    if (status == I2V_OK) status = cli_preview_prepare(job);
    if (status != I2V_OK) return status;
    if (!settings->plan) foresee(job);
    cli_checkpoint_decide(job);
    status = cli_overwrite_check(job, job->params.num_frames ? job->params.num_frames : job->model.num_frames);
    return status == I2V_OK ? cli_existing_check(job) : status;
}

/* --plan: neither picture nor noise matter. */
static int plan(const cli_settings *settings) {
    cli_job job;
    char doubt[I2V_WARNING_SIZE];
    i2v_status status = begin(&job, settings);
    if (status == I2V_OK) status = cli_job_engine_result(&job, i2v_plan_generate(job.engine, &job.params, &job.plan));
    if (status == I2V_OK && i2v_params_warning(job.engine, &job.params, doubt) == I2V_OK && doubt[0])
        cli_say(!settings->quiet, "img2vid: warning: %s", doubt);
    return cli_job_end(&job, status, cli_plan_report);
}

/* A picture, by its path, "-" or an address, is read once, for all its seeds: standard input gives it only once. Parts
 * of the model that stay loaded make room for it. */
static i2v_status load_image(cli_job *job) {
    if (job->image && job->image_index == job->task.index) return I2V_OK;
    i2v_image_free(job->image);
    job->image_index = job->task.index;
    i2v_status status = cli_picture_read(job, job->task.input);
    if (status == I2V_ERROR_MEMORY && job->settings->options.keep_loaded && strcmp(job->task.input, "-") != 0) {
        i2v_unload(job->engine);
        status = cli_picture_read(job, job->task.input);
    }
    job->input_failed = status != I2V_OK;
    if (status != I2V_OK) return status;
    strcpy(job->image_sha256, job->image->sha256);
    if (job->image->warning) cli_job_warn(job, job->image->warning);
    return cli_rerun_check_image(job);
}

/* Fails where no plan fits into the memory, whatever the picture: it need not be read to say so, and were it smaller,
 * that would not help. */
static i2v_status check_memory(cli_job *job) {
    if (job->plan.stages_count) return I2V_OK;
    i2v_memory_plan leanest;
    i2v_status status = i2v_plan_generate(job->engine, &job->params, &leanest);
    return status == I2V_ERROR_MEMORY ? cli_job_engine_result(job, status) : I2V_OK;
}

/* The task's videos: made and written. */
static i2v_status make(cli_job *job) {
    i2v_status status = check_memory(job);
    if (status == I2V_OK) status = load_image(job);
    if (status != I2V_OK) return status;
    cli_detail_input(job);
    status = cli_checkpoint_begin(job);
    if (status != I2V_OK) return status;
    status = cli_job_engine_result(job, i2v_generate(job->engine, job->image, &job->params, &job->video));
    if (status == I2V_OK && job->params.resume_from) status = cli_latents_save_all(job);
    if (status == I2V_OK) status = cli_job_save(job);
    if (status == I2V_OK) cli_checkpoint_done(job);
    if (status != I2V_OK && status != I2V_CANCELLED) {
        cli_latents_tell(job);
        cli_checkpoint_tell(job);
    }
    return status;
}

static i2v_status make_missing(cli_job *job) {
    job->skipped = cli_task_is_done(job) || cli_checkpoint_is_made(job);
    return job->skipped ? I2V_OK : make(job);
}

static void tell_plan(cli_job *job) {
    char doubt[I2V_WARNING_SIZE];
    if (i2v_params_warning(job->engine, &job->params, doubt) == I2V_OK && doubt[0])
        cli_job_note(job, "img2vid: warning: %s", doubt);
    if (!job->plan.stages_count) return;
    cli_detail_plan(job);
    cli_shorter_note(job);
    job->progress.whole.expected = job->plan.seconds;
}

/* Of a list. */
static i2v_status make_job(cli_job *job) {
    int go_on;
    i2v_status status = cli_list_prepare(job, &go_on);
    if (status != I2V_OK || !go_on) return status;
    status = load_latents(job);
    if (status != I2V_OK) return status;
    foresee(job);
    cli_checkpoint_decide(job);
    tell_plan(job);
    return make(job);
}

int cli_generate(const cli_settings *settings) {
    if (settings->list) return cli_list_run(settings, make_job);
    if (settings->plan) return plan(settings);
    cli_job job;
    i2v_status status = begin(&job, settings);
    if (status == I2V_OK) status = load_latents(&job);
    if (status == I2V_OK) tell_plan(&job);
    if (status == I2V_OK) status = cli_job_running(&job);
    if (cli_tasks_count(settings) > 1) return cli_many_run(&job, status, make_missing);
    if (status == I2V_OK) status = make_missing(&job);
    return cli_job_end(&job, status, cli_report);
}
