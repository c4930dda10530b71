/* The cgroups that this process is in. */
#include "base/cgroups.h"

#include "base/kernel_files.h"

#include <string.h>

typedef struct {
    const char *root, *controller;
    i2v_cgroup_look look;
    void *user;
} visit;

/* The cgroup at path and those above it. */
static void look_up_from(const visit *to, const char *mount, const char *path, int version) {
    char folder[I2V_KERNEL_LINE + 64];
    size_t top = strlen(mount);
    /* of a process outside the topmost cgroup that is seen here */
    int outside = strstr(path, "/..") != NULL;
    snprintf(folder, sizeof folder, "%s%s", mount, outside || path[0] != '/' ? "" : path);
    for (;;) {
        to->look(to->user, to->root, folder, version);
        char *slash = strrchr(folder + top, '/');
        if (!slash) return;
        *slash = '\0';
    }
}

/* Whether name is one of those between commas. */
static int is_among(const char *name, const char *controllers) {
    size_t length = strlen(name);
    for (const char *at = controllers; at; at = strchr(at, ',')) {
        if (*at == ',') at++;
        if (strncmp(at, name, length) == 0 && (at[length] == '\0' || at[length] == ',')) return 1;
    }
    return 0;
}

/* Lines are HIERARCHY:CONTROLLERS:PATH, of version 2 without controllers. */
static void look_in_line(const visit *to, char *line) {
    char *controllers = strchr(line, ':'), *path = controllers ? strchr(controllers + 1, ':') : NULL;
    if (!path) return;
    *controllers++ = *path++ = '\0';
    if (is_among(to->controller, controllers)) {
        char mount[64];
        snprintf(mount, sizeof mount, "/sys/fs/cgroup/%s", to->controller);
        look_up_from(to, mount, path, 1);
    } else if (!*controllers) {
        look_up_from(to, "/sys/fs/cgroup", path, 2);
        look_up_from(to, "/sys/fs/cgroup/unified", path, 2); /* where both versions are mounted */
    }
}

void i2v_cgroups_visit(const char *root, const char *controller, i2v_cgroup_look look, void *user) {
    char line[I2V_KERNEL_LINE];
    visit to = {root, controller, look, user};
    FILE *file = i2v_kernel_open(root, "/proc", "/self/cgroup");
    while (file && i2v_kernel_line(file, line)) look_in_line(&to, line);
    if (file) fclose(file);
}
