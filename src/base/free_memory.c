/* How much memory this process can still have. */
#include "base/free_memory.h"

#include "base/cgroups.h"
#include "base/kernel_files.h"
#include "base/system.h"

#include <stddef.h>

/* Of what is free, the part that is left to others. */
#define MARGIN 16

static uint64_t less_of(uint64_t a, uint64_t b) {
    return a < b ? a : b;
}

static uint64_t left_of(uint64_t limit, uint64_t used) {
    return limit > used ? limit - used : 0;
}

/* The number of a field of a file in /proc that counts in KiB. */
static int read_kilobytes(const char *root, const char *name, const char *field, uint64_t *bytes) {
    uint64_t kilobytes;
    if (!i2v_kernel_field(root, "/proc", name, field, &kilobytes) || kilobytes > UINT64_MAX >> 10) return 0;
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
        if (files->limits[i] && i2v_kernel_number(root, folder, files->limits[i], &value))
            limit = less_of(limit, value);
    }
    if (limit == UINT64_MAX) return limit;
    i2v_kernel_number(root, folder, files->used, &used);
    i2v_kernel_field(root, folder, "/memory.stat", files->reclaimable, &reclaimable);
    return left_of(limit, left_of(used, reclaimable));
}

static void look(void *user, const char *root, const char *folder, int version) {
    uint64_t *least = user;
    *least = less_of(*least, free_in_cgroup(root, folder, version == 1 ? &version_1 : &version_2));
}

/* ---- all ---- */

uint64_t i2v_free_memory_under(const char *root, i2v_memory_limits limits) {
    uint64_t least = UINT64_MAX, used;
    read_kilobytes(root, "/meminfo", "MemAvailable:", &least);
    i2v_cgroups_visit(root, "memory", look, &least);
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

uint64_t i2v_free_memory(void) {
    return i2v_system_free_memory();
}

uint64_t i2v_memory_budget(void) {
    uint64_t available = i2v_free_memory();
    return available - available / MARGIN;
}
