/* img2vid decode: saved latents in, a video out. */
#include "commands.h"
#include "detail.h"
#include "existing.h"
#include "job_begin.h"
#include "job_end.h"
#include "job_save.h"
#include "overwrite.h"
#include "plan_report.h"
#include "report.h"

#include <inttypes.h>
#include <limits.h>

/* Latents that are larger than the memory left are not read: i2v_decode could only refuse them, too. */
static i2v_status check_memory(cli_job *job, const int64_t *shape, int ndim) {
    uint64_t bytes = sizeof(float), left = i2v_memory_left(job->engine);
    const cli_flag_name allows = cli_flag(job->settings->command, CLI_AT(options.max_memory));
    for (int i = 0; i < ndim; i++) bytes *= (uint64_t)shape[i]; /* all are in the file */
    if (bytes <= left) return I2V_OK;
    return cli_job_fail(job, I2V_ERROR_MEMORY,
                        "%s holds %" PRIu64 " MiB of latents, but there are %" PRIu64 " MiB for it%s%s",
                        job->settings->operand, (bytes >> 20) + 1, left >> 20,
                        job->settings->options.max_memory ? "; allow more with " : "",
                        job->settings->options.max_memory ? allows.text : "");
}

/* *first is the place of the frames in shape: [frames, channels, height, width], or clips before them. */
static i2v_status load_latents(cli_job *job, float **data, int64_t shape[8], int *first) {
    const char *path = job->settings->operand;
    int ndim, channels = job->model.latent_channels;
    i2v_status status = i2v_latents_shape(path, shape, &ndim, &job->error);
    if (status != I2V_OK) return status;
    *first = ndim - 4;
    int good = (ndim == 4 || ndim == 5) && shape[*first + 1] == channels;
    for (int i = 0; good && i < ndim; i++) good = shape[i] > 0 && shape[i] <= INT_MAX;
    if (good && ndim == 5) job->params.extend = (int)shape[0] - 1;
    if (good) {
        status = check_memory(job, shape, ndim);
        if (status != I2V_OK) return status;
        return i2v_latents_load(path, data, shape, ndim, job->latents_sha256, &job->error);
    }
    return cli_job_fail(job, I2V_ERROR_FORMAT,
                        "%s does not hold latents [frames,%d,height,width] of one video, or of several clips, "
                        "[clips,frames,%d,height,width]; --save-latents and ComfyUI's SaveLatent write such files",
                        path, channels, channels);
}

int cli_decode(const cli_settings *settings) {
    cli_job job;
    float *latents = NULL;
    int64_t shape[8];
    int first = 0;
    i2v_status status = cli_job_begin(&job, settings);
    if (status == I2V_OK) status = load_latents(&job, &latents, shape, &first);
    if (status == I2V_OK) status = cli_overwrite_check(&job, (int)shape[first]);
    if (status == I2V_OK) status = cli_existing_check(&job);
    job.skipped = status == I2V_OK && !settings->plan && cli_task_is_done(&job);
    if (status == I2V_OK) status = cli_job_running(&job);
    if (status == I2V_OK && !job.skipped) {
        int frames = (int)shape[first], height = (int)shape[first + 2], width = (int)shape[first + 3];
        cli_detail_input(&job);
        i2v_status planned = i2v_plan_decode(job.engine, frames, height, width, &job.params, &job.plan);
        if (!settings->plan && planned == I2V_OK) {
            cli_detail_plan(&job);
            job.progress.whole.expected = job.plan.seconds;
        }
        status =
            settings->plan ? planned : i2v_decode(job.engine, latents, frames, height, width, &job.params, &job.video);
        status = cli_job_engine_result(&job, status);
    }
    i2v_array_free(latents);
    if (status == I2V_OK && !settings->plan && !job.skipped) status = cli_job_save(&job);
    return cli_job_end(&job, status, settings->plan ? cli_plan_report : cli_report);
}
