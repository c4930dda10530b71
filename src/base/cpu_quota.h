/* How much of the processors the cgroups of this process grant it. */
#ifndef I2V_BASE_CPU_QUOTA_H
#define I2V_BASE_CPU_QUOTA_H

/* Processors' worth of time, rounded up: the least of the process's cgroup (v1 or v2) and those above it. INT_MAX where
 * nothing says. root: see base/kernel_files.h; what is not as the kernel writes it counts for nothing. */
int i2v_cpu_quota_under(const char *root);

#endif
