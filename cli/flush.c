/* Written files reach the disk. */
#include "flush.h"
#include "standard_output.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A file, or the names in a folder. */
static void flush(const char *path) {
    int descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (descriptor < 0) return;
    fsync(descriptor);
    close(descriptor);
}

static void flush_folder_of(char *path) {
    char *slash = strrchr(path, '/');
    if (!slash) {
        flush(".");
        return;
    }
    slash[slash == path] = '\0';
    flush(path);
}

/* The one file of path, or one a frame. */
static void flush_files(char *path, int frames) {
    char file[PATH_MAX], first[PATH_MAX] = "";
    for (int frame = 1; frame <= frames; frame++) {
        if (i2v_video_file(path, frame, file, sizeof file, NULL) != I2V_OK || strcmp(file, first) == 0) break;
        if (frame == 1) strcpy(first, file);
        flush(file);
    }
    flush_folder_of(path);
}

void cli_flush_outputs(const cli_job *job) {
    const char *pattern = job->settings->path;
    int count = cli_videos_count(job->settings);
    for (int i = 0; !cli_is_standard_output(pattern) && i < count; i++) {
        char *path = cli_job_path(job, pattern, i, count);
        if (path) flush_files(path, job->file_frames);
        free(path);
    }
}
