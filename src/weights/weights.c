/* A part's tensors from one file or several. */
#include "weights/weights.h"

#include "base/file.h"
#include "base/path_kind.h"
#include "weights/locate.h"
#include "weights/scales.h"
#include "weights/set_struct.h"
#include "weights/shard_index.h"
#include "weights/tensor_format.h"

#include <stdlib.h>
#include <string.h>

/* Gathers the tensors of all opened files. */
static i2v_status gather(i2v_weights *weights, i2v_error *error) {
    size_t total = 0;
    for (size_t i = 0; i < weights->files_count; i++) total += weights->files[i].count;
    if (total == 0) return i2v_fail(error, I2V_ERROR_MODEL, "%s: it has no tensors", weights->path);
    weights->tensors = calloc(total, sizeof *weights->tensors);
    if (!weights->tensors) return i2v_fail_memory(error, weights->path, total * sizeof *weights->tensors);
    for (size_t i = 0; i < weights->files_count; i++) {
        const i2v_tensor_file *file = &weights->files[i];
        if (file->count == 0) continue;
        memcpy(weights->tensors + weights->count, file->tensors, file->count * sizeof *file->tensors);
        weights->count += file->count;
    }
    return i2v_weights_index(weights, error);
}

/* Opens one file more; files must have room. */
static i2v_status open_file(i2v_weights *weights, const char *path, i2v_error *error) {
    size_t count = 0;
    i2v_status status = i2v_tensor_file_open(&weights->files[weights->files_count], path, error);
    if (status != I2V_OK) return status;
    weights->files_count++;
    for (size_t i = 0; i < weights->files_count; i++) count += weights->files[i].count;
    if (count <= I2V_MAX_TENSORS) return I2V_OK;
    return i2v_fail(error, I2V_ERROR_MODEL, "%s: it has more than %d tensors with this file; get the right one", path,
                    I2V_MAX_TENSORS);
}

static i2v_status open_single(i2v_weights *weights, i2v_error *error) {
    weights->files = calloc(1, sizeof *weights->files);
    if (!weights->files) return i2v_fail_memory(error, weights->path, sizeof *weights->files);
    i2v_status status = open_file(weights, weights->path, error);
    return status == I2V_OK ? gather(weights, error) : status;
}

static i2v_status open_shard(i2v_weights *weights, const char *folder, const char *name, i2v_error *error) {
    char *path = i2v_path_join(folder, name);
    if (!path) return i2v_fail_memory(error, name, 0);
    i2v_status status = I2V_OK;
    const char *kind = i2v_is_file(path) ? NULL : i2v_path_kind(path);
    if (kind)
        status = i2v_fail(error, I2V_ERROR_MODEL, "%s: it is %s, not a regular file; download it again", path, kind);
    else if (!i2v_is_file(path))
        status = i2v_fail(error, I2V_ERROR_MODEL, "%s: the shard %s that it names is missing; download it",
                          weights->path, name);
    else
        status = open_file(weights, path, error);
    free(path);
    return status;
}

/* Every tensor of the index must be in the file it names. */
static i2v_status check_map(const i2v_weights *weights, const i2v_shard_index *index, i2v_error *error) {
    const char *name;
    json_t *value;
    json_object_foreach(index->weight_map, name, value) {
        const i2v_weight *weight = i2v_weights_find(weights, name);
        const char *shard = json_string_value(value);
        /* shards lie in one folder: the paths differ in their last part alone */
        if (!weight || strcmp(i2v_path_name(weight->file), shard) != 0)
            return i2v_fail(error, I2V_ERROR_MODEL, "%s: tensor %s is not in %s, which should have it; download both",
                            weights->path, name, shard);
    }
    return I2V_OK;
}

static i2v_status open_shards(i2v_weights *weights, const char *folder, i2v_error *error) {
    i2v_shard_index index;
    i2v_status status = i2v_shard_index_open(&index, weights->path, error);
    if (status != I2V_OK) return status;
    weights->files = calloc(index.count, sizeof *weights->files);
    if (!weights->files) status = i2v_fail_memory(error, weights->path, index.count * sizeof *weights->files);
    for (size_t i = 0; status == I2V_OK && i < index.count; i++)
        status = open_shard(weights, folder, index.names[i], error);
    if (status == I2V_OK) status = gather(weights, error);
    if (status == I2V_OK) status = check_map(weights, &index, error);
    i2v_shard_index_close(&index);
    return status;
}

i2v_status i2v_weights_open(i2v_weights **weights, const char *folder, const char *stem, const char *variant,
                            i2v_error *error) {
    i2v_status status = i2v_weights_begin(weights, folder, error);
    if (status != I2V_OK) return status;
    int is_index = 0;
    status = i2v_weights_locate(&(*weights)->path, &is_index, folder, stem, variant, error);
    if (status == I2V_OK) status = is_index ? open_shards(*weights, folder, error) : open_single(*weights, error);
    return i2v_weights_opened(weights, status, error);
}

i2v_status i2v_weights_open_file(i2v_weights **weights, const char *path, i2v_error *error) {
    i2v_status status = i2v_weights_begin(weights, path, error);
    if (status != I2V_OK) return status;
    (*weights)->path = strdup(path);
    status = (*weights)->path ? open_single(*weights, error) : i2v_fail_memory(error, path, 0);
    return i2v_weights_opened(weights, status, error);
}
