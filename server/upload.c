/* A picture that arrives. */
#include "upload.h"
#include "random.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char name[] = "input_reference";

void server_upload_begin(server_upload *upload, const server_folder *folder, uint64_t most) {
    *upload = (server_upload){.folder = folder, .descriptor = -1, .most = most};
}

int server_upload_is_there(const server_upload *upload) {
    return upload->id[0] != 0;
}

static int refuse_disk(server_problem *problem, int cause) {
    if (cause == ENOSPC || cause == EDQUOT)
        return server_refuse(problem, 507, "disk_full", NULL, "the server's disk is full; try again later");
    return server_refuse(problem, 500, "server_error", NULL, "the server cannot keep the picture: %s", strerror(cause));
}

int server_upload_open(server_upload *upload, server_problem *problem) {
    if (server_upload_is_there(upload))
        return server_refuse(problem, 400, "invalid_value", name, "there are two pictures; a video is made of one");
    memcpy(upload->id, "video_", 6);
    if (!server_random_digits(upload->id + 6, sizeof upload->id - 6)) return refuse_disk(problem, EIO);
    char *path = server_folder_file(upload->folder, SERVER_INCOMING, upload->id);
    if (!path) return refuse_disk(problem, ENOMEM);
    upload->descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    int cause = errno;
    free(path);
    return upload->descriptor >= 0 || refuse_disk(problem, cause);
}

int server_upload_write(server_upload *upload, const void *bytes, size_t size, server_problem *problem) {
    upload->size += size;
    if (upload->size > upload->most)
        return server_refuse(problem, 413, "too_large", name,
                             "the picture has more than %llu bytes, the most that this "
                             "server takes",
                             (unsigned long long)upload->most);
    for (const char *at = bytes; size > 0;) {
        ssize_t written = write(upload->descriptor, at, size);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return refuse_disk(problem, written < 0 ? errno : ENOSPC);
        at += written;
        size -= (size_t)written;
    }
    return 1;
}

/* Clients know their picture by its field, not by the server's file. */
static void name_field(const server_upload *upload, const char *path, i2v_error *error) {
    char *at = strstr(error->message, path);
    size_t length = strlen(path), size = sizeof name - 1;
    if (at && length >= size) {
        memmove(at + size, at + length, strlen(at + length) + 1);
        memcpy(at, name, size);
    }
    server_folder_hide(upload->folder, error->message);
}

/* It is read as the job will read it, so that what never can be read does not wait for hours. What does not fit beside
 * the job that runs may fit when its turn comes. */
static int check_picture(const server_upload *upload, const char *path, const i2v_image_options *options,
                         server_problem *problem) {
    i2v_image *image = NULL;
    i2v_error error = {0};
    i2v_status status = i2v_image_load_with(&image, path, options, &error);
    i2v_image_free(image);
    if (status == I2V_OK || (status == I2V_ERROR_MEMORY && !options->max_memory)) return 1;
    if (status == I2V_ERROR_IO) return refuse_disk(problem, EIO);
    name_field(upload, path, &error);
    return server_refuse(problem, 400, status == I2V_ERROR_MEMORY ? "does_not_fit" : "invalid_picture", name,
                         "the picture cannot be read: %s", error.message);
}

static int move(server_upload *upload, const char *from, const char *to, const i2v_image_options *options,
                server_problem *problem) {
    int flushed = fsync(upload->descriptor) == 0, cause = errno;
    if (close(upload->descriptor) != 0 && flushed) {
        flushed = 0;
        cause = errno;
    }
    upload->descriptor = -1;
    if (!flushed) return refuse_disk(problem, cause);
    if (!check_picture(upload, from, options, problem)) return 0;
    if (rename(from, to) != 0) return refuse_disk(problem, errno);
    server_folder_flush(upload->folder, SERVER_PICTURE);
    return 1;
}

int server_upload_commit(server_upload *upload, const i2v_image_options *options, server_problem *problem) {
    if (!server_upload_is_there(upload) || upload->size == 0)
        return server_refuse(problem, 400, "missing_parameter", name,
                             "input_reference is missing, the picture that the video is made of");
    char *from = server_folder_file(upload->folder, SERVER_INCOMING, upload->id);
    char *to = server_folder_file(upload->folder, SERVER_PICTURE, upload->id);
    int good = from && to ? move(upload, from, to, options, problem) : refuse_disk(problem, ENOMEM);
    free(from);
    free(to);
    return good;
}

void server_upload_end(server_upload *upload) {
    if (upload->descriptor >= 0) close(upload->descriptor);
    upload->descriptor = -1;
    if (server_upload_is_there(upload)) server_folder_remove(upload->folder, SERVER_INCOMING, upload->id);
}
