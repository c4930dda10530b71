/* The state of a run beside its output. */
#include "checkpoint.h"
#include "failure.h"
#include "finished.h"
#include "flush.h"
#include "json.h"
#include "message.h"
#include "signals.h"
#include "standard_output.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A run that is estimated to take so many seconds writes its state without being asked to. */
static const double LONG = 120;

static const char ENDING[] = ".checkpoint";

static int is_there(const char *path) {
    struct stat info;
    return path && lstat(path, &info) == 0;
}

/* ---- options ---------------------------------------------------------------------------------------------------- */

char *cli_checkpoint_path(const cli_task *task) {
    const cli_settings *settings = task->settings;
    const char *given = settings->params.checkpoint;
    if (given) return cli_task_path(settings, task, given, 0, 1);
    if (!settings->path || cli_is_standard_output(settings->path)) return NULL;
    char *output = cli_task_path(settings, task, settings->path, 0, 1), *path = NULL;
    if (!output || asprintf(&path, "%s%s", output, ENDING) < 0) path = NULL;
    free(output);
    return path;
}

int cli_checkpoint_check(const cli_settings *settings) {
    if (cli_is_standard_output(settings->params.checkpoint))
        return cli_wrong_usage(settings->command, "--checkpoint is -, but a checkpoint is a file; give its name");
    if (!settings->resume || settings->params.checkpoint || !cli_is_standard_output(settings->path)) return CLI_PARSED;
    return cli_wrong_usage(settings->command,
                           "-o - has no place beside it for a checkpoint: give --checkpoint FILE, too");
}

/* The text of that name in the state at path; NULL if there is none. *json is to be released. */
static const char *text_in(const char *path, const char *name, json_t **json) {
    char *text = NULL;
    json_error_t reason;
    *json = is_there(path) && i2v_checkpoint_read(path, &text, NULL) == I2V_OK ? cli_json_read(text, 0, &reason) : NULL;
    i2v_metadata_free(text);
    return json_string_value(json_object_get(*json, name));
}

int cli_checkpoint_take_seed(cli_settings *settings) {
    const cli_option *seed = cli_option_at(settings->command, CLI_AT(params.seed));
    int taken = 0;
    for (size_t i = 0; settings->resume && !taken && i < cli_tasks_count(settings); i++) {
        cli_task task = cli_task_at(settings, i);
        json_t *json;
        char *path = cli_checkpoint_path(&task);
        const char *text = text_in(path, seed->parameter->name, &json);
        taken = text && i2v_parameter_set(seed->parameter, &settings->params, text, NULL) == I2V_OK;
        json_decref(json);
        free(path);
    }
    return taken;
}

/* Of a job in a list, whose seed is drawn before its state is looked for. */
static void take_seed(cli_job *job) {
    const cli_option *seed = cli_option_at(job->settings->command, CLI_AT(params.seed));
    json_t *json;
    if (!job->task.entry || !job->settings->seed_drawn) return;
    const char *text = text_in(job->state_path, seed->parameter->name, &json);
    if (text) i2v_parameter_set(seed->parameter, &job->params, text, NULL);
    json_decref(json);
}

void cli_checkpoint_decide(cli_job *job) {
    const cli_settings *settings = job->settings;
    job->keeps_state = 0;
    if (settings->plan || settings->no_checkpoint ||
        (cli_is_standard_output(settings->path) && !settings->params.checkpoint))
        return;
    job->keeps_state = settings->params.checkpoint || settings->resume || job->plan.seconds > LONG;
}

int cli_checkpoint_is_made(cli_job *job) {
    if (!job->settings->resume || cli_is_standard_output(job->settings->path)) return 0;
    char *path = cli_checkpoint_path(&job->task);
    int is_made = path && !is_there(path) && cli_finished_find(job) == CLI_FINISHED;
    free(path);
    job->error = (i2v_error){0}; /* what is there is of another run, and is replaced */
    return is_made;
}

/* Whatever is there is a state, which may be replaced: nothing else is lost. One that is gone on from the run reads. */
static i2v_status check_place(cli_job *job) {
    static const char way_out[] = "remove it, or give another name with --checkpoint, or --no-checkpoint";
    const char *path = job->state_path;
    char *json = NULL;
    i2v_error error = {0};
    struct stat info;
    if (stat(path, &info) != 0)
        return cli_job_fail(job, I2V_ERROR_IO, "the checkpoint %s is a link to nothing; %s", path, way_out);
    if (!S_ISREG(info.st_mode))
        return cli_job_fail(job, I2V_ERROR_IO, "the checkpoint %s is no ordinary file; %s", path, way_out);
    if (job->settings->resume) return I2V_OK;
    i2v_status status = i2v_checkpoint_read(path, &json, &error);
    i2v_metadata_free(json);
    if (status == I2V_ERROR_FORMAT)
        return cli_job_fail(job, status, "%s is there, and is no checkpoint, or a damaged one; %s", path, way_out);
    if (status != I2V_OK) job->error = error;
    return status;
}

/* ---- the run ---------------------------------------------------------------------------------------------------- */

i2v_status cli_checkpoint_begin(cli_job *job) {
    const cli_settings *settings = job->settings;
    free(job->state_path);
    job->state_path = NULL;
    job->has_begun = 0;
    job->params.checkpoint = job->params.resume_from = NULL;
    if (!job->keeps_state && !settings->resume) return I2V_OK;
    job->state_path = cli_checkpoint_path(&job->task);
    if (!job->state_path) return cli_job_fail(job, I2V_ERROR_MEMORY, "not enough memory for the checkpoint's name");
    int there = is_there(job->state_path);
    i2v_status status = there ? check_place(job) : I2V_OK;
    if (status != I2V_OK) return status;
    if (there && settings->resume) {
        job->params.resume_from = job->state_path;
        take_seed(job);
    } else if (there) {
        cli_say(!settings->quiet,
                "note: %s is the checkpoint of an earlier run, from which --resume goes on; this run begins anew, and "
                "replaces it after its first step",
                job->state_path);
    }
    if (!job->keeps_state) return I2V_OK;
    job->params.checkpoint = job->state_path;
    return cli_folders_make(&job->folders, job->state_path, &job->error);
}

/* Behind a link, what it leads to, as that is what was written. */
static void remove_state(const cli_job *job, const char *path) {
    char target[PATH_MAX];
    if (unlink(realpath(path, target) ? target : path) == 0 || errno == ENOENT) return;
    cli_say(!job->settings->quiet, "img2vid: warning: cannot remove the checkpoint %s: %s", path, strerror(errno));
}

/* Another kind of file by that name stays. */
void cli_checkpoint_forget(cli_job *job) {
    char *path = cli_checkpoint_path(&job->task), *json = NULL;
    if (is_there(path) && i2v_checkpoint_read(path, &json, NULL) == I2V_OK) remove_state(job, path);
    i2v_metadata_free(json);
    free(path);
}

static void remove_old(cli_job *job) {
    if (job->old_state) remove_state(job, job->old_state);
    free(job->old_state);
    job->old_state = NULL;
}

/* The first event of the run's steps or frames. */
static void say_resumed(cli_job *job, const i2v_event *event) {
    char clip[48] = "", video[32] = "";
    if (event->num_clips > 1) snprintf(clip, sizeof clip, " of clip %d", event->clip + 1);
    if (event->num_videos > 1) snprintf(video, sizeof video, " of video %d", event->video + 1);
    cli_progress_end(&job->progress);
    cli_say(!job->settings->quiet, "going on from %s: %d of %d %s%s%s are done", job->state_path, event->step,
            event->steps, event->phase == I2V_PHASE_DENOISE ? "steps" : "frames", clip, video);
}

void cli_checkpoint_event(cli_job *job, const i2v_event *event) {
    int works = event->phase >= I2V_PHASE_DENOISE;
    int first = job->params.cache_interval; /* steps before the first state */
    int has_state = event->phase == I2V_PHASE_DECODE || (event->phase == I2V_PHASE_DENOISE && event->step > first);
    if (works && !job->has_begun && job->params.resume_from) say_resumed(job, event);
    job->has_begun |= works;
    if (has_state && !event->checkpoint_error) remove_old(job);
    if (!event->checkpoint_error || job->state_warned) return;
    job->state_warned = 1;
    cli_progress_end(&job->progress);
    cli_say(!job->settings->quiet, "img2vid: warning: the run goes on without a newer checkpoint: %s",
            event->checkpoint_error);
}

void cli_checkpoint_done(cli_job *job) {
    if (job->state_path) cli_flush_outputs(job);
    remove_old(job);
    job->old_state = job->state_path;
    job->state_path = NULL;
    if (cli_tasks_count(job->all) == 1) remove_old(job);
}

/* After a fault of the model, which another model's run cannot go on from and this one's would come to again, only
 * latents are worth keeping. */
void cli_checkpoint_tell(cli_job *job) {
    char *message = job->error.message;
    size_t length = strlen(message), room = sizeof job->error.message - length;
    if (!job->has_begun || !is_there(job->state_path)) return;
    if (job->error.status != I2V_ERROR_MODEL)
        snprintf(message + length, room, "; what is done is kept in %s: the same command with --resume goes on from it",
                 job->state_path);
    else if (job->progress.phase == I2V_PHASE_DECODE)
        snprintf(message + length, room, "; the latents are in %s, from which only these files of the model go on",
                 job->state_path);
    else
        remove_state(job, job->state_path);
}

void cli_checkpoint_close(cli_job *job) {
    if (cli_signals_came(NULL)) { /* before the next task had one */
        free(job->old_state);
        job->old_state = NULL;
    }
    remove_old(job);
    free(job->state_path);
    job->state_path = NULL;
}
