#include "base/file_kind.h"

#include <stddef.h>
#include <sys/stat.h>

const char *i2v_file_kind(const char *path) {
    struct stat info;
    if (stat(path, &info) != 0) return lstat(path, &info) == 0 ? "a link that leads nowhere" : NULL;
    switch (info.st_mode & S_IFMT) {
    case S_IFREG:
        return "a file";
    case S_IFDIR:
        return "a folder";
    case S_IFIFO:
        return "a named pipe";
    case S_IFSOCK:
        return "a socket";
    default:
        return "a device";
    }
}
