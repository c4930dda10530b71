/* Files in which Linux says how things stand (/proc, /sys). */
#include "base/kernel_files.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

FILE *i2v_kernel_open(const char *root, const char *folder, const char *name) {
    char path[PATH_MAX];
    int length = snprintf(path, sizeof path, "%s%s%s", root, folder, name);
    return length > 0 && (size_t)length < sizeof path ? fopen(path, "re") : NULL;
}

int i2v_kernel_line(FILE *file, char line[I2V_KERNEL_LINE]) {
    int cut = 0;
    while (fgets(line, I2V_KERNEL_LINE, file)) {
        char *end = strchr(line, '\n');
        int whole = end || feof(file);
        if (end) *end = '\0';
        if (whole && !cut) return 1;
        cut = !whole;
    }
    return 0;
}

int i2v_kernel_first_line(const char *root, const char *folder, const char *name, char line[I2V_KERNEL_LINE]) {
    FILE *file = i2v_kernel_open(root, folder, name);
    if (!file) return 0;
    int found = i2v_kernel_line(file, line);
    fclose(file);
    return found;
}

int i2v_kernel_parse(const char *text, uint64_t *value) {
    if (*text < '0' || *text > '9') return 0;
    char *end = NULL;
    errno = 0;
    unsigned long long parsed = strtoull(text, &end, 10);
    if (errno || (*end && *end != ' ')) return 0;
    *value = parsed;
    return 1;
}

int i2v_kernel_number(const char *root, const char *folder, const char *name, uint64_t *value) {
    char line[I2V_KERNEL_LINE];
    return i2v_kernel_first_line(root, folder, name, line) && i2v_kernel_parse(line, value);
}

int i2v_kernel_field(const char *root, const char *folder, const char *name, const char *field, uint64_t *value) {
    char line[I2V_KERNEL_LINE];
    size_t length = strlen(field);
    FILE *file = i2v_kernel_open(root, folder, name);
    int found = 0;
    while (file && !found && i2v_kernel_line(file, line)) {
        if (strncmp(line, field, length) != 0) continue;
        size_t blanks = strspn(line + length, " \t");
        found = blanks > 0 && i2v_kernel_parse(line + length + blanks, value);
    }
    if (file) fclose(file);
    return found;
}
