/* What tests of faults do with files: read them, remove a folder of them. */
#include "faults.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int remove_entry(const char *path, const struct stat *info, int type, struct FTW *at) {
    return remove(path);
}

void fault_remove(const char *folder) {
    nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

char *fault_read(const char *path, size_t *size) {
    *size = 0;
    FILE *stream = fopen(path, "rbe");
    if (!stream) return NULL;
    size_t capacity = 1 << 16;
    char *text = malloc(capacity);
    for (size_t got = 1; text && got > 0; *size += got) {
        if (*size + 1 >= capacity) text = realloc(text, capacity *= 2);
        got = text ? fread(text + *size, 1, capacity - 1 - *size, stream) : 0;
    }
    fclose(stream);
    if (!text) abort();
    text[*size] = 0;
    return text;
}

int fault_write(const char *path, const char *text) {
    FILE *stream = fopen(path, "wbe");
    if (!stream) return 0;
    int written = fputs(text, stream) >= 0;
    return fclose(stream) == 0 && written;
}

int fault_same(const char *one, const char *other) {
    size_t size, other_size;
    char *text = fault_read(one, &size), *other_text = fault_read(other, &other_size);
    int same = text && other_text && size == other_size && memcmp(text, other_text, size) == 0;
    free(text);
    free(other_text);
    return same;
}
