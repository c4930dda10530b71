/* The data folder. */
#include "folder.h"
#include "failure.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const names[SERVER_FILES] = {"incoming", "pictures", "states", "videos"};

static char *place(const server_folder *folder, const char *inner, const char *name, const char *ending) {
    char *path = NULL;
    return asprintf(&path, "%s/%s%s%s%s", folder->path, inner, *name ? "/" : "", name, ending) < 0 ? NULL : path;
}

char *server_folder_file(const server_folder *folder, server_file kind, const char *id) {
    return place(folder, names[kind], id, kind == SERVER_VIDEO ? folder->ending : "");
}

char *server_folder_store(const server_folder *folder) {
    return place(folder, "jobs.sqlite", "", "");
}

/* Videos and pictures are for nobody else on this machine. */
static i2v_status make_folder(const char *path, i2v_error *error) {
    if (!path) return server_fail(error, I2V_ERROR_MEMORY, "not enough memory for the data folder's name");
    if (mkdir(path, 0700) == 0 || errno == EEXIST) return I2V_OK;
    return server_fail(error, I2V_ERROR_IO, "cannot make the folder %s: %s; give another with --data", path,
                       strerror(errno));
}

/* All folders above it that are missing, too. */
static i2v_status make_all(const char *path, i2v_error *error) {
    char *copy = strdup(path);
    if (!copy) return make_folder(NULL, error);
    for (char *slash = strchr(copy + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        mkdir(copy, 0777); /* the last one says what is wrong */
        *slash = '/';
    }
    i2v_status status = make_folder(copy, error);
    free(copy);
    return status;
}

static i2v_status take_lock(server_folder *folder, i2v_error *error) {
    char *path = place(folder, "lock", "", "");
    if (!path) return make_folder(NULL, error);
    folder->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    int cause = errno;
    free(path);
    if (folder->lock < 0)
        return server_fail(error, I2V_ERROR_IO, "cannot write in the folder %s: %s; give another with --data",
                           folder->path, strerror(cause));
    if (flock(folder->lock, LOCK_EX | LOCK_NB) == 0) return I2V_OK;
    return server_fail(error, I2V_ERROR_IO, "another server uses the folder %s; give this one its own with --data",
                       folder->path);
}

/* MP4 where videos can be written, else what needs no FFmpeg. */
static i2v_status choose_ending(server_folder *folder, i2v_error *error) {
    folder->ending = ".mp4";
    char *path = server_folder_file(folder, SERVER_VIDEO, "a");
    if (!path) return make_folder(NULL, error);
    if (i2v_video_check_path(path, NULL) == I2V_ERROR_UNSUPPORTED) folder->ending = ".webp";
    free(path);
    return I2V_OK;
}

i2v_status server_folder_begin(server_folder *folder, const char *path, i2v_error *error) {
    *folder = (server_folder){.path = strdup(path), .lock = -1};
    if (!folder->path) return make_folder(NULL, error);
    i2v_status status = make_all(folder->path, error);
    if (status == I2V_OK) status = take_lock(folder, error);
    for (int kind = 0; status == I2V_OK && kind < SERVER_FILES; kind++) {
        char *inner = place(folder, names[kind], "", "");
        status = make_folder(inner, error);
        free(inner);
    }
    return status == I2V_OK ? choose_ending(folder, error) : status;
}

void server_folder_end(server_folder *folder) {
    if (folder->lock >= 0) close(folder->lock);
    free(folder->path);
    *folder = (server_folder){.lock = -1};
}

void server_folder_flush(const server_folder *folder, server_file kind) {
    char *path = place(folder, names[kind], "", "");
    int descriptor = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (descriptor >= 0) {
        fsync(descriptor);
        close(descriptor);
    }
    free(path);
}

void server_folder_remove(const server_folder *folder, server_file kind, const char *id) {
    char *path = server_folder_file(folder, kind, id);
    if (path) unlink(path);
    free(path);
}

void server_folder_forget(const server_folder *folder, const char *id) {
    for (int kind = SERVER_PICTURE; kind < SERVER_FILES; kind++) server_folder_remove(folder, (server_file)kind, id);
}

void server_folder_hide(const server_folder *folder, char *text) {
    size_t length = strlen(folder->path);
    for (char *at = text; (at = strstr(at, folder->path));) {
        if (at[length] == '/')
            memmove(at, at + length + 1, strlen(at + length));
        else
            at += length;
    }
}

int server_id_is_good(const char *text) {
    return strncmp(text, "video_", 6) == 0 && strspn(text + 6, "0123456789abcdef") == 32 &&
           strlen(text) == SERVER_ID_SIZE - 1;
}

/* Whatever else lies there is not ours. */
static int is_ours(const char *name, char id[SERVER_ID_SIZE]) {
    size_t length = strcspn(name, ".");
    if (length != SERVER_ID_SIZE - 1) return 0;
    memcpy(id, name, length);
    id[length] = 0;
    return server_id_is_good(id);
}

static void clean(const server_folder *folder, server_file kind,
                  int (*needs)(const char *id, server_file kind, void *user), void *user) {
    char *path = place(folder, names[kind], "", ""), id[SERVER_ID_SIZE];
    DIR *open_folder = path ? opendir(path) : NULL;
    struct dirent *entry;
    while (open_folder && (entry = readdir(open_folder))) {
        /* the library's files beside their targets, of a process that was killed */
        int is_part = strncmp(entry->d_name, ".img2vid-", 9) == 0;
        if (!is_part && !is_ours(entry->d_name, id)) continue;
        if (!is_part && kind != SERVER_INCOMING && needs(id, kind, user)) continue;
        unlinkat(dirfd(open_folder), entry->d_name, 0);
    }
    if (open_folder) closedir(open_folder);
    free(path);
}

void server_folder_clean(const server_folder *folder, int (*needs)(const char *id, server_file kind, void *user),
                         void *user) {
    for (int kind = 0; kind < SERVER_FILES; kind++) clean(folder, (server_file)kind, needs, user);
}
