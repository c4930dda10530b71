/* The index of a part's shards, {"metadata": ..., "weight_map": {tensor name: file name}}, as diffusers and
 * transformers write it where a part is larger than a shard may be. */
#include "weights/shard_index.h"

#include "base/text.h"
#include "base/weight_names.h"
#include "json/bounds.h"
#include "json/read.h"

#include <stdlib.h>
#include <string.h>

/* A shard is in the folder of its index. A name that led elsewhere could make any file be read. */
static i2v_status check_entry(const char *tensor, const json_t *value, const char *path, i2v_error *error) {
    const char *name = json_string_value(value);
    if (i2v_has_control_characters(tensor) || (name && i2v_has_control_characters(name)))
        return i2v_fail(error, I2V_ERROR_MODEL, "%s: a name in its weight_map holds control characters", path);
    if (!name)
        return i2v_fail(error, I2V_ERROR_MODEL, "%s: tensor %s: its file is %s, expected a name", path, tensor,
                        i2v_json_type_name(value));
    if (strpbrk(name, "/\\") || name[0] == '.' || name[0] == '\0')
        return i2v_fail(error, I2V_ERROR_MODEL, "%s: tensor %s: its file \"%.200s\" is no plain file name", path,
                        tensor, name);
    if (!i2v_is_weights_name(name))
        return i2v_fail(
            error, I2V_ERROR_MODEL,
            "%s: tensor %s: its file %.200s is neither a safetensors file nor PyTorch's, and others are not "
            "read; get or convert the model to safetensors",
            path, tensor, name);
    return I2V_OK;
}

static int compare_names(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static i2v_status collect_names(i2v_shard_index *index, const char *path, i2v_error *error) {
    size_t capacity = json_object_size(index->weight_map);
    index->names = calloc(capacity, sizeof *index->names);
    if (!index->names) return i2v_fail_memory(error, path, capacity * sizeof *index->names);
    const char *tensor;
    json_t *value;
    size_t count = 0;
    json_object_foreach(index->weight_map, tensor, value) {
        i2v_status status = check_entry(tensor, value, path, error);
        if (status != I2V_OK) return status;
        index->names[count++] = json_string_value(value);
    }
    qsort(index->names, count, sizeof *index->names, compare_names);
    for (size_t i = 0; i < count; i++)
        if (i == 0 || strcmp(index->names[i], index->names[index->count - 1]) != 0)
            index->names[index->count++] = index->names[i];
    return I2V_OK;
}

i2v_status i2v_shard_index_open(i2v_shard_index *index, const char *path, i2v_error *error) {
    *index = (i2v_shard_index){0};
    i2v_status status = i2v_json_read(&index->root, path, I2V_JSON_MAX_BYTES, JSON_REJECT_DUPLICATES, error);
    if (status != I2V_OK) return status;
    index->weight_map = json_object_get(index->root, "weight_map");
    if (!json_is_object(index->weight_map) || json_object_size(index->weight_map) == 0)
        status = i2v_fail(error, I2V_ERROR_MODEL, "%s: it has no weight_map; download it again", path);
    else
        status = collect_names(index, path, error);
    if (status != I2V_OK) i2v_shard_index_close(index);
    return status;
}

void i2v_shard_index_close(i2v_shard_index *index) {
    free(index->names);
    json_decref(index->root);
    *index = (i2v_shard_index){0};
}
