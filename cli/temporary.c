/* Folders for temporary files. */
#include "temporary.h"
#include "error.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h> /* mkdtemp, on a Mac */

static const char *temporary_folder(void) {
    const char *folder = getenv("TMPDIR");
    return folder && *folder ? folder : "/tmp";
}

i2v_status cli_temporary_folder(char folder[PATH_MAX], const char *what, i2v_error *error) {
    *error = (i2v_error){0};
    if (snprintf(folder, PATH_MAX, "%s/img2vid-XXXXXX", temporary_folder()) >= PATH_MAX) {
        return cli_error_fail(error, I2V_ERROR_IO,
                              "the name of the folder for temporary files is too long; set TMPDIR to another");
    }
    if (mkdtemp(folder)) return I2V_OK;
    return cli_error_fail(error, I2V_ERROR_IO, "cannot make a folder in %.400s for %s: %s; set TMPDIR to another",
                          temporary_folder(), what, strerror(errno));
}
