/* Opening files to read, without ever waiting: open() of a named pipe would, for a writer. */
#ifndef I2V_BASE_OPEN_FILE_H
#define I2V_BASE_OPEN_FILE_H

#include "base/error.h"

#include <sys/stat.h>

/* *descriptor is to be closed; -1 on failure. Reading what is no regular file may give EAGAIN. */
i2v_status i2v_open_at_once(int *descriptor, const char *path, i2v_error *error);

/* The same, but for regular files only, which *info then describes. */
i2v_status i2v_open_regular(int *descriptor, const char *path, struct stat *info, i2v_error *error);

/* "a folder": what a file of this mode is that is not regular. */
const char *i2v_file_kind(mode_t mode);

#endif
