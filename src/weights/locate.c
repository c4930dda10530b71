/* Which file of a folder holds a part's weights: single file or shards, plain or a variant of it. */
#include "weights/locate.h"

#include "base/file.h"
#include "base/path_kind.h"
#include "base/weight_names.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

/* Copies the name of a file of that kind in folder; 0 if there is none. */
static int find_kind(const char *folder, int (*is_kind)(const char *), char *name, size_t size) {
    DIR *directory = opendir(folder);
    if (!directory) return 0;
    int found = 0;
    struct dirent *entry;
    while (!found && (entry = readdir(directory))) {
        if (entry->d_name[0] != '.' && is_kind(entry->d_name)) {
            snprintf(name, size, "%s", entry->d_name);
            found = 1;
        }
    }
    closedir(directory);
    return found;
}

/* Fails where one of the names is there, but is no file. */
static i2v_status check_kinds(const i2v_weight_name *list, int count, const char *folder, i2v_error *error) {
    i2v_status status = I2V_OK;
    for (int i = 0; i < count && !status; i++) {
        char *path = i2v_path_join(folder, list[i].name);
        if (!path) return i2v_fail_memory(error, folder, 0);
        const char *kind = i2v_path_kind(path);
        if (kind)
            status =
                i2v_fail(error, I2V_ERROR_MODEL, "%s: it is %s, not a regular file; download it again", path, kind);
        free(path);
    }
    return status;
}

/* Says what was looked for, and what the folder holds in its place. */
static i2v_status fail_missing(const i2v_weight_name *list, int count, const char *folder, i2v_error *error) {
    if (!i2v_is_folder(folder))
        return i2v_fail(error, I2V_ERROR_MODEL, "%s: there is no such folder; download the model again", folder);
    i2v_status status = check_kinds(list, count, folder, error);
    if (status) return status;
    char looked_for[I2V_WEIGHT_NAMES_MAX * (I2V_WEIGHT_NAME_SIZE + 4)];
    size_t used = 0;
    for (int i = 0; i < count && used < sizeof looked_for; i++) {
        const char *joint = i == 0 ? "" : (i == count - 1 ? " or " : ", ");
        int length = snprintf(looked_for + used, sizeof looked_for - used, "%s%s", joint, list[i].name);
        used += (size_t)length;
    }
    char other[I2V_WEIGHT_NAME_SIZE];
    if (find_kind(folder, i2v_is_safetensors_name, other, sizeof other) ||
        find_kind(folder, i2v_is_torch_name, other, sizeof other))
        return i2v_fail(error, I2V_ERROR_MODEL, "%s: it has %s, but none of %s; choose another variant", folder, other,
                        looked_for);
    return i2v_fail(error, I2V_ERROR_MODEL, "%s: no weights; looked for %s; download the model again", folder,
                    looked_for);
}

/* *path is the first of the files that is there, else NULL. */
static i2v_status find_file(char **path, int *is_index, const char *folder, const i2v_weight_name *list, int count,
                            i2v_error *error) {
    *path = NULL;
    for (int i = 0; i < count; i++) {
        char *candidate_path = i2v_path_join(folder, list[i].name);
        if (!candidate_path) return i2v_fail_memory(error, folder, 0);
        if (i2v_is_file(candidate_path)) {
            *path = candidate_path;
            *is_index = list[i].is_index;
            return I2V_OK;
        }
        free(candidate_path);
    }
    return I2V_OK;
}

int i2v_weights_have_variant(const char *folder, const char *stem, const char *variant) {
    i2v_weight_name list[I2V_WEIGHT_NAMES_MAX];
    char *path = NULL;
    int is_index;
    if (!i2v_is_weight_variant(variant)) return 0;
    find_file(&path, &is_index, folder, list, i2v_weight_names(list, stem, variant), NULL);
    int found = path != NULL;
    free(path);
    return found;
}

i2v_status i2v_weights_locate(char **path, int *is_index, const char *folder, const char *stem, const char *variant,
                              i2v_error *error) {
    *path = NULL;
    if (variant && !i2v_is_weight_variant(variant))
        return i2v_fail(error, I2V_ERROR_PARAMETER,
                        I2V_NAME("variant") " \"%.64s\" is no part of a file name, as fp16 is", variant);
    i2v_weight_name list[I2V_WEIGHT_NAMES_MAX];
    int count = i2v_weight_names(list, stem, variant);
    i2v_status status = find_file(path, is_index, folder, list, count, error);
    if (status || *path) return status;
    return fail_missing(list, count, folder, error);
}
