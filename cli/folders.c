/* Makes folders of outputs that are missing. */
#include "folders.h"
#include "error.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* One that is not noted, without memory, only stays. */
static void note(cli_folders *folders, const char *folder) {
    char **grown = realloc(folders->made, (folders->count + 1) * sizeof *grown);
    if (!grown) return;
    folders->made = grown;
    char *copy = strdup(folder);
    if (copy) folders->made[folders->count++] = copy;
}

/* 0 with errno set. One that is there is not tried: systems differ in what they say of it. */
static int make_one(cli_folders *folders, const char *folder) {
    struct stat info;
    if (stat(folder, &info) == 0) {
        errno = ENOTDIR;
        return S_ISDIR(info.st_mode);
    }
    if (mkdir(folder, 0777) == 0) {
        note(folders, folder);
        return 1;
    }
    return errno == EEXIST && stat(folder, &info) == 0 && S_ISDIR(info.st_mode); /* another program was faster */
}

i2v_status cli_folders_make(cli_folders *folders, const char *path, i2v_error *error) {
    char *copy = strdup(path);
    if (!copy) return cli_error_fail(error, I2V_ERROR_MEMORY, "not enough memory for the folder of %.200s", path);
    i2v_status status = I2V_OK;
    for (char *slash = strchr(copy + (*copy == '/'), '/'); slash && status == I2V_OK; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        if (!make_one(folders, copy)) {
            status = cli_error_fail(error, I2V_ERROR_IO, "cannot write %.400s: cannot make the folder %.400s: %s", path,
                                    copy, strerror(errno));
        }
        *slash = '/';
    }
    free(copy);
    return status;
}

void cli_folders_end(cli_folders *folders) {
    while (folders->count > 0) { /* the deepest first */
        char *folder = folders->made[--folders->count];
        rmdir(folder); /* which leaves what has something in it */
        free(folder);
    }
    free(folders->made);
    folders->made = NULL;
}
