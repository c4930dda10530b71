/* What to say where a model that was named is nowhere. */
#include "pipeline/model_missing.h"

#include "base/file.h"
#include "base/text.h"
#include "base/weight_names.h"
#include "hub/environment.h"
#include "json/config.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- names that people use -------------------------------------------------------------------------------------- */

static const char xt[] = "stabilityai/stable-video-diffusion-img2vid-xt";

/* The published model that is meant: by its file's name, its pipeline's or the last part of its id. NULL: none. */
static const char *published(const char *given) {
    static const struct {
        const char *name, *id;
    } models[] = {{"svd", "stabilityai/stable-video-diffusion-img2vid"},
                  {"svd-xt", xt},
                  {"svd-xt-1-1", "stabilityai/stable-video-diffusion-img2vid-xt-1-1"},
                  {"stable-video-diffusion", xt},
                  {"stable-video-diffusion-img2vid", "stabilityai/stable-video-diffusion-img2vid"},
                  {"stable-video-diffusion-img2vid-xt", xt},
                  {"stable-video-diffusion-img2vid-xt-1-1", "stabilityai/stable-video-diffusion-img2vid-xt-1-1"}};
    char name[64];
    snprintf(name, sizeof name, "%s", given);
    for (char *c = name; *c; c++)
        if (*c == '_' || *c == '.') *c = '-';
    for (size_t i = 0; i < sizeof models / sizeof *models; i++)
        if (strcasecmp(models[i].name, name) == 0) return models[i].id;
    return NULL;
}

/* ---- what the cache has ----------------------------------------------------------------------------------------- */

enum { LOOKED_AT = 200, LISTED = 5 };

/* Ids, the first in the alphabet first. */
typedef struct {
    char *ids[LISTED + 1];
    int count, more;
} cached_models;

static int is_pipeline(const char *folder) {
    char *path = i2v_path_join(folder, "model_index.json"), name[64] = "";
    i2v_config *c = NULL;
    if (path && i2v_is_file(path) && i2v_config_open(&c, path, NULL) == I2V_OK) {
        i2v_config_string(c, "_class_name", "", name, sizeof name);
        i2v_config_close(c, NULL);
    }
    free(path);
    return strcmp(name, "StableVideoDiffusionPipeline") == 0;
}

/* "org/name" of "models--org--name", allocated; NULL if it is nothing of the kind. */
static char *id_of(const char *folder) {
    char *id = i2v_starts_with(folder, "models--") ? strdup(folder + strlen("models--")) : NULL;
    char *dashes = id ? strstr(id, "--") : NULL;
    if (dashes) {
        *dashes = '/';
        memmove(dashes + 1, dashes + 2, strlen(dashes + 2) + 1);
        if (i2v_hub_is_id(id)) return id;
    }
    free(id);
    return NULL;
}

/* Takes id if the cache has all of it, and it makes videos. */
static void add(cached_models *models, char *id) {
    i2v_hub_model *found = NULL;
    int good = id && i2v_hub_find(&found, id, NULL, NULL) == I2V_OK && is_pipeline(found->path);
    i2v_hub_model_free(found);
    if (!good) {
        free(id);
        return;
    }
    int at = models->count++;
    for (; at > 0 && strcmp(models->ids[at - 1], id) > 0; at--) models->ids[at] = models->ids[at - 1];
    models->ids[at] = id;
    if (models->count <= LISTED) return;
    free(models->ids[--models->count]);
    models->more++;
}

static void look(cached_models *models, const char *cache) {
    DIR *directory = opendir(cache);
    struct dirent *entry;
    for (int i = 0; directory && i < LOOKED_AT && (entry = readdir(directory)); i++) add(models, id_of(entry->d_name));
    if (directory) closedir(directory);
}

static int has(const cached_models *models, const char *id) {
    for (int i = 0; i < models->count; i++)
        if (strcmp(models->ids[i], id) == 0) return 1;
    return 0;
}

/* ---- the sentence ----------------------------------------------------------------------------------------------- */

/* "a/b, c/d and 3 more" */
static void list(char *text, size_t size, const cached_models *models) {
    size_t used = 0;
    for (int i = 0; i < models->count && used < size; i++)
        used += (size_t)snprintf(text + used, size - used, "%s%.99s", i ? ", " : "", models->ids[i]);
    if (models->more && used < size) snprintf(text + used, size - used, " and %d more", models->more);
}

static i2v_status say(const char *given, const cached_models *models, i2v_error *error) {
    const char *meant = published(given);
    char names[600] = "";
    if (meant && has(models, meant))
        return i2v_fail(error, I2V_ERROR_IO,
                        "'%.200s': there is no such folder or file; the hub's cache has that model as %s: give that "
                        "name",
                        given, meant);
    list(names, sizeof names, models);
    if (models->count)
        return i2v_fail(error, I2V_ERROR_IO,
                        "'%.200s': there is no such folder or file; the hub's cache has %s; download %s with: img2vid "
                        "pull %s",
                        given, names, meant ? "this one" : "another", meant ? meant : xt);
    return i2v_fail(error, I2V_ERROR_IO,
                    "'%.200s': there is no such folder or file, and no model in the hub's cache; download one with: "
                    "img2vid pull %s",
                    given, meant ? meant : xt);
}

static i2v_status say_what_models_are(const char *given, i2v_error *error) {
    return i2v_fail(error, I2V_ERROR_IO,
                    "'%s': there is no such folder or file; a model is a folder in diffusers' layout (with "
                    "model_index.json) or a single file, " I2V_WEIGHT_ENDINGS,
                    given);
}

i2v_status i2v_model_missing(const char *given, i2v_error *error) {
    i2v_hub_environment environment;
    cached_models models = {0};
    if (!*given || i2v_path_name(given) != given || i2v_is_weights_name(given))
        return say_what_models_are(given, error);
    i2v_status read = i2v_hub_environment_read(&environment, NULL, NULL);
    if (read == I2V_ERROR_UNSUPPORTED) return say_what_models_are(given, error); /* built without the hub */
    if (read == I2V_OK) {
        look(&models, environment.cache);
        i2v_hub_environment_free(&environment);
    }
    i2v_status status = say(given, &models, error);
    for (int i = 0; i < models.count; i++) free(models.ids[i]);
    return status;
}
