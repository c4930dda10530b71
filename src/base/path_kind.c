/* What a path leads to, for messages. */
#include "base/path_kind.h"

#include "base/open_file.h"
#include "base/system.h"

#include <stddef.h>

const char *i2v_path_kind(const char *path) {
    struct stat info;
    if (stat(path, &info) != 0) return i2v_system_is_link(path) ? "a link that leads nowhere" : NULL;
    return S_ISREG(info.st_mode) ? "a file" : i2v_file_kind(info.st_mode);
}
