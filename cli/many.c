/* Several pictures or seeds, one after the other, with one model. */
#include "many.h"
#include "existing.h"
#include "job_end.h"
#include "latents.h"
#include "message.h"
#include "report.h"
#include "report_json.h"
#include "spelling.h"

#include <stdio.h>
#include <string.h>

/* How the tasks went. */
typedef struct {
    size_t made, skipped, tasks;
    int failed;       /* the place of the last input that failed; -1: none */
    int stopped;      /* that input's task ended the work */
    char names[1024]; /* of those that failed, as many as fit */
} tally;

static void count_failed(tally *count, const cli_job *job) {
    size_t length = strlen(count->names), room = sizeof count->names - length;
    const char *input = job->task.input;
    if (strlen(input) + 3 < room) snprintf(count->names + length, room, "%s%s", length ? ", " : "", input);
    count->failed = job->task.index;
}

/* A bar may stand where the error is to be printed. */
static int report_failed(cli_job *job) {
    cli_progress_end(&job->progress);
    cli_spell_error(job->settings->command, &job->error);
    int status = cli_fail("%s", job->error.message);
    if (job->settings->json) cli_report_error_json(job, 1);
    return status;
}

/* CLI_DONE to go on with the next. */
static int run_one(cli_job *job, tally *count, i2v_status (*make)(cli_job *)) {
    job->skipped = cli_task_is_done(job);
    i2v_status status = job->skipped ? I2V_OK : make(job);
    int exit_status = CLI_DONE;
    if (status == I2V_OK) {
        if (job->skipped)
            count->skipped++;
        else
            count->made++;
        cli_progress_end(&job->progress);
        exit_status = cli_report(job);
    } else if (status == I2V_CANCELLED) {
        job->error = (i2v_error){.status = I2V_CANCELLED, .message = "interrupted"};
        cli_latents_tell(job);
        if (job->settings->json) cli_report_error_json(job, 1);
        exit_status = CLI_INTERRUPTED;
    } else {
        count_failed(count, job);
        count->stopped = !job->input_failed;
        exit_status = report_failed(job);
        if (!count->stopped) exit_status = CLI_DONE;
    }
    i2v_video_free(job->video);
    job->video = NULL;
    return exit_status;
}

int cli_many_run(cli_job *job, i2v_status begun, i2v_status (*make)(cli_job *)) {
    if (begun != I2V_OK) return cli_job_end(job, begun, cli_report);
    tally count = {.tasks = cli_tasks_count(job->settings), .failed = -1};
    int status = CLI_DONE;
    for (size_t i = 0; status == CLI_DONE && i < count.tasks; i++) {
        cli_job_select(job, i);
        if (job->task.index != count.failed) status = run_one(job, &count, make);
    }
    cli_progress_end(&job->progress);
    char skipped[40] = "";
    if (count.skipped) snprintf(skipped, sizeof skipped, ", %zu skipped", count.skipped);
    if (status == CLI_INTERRUPTED)
        cli_fail("interrupted; %zu of %zu made%s", count.made, count.tasks, skipped);
    else if (count.failed >= 0)
        status = cli_fail("%zu of %zu made%s; failed: %s%s", count.made, count.tasks, skipped, count.names,
                          count.stopped ? "; the rest was left" : "");
    cli_job_close(job);
    return status;
}
