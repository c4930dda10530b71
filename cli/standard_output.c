/* -o -: a video goes to standard output once it is whole. */
#include "standard_output.h"
#include "failure.h"
#include "signals.h"
#include "temporary.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int cli_is_standard_output(const char *path) {
    return path && strcmp(path, "-") == 0;
}

int cli_standard_output_check(const cli_settings *settings, int format_given) {
    const cli_command *command = settings->command;
    if (!cli_is_standard_output(settings->path)) {
        if (!format_given || !settings->path) return CLI_PARSED;
        return cli_wrong_option(command, "format", "--format is for -o - alone: the ending of %s says what it is",
                                settings->path);
    }
    if (!format_given)
        return cli_wrong_option(command, "format", "-o - needs --format, what the video on standard output is: %s",
                                CLI_FORMATS);
    if (cli_tasks_count(settings) > 1 || cli_videos_count(settings) > 1)
        return cli_wrong_usage(command, "-o - takes one video: give several a name, such as {name}-{seed}.mp4");
    if (settings->plan) return CLI_PARSED;
    if (settings->json)
        return cli_wrong_usage(command, "-o - and --json exclude each other: both write to standard output");
    if (isatty(STDOUT_FILENO))
        return cli_refuse(command, I2V_ERROR_PARAMETER,
                          "standard output is a terminal, which shows no video: give -o a name, or send it on");
    return CLI_PARSED;
}

/* ---- the file meanwhile ----------------------------------------------------------------------------------------- */

/* folder/video.ENDING */
static i2v_status name_file(cli_job *job, char *path, size_t size, const char *folder) {
    const char *ending = CLI_FORMATS;
    for (int i = 0; i < job->settings->format; i++) ending += strcspn(ending, "|") + 1;
    if (snprintf(path, size, "%s/video.%.*s", folder, (int)strcspn(ending, "|"), ending) < (int)size) return I2V_OK;
    return cli_job_fail(job, I2V_ERROR_IO,
                        "the name of the folder for temporary files is too long; set TMPDIR to another");
}

/* *path is the file in a folder of its own. */
static i2v_status make_folder(cli_job *job, char folder[PATH_MAX], char *path, size_t size) {
    i2v_status status = cli_temporary_folder(folder, "the video", &job->error);
    if (status != I2V_OK) return status;
    status = name_file(job, path, size, folder);
    if (status != I2V_OK) rmdir(folder);
    return status;
}

i2v_status cli_standard_output_prepare(cli_job *job) {
    char folder[PATH_MAX], path[PATH_MAX + 16];
    i2v_status status = make_folder(job, folder, path, sizeof path);
    if (status != I2V_OK) return status;
    status = i2v_video_check_output(path, &job->settings->output, &job->error);
    rmdir(folder);
    return status;
}

/* ---- copying ---------------------------------------------------------------------------------------------------- */

static i2v_status fail_write(cli_job *job, int cause) {
    return cli_job_fail(job, I2V_ERROR_IO, "cannot write to standard output: %s%s", strerror(cause),
                        cause == EPIPE ? ": the program that reads it has ended" : "");
}

/* As much as a pipe takes at once, so that Ctrl-C is seen while a reader takes its time. */
static i2v_status write_some(cli_job *job, const char *data, size_t size) {
    struct pollfd ready = {.fd = STDOUT_FILENO, .events = POLLOUT};
    while (size > 0) {
        if (cli_signals_came(NULL)) return I2V_CANCELLED;
        int polled = poll(&ready, 1, 100);
        if (polled == 0 || (polled < 0 && errno == EINTR)) continue;
        ssize_t written = polled < 0 ? -1 : write(STDOUT_FILENO, data, size < PIPE_BUF ? size : PIPE_BUF);
        if (written < 0 && errno != EINTR && errno != EAGAIN) return fail_write(job, errno);
        if (written <= 0) continue;
        data += written;
        size -= (size_t)written;
    }
    return I2V_OK;
}

static i2v_status copy(cli_job *job, int file) {
    char data[8192];
    i2v_status status = I2V_OK;
    while (status == I2V_OK) {
        ssize_t got = read(file, data, sizeof data);
        if (got == 0) break;
        if (got > 0)
            status = write_some(job, data, (size_t)got);
        else if (errno != EINTR)
            status = cli_job_fail(job, I2V_ERROR_IO, "cannot read the video before it goes to standard output: %s",
                                  strerror(errno));
    }
    return status;
}

i2v_status cli_standard_output_save(cli_job *job, const i2v_output *output) {
    char folder[PATH_MAX], path[PATH_MAX + 16];
    i2v_status status = make_folder(job, folder, path, sizeof path);
    if (status != I2V_OK) return status;
    int file = -1;
    status = i2v_video_save(job->video, path, output, &job->error);
    if (status == I2V_OK) file = open(path, O_RDONLY | O_CLOEXEC);
    if (status == I2V_OK && file < 0)
        status = cli_job_fail(job, I2V_ERROR_IO, "cannot open %.400s, the video for standard output: %s", path,
                              strerror(errno));
    unlink(path); /* before the copy, which a slow reader may end with a kill */
    rmdir(folder);
    if (status == I2V_OK) status = copy(job, file);
    if (file >= 0) close(file);
    return status;
}
