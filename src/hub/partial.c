/* A file that arrives in parts and is noted as it arrives, so that a download can go on. */
#include "hub/partial.h"

#include "base/clock.h"
#include "base/system.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_PARTS ((uint64_t)1 << 20)
#define NOTE_SECONDS 0.5

/* What stands behind the data, followed by count numbers of bytes. */
typedef struct note {
    char magic[8];
    uint64_t size, part_size, count;
} note;

static const char magic[8] = "i2vpart1";

static i2v_status fail(const i2v_partial *partial, const char *path, i2v_error *error) {
    if (errno == ENOSPC || errno == EDQUOT || errno == EFBIG)
        return i2v_fail(error, I2V_ERROR_IO,
                        "cannot write %s: %s; what has arrived is kept: make room and pull again, or set HF_HOME to a "
                        "folder on another disk",
                        path, strerror(errno));
    return i2v_fail(error, I2V_ERROR_IO, "cannot write %s: %s", path, strerror(errno));
}

static int write_all(int descriptor, const void *data, size_t size, uint64_t at) {
    const uint8_t *from = data;
    while (size > 0) {
        ssize_t written = pwrite(descriptor, from, size, (off_t)at);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return 0;
        from += written;
        at += (uint64_t)written;
        size -= (size_t)written;
    }
    return 1;
}

static int read_all(int descriptor, void *data, size_t size, uint64_t at) {
    uint8_t *to = data;
    while (size > 0) {
        ssize_t got = pread(descriptor, to, size, (off_t)at);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return 0;
        to += got;
        at += (uint64_t)got;
        size -= (size_t)got;
    }
    return 1;
}

uint64_t i2v_partial_length(const i2v_partial *partial, size_t i) {
    uint64_t start = partial->part_size * i;
    return partial->size - start < partial->part_size ? partial->size - start : partial->part_size;
}

uint64_t i2v_partial_done(const i2v_partial *partial) {
    uint64_t sum = 0;
    for (size_t i = 0; i < partial->count; i++) sum += partial->done[i];
    return sum;
}

static int write_notes(i2v_partial *partial) {
    note head = {.size = partial->size, .part_size = partial->part_size, .count = partial->count};
    memcpy(head.magic, magic, sizeof magic);
    partial->noted = i2v_partial_done(partial);
    partial->noted_at = i2v_now();
    return write_all(partial->descriptor, &head, sizeof head, partial->size) &&
           write_all(partial->descriptor, partial->done, partial->count * sizeof *partial->done,
                     partial->size + sizeof head);
}

static i2v_status divide(i2v_partial *partial, uint64_t part_size, i2v_error *error) {
    partial->part_size = part_size;
    partial->count = partial->size ? (size_t)((partial->size - 1) / part_size + 1) : 0;
    free(partial->done);
    partial->done = calloc(partial->count + 1, sizeof *partial->done);
    return partial->done ? I2V_OK : i2v_fail_memory(error, partial->path, partial->count * sizeof *partial->done);
}

/* Takes over the notes of an earlier run; 0 if there are none that make sense. */
static int read_notes(i2v_partial *partial, i2v_error *error) {
    note head;
    if (!read_all(partial->descriptor, &head, sizeof head, partial->size)) return 0;
    if (memcmp(head.magic, magic, sizeof magic) != 0 || head.size != partial->size || head.part_size == 0) return 0;
    uint64_t count = (head.size - 1) / head.part_size + 1;
    if (head.size == 0 || head.count != count || count > MAX_PARTS) return 0;
    if (divide(partial, head.part_size, error) != I2V_OK) return 0;
    int valid = read_all(partial->descriptor, partial->done, partial->count * sizeof *partial->done,
                         partial->size + sizeof head);
    for (size_t i = 0; valid && i < partial->count; i++) valid = partial->done[i] <= i2v_partial_length(partial, i);
    partial->noted = valid ? i2v_partial_done(partial) : 0;
    return valid;
}

i2v_status i2v_partial_restart(i2v_partial *partial, i2v_error *error) {
    memset(partial->done, 0, partial->count * sizeof *partial->done);
    if (ftruncate(partial->descriptor, 0) < 0 || !write_notes(partial)) return fail(partial, partial->path, error);
    return I2V_OK;
}

i2v_status i2v_partial_open(i2v_partial *partial, const char *path, uint64_t size, uint64_t part_size,
                            i2v_error *error) {
    *partial = (i2v_partial){.descriptor = -1, .size = size};
    while (part_size < size / MAX_PARTS + 1) part_size *= 2;
    partial->path = strdup(path);
    if (!partial->path) return i2v_fail_memory(error, path, 0);
    partial->descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
    i2v_status status = partial->descriptor < 0 ? fail(partial, path, error) : I2V_OK;
    if (status == I2V_OK && !read_notes(partial, error)) {
        status = divide(partial, part_size, error);
        if (status == I2V_OK) status = i2v_partial_restart(partial, error);
    }
    if (status != I2V_OK) i2v_partial_close(partial);
    return status;
}

i2v_status i2v_partial_write(i2v_partial *partial, uint64_t at, const void *data, size_t size, i2v_error *error) {
    if (at > partial->size || size > partial->size - at)
        return i2v_fail(error, I2V_ERROR_NETWORK, "%s: the server sends more than it announced; try again",
                        partial->path);
    if (!write_all(partial->descriptor, data, size, at)) return fail(partial, partial->path, error);
    uint64_t end = at + size;
    for (size_t i = (size_t)(at / partial->part_size); i < partial->count && i * partial->part_size < end; i++) {
        uint64_t start = i * partial->part_size, length = i2v_partial_length(partial, i);
        uint64_t reached = end - start < length ? end - start : length;
        if (at <= start + partial->done[i] && reached > partial->done[i]) partial->done[i] = reached;
    }
    if (i2v_now() - partial->noted_at > NOTE_SECONDS && !write_notes(partial))
        return fail(partial, partial->path, error);
    return I2V_OK;
}

i2v_status i2v_partial_commit(i2v_partial *partial, const char *path, i2v_error *error) {
    i2v_status status = I2V_OK;
    if (ftruncate(partial->descriptor, (off_t)partial->size) < 0 || i2v_system_flush(partial->descriptor) < 0 ||
        rename(partial->path, path) < 0) {
        status = fail(partial, path, error);
        partial->noted = UINT64_MAX; /* cut off: to be written again */
    } else {
        partial->noted = i2v_partial_done(partial);
    }
    i2v_partial_close(partial);
    return status;
}

void i2v_partial_close(i2v_partial *partial) {
    if (partial->descriptor >= 0) {
        if (partial->done && partial->noted != i2v_partial_done(partial)) write_notes(partial);
        close(partial->descriptor);
    }
    free(partial->path);
    free(partial->done);
    *partial = (i2v_partial){.descriptor = -1};
}

void i2v_partial_remove(i2v_partial *partial) {
    if (partial->path) unlink(partial->path);
    if (partial->done) partial->noted = i2v_partial_done(partial);
    i2v_partial_close(partial);
}
