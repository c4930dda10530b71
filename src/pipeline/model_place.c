/* Where a model or a part of it lies, however people name it. */
#include "pipeline/model_place.h"

#include "base/file.h"
#include "base/file_url.h"
#include "base/part_kinds.h"
#include "base/path_kind.h"
#include "base/system.h"
#include "base/text.h"
#include "base/weight_names.h"
#include "hub/url.h"
#include "json/config.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char index_name[] = "model_index.json";

/* ---- the hub's cache -------------------------------------------------------------------------------------------- */

static int has_parts(const uint8_t *text, size_t size) {
    while (size > 0 && !i2v_system_parts((char)text[size - 1])) size--;
    return size > 0;
}

/* The folder of the commit that refs/main has; NULL: none. */
static char *main_snapshot(const char *model) {
    char *ref = i2v_path_join(model, "refs/main"), *found = NULL;
    uint8_t *text = NULL;
    size_t size = 0;
    if (ref && i2v_is_file(ref) && i2v_file_read(&text, &size, ref, 200, NULL) == I2V_OK) {
        while (size > 0 && strchr(" \n\r", text[size - 1])) size--;
        if (size > 0 && !has_parts(text, size) && !memchr(text, 0, size) && text[0] != '.' &&
            asprintf(&found, "%s/snapshots/%.*s", model, (int)size, (const char *)text) < 0)
            found = NULL;
    }
    if (found && !i2v_is_folder(found)) {
        free(found);
        found = NULL;
    }
    free(text);
    free(ref);
    return found;
}

/* The only folder in `snapshots`; NULL if there are none or several. */
static char *only_folder(const char *snapshots) {
    DIR *directory = opendir(snapshots);
    char *found = NULL;
    int count = 0;
    for (struct dirent *entry; directory && (entry = readdir(directory));) {
        if (entry->d_name[0] == '.') continue;
        char *path = i2v_path_join(snapshots, entry->d_name);
        if (path && i2v_is_folder(path) && count++ == 0)
            found = path;
        else
            free(path);
    }
    if (directory) closedir(directory);
    if (count == 1) return found;
    free(found);
    return NULL;
}

/* models--org--name/ or models--org--name/snapshots/: the snapshot in it, else NULL. */
static char *snapshot_in(const char *path) {
    if (i2v_is_in(path, index_name, i2v_is_file)) return NULL;
    if (i2v_is_in(path, "snapshots", i2v_is_folder)) {
        char *found = main_snapshot(path), *snapshots = found ? NULL : i2v_path_join(path, "snapshots");
        if (snapshots) found = only_folder(snapshots);
        free(snapshots);
        return found;
    }
    if (strcmp(i2v_path_name(path), "snapshots") != 0) return NULL;
    char *model = i2v_path_folder(path);
    char *found = model ? main_snapshot(model) : NULL;
    free(model);
    return found ? found : only_folder(path);
}

/* ---- what is given ---------------------------------------------------------------------------------------------- */

static i2v_status find_page(char **path, const char *address, const char *variant, i2v_error *error) {
    char shown[I2V_URL_SHOWN_SIZE];
    i2v_hub_options options;
    i2v_hub_options_default(&options);
    options.variant = variant;
    i2v_hub_model *model = NULL;
    i2v_url_show(shown, address);
    if (!i2v_hub_is_id(address))
        return i2v_fail(error, I2V_ERROR_IO,
                        "%s is an address, and models are opened from files: download it first, then give the file",
                        shown);
    i2v_status status = i2v_hub_find(&model, address, &options, error);
    if (status) return status;
    *path = strdup(model->path);
    i2v_hub_model_free(model);
    return *path ? I2V_OK : i2v_fail_memory(error, "the model's path", 0);
}

/* "model/" and "model" are the same folder, and messages join paths with a slash. */
static void cut_slashes(char *path) {
    size_t length = strlen(path);
    while (length > 1 && i2v_system_parts(path[length - 1])) path[--length] = '\0';
}

/* Of "model/model_index.json", the folder. */
static void cut_index(char *path) {
    size_t folder = (size_t)(i2v_path_name(path) - path);
    if (strcmp(path + folder, index_name) != 0 || !i2v_is_file(path)) return;
    if (folder)
        path[folder > 1 ? folder - 1 : 1] = '\0';
    else
        strcpy(path, ".");
}

/* "org/name", where there is no such path; "folder/x.safetensors" is a path that leads nowhere. */
static int is_hub_name(const char *given) {
    return i2v_hub_is_id(given) && !i2v_path_kind(given) && !i2v_is_weights_name(given);
}

i2v_status i2v_model_place(char **path, const char *given, const char *variant, i2v_error *error) {
    *path = NULL;
    if (i2v_url_is_web(given)) return find_page(path, given, variant, error);
    i2v_status status = i2v_path_of(path, given, error);
    if (status) return status;
    if (is_hub_name(given)) {
        free(*path);
        *path = NULL;
        return find_page(path, given, variant, error);
    }
    cut_slashes(*path);
    cut_index(*path);
    char *snapshot = i2v_is_folder(*path) ? snapshot_in(*path) : NULL;
    if (!snapshot) return I2V_OK;
    free(*path);
    *path = snapshot;
    return I2V_OK;
}

/* ---- folders without model_index.json --------------------------------------------------------------------------- */

/* What lies in a folder, as far as it tells what the folder is. */
typedef struct folder_content {
    int entries;
    int parts;                      /* folders of parts: unet, vae, ... */
    char models[400], singles[400]; /* names of folders with a model, and of files of weights */
    int models_count, singles_count;
    char other[200]; /* a file of weights that is not read */
} folder_content;

static void add_name(char *names, size_t size, const char *name, int *count) {
    size_t used = strlen(names);
    if (*count < 4 && used < size) snprintf(names + used, size - used, "%s%s", used ? ", " : "", name);
    if (*count == 4 && used + 5 < size) strcat(names, ", ...");
    ++*count;
}

static void look_at_file(folder_content *content, const char *name) {
    static const char *const weights[] = {".gguf", ".onnx", ".msgpack", ".h5"};
    if (i2v_is_weights_name(name)) {
        add_name(content->singles, sizeof content->singles, name, &content->singles_count);
        return;
    }
    for (size_t i = 0; i < sizeof weights / sizeof *weights; i++)
        if (i2v_ends_with(name, weights[i])) snprintf(content->other, sizeof content->other, "%.199s", name);
}

static void look_at_folder(folder_content *content, const char *path, const char *name) {
    for (int i = 0; i < I2V_PART_FRAME_DECODER; i++) content->parts += strcmp(name, i2v_part_kinds[i].folder) == 0;
    for (int i = 0; i < I2V_SETTINGS_COUNT; i++) content->parts += strcmp(name, i2v_settings_kinds[i].folder) == 0;
    if (i2v_starts_with(name, "models--") || i2v_is_in(path, index_name, i2v_is_file))
        add_name(content->models, sizeof content->models, name, &content->models_count);
}

static void look_into(folder_content *content, const char *path) {
    DIR *directory = opendir(path);
    for (struct dirent *entry; directory && (entry = readdir(directory));) {
        if (entry->d_name[0] == '.') continue;
        content->entries++;
        char *inside = i2v_path_join(path, entry->d_name);
        if (inside && i2v_is_folder(inside))
            look_at_folder(content, inside, entry->d_name);
        else
            look_at_file(content, entry->d_name);
        free(inside);
    }
    if (directory) closedir(directory);
}

/* "model_type" or "_class_name" of a configuration in the folder; "" if there is none. */
static void read_class(char *name, size_t size, const char *path) {
    static const char *const keys[] = {"_class_name", "model_type"};
    i2v_config *c = NULL;
    char *file = i2v_path_join(path, "config.json");
    name[0] = '\0';
    if (file && i2v_is_file(file) && i2v_config_open(&c, file, NULL) == I2V_OK) {
        for (int i = 0; i < 2 && !name[0]; i++) i2v_config_string(c, keys[i], "", name, size);
        i2v_config_close(c, NULL);
    }
    free(file);
}

/* A part's folder, by the class in its config.json. */
static i2v_status explain_part(const char *path, i2v_error *error) {
    char name[128];
    read_class(name, sizeof name, path);
    for (i2v_part part = 0; part < I2V_PARTS_COUNT; part++)
        if (strcmp(name, i2v_part_kinds[part].config_class) == 0)
            return i2v_fail(
                error, I2V_ERROR_MODEL,
                "%s: it is the folder of %s; give a whole model as " I2V_NAME("model") ", and this as " I2V_NAME("%s"),
                path, i2v_part_kinds[part].described, i2v_part_name(part));
    if (!name[0]) return I2V_OK;
    return i2v_fail(error, I2V_ERROR_MODEL, "%s: it is the folder of a %s, which is no part of Stable Video Diffusion",
                    path, name);
}

i2v_status i2v_folder_explain(const char *path, i2v_error *error) {
    i2v_status status = explain_part(path, error);
    if (status) return status;
    if (i2v_is_in(path, "adapter_config.json", i2v_is_file) ||
        i2v_is_in(path, "pytorch_lora_weights.safetensors", i2v_is_file) ||
        i2v_is_in(path, "pytorch_lora_weights.bin", i2v_is_file))
        return i2v_fail(
            error, I2V_ERROR_MODEL,
            "%s: it is the folder of a LoRA; give a model as " I2V_NAME("model") ", and this as " I2V_NAME("lora"),
            path);
    if (i2v_is_in(path, i2v_settings_kinds[I2V_SETTINGS_SCHEDULER].config, i2v_is_file) ||
        i2v_is_in(path, i2v_settings_kinds[I2V_SETTINGS_EXTRACTOR].config, i2v_is_file))
        return i2v_fail(error, I2V_ERROR_MODEL,
                        "%s: it holds settings of a model, and no weights; give the model's own folder, which has %s",
                        path, index_name);
    folder_content content = {0};
    look_into(&content, path);
    if (content.entries == 0) return i2v_fail(error, I2V_ERROR_MODEL, "%s: the folder is empty", path);
    if (content.parts > 0)
        return i2v_fail(error, I2V_ERROR_MODEL,
                        "%s: it has parts of a model, but no %s, which says what they are; download that as well", path,
                        index_name);
    if (content.models_count > 0)
        return i2v_fail(error, I2V_ERROR_MODEL, "%s: it is no model, but holds %s (%s); give %s", path,
                        content.models_count == 1 ? "one" : "several", content.models,
                        content.models_count == 1 ? "that folder" : "one of these folders");
    if (content.singles_count > 0)
        return i2v_fail(error, I2V_ERROR_MODEL,
                        "%s: it has no %s, but single files (%s); give %s as " I2V_NAME("model"), path, index_name,
                        content.singles, content.singles_count == 1 ? "that file" : "one of them");
    if (content.other[0])
        return i2v_fail(error, I2V_ERROR_MODEL,
                        "%s: it has no %s, and %s is not read here; get the model's safetensors files", path,
                        index_name, content.other);
    return i2v_fail(error, I2V_ERROR_MODEL,
                    "%s: it has no %s, so it is no model's folder, and no " I2V_WEIGHT_ENDINGS " file is in it", path,
                    index_name);
}
