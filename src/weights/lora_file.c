/* Which file a LoRA's path means. */
#include "weights/lora_file.h"

#include "base/file.h"
#include "base/posix.h"
#include "base/weight_names.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Names of a folder's entries, sorted. */
typedef struct listing {
    struct dirent **entries;
    int count;
} listing;

static int is_shown(const struct dirent *entry) {
    return entry->d_name[0] != '.';
}

/* 1 for the names that peft and diffusers give a LoRA. The folder may hold other files, too. */
static int is_saved_lora(const char *name) {
    return strcmp(name, "adapter_model.safetensors") == 0 || strcmp(name, "pytorch_lora_weights.safetensors") == 0;
}

/* Likewise of PyTorch's format, which older versions save, and newer ones if they are told to. */
static int is_saved_pickle(const char *name) {
    return strcmp(name, "adapter_model.bin") == 0 || strcmp(name, "pytorch_lora_weights.bin") == 0;
}

static int is_any(const char *name) {
    (void)name;
    return 1;
}

/* The number of entries of that kind. *last is the name of the last one. */
static int count_of(const listing *all, int (*is_kind)(const char *), const char **last) {
    int count = 0;
    for (int i = 0; i < all->count; i++) {
        if (!is_kind(all->entries[i]->d_name)) continue;
        *last = all->entries[i]->d_name;
        count++;
    }
    return count;
}

/* "a, b, c and 7 more" into text. */
static const char *names_of(const listing *all, int (*is_kind)(const char *), char *text, size_t size) {
    enum { SHOWN = 5 };
    const char *last;
    int left = count_of(all, is_kind, &last), shown = 0;
    size_t used = 0;
    text[0] = '\0';
    for (int i = 0; i < all->count && shown < SHOWN && used < size; i++) {
        if (!is_kind(all->entries[i]->d_name)) continue;
        used += (size_t)snprintf(text + used, size - used, "%s%.60s", shown++ ? ", " : "", all->entries[i]->d_name);
    }
    if (left > shown && used < size) snprintf(text + used, size - used, " and %d more", left - shown);
    return text;
}

static i2v_status fail_several(const listing *all, int (*is_kind)(const char *), const char *folder, i2v_error *error) {
    char names[400];
    return i2v_fail(error, I2V_ERROR_MODEL,
                    "%s: a folder with several files that may be the LoRA, %s; give one of them", folder,
                    names_of(all, is_kind, names, sizeof names));
}

static i2v_status fail_none(const listing *all, const char *folder, i2v_error *error) {
    char names[400];
    if (all->count == 0) return i2v_fail(error, I2V_ERROR_MODEL, "%s: an empty folder, no LoRA", folder);
    return i2v_fail(error, I2V_ERROR_MODEL,
                    "%s: a folder without a file of weights, so no LoRA; in it are %s; give the folder with "
                    "adapter_model.safetensors or pytorch_lora_weights.safetensors, or the file",
                    folder, names_of(all, is_any, names, sizeof names));
}

static i2v_status choose(const char **name, const listing *all, const char *folder, i2v_error *error) {
    static int (*const kinds[])(const char *) = {is_saved_lora, i2v_is_safetensors_name, is_saved_pickle,
                                                 i2v_is_torch_name};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        int count = count_of(all, kinds[i], name);
        if (count > 1) return fail_several(all, kinds[i], folder, error);
        if (count == 1) return I2V_OK;
    }
    return fail_none(all, folder, error);
}

static int list(listing *all, const char *folder) {
    all->count = scandir(folder, &all->entries, is_shown, alphasort);
    return all->count >= 0;
}

static void forget(listing *all) {
    for (int i = 0; i < all->count; i++) free(all->entries[i]);
    free(all->entries);
}

int i2v_lora_is_alone(const char *path) {
    const char *name;
    char *folder = i2v_path_folder(path);
    listing all = {0};
    int (*const is_kind)(const char *) = i2v_is_torch_name(path) ? i2v_is_torch_name : i2v_is_safetensors_name;
    int alone = folder && list(&all, folder) && count_of(&all, is_kind, &name) == 1;
    forget(&all);
    free(folder);
    return alone;
}

static i2v_status find_in_folder(char **file, const char *folder, i2v_error *error) {
    listing all = {0};
    if (!list(&all, folder)) return i2v_fail(error, I2V_ERROR_IO, "%s: cannot be listed: %s", folder, strerror(errno));
    const char *name = NULL;
    i2v_status status = choose(&name, &all, folder, error);
    if (!status && !(*file = i2v_path_join(folder, name))) status = i2v_fail_memory(error, folder, 0);
    forget(&all);
    return status;
}

i2v_status i2v_lora_find_file(char **file, const char *path, i2v_error *error) {
    *file = NULL;
    if (i2v_is_folder(path)) return find_in_folder(file, path, error);
    *file = strdup(path);
    return *file ? I2V_OK : i2v_fail_memory(error, path, 0);
}
