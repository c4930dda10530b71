/* The cgroups that this process is in. https://docs.kernel.org/admin-guide/cgroup-v2.html */
#ifndef I2V_BASE_CGROUPS_H
#define I2V_BASE_CGROUPS_H

/* folder: of a cgroup of that version (1 or 2), under root. */
typedef void (*i2v_cgroup_look)(void *user, const char *root, const char *folder, int version);

/* Calls look for the cgroup that says what this process may have of the controller ("memory", "cpu"), and for those
 * above it, in whichever version is mounted. root: see base/kernel_files.h. In a container the path can be the host's,
 * with the container's cgroup mounted as the topmost: then only that one is found to hold any files. */
void i2v_cgroups_visit(const char *root, const char *controller, i2v_cgroup_look look, void *user);

#endif
