/* Which files of a model are needed to run it. */
#include "hub/select.h"

#include "base/file.h"
#include "base/part_kinds.h"
#include "base/weight_names.h"
#include "json/bounds.h"
#include "json/load.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static i2v_status want(i2v_hub_listing *listing, const char *name, const char *id, i2v_error *error) {
    i2v_hub_file *file = i2v_listing_find(listing, name);
    if (!file)
        return i2v_fail(error, I2V_ERROR_MODEL,
                        "%s has no %s; only Stable Video Diffusion models in diffusers' layout, or single "
                        "files of them, make videos here",
                        id, name);
    file->wanted = 1;
    return I2V_OK;
}

/* ---- a folder --------------------------------------------------------------------------------------------------- */

/* The part's file of weights by the first name that is there, and whether it is an index; NULL if there is none. */
static i2v_hub_file *find_weights(i2v_hub_listing *listing, const i2v_part_kind *part, const char *variant,
                                  int *is_index) {
    i2v_weight_name names[I2V_WEIGHT_NAMES_MAX];
    char name[2 * I2V_WEIGHT_NAME_SIZE];
    int count = i2v_weight_names(names, part->stem, variant);
    for (int i = 0; i < count; i++) {
        snprintf(name, sizeof name, "%.100s/%.255s", part->folder, names[i].name);
        i2v_hub_file *file = i2v_listing_find(listing, name);
        *is_index = names[i].is_index;
        if (file) return file;
    }
    return NULL;
}

/* 1 if any part has weights of that very variant. */
static int have_variant(i2v_hub_listing *listing, const char *variant) {
    int is_index;
    for (int part = 0; part < I2V_PART_FRAME_DECODER; part++)
        if (find_weights(listing, &i2v_part_kinds[part], variant, &is_index)) return 1;
    return 0;
}

static i2v_status want_weights(i2v_hub_listing *listing, const i2v_part_kind *part, const char *variant, const char *id,
                               i2v_error *error) {
    int is_index;
    i2v_hub_file *file = find_weights(listing, part, variant, &is_index);
    /* as in diffusers, a part that does not have the variant is taken without it, unless no part has it */
    if (!file && variant && have_variant(listing, variant)) {
        listing->without_variant = part->folder;
        variant = NULL;
        file = find_weights(listing, part, NULL, &is_index);
    }
    if (file) {
        file->wanted = 1;
        file->is_index = is_index;
        return I2V_OK;
    }
    i2v_weight_name names[I2V_WEIGHT_NAMES_MAX];
    i2v_weight_names(names, part->stem, variant);
    size_t length = strlen(part->folder);
    for (size_t i = 0; i < listing->count; i++) {
        const char *other = listing->files[i].name;
        if (strncmp(other, part->folder, length) == 0 && other[length] == '/' && i2v_is_weights_name(other))
            return i2v_fail(error, I2V_ERROR_MODEL, "%s has %s, but no %s/%s; choose another variant", id, other,
                            part->folder, names[0].name);
    }
    return i2v_fail(error, I2V_ERROR_MODEL,
                    "%s has no weights in %s that are read here, such as %s/%s; choose another model", id, part->folder,
                    part->folder, names[0].name);
}

static i2v_status want_config(i2v_hub_listing *listing, const char *folder, const char *config, const char *id,
                              i2v_error *error) {
    char name[I2V_WEIGHT_NAME_SIZE];
    snprintf(name, sizeof name, "%s/%s", folder, config);
    return want(listing, name, id, error);
}

/* What i2v_open reads of a StableVideoDiffusionPipeline: the small files first. */
static i2v_status select_folder(i2v_hub_listing *listing, const char *variant, const char *id, i2v_error *error) {
    i2v_status status = want(listing, "model_index.json", id, error);
    for (int i = 0; !status && i < I2V_SETTINGS_COUNT; i++)
        status = want_config(listing, i2v_settings_kinds[i].folder, i2v_settings_kinds[i].config, id, error);
    for (int i = I2V_PART_FRAME_DECODER - 1; !status && i >= 0; i--) {
        status = want_config(listing, i2v_part_kinds[i].folder, "config.json", id, error);
        if (!status) status = want_weights(listing, &i2v_part_kinds[i], variant, id, error);
    }
    return status;
}

/* ---- single files ----------------------------------------------------------------------------------------------- */

/* The number of files of that kind. *last is the name of the last one, names all of them as far as there is room. */
static size_t list_kind(const i2v_hub_listing *listing, int (*is_kind)(const char *), char *names, size_t size,
                        const char **last) {
    size_t count = 0, length = 0;
    for (size_t i = 0; i < listing->count; i++) {
        const i2v_hub_file *file = &listing->files[i];
        if (!is_kind(file->name)) continue;
        if (length < size)
            length += (size_t)snprintf(names + length, size - length, "%s%s", count ? ", " : "", file->name);
        *last = file->name;
        count++;
    }
    if (length >= size) snprintf(names + size - sizeof ", ...", sizeof ", ...", ", ...");
    return count;
}

/* The one file of weights; where there are several, the sentence names them. */
static i2v_status select_single(i2v_hub_listing *listing, const char *id, const char **opened, i2v_error *error) {
    char names[400] = "";
    size_t count = list_kind(listing, i2v_is_safetensors_name, names, sizeof names, opened);
    if (count == 0) count = list_kind(listing, i2v_is_torch_name, names, sizeof names, opened);
    if (count == 1) return want(listing, *opened, id, error);
    if (count > 1)
        return i2v_fail(error, I2V_ERROR_MODEL, "%s has several models (%s); choose one as " I2V_NAME("file"), id,
                        names);
    return i2v_fail(error, I2V_ERROR_MODEL,
                    "%s has neither a model_index.json nor a " I2V_WEIGHT_ENDINGS " file; it holds no model that makes "
                    "videos here",
                    id);
}

static i2v_status select_file(i2v_hub_listing *listing, const char *name, const char *id, const char **opened,
                              i2v_error *error) {
    i2v_hub_file *file = i2v_listing_find(listing, name);
    if (!file)
        return i2v_fail(error, I2V_ERROR_MODEL, "%s has no file %s; its page on the hub lists those that it has", id,
                        name);
    file->wanted = 1;
    *opened = file->name;
    return I2V_OK;
}

i2v_status i2v_select(i2v_hub_listing *listing, const char *variant, const char *file, const char *id,
                      const char **opened, i2v_error *error) {
    *opened = "";
    if (variant && !i2v_is_weight_variant(variant))
        return i2v_fail(error, I2V_ERROR_PARAMETER,
                        I2V_NAME("variant") " \"%.64s\" is no part of a file name, as fp16 is", variant);
    if (file) return select_file(listing, file, id, opened, error);
    if (i2v_listing_find(listing, "model_index.json")) return select_folder(listing, variant, id, error);
    return select_single(listing, id, opened, error);
}

/* ---- shards ----------------------------------------------------------------------------------------------------- */

/* A shard lies beside its index, under a plain name. */
static i2v_status want_shard(i2v_hub_listing *listing, const char *index_name, const char *shard, i2v_error *error) {
    char name[1024];
    const char *slash = strrchr(index_name, '/');
    int folder = slash ? (int)(slash + 1 - index_name) : 0;
    i2v_hub_file *file = NULL;
    if (shard && !strchr(shard, '/') &&
        snprintf(name, sizeof name, "%.*s%s", folder, index_name, shard) < (int)sizeof name)
        file = i2v_listing_find(listing, name);
    if (!file)
        return i2v_fail(error, I2V_ERROR_MODEL, "%s names the file %.200s, which is not there", index_name,
                        shard ? shard : "without a name");
    file->wanted = 1;
    return I2V_OK;
}

i2v_status i2v_select_shards(i2v_hub_listing *listing, const char *index_name, const char *path, i2v_error *error) {
    uint8_t *text = NULL;
    size_t size = 0;
    i2v_status status = i2v_file_read(&text, &size, path, I2V_JSON_MAX_BYTES, error);
    if (status == I2V_OK) status = i2v_json_check(text, size, path, I2V_ERROR_MODEL, error);
    if (status != I2V_OK) {
        free(text);
        return status;
    }
    json_error_t problem;
    json_t *root = size ? i2v_json_load(text, size, 0, &problem) : NULL;
    json_t *map = json_object_get(root, "weight_map"), *shard;
    const char *tensor;
    if (size && !root && json_error_code(&problem) == json_error_out_of_memory)
        status = i2v_fail_memory(error, path, size);
    else if (!json_is_object(map) || json_object_size(map) == 0)
        status = i2v_fail(error, I2V_ERROR_MODEL, "%s: it has no weight_map", path);
    const char *last = "";
    json_object_foreach(map, tensor, shard) {
        const char *name = json_string_value(shard);
        if (status != I2V_OK || (name && strcmp(name, last) == 0)) continue; /* most follow one of the same file */
        status = want_shard(listing, index_name, name, error);
        last = name ? name : "";
    }
    json_decref(root);
    free(text);
    return status;
}
