/* The videos of a job: each as a file, with its metadata and its contact sheet. */
#include "job_save.h"
#include "existing.h"
#include "metadata.h"
#include "sheet.h"
#include "signals.h"
#include "standard_output.h"

#include <stdio.h>
#include <stdlib.h>

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
        return job->error.status ? job->error.status
                                 : cli_job_fail(job, I2V_ERROR_MEMORY, "not enough memory for metadata");
    }
    output.metadata = metadata;
    i2v_status status;
    if (cli_is_standard_output(path)) {
        status = cli_standard_output_save(job, &output);
    } else {
        status = cli_folders_make(&job->folders, path, &job->error); /* another run may have removed one */
        if (status == I2V_OK) status = i2v_video_save(job->video, path, &output, &job->error);
    }
    if (status == I2V_OK) status = cli_sheet_save(job, index, metadata);
    free(metadata);
    return status;
}

i2v_status cli_job_save(cli_job *job) {
    const char *path = job->settings->path;
    double began = cli_now();
    i2v_status status = I2V_OK;
    int count = job->video->num_videos;
    if (job->video->warning[0]) cli_job_warn(job, job->video->warning);
    /* another run was faster; latents of this one would not belong to its video */
    job->skipped = !job->settings->save_latents && cli_task_is_done(job);
    for (int i = 0; path && !job->skipped && status == I2V_OK && i < count; i++) {
        char *numbered = cli_job_path(job, path, i, count);
        status = cli_signals_came(NULL) ? I2V_CANCELLED
                 : numbered             ? save_video(job, i, numbered)
                            : cli_job_fail(job, I2V_ERROR_MEMORY, "not enough memory for the name of %s", path);
        free(numbered);
    }
    job->save_seconds += cli_now() - began;
    return status;
}
