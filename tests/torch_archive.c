/* Archives as PyTorch writes them, with any pickle in them. */
#include "torch_archive.h"

#include <stdlib.h>
#include <string.h>

enum { FILES = 2, LOCAL = 30, ENTRY = 46, END = 22 };

typedef struct stored {
    const char *name;
    const void *data;
    size_t size, at;
} stored;

static void put(uint8_t *at, uint64_t value, int bytes) {
    for (int i = 0; i < bytes; i++) at[i] = (uint8_t)(value >> 8 * i);
}

static uint8_t *put_local(uint8_t *out, const stored *file) {
    memcpy(out, "PK\3\4", 4);
    put(out + 18, file->size, 4);
    put(out + 22, file->size, 4);
    put(out + 26, strlen(file->name), 2);
    out = (uint8_t *)memcpy(out + LOCAL, file->name, strlen(file->name)) + strlen(file->name);
    return (uint8_t *)memcpy(out, file->data, file->size) + file->size;
}

static uint8_t *put_entry(uint8_t *out, const stored *file) {
    memcpy(out, "PK\1\2", 4);
    put(out + 20, file->size, 4);
    put(out + 24, file->size, 4);
    put(out + 28, strlen(file->name), 2);
    put(out + 42, file->at, 4);
    return (uint8_t *)memcpy(out + ENTRY, file->name, strlen(file->name)) + strlen(file->name);
}

uint8_t *torch_archive(const void *pickle, size_t pickle_size, size_t *size) {
    static const float values[] = {1, 2, 3, 4, 5, 6};
    stored files[FILES] = {{"archive/data.pkl", pickle, pickle_size, 0}, {"archive/data/0", values, sizeof values, 0}};
    *size = END;
    for (int i = 0; i < FILES; i++) *size += LOCAL + ENTRY + 2 * strlen(files[i].name) + files[i].size;
    uint8_t *archive = calloc(1, *size), *out = archive;
    if (!archive) abort();
    for (int i = 0; i < FILES; i++) {
        files[i].at = (size_t)(out - archive);
        out = put_local(out, &files[i]);
    }
    uint8_t *directory = out;
    for (int i = 0; i < FILES; i++) out = put_entry(out, &files[i]);
    memcpy(out, "PK\5\6", 4);
    put(out + 8, FILES, 2);
    put(out + 10, FILES, 2);
    put(out + 12, (uint64_t)(out - directory), 4);
    put(out + 16, (uint64_t)(directory - archive), 4);
    return archive;
}
