/* What a list's job has made already, by the parameters in its files. */
#include "finished.h"
#include "address.h"
#include "ending.h"
#include "existing.h"
#include "metadata.h"
#include "metadata_compare.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* How many files of a job there are, and whether one is in the way. */
typedef struct search {
    cli_job *job;
    json_t *wanted; /* of the video that is looked at */
    int there, missing, unknown, in_way;
} search;

static int is_file(const char *path) {
    struct stat info;
    return stat(path, &info) == 0 && S_ISREG(info.st_mode);
}

static void put_in_way(search *at, const char *file, const char *why) {
    at->in_way = 1;
    cli_job_fail(at->job, I2V_ERROR_IO,
                 "%.300s is there and %.400s: remove it, give another output, or --overwrite to make it anew", file,
                 why);
}

static void look_at_file(search *at, const char *file) {
    const cli_settings *settings = at->job->settings;
    char difference[300], why[400];
    i2v_error error = {0};
    if (!is_file(file)) {
        at->missing++;
        return;
    }
    at->there++;
    json_t *kept = cli_is_array(file) ? NULL : cli_metadata_read(file, &error);
    if (kept && !cli_metadata_agrees(at->wanted, kept, settings->command, settings->seed_drawn, difference,
                                     sizeof difference)) {
        snprintf(why, sizeof why, "was made with other parameters, %s", difference);
        put_in_way(at, file, why);
    } else if (!kept && error.status == I2V_ERROR_MEMORY) {
        put_in_way(at, file, "there is not enough memory to see what it is");
    } else if (!kept && !cli_is_array(file) && !settings->no_metadata) {
        put_in_way(at, file, "has no parameters of img2vid, so that whose it is cannot be told");
    } else if (!kept) {
        at->unknown++;
    }
    json_decref(kept);
}

/* The one file of path, or one a frame. */
static void look_at_path(search *at, const char *path) {
    char file[PATH_MAX], first[PATH_MAX] = "";
    for (int frame = 1; frame <= at->job->file_frames && !at->in_way; frame++) {
        if (i2v_video_file(path, frame, file, sizeof file, NULL) != I2V_OK) {
            at->missing++; /* writing it will say why */
            return;
        }
        if (strcmp(file, first) == 0) return;
        if (frame == 1) strcpy(first, file);
        look_at_file(at, file);
    }
}

static i2v_status look_at_videos(search *at) {
    cli_job *job = at->job;
    const char *latents = job->settings->save_latents, *sheet = job->settings->sheet;
    int count = cli_videos_count(job->settings);
    for (int i = 0; i < count && !at->in_way; i++) {
        char *path = cli_job_path(job, job->settings->path, i, count);
        char *kept = latents ? cli_job_path(job, latents, i, count) : NULL;
        char *drawn = sheet ? cli_job_path(job, sheet, i, count) : NULL;
        at->wanted = cli_metadata_json(job, i);
        int has_memory = path && at->wanted && (kept || !latents) && (drawn || !sheet);
        if (has_memory) look_at_path(at, path);
        if (has_memory && kept && !is_file(kept)) at->missing++;
        if (has_memory && drawn && !is_file(drawn)) at->missing++;
        json_decref(at->wanted);
        free(path);
        free(kept);
        free(drawn);
        if (!has_memory) return cli_job_fail(job, I2V_ERROR_MEMORY, "not enough memory to look at what is there");
    }
    return I2V_OK;
}

/* 1 also where that cannot be told. */
static int is_any_there(const cli_job *job) {
    char file[PATH_MAX];
    int count = cli_videos_count(job->settings), any = 0;
    for (int i = 0; i < count && !any; i++) {
        char *path = cli_job_path(job, job->settings->path, i, count);
        any = !path;
        for (int frame = 1; !any && frame <= job->file_frames; frame++)
            any = i2v_video_file(path, frame, file, sizeof file, NULL) != I2V_OK || is_file(file);
        free(path);
    }
    return any;
}

/* The hashes that the job's metadata will have: of an address it is not known yet. */
static i2v_status find_hashes(cli_job *job) {
    const char *input = job->task.input, *latents = job->settings->latents;
    i2v_status status = I2V_OK;
    if (!*job->model_sha256) status = cli_job_engine_result(job, i2v_model_hash(job->engine, job->model_sha256));
    if (status == I2V_OK && !cli_is_address(input)) status = i2v_file_sha256(input, job->image_sha256, &job->error);
    if (status == I2V_OK && latents) status = i2v_file_sha256(latents, job->latents_sha256, &job->error);
    return status;
}

cli_finding cli_finished_find(cli_job *job) {
    search at = {.job = job};
    if (job->settings->skip_existing) return cli_task_is_done(job) ? CLI_FINISHED : CLI_TO_MAKE;
    if (!is_any_there(job)) return CLI_TO_MAKE;
    i2v_status status = find_hashes(job);
    if (status == I2V_OK) status = look_at_videos(&at);
    if (status != I2V_OK) return CLI_IN_WAY;
    if (!at.in_way) return !at.there || at.missing || at.unknown ? CLI_TO_MAKE : CLI_FINISHED;
    if (!job->settings->overwrite) return CLI_IN_WAY;
    job->error = (i2v_error){0};
    return CLI_TO_MAKE;
}
