#include "base/free_memory.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

/* Of what is free, the part that is left to others. */
#define MARGIN 16
/* The longest line read whole: a cgroup's path and what stands before it. */
#define LINE_SIZE (PATH_MAX + 256)

static uint64_t less_of(uint64_t a, uint64_t b) {
    return a < b ? a : b;
}

static uint64_t left_of(uint64_t limit, uint64_t used) {
    return limit > used ? limit - used : 0;
}

/* ---- files of the kernel's ---- */

/* root, folder and name one after the other; NULL if there is no such file. */
static FILE *open_under(const char *root, const char *folder, const char *name) {
    char path[PATH_MAX];
    int length = snprintf(path, sizeof path, "%s%s%s", root, folder, name);
    return length > 0 && (size_t)length < sizeof path ? fopen(path, "re") : NULL;
}

/* A line without its end; longer ones are passed over. 0 at the end of the file. */
static int next_line(FILE *file, char line[LINE_SIZE]) {
    int cut = 0;
    while (fgets(line, LINE_SIZE, file)) {
        char *end = strchr(line, '\n');
        int whole = end || feof(file);
        if (end) *end = '\0';
        if (whole && !cut) return 1;
        cut = !whole;
    }
    return 0;
}

/* Decimal digits up to a blank or the end of the line. */
static int parse_number(const char *text, uint64_t *value) {
    if (*text < '0' || *text > '9') return 0;
    char *end = NULL;
    errno = 0;
    unsigned long long parsed = strtoull(text, &end, 10);
    if (errno || (*end && *end != ' ')) return 0;
    *value = parsed;
    return 1;
}

/* The number that is the file's first line. */
static int read_number(const char *root, const char *folder, const char *name, uint64_t *value) {
    char line[LINE_SIZE];
    FILE *file = open_under(root, folder, name);
    if (!file) return 0;
    int found = next_line(file, line) && parse_number(line, value);
    fclose(file);
    return found;
}

/* The number of the line that begins with field and blanks. */
static int read_field(const char *root, const char *folder, const char *name, const char *field, uint64_t *value) {
    char line[LINE_SIZE];
    size_t length = strlen(field);
    FILE *file = open_under(root, folder, name);
    int found = 0;
    while (file && !found && next_line(file, line)) {
        if (strncmp(line, field, length) != 0) continue;
        size_t blanks = strspn(line + length, " \t");
        found = blanks > 0 && parse_number(line + length + blanks, value);
    }
    if (file) fclose(file);
    return found;
}

/* Likewise of a file in /proc that counts in KiB. */
static int read_kilobytes(const char *root, const char *name, const char *field, uint64_t *bytes) {
    uint64_t kilobytes;
    if (!read_field(root, "/proc", name, field, &kilobytes) || kilobytes > UINT64_MAX >> 10) return 0;
    *bytes = kilobytes << 10;
    return 1;
}

/* ---- cgroups ---- */

/* What a hierarchy calls its files. Pages of files that were not used for long are the first that the kernel takes
 * back. https://docs.kernel.org/admin-guide/cgroup-v2.html, .../cgroup-v1/memory.html */
typedef struct {
    const char *limits[2], *used, *reclaimable;
} cgroup_files;

static const cgroup_files version_1 = {
    {"/memory.limit_in_bytes", NULL}, "/memory.usage_in_bytes", "total_inactive_file"};
static const cgroup_files version_2 = {{"/memory.max", "/memory.high"}, "/memory.current", "inactive_file"};

static uint64_t free_in_cgroup(const char *root, const char *folder, const cgroup_files *files) {
    uint64_t limit = UINT64_MAX, value, used = 0, reclaimable = 0;
    for (int i = 0; i < 2; i++) {
        if (files->limits[i] && read_number(root, folder, files->limits[i], &value)) limit = less_of(limit, value);
    }
    if (limit == UINT64_MAX) return limit;
    read_number(root, folder, files->used, &used);
    read_field(root, folder, "/memory.stat", files->reclaimable, &reclaimable);
    return left_of(limit, left_of(used, reclaimable));
}

/* The least of the cgroup at path and those above it. In a container the path can be the host's, with the container's
 * cgroup mounted as the topmost: then only that one is found. */
static uint64_t free_up_from(const char *root, const char *mount, const char *path, const cgroup_files *files) {
    char folder[LINE_SIZE + 64];
    size_t top = strlen(mount);
    uint64_t least = UINT64_MAX;
    /* of a process outside the topmost cgroup that is seen here */
    int outside = strstr(path, "/..") != NULL;
    snprintf(folder, sizeof folder, "%s%s", mount, outside || path[0] != '/' ? "" : path);
    for (;;) {
        least = less_of(least, free_in_cgroup(root, folder, files));
        char *slash = strrchr(folder + top, '/');
        if (!slash) return least;
        *slash = '\0';
    }
}

/* Whether one of the names between commas is "memory". */
static int has_memory(const char *controllers) {
    const char *at = strstr(controllers, "memory");
    return at && (at == controllers || at[-1] == ',') && (at[6] == '\0' || at[6] == ',');
}

/* Lines are HIERARCHY:CONTROLLERS:PATH, of version 2 without controllers. */
static uint64_t free_in_cgroups(const char *root) {
    char line[LINE_SIZE];
    uint64_t least = UINT64_MAX;
    FILE *file = open_under(root, "/proc", "/self/cgroup");
    while (file && next_line(file, line)) {
        char *controllers = strchr(line, ':'), *path = controllers ? strchr(controllers + 1, ':') : NULL;
        if (!path) continue;
        *controllers++ = *path++ = '\0';
        if (has_memory(controllers)) {
            least = less_of(least, free_up_from(root, "/sys/fs/cgroup/memory", path, &version_1));
        } else if (!*controllers) {
            least = less_of(least, free_up_from(root, "/sys/fs/cgroup", path, &version_2));
            /* where both versions are mounted */
            least = less_of(least, free_up_from(root, "/sys/fs/cgroup/unified", path, &version_2));
        }
    }
    if (file) fclose(file);
    return least;
}

/* ---- all ---- */

uint64_t i2v_free_memory_under(const char *root, i2v_memory_limits limits) {
    uint64_t least = UINT64_MAX, used;
    read_kilobytes(root, "/meminfo", "MemAvailable:", &least);
    least = less_of(least, free_in_cgroups(root));
    /* what the kernel checks against the limits, see mm/mmap.c, may_expand_vm */
    used = 0;
    if (limits.data != UINT64_MAX) {
        read_kilobytes(root, "/self/status", "VmData:", &used);
        least = less_of(least, left_of(limits.data, used));
    }
    used = 0;
    if (limits.address_space != UINT64_MAX) {
        read_kilobytes(root, "/self/status", "VmSize:", &used);
        least = less_of(least, left_of(limits.address_space, used));
    }
    return least;
}

static uint64_t limit_of(int resource) {
    struct rlimit limit;
    if (getrlimit(resource, &limit) || limit.rlim_cur == RLIM_INFINITY) return UINT64_MAX;
    return limit.rlim_cur;
}

uint64_t i2v_free_memory(void) {
    return i2v_free_memory_under("", (i2v_memory_limits){limit_of(RLIMIT_DATA), limit_of(RLIMIT_AS)});
}

uint64_t i2v_memory_budget(void) {
    uint64_t available = i2v_free_memory();
    return available - available / MARGIN;
}
