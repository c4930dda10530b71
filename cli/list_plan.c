/* generate --jobs --plan: what each job of a list takes, and all of them. */
#include "list_plan.h"
#include "duration.h"
#include "job_begin.h"
#include "json_print.h"
#include "list.h"
#include "message.h"
#include "plan_report.h"
#include "planner.h"
#include "report_json.h"
#include "signals.h"
#include "spelling.h"

#include <stdlib.h>

typedef struct sums {
    size_t planned, finished, failed;
    double seconds;
} sums;

/* "job 3 (line 2): out/a.mp4" */
static void print_heading(const cli_job *job, const char *what) {
    const cli_list_entry *entry = job->task.entry;
    char *path =
        job->settings->path ? cli_job_shown_path(job, job->settings->path, 0, cli_videos_count(job->settings)) : NULL;
    if (!job->all->json)
        cli_line(stdout, "job %d (line %d)%s%s%s", entry->number, entry->line, path ? ": " : "", path ? path : "",
                 what);
    free(path);
}

static int plan_one(cli_job *job, cli_planner *planner, sums *all) {
    const cli_list_entry *entry = job->task.entry;
    if (entry->finished) {
        all->finished++;
        print_heading(job, " is there already");
        return job->all->json ? cli_report_skipped_json(job) : CLI_DONE;
    }
    i2v_status status = entry->failure ? entry->failure->status : cli_job_open_model(job);
    if (status == I2V_OK) status = cli_planner_plan(planner, job);
    if (status != I2V_OK) {
        all->failed++;
        if (entry->failure) job->error = *entry->failure;
        cli_spell_error(job->settings->command, &job->error);
        if (!entry->failure) cli_fail("%s:%d: %s", job->all->list->name, entry->line, job->error.message);
        return job->all->json ? cli_report_error_json(job, 1) : CLI_DONE;
    }
    all->planned++;
    all->seconds += job->plan.seconds;
    print_heading(job, "");
    return cli_plan_report(job);
}

static int print_sums(const cli_job *job, const sums *all) {
    char time[CLI_DURATION_SIZE];
    if (job->all->json)
        return cli_print_json_as(json_pack("{s:s, s:I, s:I, s:I, s:I, s:f}", "command", job->all->command->name, "jobs",
                                           (json_int_t)job->all->list->count, "planned", (json_int_t)all->planned,
                                           "skipped", (json_int_t)all->finished, "failed", (json_int_t)all->failed,
                                           "seconds", all->seconds),
                                 JSON_COMPACT);
    cli_duration_words(time, all->seconds);
    printf("%zu of %zu jobs to make, about %s in all\n", all->planned, job->all->list->count, time);
    return cli_flush_output();
}

int cli_list_plan(cli_job *job) {
    sums all = {0};
    cli_planner planner = {0};
    int status = CLI_DONE;
    for (size_t i = 0; status == CLI_DONE && i < job->all->list->count; i++) {
        cli_job_select(job, i);
        status = cli_signals_came(NULL) ? CLI_INTERRUPTED : plan_one(job, &planner, &all);
    }
    if (status == CLI_DONE) status = print_sums(job, &all);
    return status == CLI_DONE && all.failed ? CLI_FAILED : status;
}
