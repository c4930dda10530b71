/* Tensors of a file under other names. */
#include "weights/rename.h"

#include "weights/set_struct.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- what a tensor goes through ---- */

static void *own(i2v_weights *part, void *memory) {
    void **grown = memory ? realloc(part->owned, (part->owned_count + 1) * sizeof *grown) : NULL;
    if (!grown) {
        free(memory);
        return NULL;
    }
    part->owned = grown;
    return grown[part->owned_count++] = memory;
}

/* The largest projection, of CLIP's last vector, has 5 MiB in f32; a file can claim any size before shapes are checked.
 */
#define MAX_TRANSPOSED ((uint64_t)64 << 20)

static i2v_status transpose(i2v_weights *part, i2v_weight *weight, i2v_error *error) {
    if (weight->ndim != 2 || weight->dtype == I2V_WEIGHT_OTHER || weight->bytes == 0) return I2V_OK;
    if (weight->bytes > MAX_TRANSPOSED) {
        return i2v_fail(error, I2V_ERROR_MODEL, "%s: tensor %s has %" PRIu64 " MiB, where a projection is expected",
                        weight->file, weight->origin, weight->bytes >> 20);
    }
    size_t rows = (size_t)weight->shape[0], columns = (size_t)weight->shape[1];
    size_t size = (size_t)(weight->bytes / weight->count);
    uint8_t *out = own(part, malloc((size_t)weight->bytes));
    uint8_t *read = malloc((size_t)weight->bytes);
    const uint8_t *from = out && read ? i2v_bytes_read(&weight->at, 0, (size_t)weight->bytes, read) : NULL;
    for (size_t i = 0; from && i < rows; i++) {
        for (size_t j = 0; j < columns; j++) {
            memcpy(out + (j * rows + i) * size, from + (i * columns + j) * size, size);
        }
    }
    free(read);
    if (!out || !read) return i2v_fail_memory(error, weight->origin, 2 * weight->bytes);
    if (!from) return i2v_bytes_fail(&weight->at, error);
    weight->at = (i2v_bytes){.data = out};
    weight->shape[0] = (int64_t)columns;
    weight->shape[1] = (int64_t)rows;
    return I2V_OK;
}

static void take_third(i2v_weight *weight, int third) {
    if (weight->ndim == 0 || weight->shape[0] % 3 != 0) return;
    weight->shape[0] /= 3;
    weight->count /= 3;
    weight->bytes /= 3;
    weight->at = i2v_bytes_from(weight->at, (uint64_t)third * weight->bytes);
}

static i2v_status change(i2v_weights *part, i2v_weight *weight, i2v_name_change change, i2v_error *error) {
    switch (change) {
    case I2V_NAME_TRANSPOSED:
        return transpose(part, weight, error);
    case I2V_NAME_1X1:
        if (weight->ndim == 4 && weight->shape[2] == 1 && weight->shape[3] == 1) weight->ndim = 2;
        break;
    case I2V_NAME_THIRD_1:
    case I2V_NAME_THIRD_2:
    case I2V_NAME_THIRD_3:
        take_third(weight, (int)(change - I2V_NAME_THIRD_1));
        break;
    case I2V_NAME_ONLY:
        break;
    }
    return I2V_OK;
}

/* ---- renamed weights ---- */

static int is_under_root(const i2v_name_map *map, const char *name) {
    for (size_t i = 0; i < map->roots_count; i++)
        if (strncmp(name, map->roots[i], strlen(map->roots[i])) == 0) return 1;
    return 0;
}

static i2v_status take_renamed(i2v_weights *part, const i2v_weights *file, unsigned char *used, i2v_error *error) {
    i2v_status status = I2V_OK;
    for (size_t i = 0; status == I2V_OK && i < part->map.count; i++) {
        const i2v_renaming *renaming = &part->map.renamings[i];
        const i2v_weight *found = i2v_weights_find(file, renaming->file);
        if (!found) continue;
        used[found - file->tensors] = 1;
        i2v_weight *weight = &part->tensors[part->count++];
        *weight = *found;
        weight->name = renaming->name;
        status = change(part, weight, renaming->change, error);
    }
    return status;
}

/* Under a name that no model asks for. */
static i2v_status take_rest(i2v_weights *part, const i2v_weights *file, const unsigned char *used, i2v_error *error) {
    for (size_t i = 0; i < file->count; i++) {
        const i2v_weight *rest = &file->tensors[i];
        if (used[i] || !is_under_root(&part->map, rest->name)) continue;
        size_t size = strlen(rest->name) + 2;
        char *name = own(part, malloc(size));
        if (!name) return i2v_fail_memory(error, rest->name, size);
        snprintf(name, size, "?%s", rest->name);
        part->tensors[part->count] = *rest;
        part->tensors[part->count++].name = name;
    }
    return I2V_OK;
}

static i2v_status fill(i2v_weights *part, const i2v_weights *file, i2v_error *error) {
    size_t room = part->map.count + file->count;
    part->tensors = calloc(room, sizeof *part->tensors);
    unsigned char *used = calloc(file->count, 1);
    i2v_status status =
        part->tensors && used ? I2V_OK : i2v_fail_memory(error, file->path, room * sizeof *part->tensors);
    i2v_name_map_sort(&part->map);
    if (status == I2V_OK) status = take_renamed(part, file, used, error);
    if (status == I2V_OK) status = take_rest(part, file, used, error);
    if (status == I2V_OK) i2v_weights_sort(part);
    free(used);
    return status;
}

i2v_status i2v_weights_rename(i2v_weights **part, i2v_weights *file, i2v_name_map *map, i2v_error *error) {
    *part = calloc(1, sizeof **part);
    i2v_status status = *part ? map->status : I2V_ERROR_MEMORY;
    if (status != I2V_OK) i2v_fail_memory(error, file->path, sizeof **part);
    if (*part) {
        (*part)->holders = 1;
        (*part)->misfit = file->misfit;
        (*part)->origin = i2v_weights_hold(file);
        (*part)->map = *map;
        *map = (i2v_name_map){0};
        (*part)->path = strdup(file->path);
        if (status == I2V_OK && !(*part)->path) status = i2v_fail_memory(error, file->path, 0);
    }
    i2v_name_map_free(map);
    if (status == I2V_OK) status = fill(*part, file, error);
    if (status != I2V_OK) {
        i2v_weights_close(*part);
        *part = NULL;
    }
    return status;
}

i2v_status i2v_weights_strip(i2v_weights **part, i2v_weights *file, const char *prefix, i2v_error *error) {
    i2v_name_map map = {0};
    for (size_t i = 0; i < file->count; i++) {
        const char *name = file->tensors[i].name;
        if (strncmp(name, prefix, strlen(prefix)) == 0)
            i2v_name_map_tensor(&map, I2V_NAME_ONLY, name, name + strlen(prefix));
    }
    return i2v_weights_rename(part, file, &map, error);
}
