/* --skip-existing: what is there already is not made again. */
#include "existing.h"
#include "standard_output.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* One of each, or "". */
typedef struct findings {
    char there[PATH_MAX], missing[PATH_MAX];
} findings;

/* A folder or a pipe is nothing that was made: writing there says so. */
static int is_file(const char *path) {
    struct stat info;
    return stat(path, &info) == 0 && S_ISREG(info.st_mode);
}

/* The one file of path, or one a frame. */
static void find_path(findings *found, const char *path, int frames) {
    char file[PATH_MAX], first[PATH_MAX] = "";
    for (int frame = 1; frame <= frames; frame++) {
        if (i2v_video_file(path, frame, file, sizeof file, NULL) != I2V_OK) {
            snprintf(found->missing, sizeof found->missing, "%s", path);
            return;
        }
        if (strcmp(file, first) == 0) return;
        if (frame == 1) strcpy(first, file);
        char *to = is_file(file) ? found->there : found->missing;
        if (!*to) strcpy(to, file);
    }
}

/* 0 without memory. */
static int find_pattern(findings *found, const cli_job *job, const char *pattern, int frames) {
    int count = cli_videos_count(job->settings);
    for (int i = 0; pattern && i < count && !(*found->there && *found->missing); i++) {
        char *path = cli_job_path(job, pattern, i, count);
        if (!path) return 0;
        find_path(found, path, frames);
        free(path);
    }
    return 1;
}

static int find_task(findings *found, const cli_job *job) {
    *found->there = *found->missing = 0;
    return find_pattern(found, job, job->settings->path, job->file_frames) &&
           find_pattern(found, job, job->settings->save_latents, 1) &&
           find_pattern(found, job, job->settings->sheet, 1);
}

static int asked_for(const cli_settings *settings) {
    return settings->skip_existing && settings->path && !cli_is_standard_output(settings->path);
}

int cli_is_kept(const cli_job *job, const char *path) {
    findings found = {"", ""};
    if (!job->settings->skip_existing) return 0;
    find_path(&found, path, 1);
    return *found.there != 0;
}

int cli_task_is_done(const cli_job *job) {
    findings found;
    return asked_for(job->settings) && find_task(&found, job) && *found.there && !*found.missing;
}

i2v_status cli_existing_check_task(cli_job *job) {
    findings found;
    if (!asked_for(job->settings)) return I2V_OK;
    if (!find_task(&found, job))
        return cli_job_fail(job, I2V_ERROR_MEMORY, "not enough memory for the names of all files");
    if (!*found.there || !*found.missing) return I2V_OK;
    return cli_job_fail(job, I2V_ERROR_IO,
                        "%.400s is there and %.400s, which belongs to it, is not: remove the one, or give other names",
                        found.there, found.missing);
}

i2v_status cli_existing_check(cli_job *job) {
    return cli_job_check_tasks(job, cli_existing_check_task);
}
