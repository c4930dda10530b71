/* Finds a model in the cache. */
#include "hub/find.h"

#include "base/parameters.h"
#include "hub/environment.h"
#include "hub/select.h"
#include "hub/url.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

i2v_status i2v_hub_model_make(i2v_hub_model **model, const i2v_cache *cache, const i2v_hub_listing *listing,
                              const char *opened, i2v_error *error) {
    i2v_hub_model *made = calloc(1, sizeof *made);
    if (made) made->path = *opened ? i2v_cache_file_path(cache, opened) : strdup(cache->snapshot);
    if (!made || !made->path) {
        free(made);
        return i2v_fail_memory(error, "the model's path", 0);
    }
    snprintf(made->commit, sizeof made->commit, "%s", cache->commit);
    snprintf(made->license, sizeof made->license, "%s", listing->license);
    for (size_t i = 0; i < listing->count; i++) {
        if (!listing->files[i].wanted) continue;
        made->files++;
        if (listing->files[i].size > 0) made->bytes += (uint64_t)listing->files[i].size;
    }
    *model = made;
    return I2V_OK;
}

void i2v_hub_model_free(i2v_hub_model *model) {
    if (!model) return;
    free(model->path);
    free(model);
}

i2v_status i2v_hub_select_all_shards(i2v_hub_listing *listing, const i2v_cache *cache, i2v_error *error) {
    i2v_status status = I2V_OK;
    for (size_t i = 0; status == I2V_OK && i < listing->count; i++) {
        if (!listing->files[i].wanted || !listing->files[i].is_index) continue;
        char *path = i2v_cache_file_path(cache, listing->files[i].name);
        status = path ? i2v_select_shards(listing, listing->files[i].name, path, error)
                      : i2v_fail_memory(error, listing->files[i].name, 0);
        free(path);
    }
    return status;
}

/* " --revision x --variant y", as far as they were given. */
static void describe_options(char *text, size_t size, const i2v_hub_options *options) {
    int length = 0;
    text[0] = 0;
    if (options && options->revision) length = snprintf(text, size, " --revision %.60s", options->revision);
    if (options && options->variant)
        length += snprintf(text + length, size - (size_t)length, " --variant %.60s", options->variant);
    if (options && options->file) snprintf(text + length, size - (size_t)length, " --file %.200s", options->file);
}

static i2v_status find_in(i2v_hub_model **model, i2v_cache *cache, const i2v_hub_name *name, const char *id,
                          const i2v_hub_options *options, i2v_error *error) {
    char flags[400], shown[I2V_URL_SHOWN_SIZE];
    if (i2v_url_is_web(id)) {
        i2v_url_show(shown, id);
        id = shown;
    }
    describe_options(flags, sizeof flags, options);
    if (!i2v_cache_find_commit(cache, name->revision))
        return i2v_fail(error, I2V_ERROR_MODEL,
                        "%s is neither a path nor a model in the cache %s; download it with: img2vid pull %s%s", id,
                        cache->folder, id, flags);
    i2v_hub_listing listing;
    const char *opened;
    i2v_status status = i2v_cache_list(cache, &listing, error);
    if (status != I2V_OK) return status;
    status =
        i2v_select(&listing, options ? options->variant : NULL, name->file[0] ? name->file : NULL, id, &opened, error);
    if (status == I2V_OK) status = i2v_hub_select_all_shards(&listing, cache, error);
    if (status == I2V_OK)
        status = i2v_hub_model_make(model, cache, &listing, opened, error);
    else if (status == I2V_ERROR_MODEL)
        status = i2v_fail(error, status, "%s is not whole in the cache %s; download the rest with: img2vid pull %s%s",
                          id, cache->folder, id, flags);
    i2v_listing_free(&listing);
    return status;
}

i2v_status i2v_hub_find(i2v_hub_model **model, const char *id, const i2v_hub_options *options, i2v_error *error) {
    if (model) *model = NULL;
    i2v_hub_name name;
    i2v_hub_environment environment;
    i2v_cache cache = {0};
    i2v_status status = i2v_require(error, "model", model, "id", id, NULL);
    if (status == I2V_OK && options)
        status = i2v_parameters_check(I2V_STRUCT_HUB_OPTIONS, I2V_FOR_PULL, options, error);
    if (status == I2V_OK) status = i2v_hub_name_read(&name, id, options, error);
    if (status == I2V_OK) status = i2v_hub_environment_read(&environment, options, error);
    if (status != I2V_OK) return status;
    status = i2v_cache_open(&cache, environment.cache, name.repository, error);
    if (status == I2V_OK) status = find_in(model, &cache, &name, id, options, error);
    i2v_cache_close(&cache);
    i2v_hub_environment_free(&environment);
    return status;
}
