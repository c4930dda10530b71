/* A folder with made-up files of the kernel's. */
#include "kernel_root.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

char kernel_root[512];

int make_kernel_root(void **state) {
    (void)state;
    const char *parent = getenv("TMPDIR");
    snprintf(kernel_root, sizeof kernel_root, "%s/img2vid-test-XXXXXX", parent ? parent : "/tmp");
    return mkdtemp(kernel_root) ? 0 : -1;
}

int remove_kernel_root(void **state) {
    (void)state;
    char command[600];
    snprintf(command, sizeof command, "rm -r '%s'", kernel_root);
    return system(command);
}

void put_kernel_file(const char *path, const char *text) {
    char full[1024];
    snprintf(full, sizeof full, "%s%s", kernel_root, path);
    for (char *slash = strchr(full + strlen(kernel_root) + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(full, 0700) && errno != EEXIST) fail_msg("%s", full);
        *slash = '/';
    }
    FILE *file = fopen(full, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}
