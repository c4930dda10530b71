/* generate --jobs: the jobs of a list, one after the other. */
#include "list_run.h"
#include "checkpoint.h"
#include "detail.h"
#include "finished.h"
#include "job_begin.h"
#include "list.h"
#include "list_check.h"
#include "list_plan.h"
#include "many.h"
#include "message.h"

i2v_status cli_list_prepare(cli_job *job, int *go_on) {
    const cli_list_entry *entry = job->task.entry;
    *go_on = 0;
    if (entry->failure) {
        job->error = *entry->failure;
        return job->error.status;
    }
    i2v_status status = cli_job_open_model(job);
    if (status == I2V_OK) status = cli_job_running(job);
    if (status != I2V_OK) return status;
    cli_finding found = cli_finished_find(job); /* another machine may have made it since */
    if (found == CLI_IN_WAY) return job->error.status;
    job->skipped = found == CLI_FINISHED;
    if (job->skipped) cli_checkpoint_forget(job);
    *go_on = !job->skipped;
    if (*go_on) cli_detail_job(job);
    return I2V_OK;
}

int cli_list_run(const cli_settings *settings, i2v_status (*make)(cli_job *)) {
    cli_job job;
    cli_job_prepare(&job, settings);
    int status = cli_list_check(&job);
    if (status != CLI_DONE) {
        cli_job_close(&job);
        return status;
    }
    cli_job_write_notes(&job);
    if (!settings->plan) return cli_many_run(&job, I2V_OK, make);
    status = cli_list_plan(&job);
    cli_job_close(&job);
    return status;
}
