#include "base/file.h"

#include "base/open_file.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

i2v_status i2v_file_map(i2v_mapped_file *file, const char *path, i2v_error *error) {
    struct stat info;
    *file = (i2v_mapped_file){0};
    int descriptor = i2v_open_regular(path, &info, error);
    if (descriptor < 0) return I2V_ERROR_IO;
    i2v_status status = I2V_OK;
    void *data = info.st_size ? mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, descriptor, 0) : NULL;
    if (data == MAP_FAILED)
        status = i2v_fail(error, I2V_ERROR_IO, "cannot map %s: %s", path, strerror(errno));
    else
        *file = (i2v_mapped_file){data, (size_t)info.st_size};
    close(descriptor);
    return status;
}

void i2v_file_unmap(i2v_mapped_file *file) {
    if (file->data) munmap((void *)(uintptr_t)file->data, file->size);
    *file = (i2v_mapped_file){0};
}

/* Waits until there is something to read, or its end; 0 if there is neither in time. */
static int wait_for(int descriptor, int milliseconds) {
    struct pollfd wanted = {.fd = descriptor, .events = POLLIN};
    int ready;
    do ready = poll(&wanted, 1, milliseconds);
    while (ready < 0 && errno == EINTR);
    return ready != 0;
}

static int is_pipe(int descriptor) {
    struct stat info;
    return fstat(descriptor, &info) == 0 && S_ISFIFO(info.st_mode);
}

/* read() that waits. At its first use a pipe that nobody has opened for writing looks as one at its end does: a writer
 * may be about to come. */
static ssize_t read_some(int descriptor, void *buffer, size_t size, int first) {
    for (;;) {
        ssize_t got = read(descriptor, buffer, size);
        if (got > 0 || (got == 0 && !(first && is_pipe(descriptor)))) return got;
        if (got < 0 && errno != EINTR && errno != EAGAIN) return got;
        if (got < 0 && errno == EINTR) continue;
        if (!wait_for(descriptor, got == 0 ? I2V_PIPE_PATIENCE * 1000 : -1)) {
            errno = ETIMEDOUT;
            return -1;
        }
        first = first && got < 0;
    }
}

static i2v_status fail_read(const char *name, i2v_error *error) {
    if (errno == ETIMEDOUT) return i2v_fail(error, I2V_ERROR_IO, "%s is a pipe into which nothing writes", name);
    return i2v_fail(error, I2V_ERROR_IO, "cannot read %s: %s", name, strerror(errno));
}

static i2v_status fail_too_large(const char *name, size_t limit, i2v_error *error) {
    return i2v_fail(error, I2V_ERROR_FORMAT, "%s is larger than %zu MiB", name, limit >> 20);
}

/* Reads to the end, into as much as a regular file has and a byte to find its end with, else into a buffer that
 * grows. */
static i2v_status read_all(int descriptor, uint8_t **data, size_t *size, const char *name, size_t limit,
                           i2v_error *error) {
    uint8_t *buffer = NULL;
    struct stat info;
    size_t capacity = 0, used = 0, first = 1 << 16;
    i2v_status status = I2V_OK;
    if (fstat(descriptor, &info) == 0 && S_ISREG(info.st_mode)) {
        if ((uint64_t)info.st_size > limit) return fail_too_large(name, limit, error);
        first = (size_t)info.st_size + 1;
    }
    for (ssize_t got = 1; got > 0 && !status;) {
        if (used == capacity) {
            size_t more = capacity ? 2 * capacity : first;
            if (more > limit) more = limit + 1;
            uint8_t *grown = realloc(buffer, more);
            if (!grown) {
                status = i2v_fail_memory(error, name, more);
                break;
            }
            buffer = grown;
            capacity = more;
        }
        got = read_some(descriptor, buffer + used, capacity - used, used == 0);
        if (got < 0) status = fail_read(name, error);
        if (got > 0) used += (size_t)got;
        if (used > limit) {
            status = fail_too_large(name, limit, error);
        }
    }
    if (status) {
        free(buffer);
        return status;
    }
    *data = buffer;
    *size = used;
    return I2V_OK;
}

/* Takes the descriptor, which may be -1. */
static i2v_status read_and_close(int descriptor, uint8_t **data, size_t *size, const char *path, size_t limit,
                                 i2v_error *error) {
    *data = NULL;
    *size = 0;
    if (descriptor < 0) return I2V_ERROR_IO;
    i2v_status status = read_all(descriptor, data, size, path, limit, error);
    close(descriptor);
    return status;
}

i2v_status i2v_file_read(uint8_t **data, size_t *size, const char *path, size_t limit, i2v_error *error) {
    struct stat info;
    return read_and_close(i2v_open_regular(path, &info, error), data, size, path, limit, error);
}

i2v_status i2v_stream_read(uint8_t **data, size_t *size, const char *path, size_t limit, i2v_error *error) {
    *data = NULL;
    *size = 0;
    if (strcmp(path, "-") == 0) return read_all(STDIN_FILENO, data, size, "standard input", limit, error);
    return read_and_close(i2v_open_at_once(path, error), data, size, path, limit, error);
}

char *i2v_path_join(const char *folder, const char *name) {
    size_t size = strlen(folder) + strlen(name) + 2;
    char *path = malloc(size);
    if (path) snprintf(path, size, "%s/%s", folder, name);
    return path;
}

int i2v_is_file(const char *path) {
    struct stat info;
    return stat(path, &info) == 0 && S_ISREG(info.st_mode);
}

int i2v_is_folder(const char *path) {
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}
