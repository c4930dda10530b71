/* Lists of names: what a tensor is called in a file, and what the model calls it. */
#include "weights/name_map.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void i2v_name_print(char name[I2V_NAME_SIZE], const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(name, I2V_NAME_SIZE, format, arguments);
    va_end(arguments);
}

void i2v_name_map_tensor(i2v_name_map *map, i2v_name_change change, const char *file, const char *name) {
    if (map->status != I2V_OK) return;
    if (map->count == map->room) {
        size_t room = map->room ? 2 * map->room : 1024;
        i2v_renaming *grown = realloc(map->renamings, room * sizeof *grown);
        if (!grown) {
            map->status = I2V_ERROR_MEMORY;
            return;
        }
        map->renamings = grown;
        map->room = room;
    }
    i2v_renaming *renaming = &map->renamings[map->count++];
    *renaming = (i2v_renaming){strdup(file), strdup(name), change};
    if (!renaming->file || !renaming->name) map->status = I2V_ERROR_MEMORY;
}

void i2v_name_map_module(i2v_name_map *map, i2v_name_change change, const char *file, const char *name) {
    static const char *const leaves[] = {"weight", "bias"};
    for (int i = 0; i < 2; i++) {
        char from[I2V_NAME_SIZE], to[I2V_NAME_SIZE];
        i2v_name_print(from, "%s.%s", file, leaves[i]);
        i2v_name_print(to, "%s.%s", name, leaves[i]);
        i2v_name_map_tensor(map, i == 0 ? change : I2V_NAME_ONLY, from, to);
    }
}

void i2v_name_map_root(i2v_name_map *map, const char *prefix) {
    if (map->status != I2V_OK) return;
    char **grown = realloc(map->roots, (map->roots_count + 1) * sizeof *grown);
    if (grown) {
        map->roots = grown;
        grown[map->roots_count] = strdup(prefix);
    }
    if (!grown || !grown[map->roots_count++]) map->status = I2V_ERROR_MEMORY;
}

void i2v_name_map_free(i2v_name_map *map) {
    for (size_t i = 0; i < map->count; i++) {
        free(map->renamings[i].file);
        free(map->renamings[i].name);
    }
    free(map->renamings);
    for (size_t i = 0; i < map->roots_count; i++) free(map->roots[i]);
    free(map->roots);
    *map = (i2v_name_map){0};
}

static int compare_renamings(const void *a, const void *b) {
    return strcmp(((const i2v_renaming *)a)->name, ((const i2v_renaming *)b)->name);
}

void i2v_name_map_sort(i2v_name_map *map) {
    if (map->count) qsort(map->renamings, map->count, sizeof *map->renamings, compare_renamings);
}

const i2v_renaming *i2v_name_map_find(const i2v_name_map *map, const char *name) {
    i2v_renaming key = {.name = (char *)(uintptr_t)name};
    return map->count ? bsearch(&key, map->renamings, map->count, sizeof *map->renamings, compare_renamings) : NULL;
}
