/* What a file is to be by the ending of its name: "out.NPY" is a NumPy array, as "out.npy" is. */
#ifndef CLI_ENDING_H
#define CLI_ENDING_H

#include <string.h>
#include <strings.h>

/* 1: the path ends so, in small letters or large ones. ending: ".png". */
static inline int cli_ends_in(const char *path, const char *ending) {
    size_t length = strlen(path), count = strlen(ending);
    return length >= count && strcasecmp(path + length - count, ending) == 0;
}

/* 1: an array in NumPy's format, which has no place for metadata. */
static inline int cli_is_array(const char *path) {
    return cli_ends_in(path, ".npy");
}

#endif
