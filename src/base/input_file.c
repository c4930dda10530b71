/* Files that are read at places and never mapped. */
#include "base/input_file.h"

#include "base/open_file.h"
#include "base/system.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

i2v_status i2v_input_file_open(i2v_input_file *file, const char *path, i2v_error *error) {
    struct stat info;
    *file = (i2v_input_file){.descriptor = -1};
    int descriptor;
    i2v_status status = i2v_open_regular(&descriptor, path, &info, error);
    if (status) return status;
    *file = (i2v_input_file){path, descriptor, (uint64_t)info.st_size, i2v_system_changed_at(descriptor, &info)};
    return I2V_OK;
}

void i2v_input_file_close(i2v_input_file *file) {
    if (file->path) close(file->descriptor);
    *file = (i2v_input_file){.descriptor = -1};
}

i2v_status i2v_input_file_check(const i2v_input_file *file, i2v_error *error) {
    struct stat info;
    if (fstat(file->descriptor, &info) == 0 && (uint64_t)info.st_size == file->size &&
        i2v_system_changed_at(file->descriptor, &info) == file->changed) {
        return I2V_OK;
    }
    return i2v_fail(error, I2V_ERROR_IO, "%s has changed while it was in use; start again", file->path);
}

i2v_bytes i2v_bytes_from(i2v_bytes bytes, uint64_t count) {
    bytes.offset += count;
    if (bytes.data) bytes.data += count;
    return bytes;
}

const void *i2v_bytes_read(const i2v_bytes *bytes, uint64_t first, size_t count, void *buffer) {
    if (!bytes->file) return bytes->data + first;
    size_t done = 0;
    while (done < count) {
        ssize_t got = i2v_system_read_at(bytes->file->descriptor, (char *)buffer + done, count - done,
                                         bytes->offset + first + done);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return NULL;
        done += (size_t)got;
    }
    return buffer;
}

i2v_status i2v_bytes_fail(const i2v_bytes *bytes, i2v_error *error) {
    i2v_status status = i2v_input_file_check(bytes->file, error);
    if (status) return status;
    return i2v_fail(error, I2V_ERROR_IO, "cannot read %s: %s", bytes->file->path, strerror(EIO));
}

i2v_status i2v_bytes_check(const i2v_bytes *bytes, i2v_error *error) {
    return bytes->file ? i2v_input_file_check(bytes->file, error) : I2V_OK;
}

void i2v_bytes_expect(const i2v_bytes *bytes, uint64_t count) {
    if (bytes->file) i2v_system_expect(bytes->file->descriptor, bytes->offset, count);
}
