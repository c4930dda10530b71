/* Which file a path means, however it is written. */
#include "place.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_LINKS 40 /* as the kernel */

static int set(cli_place *place, const struct stat *file, char *name) {
    *place = (cli_place){file->st_dev, file->st_ino, name};
    return 1;
}

/* A name in the folder of path. */
static int missing_file(cli_place *place, const char *path) {
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    char *folder = slash ? strndup(path, (size_t)(name - path)) : strdup(".");
    struct stat info;
    int found = folder && stat(folder, &info) == 0;
    free(folder);
    char *copy = found ? strdup(name) : NULL;
    return copy ? set(place, &info, copy) : 0;
}

/* What the link at path leads to, as a path of its own; allocated, NULL if path is no link or without memory. */
static char *follow(const char *path) {
    char link[PATH_MAX], *target;
    ssize_t length = readlink(path, link, sizeof link - 1);
    if (length < 0) return NULL;
    link[length] = 0;
    const char *slash = strrchr(path, '/');
    int folder = slash && *link != '/' ? (int)(slash - path + 1) : 0;
    return asprintf(&target, "%.*s%s", folder, path, link) < 0 ? NULL : target;
}

int cli_place_of(cli_place *place, const char *path) {
    struct stat info;
    *place = (cli_place){0};
    if (strcmp(path, "-") == 0) return fstat(STDIN_FILENO, &info) == 0 && set(place, &info, NULL);
    if (stat(path, &info) == 0) return set(place, &info, NULL);
    char *at = strdup(path);
    for (int links = 0; at && links < MAX_LINKS; links++) {
        char *target = follow(at);
        if (!target) break;
        free(at);
        at = target;
    }
    int found = at && missing_file(place, at);
    free(at);
    return found;
}

void cli_place_free(cli_place *place) {
    free(place->name);
    *place = (cli_place){0};
}

int cli_place_order(const cli_place *a, const cli_place *b) {
    if (a->device != b->device) return a->device < b->device ? -1 : 1;
    if (a->inode != b->inode) return a->inode < b->inode ? -1 : 1;
    if (!a->name || !b->name) return (a->name != NULL) - (b->name != NULL);
    return strcmp(a->name, b->name);
}
