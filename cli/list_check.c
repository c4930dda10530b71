/* Looks at all jobs of a list before the first one runs. */
#include "list_check.h"
#include "address.h"
#include "existing.h"
#include "finished.h"
#include "job_begin.h"
#include "list.h"
#include "message.h"
#include "metadata.h"
#include "overwrite.h"
#include "planner.h"
#include "preview.h"
#include "report_json.h"
#include "signals.h"
#include "spelling.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct checking {
    cli_job *job;
    cli_planner planner;
    int in_way; /* jobs that have a file in their way */
} checking;

static void tell(cli_job *job, const cli_list_entry *entry) {
    cli_spell_error(job->settings->command, &job->error);
    cli_fail("%s:%d: %s", job->all->list->name, entry->line, job->error.message);
}

/* The job alone fails: it is told of now, and left out. Without memory it fails again at its turn. */
static void note_failure(cli_job *job, cli_list_entry *entry) {
    tell(job, entry);
    entry->failure = malloc(sizeof *entry->failure);
    if (entry->failure) *entry->failure = job->error;
}

/* All fail. */
static int end(cli_job *job, const cli_list_entry *entry) {
    if (job->error.status == I2V_CANCELLED) return CLI_INTERRUPTED;
    tell(job, entry);
    if (job->settings->json) cli_report_error_json(job, 1);
    return CLI_FAILED;
}

/* ---- a job's own parts ------------------------------------------------------------------------------------------ */

/* A plan needs none. */
static i2v_status check_pictures(cli_job *job) {
    const char *paths[] = {job->task.input, job->settings->latents};
    for (int i = 0; i < 2; i++) {
        if (!paths[i] || cli_is_address(paths[i]) || access(paths[i], R_OK) == 0) continue;
        return cli_job_fail(job, I2V_ERROR_IO, "cannot open %s: %s", paths[i], strerror(errno));
    }
    return I2V_OK;
}

/* By a dry run, which says what the model does not take. Of memory there may be more when the job's turn comes. */
static i2v_status check_parameters(checking *at) {
    cli_job *job = at->job;
    i2v_status status = cli_planner_plan(&at->planner, job);
    if (status != I2V_ERROR_MEMORY) return status;
    job->error = (i2v_error){0};
    return I2V_OK;
}

static i2v_status check_files(cli_job *job) {
    i2v_status status = cli_job_check_outputs(job);
    if (status == I2V_OK && job->settings->path && !job->settings->no_metadata) status = cli_metadata_check(job);
    return status;
}

/* ---- all of them ------------------------------------------------------------------------------------------------ */

/* Notes what is finished; counts what is in the way. */
static void look_at_outputs(checking *at, cli_list_entry *entry) {
    cli_job *job = at->job;
    cli_finding found = job->settings->path ? cli_finished_find(job) : CLI_TO_MAKE;
    entry->finished = found == CLI_FINISHED;
    if (found != CLI_IN_WAY) return;
    tell(job, entry);
    at->in_way++;
}

static int check_entry(checking *at, size_t place) {
    cli_job *job = at->job;
    cli_list_entry *entry = &job->all->list->entries[place];
    cli_job_select(job, place);
    i2v_status has_pictures = check_pictures(job);
    if (has_pictures != I2V_OK && !job->all->plan) {
        note_failure(job, entry);
        return CLI_DONE;
    }
    job->error = (i2v_error){0};
    if (cli_job_open_model(job) != I2V_OK) return end(job, entry);
    entry->frames = job->file_frames =
        cli_file_frames(job, job->params.num_frames ? job->params.num_frames : job->model.num_frames);
    if (has_pictures == I2V_OK) look_at_outputs(at, entry);
    if (entry->finished || at->in_way) return CLI_DONE;
    i2v_status status = cli_existing_check_task(job);
    if (status == I2V_OK) status = check_parameters(at);
    if (status == I2V_OK) status = check_files(job);
    if (status != I2V_OK) note_failure(job, entry);
    return CLI_DONE;
}

int cli_list_check(cli_job *job) {
    enum { MOST_TOLD = 20 };
    checking at = {.job = job};
    const cli_list *list = job->all->list;
    int status = CLI_DONE;
    for (size_t i = 0; status == CLI_DONE && i < list->count && at.in_way < MOST_TOLD; i++) {
        status = cli_signals_came(NULL) ? CLI_INTERRUPTED : check_entry(&at, i);
    }
    if (status == CLI_DONE && at.in_way) {
        cli_job_fail(job, I2V_ERROR_IO, "nothing was made: files are in the way of %d job%s%s", at.in_way,
                     at.in_way == 1 ? "" : "s", at.in_way == MOST_TOLD ? " or more" : "");
        cli_fail("%s", job->error.message);
        if (job->all->json) cli_report_error_json(job, 0);
        return CLI_FAILED;
    }
    if (status != CLI_DONE || (cli_preview_prepare(job) == I2V_OK && cli_overwrite_check(job, 0) == I2V_OK))
        return status;
    cli_fail("%s: %s", list->name, job->error.message);
    if (job->all->json) cli_report_error_json(job, 0);
    return CLI_FAILED;
}
