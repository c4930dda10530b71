/* The end of a job, well or badly. */
#include "job_end.h"
#include "checkpoint.h"
#include "latents.h"
#include "message.h"
#include "report_json.h"
#include "signals.h"
#include "spelling.h"

/* Of several tasks, what fails before the first is of them all. */
static int report_failure(cli_job *job) {
    cli_spell_error(job->settings->command, &job->error);
    int exit_status = cli_fail("%s", job->error.message);
    if (job->settings->json) cli_report_error_json(job, !cli_tasks_are_many(job->all));
    return exit_status;
}

int cli_job_end(cli_job *job, i2v_status status, int (*report)(const cli_job *job)) {
    int exit_status;
    cli_signals_running(NULL);
    cli_folders_end(&job->folders);
    cli_signals_note(0);
    cli_progress_end(&job->progress);
    if (status == I2V_CANCELLED) {
        job->error = (i2v_error){.status = I2V_CANCELLED, .message = "interrupted"};
        cli_latents_tell(job);
        cli_checkpoint_tell(job);
        report_failure(job);
        exit_status = CLI_INTERRUPTED;
    } else if (status != I2V_OK) {
        exit_status = report_failure(job);
    } else {
        exit_status = report(job);
    }
    cli_checkpoint_close(job);
    cli_job_close(job);
    return exit_status;
}
