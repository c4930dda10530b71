/* Opening of files to read, without waiting for the writer of a pipe. */
#include "base/open_file.h"

#include "base/system.h"

#include <errno.h>
#include <unistd.h>

i2v_status i2v_open_at_once(int *descriptor, const char *path, i2v_error *error) {
    *descriptor = i2v_system_open(path);
    return *descriptor < 0 ? i2v_fail_system(error, "open", path, errno) : I2V_OK;
}

i2v_status i2v_open_regular(int *descriptor, const char *path, struct stat *info, i2v_error *error) {
    i2v_status status = i2v_open_at_once(descriptor, path, error);
    if (status) return status;
    if (fstat(*descriptor, info) < 0)
        status = i2v_fail_system(error, "read", path, errno);
    else if (!S_ISREG(info->st_mode))
        status = i2v_fail(error, I2V_ERROR_IO, "%s is not a regular file but %s; give a file", path,
                          i2v_file_kind(info->st_mode));
    if (!status) return I2V_OK;
    close(*descriptor);
    *descriptor = -1;
    return status;
}

const char *i2v_file_kind(mode_t mode) {
    if (S_ISDIR(mode)) return "a folder";
    if (S_ISFIFO(mode)) return "a named pipe";
    return S_ISSOCK(mode) ? "a socket" : "a device";
}
