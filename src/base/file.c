/* Whole files read and written. */
#include "base/file.h"

#include "base/open_file.h"
#include "base/system.h"
#include "base/posix.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

i2v_status i2v_file_map(i2v_mapped_file *file, const char *path, i2v_error *error) {
    struct stat info;
    *file = (i2v_mapped_file){0};
    int descriptor;
    i2v_status status = i2v_open_regular(&descriptor, path, &info, error);
    if (status) return status;
    void *data = info.st_size ? i2v_system_map(descriptor, (size_t)info.st_size) : NULL;
    if (info.st_size && !data)
        status = i2v_fail_system(error, "map", path, errno);
    else
        *file = (i2v_mapped_file){data, (size_t)info.st_size};
    close(descriptor);
    return status;
}

void i2v_file_unmap(i2v_mapped_file *file) {
    if (file->data) i2v_system_unmap((void *)(uintptr_t)file->data, file->size);
    *file = (i2v_mapped_file){0};
}

/* What is read to its end. */
typedef struct stream {
    int descriptor, waits; /* waits: read() does; not of files that were opened here */
    const char *name;
    size_t limit;
    i2v_patience patience;
} stream;

/* Waits until there is something to read, or its end; for as long as it takes if seconds is negative. */
static i2v_status wait_for(const stream *from, int seconds, i2v_error *error) {
    enum { WAIT = 100 }; /* milliseconds until cancelled is asked again */
    for (int waited = 0; seconds < 0 || waited < 1000 * seconds;) {
        if (from->patience.cancelled && from->patience.cancelled(from->patience.user))
            return i2v_fail(error, I2V_CANCELLED, "cancelled");
        int ready = i2v_system_wait(from->descriptor, WAIT);
        if (ready > 0) return I2V_OK;
        if (ready < 0 && errno != EINTR) return i2v_fail_system(error, "read", from->name, errno);
        if (ready == 0 && seconds >= 0) waited += WAIT;
    }
    return i2v_fail(error, I2V_ERROR_IO, "%s is a pipe into which nothing writes; start its writer, or give a file",
                    from->name);
}

static int is_pipe(int descriptor) {
    struct stat info;
    return fstat(descriptor, &info) == 0 && S_ISFIFO(info.st_mode);
}

/* read() that can be cancelled; *got is 0 at the end. At its first use a pipe that nobody has opened for writing looks
 * as one at its end does: a writer may be about to come. */
static i2v_status read_some(const stream *from, void *buffer, size_t size, int first, size_t *got, i2v_error *error) {
    i2v_status status = from->waits ? wait_for(from, -1, error) : I2V_OK;
    while (!status) {
        ssize_t count = read(from->descriptor, buffer, size);
        int is_empty = count == 0 && first && is_pipe(from->descriptor);
        *got = count > 0 ? (size_t)count : 0;
        if (count >= 0 && !is_empty) return I2V_OK;
        if (count < 0 && errno == EINTR) continue;
        if (count < 0 && errno != EAGAIN) return i2v_fail_system(error, "read", from->name, errno);
        status = wait_for(from, is_empty ? I2V_PIPE_PATIENCE : -1, error);
        if (is_empty) first = 0;
    }
    return status;
}

static i2v_status fail_too_large(const stream *from, i2v_error *error) {
    return i2v_fail(error, I2V_ERROR_FORMAT,
                    "%s is larger than %zu MiB, which is the most that is read; give a smaller file", from->name,
                    from->limit >> 20);
}

/* Reads to the end, into as much as a regular file has and a byte to find its end with, else into a buffer that
 * grows. */
static i2v_status read_all(const stream *from, uint8_t **data, size_t *size, i2v_error *error) {
    uint8_t *buffer = NULL;
    struct stat info;
    size_t capacity = 0, used = 0, got = 1, first = 1 << 16;
    i2v_status status = I2V_OK;
    if (fstat(from->descriptor, &info) == 0 && S_ISREG(info.st_mode)) {
        if ((uint64_t)info.st_size > from->limit) return fail_too_large(from, error);
        first = (size_t)info.st_size + 1;
    }
    while (got > 0 && !status) {
        if (used == capacity) {
            size_t more = capacity ? 2 * capacity : first;
            if (more > from->limit) more = from->limit + 1;
            uint8_t *grown = realloc(buffer, more);
            if (!grown) {
                status = i2v_fail_memory(error, from->name, more);
                break;
            }
            buffer = grown;
            capacity = more;
        }
        status = read_some(from, buffer + used, capacity - used, used == 0, &got, error);
        if (!status) used += got;
        if (used > from->limit) status = fail_too_large(from, error);
    }
    if (status) {
        free(buffer);
        return status;
    }
    *data = buffer;
    *size = used;
    return I2V_OK;
}

i2v_status i2v_file_read(uint8_t **data, size_t *size, const char *path, size_t limit, i2v_error *error) {
    struct stat info;
    stream from = {.name = path, .limit = limit};
    *data = NULL;
    *size = 0;
    i2v_status status = i2v_open_regular(&from.descriptor, path, &info, error);
    if (status) return status;
    status = read_all(&from, data, size, error);
    close(from.descriptor);
    return status;
}

i2v_status i2v_stream_read(uint8_t **data, size_t *size, const char *path, size_t limit, i2v_patience patience,
                           i2v_error *error) {
    stream from = {.name = path, .limit = limit, .patience = patience};
    *data = NULL;
    *size = 0;
    if (strcmp(path, "-") == 0) {
        from.name = "standard input";
        from.descriptor = STDIN_FILENO;
        from.waits = 1;
        return read_all(&from, data, size, error);
    }
    i2v_status status = i2v_open_at_once(&from.descriptor, path, error);
    if (status) return status;
    status = read_all(&from, data, size, error);
    close(from.descriptor);
    return status;
}

char *i2v_path_join(const char *folder, const char *name) {
    size_t size = strlen(folder) + strlen(name) + 2;
    char *path = malloc(size);
    if (path) snprintf(path, size, "%s/%s", folder, name);
    return path;
}

const char *i2v_path_name(const char *path) {
    const char *name = path + i2v_system_root(path);
    for (const char *c = name; *c; c++)
        if (i2v_system_parts(*c)) name = c + 1;
    return name;
}

char *i2v_path_folder(const char *path) {
    size_t length = (size_t)(i2v_path_name(path) - path);
    return length ? strndup(path, length > i2v_system_root(path) ? length - 1 : length) : strdup(".");
}

int i2v_is_file(const char *path) {
    struct stat info;
    return stat(path, &info) == 0 && S_ISREG(info.st_mode);
}

int i2v_is_folder(const char *path) {
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

int i2v_is_in(const char *folder, const char *name, int (*is)(const char *path)) {
    char *path = i2v_path_join(folder, name);
    int found = path && is(path);
    free(path);
    return found;
}
