/* A folder of its own for each test. */
#include "temporary_folder.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

char folder[512];

int make_folder(void **state) {
    (void)state;
    const char *parent = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%s/img2vid-test-XXXXXX", parent ? parent : "/tmp");
    return mkdtemp(folder) ? 0 : -1;
}

const char *in_folder(const char *name) {
    static char path[1024];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

int count_files(void) {
    int count = 0;
    DIR *directory = opendir(folder);
    if (!directory) return -1;
    struct dirent *entry;
    while ((entry = readdir(directory))) count += entry->d_name[0] != '.' || strlen(entry->d_name) > 2;
    closedir(directory);
    return count;
}

void empty_folder(void) {
    DIR *dir = opendir(folder);
    for (struct dirent *entry; (entry = readdir(dir));) unlink(in_folder(entry->d_name));
    closedir(dir);
}

int remove_folder(void **state) {
    (void)state;
    DIR *directory = opendir(folder);
    if (!directory) return -1;
    struct dirent *entry;
    while ((entry = readdir(directory))) unlink(in_folder(entry->d_name));
    closedir(directory);
    return rmdir(folder);
}

void write_file(const char *name, const void *data, size_t size) {
    FILE *file = fopen(in_folder(name), "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

void write_text(const char *name, const char *text) {
    write_file(name, text, strlen(text));
}
