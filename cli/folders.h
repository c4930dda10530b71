/* Folders of outputs: those that are missing are made. */
#ifndef CLI_FOLDERS_H
#define CLI_FOLDERS_H

#include "img2vid/img2vid.h"

#include <stddef.h>

/* Those that this run made. */
typedef struct cli_folders {
    char **made;
    size_t count;
} cli_folders;

/* Makes all folders above path that are missing. */
i2v_status cli_folders_make(cli_folders *folders, const char *path, i2v_error *error);

/* Removes those that are still empty, and forgets all: a run that fails leaves none behind. */
void cli_folders_end(cli_folders *folders);

#endif
