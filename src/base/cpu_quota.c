/* How much of the processors the cgroups of this process grant it. */
#include "base/cpu_quota.h"

#include "base/cgroups.h"
#include "base/kernel_files.h"

#include <string.h>

/* Of v2 a line, "QUOTA PERIOD" in microseconds or "max PERIOD"; of v1 two files, of which the quota is -1 for none.
 * https://docs.kernel.org/scheduler/sched-bwc.html */
static int read_quota(const char *root, const char *folder, int version, uint64_t *quota, uint64_t *period) {
    if (version == 1)
        return i2v_kernel_number(root, folder, "/cpu.cfs_quota_us", quota) &&
               i2v_kernel_number(root, folder, "/cpu.cfs_period_us", period);
    char line[I2V_KERNEL_LINE];
    if (!i2v_kernel_first_line(root, folder, "/cpu.max", line)) return 0;
    const char *blank = strchr(line, ' ');
    return blank && i2v_kernel_parse(line, quota) && i2v_kernel_parse(blank + 1, period);
}

static void look(void *user, const char *root, const char *folder, int version) {
    int *least = user;
    uint64_t quota, period;
    if (!read_quota(root, folder, version, &quota, &period) || quota == 0 || period == 0) return;
    uint64_t processors = (quota - 1) / period + 1;
    if (processors < (uint64_t)*least) *least = (int)processors;
}

int i2v_cpu_quota_under(const char *root) {
    int least = INT_MAX;
    i2v_cgroups_visit(root, "cpu", look, &least);
    return least;
}
