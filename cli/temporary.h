/* Folders for temporary files. */
#ifndef CLI_TEMPORARY_H
#define CLI_TEMPORARY_H

#include "img2vid/img2vid.h"

#include <limits.h>

/* Makes a folder of our own, in which nobody else puts links, in TMPDIR or /tmp. what: it is for, "the video". */
i2v_status cli_temporary_folder(char folder[PATH_MAX], const char *what, i2v_error *error);

#endif
