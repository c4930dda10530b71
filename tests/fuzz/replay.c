/* A fuzz target as a plain program: runs the inputs in the folders or files named once. */
#include "fuzz.h"

#include "base/file.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

static int inputs;

static void run_file(const char *path) {
    uint8_t *data;
    size_t size;
    i2v_error error = {0};
    if (i2v_file_read(&data, &size, path, (size_t)1 << 30, &error)) {
        fprintf(stderr, "%s\n", error.message);
        exit(1);
    }
    fprintf(stderr, "%s\n", path); /* of a crash, the last line says which input it was */
    LLVMFuzzerTestOneInput(data, size);
    free(data);
    inputs++;
}

static void run_folder(const char *folder) {
    struct dirent **entries;
    int count = scandir(folder, &entries, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        char *path = i2v_path_join(folder, entries[i]->d_name);
        if (path && i2v_is_file(path)) run_file(path);
        free(path);
        free(entries[i]);
    }
    if (count >= 0) free(entries);
}

int main(int argc, char **argv) {
    for (int i = 1; i < argc; i++) i2v_is_folder(argv[i]) ? run_folder(argv[i]) : run_file(argv[i]);
    LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
    printf("%d inputs\n", inputs);
    return inputs == 0;
}
