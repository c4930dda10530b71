#include "existing.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int cli_is_there(const char *path, int frames) {
    char file[PATH_MAX], first[PATH_MAX] = "";
    for (int frame = 1; frame <= frames; frame++) {
        if (i2v_video_file(path, frame, file, sizeof file, NULL) != I2V_OK) return 0;
        if (strcmp(file, first) == 0) break; /* one file for all frames */
        if (access(file, F_OK) != 0) return 0;
        if (frame == 1) strcpy(first, file);
    }
    return frames > 0;
}

int cli_is_kept(const cli_job *job, const char *path, int frames) {
    return job->settings->skip_existing && strcmp(path, "-") != 0 && cli_is_there(path, frames);
}

static int all_are_kept(const cli_job *job, const char *pattern, int frames) {
    int count = cli_videos_count(job->settings), kept = 1;
    for (int i = 0; kept && pattern && i < count; i++) {
        char *path = cli_job_path(job, pattern, i, count);
        kept = path && cli_is_kept(job, path, frames);
        free(path);
    }
    return kept;
}

int cli_task_is_done(const cli_job *job) {
    const cli_settings *settings = job->settings;
    return settings->skip_existing && settings->path && all_are_kept(job, settings->path, job->file_frames) &&
           all_are_kept(job, settings->save_latents, 1);
}
