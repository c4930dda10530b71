#include "base/open_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* O_NONBLOCK means nothing to regular files. */
int i2v_open_at_once(const char *path, i2v_error *error) {
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (descriptor < 0) i2v_fail(error, I2V_ERROR_IO, "cannot open %s: %s", path, strerror(errno));
    return descriptor;
}

int i2v_open_regular(const char *path, struct stat *info, i2v_error *error) {
    int descriptor = i2v_open_at_once(path, error);
    if (descriptor < 0) return -1;
    if (fstat(descriptor, info) == 0 && S_ISREG(info->st_mode)) return descriptor;
    i2v_fail(error, I2V_ERROR_IO, "%s is not a regular file", path);
    close(descriptor);
    return -1;
}
