/* Opening files to read, without ever waiting: open() of a named pipe would, for a writer. */
#ifndef I2V_BASE_OPEN_FILE_H
#define I2V_BASE_OPEN_FILE_H

#include "base/error.h"

#include <sys/stat.h>

/* A descriptor, or -1 with the sentence in error. Reading what is no regular file may give EAGAIN. */
int i2v_open_at_once(const char *path, i2v_error *error);

/* The same, but for regular files only, which *info then describes. */
int i2v_open_regular(const char *path, struct stat *info, i2v_error *error);

#endif
