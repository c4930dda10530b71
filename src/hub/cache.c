/* The hub's cache on disk, in huggingface_hub's layout and with its locks. */
#include "hub/cache.h"

#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* ---- paths ------------------------------------------------------------------------------------------------------ */

static i2v_status fail_write(const char *path, i2v_error *error) {
    return i2v_fail(error, I2V_ERROR_IO, "cannot write %s: %s; set HF_HOME to a folder of your own", path,
                    strerror(errno));
}

I2V_PRINTF(1, 2) static char *make_path(const char *format, ...) {
    char *path;
    va_list arguments;
    va_start(arguments, format);
    int length = vasprintf(&path, format, arguments);
    va_end(arguments);
    return length < 0 ? NULL : path;
}

i2v_status i2v_cache_open(i2v_cache *cache, const char *folder, const char *id, i2v_error *error) {
    memset(cache, 0, sizeof *cache);
    const char *slash = strchr(id, '/');
    cache->folder = strdup(folder);
    cache->model = make_path("%s/models--%.*s--%s", folder, (int)(slash - id), id, slash + 1);
    if (cache->folder && cache->model) return I2V_OK;
    i2v_cache_close(cache);
    return i2v_fail_memory(error, "the path of the cache", 0);
}

void i2v_cache_close(i2v_cache *cache) {
    free(cache->folder);
    free(cache->model);
    free(cache->snapshot);
    memset(cache, 0, sizeof *cache);
}

char *i2v_cache_file_path(const i2v_cache *cache, const char *name) {
    return i2v_path_join(cache->snapshot, name);
}

char *i2v_cache_blob_path(const i2v_cache *cache, const char *etag, const char *ending) {
    return make_path("%s/blobs/%s%s", cache->model, etag, ending);
}

int i2v_cache_has_file(const i2v_cache *cache, const char *name, int64_t size) {
    char *path = i2v_cache_file_path(cache, name);
    struct stat info;
    int there = path && stat(path, &info) == 0 && S_ISREG(info.st_mode) && (size < 0 || info.st_size == size);
    free(path);
    return there;
}

/* ---- folders ---------------------------------------------------------------------------------------------------- */

/* Makes the folders above the last slash of path, which may be changed on the way and is given back as it was. */
static int make_parents(char *path) {
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        int made = mkdir(path, 0777) == 0 || errno == EEXIST || i2v_is_folder(path);
        *slash = '/';
        if (!made) return 0;
    }
    return 1;
}

static i2v_status make_parents_of(char *path, i2v_error *error) {
    if (!path) return i2v_fail_memory(error, "the path of the cache", 0);
    return make_parents(path) ? I2V_OK : fail_write(path, error);
}

/* Writes a small file whole or not at all. */
static i2v_status write_text(char *path, const char *text, i2v_error *error) {
    i2v_output_file file;
    i2v_status status = make_parents_of(path, error);
    if (status == I2V_OK) status = i2v_output_file_begin(&file, path, error);
    if (status != I2V_OK) return status;
    FILE *stream = fopen(file.temporary, "we");
    int written = stream && fputs(text, stream) >= 0;
    if (stream && fclose(stream) != 0) written = 0;
    if (written) return i2v_output_file_commit(&file, error);
    status = fail_write(path, error);
    i2v_output_file_abort(&file);
    return status;
}

/* So that backups can pass the cache over (https://bford.info/cachedir/); a comfort, no failure. */
static void tag_folder(const i2v_cache *cache) {
    static const char text[] = "Signature: 8a477f597d28d172789f06886806bc55\n"
                               "# This file marks a folder of downloaded models, which can be downloaded again.\n";
    char *path = i2v_path_join(cache->folder, "CACHEDIR.TAG");
    if (path && access(path, F_OK) != 0) write_text(path, text, NULL);
    free(path);
}

i2v_status i2v_cache_make_folders(const i2v_cache *cache, const char *name, i2v_error *error) {
    char *blob = i2v_cache_blob_path(cache, "x", ""), *file = i2v_cache_file_path(cache, name);
    i2v_status status = make_parents_of(blob, error);
    if (status == I2V_OK) status = make_parents_of(file, error);
    if (status == I2V_OK) tag_folder(cache);
    free(blob);
    free(file);
    return status;
}

uint64_t i2v_cache_free_bytes(const i2v_cache *cache) {
    struct statvfs info;
    char *blobs = i2v_path_join(cache->model, "blobs");
    int known = blobs && statvfs(blobs, &info) == 0;
    free(blobs);
    return known ? (uint64_t)info.f_bavail * info.f_frsize : UINT64_MAX;
}

/* ---- commits ---------------------------------------------------------------------------------------------------- */

i2v_status i2v_cache_set_commit(i2v_cache *cache, const char *commit, i2v_error *error) {
    char *snapshot = make_path("%s/snapshots/%s", cache->model, commit);
    if (!snapshot) return i2v_fail_memory(error, "the path of the cache", 0);
    free(cache->snapshot);
    cache->snapshot = snapshot;
    snprintf(cache->commit, sizeof cache->commit, "%s", commit);
    return I2V_OK;
}

int i2v_cache_find_commit(i2v_cache *cache, const char *revision) {
    if (i2v_is_commit(revision))
        return i2v_cache_set_commit(cache, revision, NULL) == I2V_OK && i2v_is_folder(cache->snapshot);
    uint8_t *text = NULL;
    size_t size = 0;
    char *path = make_path("%s/refs/%s", cache->model, revision), commit[I2V_COMMIT_SIZE];
    int found = path && i2v_file_read(&text, &size, path, 4096, NULL) == I2V_OK && size > 0;
    if (found) {
        snprintf(commit, sizeof commit, "%.*s", (int)(size < 60 ? size : 60), (const char *)text);
        commit[strcspn(commit, "\r\n ")] = 0;
        found = i2v_is_commit(commit) && i2v_cache_set_commit(cache, commit, NULL) == I2V_OK;
    }
    free(text);
    free(path);
    return found;
}

i2v_status i2v_cache_write_ref(const i2v_cache *cache, const char *revision, i2v_error *error) {
    if (strcmp(revision, cache->commit) == 0) return I2V_OK;
    char *path = make_path("%s/refs/%s", cache->model, revision);
    i2v_cache known = {.model = cache->model};
    i2v_status status = I2V_OK;
    /* written only where it changes: the cache may be one that can only be read */
    if (!i2v_cache_find_commit(&known, revision) || strcmp(known.commit, cache->commit) != 0)
        status = write_text(path, cache->commit, error);
    free(known.snapshot);
    free(path);
    return status;
}

/* ---- what is there ---------------------------------------------------------------------------------------------- */

/* Adds the files of snapshot/prefix; those of models lie one folder deep. */
static i2v_status list_folder(const i2v_cache *cache, i2v_hub_listing *listing, const char *prefix, int depth,
                              i2v_error *error) {
    char *folder = i2v_cache_file_path(cache, prefix);
    DIR *directory = folder ? opendir(folder) : NULL;
    free(folder);
    if (!directory) return I2V_OK;
    i2v_status status = I2V_OK;
    struct dirent *entry;
    while (status == I2V_OK && (entry = readdir(directory))) {
        if (entry->d_name[0] == '.') continue;
        char *name = make_path("%s%s%s", prefix, *prefix ? "/" : "", entry->d_name);
        char *path = name ? i2v_cache_file_path(cache, name) : NULL;
        struct stat info;
        if (!path)
            status = i2v_fail_memory(error, "the list of files", 0);
        else if (stat(path, &info) == 0 && S_ISREG(info.st_mode))
            status = i2v_listing_add(listing, name, (int64_t)info.st_size, NULL, error);
        else if (depth > 0 && i2v_is_folder(path))
            status = list_folder(cache, listing, name, depth - 1, error);
        free(name);
        free(path);
    }
    closedir(directory);
    return status;
}

i2v_status i2v_cache_list(const i2v_cache *cache, i2v_hub_listing *listing, i2v_error *error) {
    memset(listing, 0, sizeof *listing);
    snprintf(listing->commit, sizeof listing->commit, "%s", cache->commit);
    i2v_status status = list_folder(cache, listing, "", 4, error);
    if (status != I2V_OK) i2v_listing_free(listing);
    return status;
}

/* ---- links ------------------------------------------------------------------------------------------------------ */

/* "../../blobs/ETAG" from snapshots/COMMIT/name, with one more "../" for each folder in name. */
static char *link_target(const char *name, const char *etag) {
    size_t depth = 2;
    for (const char *c = name; *c; c++) depth += *c == '/';
    char *target = malloc(3 * depth + sizeof "blobs/" + strlen(etag));
    if (!target) return NULL;
    for (size_t i = 0; i < depth; i++) memcpy(target + 3 * i, "../", 3);
    sprintf(target + 3 * depth, "blobs/%s", etag);
    return target;
}

/* What a killed process left under that name goes: the name is fixed, and the file's lock keeps others away. */
static int make_link(const char *target, const char *at) {
    unlink(at);
    return symlink(target, at);
}

i2v_status i2v_cache_link(const i2v_cache *cache, const char *name, const char *etag, i2v_error *error) {
    char *path = i2v_cache_file_path(cache, name), *blob = i2v_cache_blob_path(cache, etag, "");
    char *target = link_target(name, etag), *temporary = path ? make_path("%s.link", path) : NULL;
    i2v_status status = I2V_OK;
    if (!path || !blob || !target || !temporary) {
        status = i2v_fail_memory(error, "the path of the cache", 0);
    } else if (make_link(target, temporary) == 0) {
        if (rename(temporary, path) < 0) {
            status = fail_write(path, error);
            unlink(temporary);
        }
    } else if (errno != EPERM && errno != EOPNOTSUPP && errno != ENOSYS) {
        status = fail_write(path, error);
    } else if (rename(blob, path) < 0) {
        status = fail_write(path, error);
    }
    free(path);
    free(blob);
    free(target);
    free(temporary);
    return status;
}

/* ---- locks ------------------------------------------------------------------------------------------------------ */

/* True if path still is the file behind descriptor: who unlocked it before us may have removed it. */
static int is_same_file(int descriptor, const char *path) {
    struct stat ours, there;
    return fstat(descriptor, &ours) == 0 && stat(path, &there) == 0 && ours.st_ino == there.st_ino &&
           ours.st_dev == there.st_dev;
}

i2v_status i2v_cache_try_lock(const i2v_cache *cache, const char *etag, int *descriptor, i2v_error *error) {
    *descriptor = -1;
    const char *model = strrchr(cache->model, '/') + 1;
    char *path = make_path("%s/.locks/%s/%s.lock", cache->folder, model, etag);
    i2v_status status = make_parents_of(path, error);
    if (status == I2V_OK) {
        int opened = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
        if (opened < 0) {
            status = fail_write(path, error);
        } else if (flock(opened, LOCK_EX | LOCK_NB) < 0) {
            if (errno != EWOULDBLOCK && errno != EINTR)
                status = i2v_fail(error, I2V_ERROR_IO, "cannot lock %s: %s; set HF_HOME to a folder on another disk",
                                  path, strerror(errno));
            close(opened);
        } else if (is_same_file(opened, path)) {
            *descriptor = opened;
        } else {
            close(opened);
        }
    }
    free(path);
    return status;
}

void i2v_cache_unlock(int descriptor) {
    if (descriptor >= 0) close(descriptor);
}
