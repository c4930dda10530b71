/* Files that are read at the places asked for, while others may write to them. They are not mapped: of a mapped file
 * that is cut, or on a disk that fails, a page that cannot be had kills the process; a read that comes short is an
 * error. */
#ifndef I2V_BASE_INPUT_FILE_H
#define I2V_BASE_INPUT_FILE_H

#include "base/error.h"

#include <stddef.h>

typedef struct i2v_input_file {
    const char *path; /* the caller's */
    int descriptor;   /* of a file that is not open: -1, or all is zero and path NULL */
    uint64_t size;
    int64_t changed; /* when it was, in ns */
} i2v_input_file;

/* path must stay until the file is closed. On failure file needs no close, but allows it. */
i2v_status i2v_input_file_open(i2v_input_file *file, const char *path, i2v_error *error);
void i2v_input_file_close(i2v_input_file *file);

/* I2V_ERROR_IO if the file has been written to or cut since it was opened; one that took its name does not matter. */
i2v_status i2v_input_file_check(const i2v_input_file *file, i2v_error *error);

/* Bytes that lie in a file or in memory. */
typedef struct i2v_bytes {
    const i2v_input_file *file; /* NULL: they are at data */
    uint64_t offset;            /* in the file */
    const uint8_t *data;
} i2v_bytes;

/* The same from byte `count` on. */
i2v_bytes i2v_bytes_from(i2v_bytes bytes, uint64_t count);

/* `count` bytes from byte `first` on: where they lie in memory, or read into buffer. NULL if they cannot be read. Any
 * number of threads may read at the same time. */
const void *i2v_bytes_read(const i2v_bytes *bytes, uint64_t first, size_t count, void *buffer);

/* Fails with the reason why i2v_bytes_read gave NULL: the file was cut, or the system cannot read it. */
i2v_status i2v_bytes_fail(const i2v_bytes *bytes, i2v_error *error);

/* Fails if their file has changed since it was opened; bytes in memory may. */
i2v_status i2v_bytes_check(const i2v_bytes *bytes, i2v_error *error);

/* Tells the system that so many bytes will be read soon, from several places. */
void i2v_bytes_expect(const i2v_bytes *bytes, uint64_t count);

#endif
