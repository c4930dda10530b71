/* Several pictures, seeds or jobs, one after the other, with one model. */
#include "many.h"
#include "checkpoint.h"
#include "job_end.h"
#include "json_print.h"
#include "latents.h"
#include "list.h"
#include "message.h"
#include "report.h"
#include "report_json.h"
#include "spelling.h"

#include <stdio.h>
#include <string.h>

/* How the tasks went. */
typedef struct {
    size_t made, skipped, failures, tasks;
    double began;
    int failed;       /* the place of the last input that failed; -1: none */
    int stopped;      /* that input's task ended the work */
    char names[1024]; /* of those that failed, as many as fit */
} tally;

static void count_failed(tally *count, const cli_job *job) {
    size_t length = strlen(count->names), room = sizeof count->names - length;
    const cli_list_entry *entry = job->task.entry;
    const char *input = job->task.input, *comma = length ? ", " : "";
    count->failures++;
    if (entry && room > 40)
        snprintf(count->names + length, room, "%sjob %d (line %d)", comma, entry->number, entry->line);
    else if (!entry && strlen(input) + 3 < room)
        snprintf(count->names + length, room, "%s%s", comma, input);
    count->failed = job->task.index;
}

/* A bar may stand where the error is to be printed. What was found before the first job is told of already. */
static int report_failed(cli_job *job) {
    const cli_list_entry *entry = job->task.entry;
    int status = CLI_FAILED;
    cli_progress_end(&job->progress);
    cli_spell_error(job->settings->command, &job->error);
    if (!entry)
        cli_fail("%s", job->error.message);
    else if (!entry->failure)
        cli_fail("%s:%d: %s", job->all->list->name, entry->line, job->error.message);
    if (job->settings->json) cli_report_error_json(job, 1);
    return status;
}

/* CLI_DONE to go on with the next. */
static int run_one(cli_job *job, tally *count, i2v_status (*make)(cli_job *)) {
    i2v_status status = make(job);
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
        cli_checkpoint_tell(job);
        if (job->settings->json) cli_report_error_json(job, 1);
        exit_status = CLI_INTERRUPTED;
    } else {
        count_failed(count, job);
        count->stopped = !job->input_failed && !job->task.entry; /* a list's jobs are nothing to each other */
        exit_status = report_failed(job);
        if (!count->stopped) exit_status = CLI_DONE;
    }
    i2v_video_free(job->video);
    job->video = NULL;
    return exit_status;
}

/* The last line of a list's report. */
static int print_summary(const cli_job *job, const tally *count) {
    size_t left = count->tasks - count->made - count->skipped - count->failures;
    return cli_print_json_as(json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:f}", "command", job->all->command->name,
                                       "version", i2v_version(), "jobs", (json_int_t)count->tasks, "made",
                                       (json_int_t)count->made, "skipped", (json_int_t)count->skipped, "failed",
                                       (json_int_t)count->failures, "left", (json_int_t)left, "seconds",
                                       cli_now() - count->began),
                             JSON_COMPACT);
}

int cli_many_run(cli_job *job, i2v_status begun, i2v_status (*make)(cli_job *)) {
    if (begun != I2V_OK) return cli_job_end(job, begun, cli_report);
    tally count = {.tasks = cli_tasks_count(job->all), .failed = -1, .began = cli_now()};
    int status = CLI_DONE;
    for (size_t i = 0; status == CLI_DONE && i < count.tasks; i++) {
        cli_job_select(job, i);
        if (job->task.index != count.failed) status = run_one(job, &count, make);
    }
    cli_progress_end(&job->progress);
    char skipped[40] = "";
    if (count.skipped) snprintf(skipped, sizeof skipped, ", %zu skipped", count.skipped);
    if (status == CLI_INTERRUPTED)
        cli_fail("interrupted; %zu of %zu made%s%s%s", count.made, count.tasks, skipped,
                 job->all->list ? "; the same command goes on from there" : "",
                 job->error.message + strcspn(job->error.message, ";"));
    else if (count.failed >= 0)
        status = cli_fail("%zu of %zu made%s; failed: %s%s", count.made, count.tasks, skipped, count.names,
                          count.stopped ? "; the rest was left" : "");
    else if (job->all->list)
        cli_say(!job->all->quiet, "%zu of %zu made%s", count.made, count.tasks, skipped);
    if (job->all->list && job->all->json && print_summary(job, &count) != CLI_DONE) status = CLI_FAILED;
    cli_checkpoint_close(job);
    cli_job_close(job);
    return status;
}
