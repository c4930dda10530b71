/* Whole files in, whole files out. */
#ifndef I2V_BASE_FILE_H
#define I2V_BASE_FILE_H

#include "base/error.h"

#include <stdio.h>

/* A small file mapped read-only, for as long as it is looked at; what is read for longer is an i2v_input_file. An empty
 * file has data == NULL and size == 0. */
typedef struct i2v_mapped_file {
    const uint8_t *data;
    size_t size;
} i2v_mapped_file;

i2v_status i2v_file_map(i2v_mapped_file *file, const char *path, i2v_error *error);
void i2v_file_unmap(i2v_mapped_file *file);

/* Reads a whole file (or standard input for "-") of at most `limit` bytes. *data is freed with free(). */
i2v_status i2v_file_read(uint8_t **data, size_t *size, const char *path, size_t limit, i2v_error *error);

/* "folder/name", allocated; NULL without memory. */
char *i2v_path_join(const char *folder, const char *name);

/* True if path names an existing regular file (or a link to one); likewise a folder. */
int i2v_is_file(const char *path);
int i2v_is_folder(const char *path);

/* A file that appears whole or not at all: written under a temporary name beside its target, then renamed. */
typedef struct i2v_output_file {
    char *path;      /* the target */
    char *temporary; /* what is written; same folder, same ending, so that libraries may choose a format by it */
} i2v_output_file;

/* Reserves (creates, empty) the temporary file, with the permissions an ordinary new file gets. */
i2v_status i2v_output_file_begin(i2v_output_file *file, const char *path, i2v_error *error);
/* Renames it to its target. On failure the temporary file is removed. Ends the use of file in both cases. */
i2v_status i2v_output_file_commit(i2v_output_file *file, i2v_error *error);
/* Removes the temporary file. Does nothing on a file that was committed, aborted or is all zero. */
void i2v_output_file_abort(i2v_output_file *file);

/* I2V_OK if a file could be created at path. Creates nothing that stays. */
i2v_status i2v_output_file_check(const char *path, i2v_error *error);

#endif
