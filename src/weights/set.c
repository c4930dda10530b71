/* A set of tensors, sorted by name. */
#include "weights/set.h"

#include "weights/set_struct.h"

#include <stdlib.h>
#include <string.h>

static int compare_names(const void *a, const void *b) {
    return strcmp(((const i2v_weight *)a)->name, ((const i2v_weight *)b)->name);
}

void i2v_weights_sort(i2v_weights *weights) {
    qsort(weights->tensors, weights->count, sizeof *weights->tensors, compare_names);
}

i2v_status i2v_weights_index(i2v_weights *weights, i2v_error *error) {
    i2v_weights_sort(weights);
    for (size_t i = 1; i < weights->count; i++) {
        const i2v_weight *one = &weights->tensors[i - 1], *other = &weights->tensors[i];
        if (strcmp(one->name, other->name) != 0) continue;
        if (one->file == other->file)
            return i2v_fail(error, I2V_ERROR_MODEL, "%s: duplicate tensor %s", one->file, one->name);
        return i2v_fail(error, I2V_ERROR_MODEL, "%s: duplicate tensor %s: it is in %s as well", one->file, one->name,
                        other->file);
    }
    return I2V_OK;
}

i2v_status i2v_weights_begin(i2v_weights **weights, const char *path, i2v_error *error) {
    *weights = calloc(1, sizeof **weights);
    if (!*weights) return i2v_fail_memory(error, path, sizeof **weights);
    (*weights)->holders = 1;
    (*weights)->misfit = "the weights do not fit the config.json beside them";
    return I2V_OK;
}

i2v_weights *i2v_weights_hold(i2v_weights *weights) {
    weights->holders++;
    return weights;
}

void i2v_weights_close(i2v_weights *weights) {
    if (!weights || --weights->holders > 0) return;
    for (size_t i = 0; i < weights->files_count; i++) i2v_tensor_file_close(&weights->files[i]);
    free(weights->files);
    for (size_t i = 0; i < weights->owned_count; i++) free(weights->owned[i]);
    free(weights->owned);
    free(weights->tensors);
    free(weights->path);
    i2v_name_map_free(&weights->map);
    i2v_weights_close(weights->origin);
    free(weights);
}

const i2v_weight *i2v_weights_find(const i2v_weights *weights, const char *name) {
    i2v_weight key = {.name = name};
    return bsearch(&key, weights->tensors, weights->count, sizeof *weights->tensors, compare_names);
}

int i2v_weights_have(const i2v_weights *weights, const char *prefix) {
    size_t low = 0, high = weights->count; /* the first name that is not before prefix */
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(weights->tensors[middle].name, prefix) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < weights->count && strncmp(weights->tensors[low].name, prefix, strlen(prefix)) == 0;
}

const char *i2v_weights_name_in_file(const i2v_weights *weights, const char *name) {
    const i2v_renaming *renaming = i2v_name_map_find(&weights->map, name);
    return renaming ? renaming->file : name;
}

const char *i2v_weights_metadata(const i2v_weights *weights, const char *key) {
    if (weights->origin) return i2v_weights_metadata(weights->origin, key);
    return weights->files_count ? json_string_value(json_object_get(weights->files[0].metadata, key)) : NULL;
}

const i2v_weights *i2v_weights_origin(const i2v_weights *weights) {
    return weights->origin ? i2v_weights_origin(weights->origin) : weights;
}

int i2v_weights_in_memory(const i2v_weights *weights) {
    return i2v_weights_origin(weights)->files_count == 0;
}

uint64_t i2v_weights_copied(const i2v_weights *weights) {
    uint64_t bytes = 0;
    for (size_t i = 0; i < weights->files_count; i++) bytes += weights->files[i].copied;
    return bytes;
}

const char *i2v_weights_misfit(const i2v_weights *weights) {
    return weights->misfit;
}

void i2v_weights_explain_misfit(i2v_weights *weights, const char *cause) {
    weights->misfit = cause;
}

size_t i2v_weights_count(const i2v_weights *weights) {
    return weights->count;
}

const i2v_weight *i2v_weights_at(const i2v_weights *weights, size_t index) {
    return index < weights->count ? &weights->tensors[index] : NULL;
}

const char *i2v_weights_path(const i2v_weights *weights) {
    return weights->path;
}

const char *i2v_weights_dtype_name(const i2v_weights *weights) {
    const char *name = NULL;
    for (size_t i = 0; i < weights->count; i++) {
        const i2v_weight *weight = &weights->tensors[i];
        if (weight->dtype == I2V_WEIGHT_OTHER) continue;
        if (name && strcmp(name, weight->dtype_name) != 0) return "mixed";
        name = weight->dtype_name;
    }
    return name ? name : "mixed";
}

uint64_t i2v_weights_parameters(const i2v_weights *weights) {
    uint64_t count = 0;
    for (size_t i = 0; i < weights->count; i++)
        if (weights->tensors[i].dtype != I2V_WEIGHT_OTHER) count += weights->tensors[i].count;
    return count;
}

uint64_t i2v_weights_bytes(const i2v_weights *weights) {
    uint64_t bytes = 0;
    for (size_t i = 0; i < weights->count; i++) bytes += weights->tensors[i].bytes;
    return bytes;
}
