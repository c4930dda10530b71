/* Whole files in, whole files out. */
#ifndef I2V_BASE_FILE_H
#define I2V_BASE_FILE_H

#include "base/error.h"

#include <stdio.h>
#include <sys/types.h>

/* A small file mapped read-only, for as long as it is looked at; what is read for longer is an i2v_input_file. An empty
 * file has data == NULL and size == 0. */
typedef struct i2v_mapped_file {
    const uint8_t *data;
    size_t size;
} i2v_mapped_file;

i2v_status i2v_file_map(i2v_mapped_file *file, const char *path, i2v_error *error);
void i2v_file_unmap(i2v_mapped_file *file);

/* cancelled, if set, is called with user some ten times a second of waiting: non-zero gives I2V_CANCELLED. */
typedef struct i2v_patience {
    int (*cancelled)(void *user);
    void *user;
} i2v_patience;

/* Reads a whole regular file of at most `limit` bytes; anything else is refused without waiting for it. *data is freed
 * with free(). */
i2v_status i2v_file_read(uint8_t **data, size_t *size, const char *path, size_t limit, i2v_error *error);
/* The same of whatever gives bytes: "-" is standard input, and pipes and devices are read to their end. A named pipe
 * may wait for its writer for I2V_PIPE_PATIENCE seconds; then for what it writes, for as long as patience lasts. */
i2v_status i2v_stream_read(uint8_t **data, size_t *size, const char *path, size_t limit, i2v_patience patience,
                           i2v_error *error);
#define I2V_PIPE_PATIENCE 3

/* "folder/name", allocated; NULL without memory. */
char *i2v_path_join(const char *folder, const char *name);
/* The last name in path, after what parts it from its folder: path itself where there is none. */
const char *i2v_path_name(const char *path);
/* The folder that path is in, "." where it names none; allocated, NULL without memory. */
char *i2v_path_folder(const char *path);

/* True if path names an existing regular file (or a link to one); likewise a folder. */
int i2v_is_file(const char *path);
int i2v_is_folder(const char *path);
/* is (one of the two) of "folder/name". */
int i2v_is_in(const char *folder, const char *name, int (*is)(const char *path));

/* ---- output_file.c ---- */

/* A file that appears whole or not at all: written under a temporary name beside its target, then renamed. Where path
 * is a link, its target is what it leads to, which need not exist. */
typedef struct i2v_output_file {
    char *path;      /* as given, for messages */
    char *target;    /* what is replaced */
    char *temporary; /* what is written; same folder, same ending, so that libraries may choose a format by it */
    mode_t replaced; /* of the target when it began; 0: there was none */
    int is_new;      /* commit replaces nothing, not even a file that has appeared since */
} i2v_output_file;

/* Reserves (creates, empty) the temporary file. Refuses a target that is no regular file or may not be written. */
i2v_status i2v_output_file_begin(i2v_output_file *file, const char *path, i2v_error *error);
/* The same for a file that must be new, if is_new: whatever has its name is an error and stays, now and at commit. */
i2v_status i2v_output_file_begin_new(i2v_output_file *file, const char *path, int is_new, i2v_error *error);
/* Writes all that is in the temporary file (file_save.c). */
i2v_status i2v_output_file_write(const i2v_output_file *file, const void *data, size_t size, i2v_error *error);
/* Renames it to its target, whose permissions and owner it takes; a new file gets those of an ordinary one. On failure
 * the temporary file is removed. Ends the use of file in both cases. */
i2v_status i2v_output_file_commit(i2v_output_file *file, i2v_error *error);
/* The same for a stream to the temporary file, which is closed in any case: when this returns I2V_OK, the file and its
 * name are on the disk, and whenever power is lost before, either what was there is whole, or this. */
i2v_status i2v_output_file_commit_to_disk(i2v_output_file *file, FILE *stream, i2v_error *error);
/* Removes the temporary file. Does nothing on a file that was committed, aborted or is all zero. */
void i2v_output_file_abort(i2v_output_file *file);

/* I2V_OK if a file could be created at path; is_new: and there is none. Creates nothing that stays. */
i2v_status i2v_output_file_check(const char *path, int is_new, i2v_error *error);
/* The same where the folder has been checked: looks at no more than what is there. */
i2v_status i2v_output_file_check_replacing(const char *path, int is_new, i2v_error *error);

/* Removes the temporary files that killed processes of this user left where path is written: those of that exact form
 * of name whose process has ended, and where that cannot be told, those that nobody has written to for a day. One in
 * use is written to all the time. */
void i2v_output_file_sweep(const char *path);

#endif
