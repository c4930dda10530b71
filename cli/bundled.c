/* The small model that comes with the program: share/img2vid/models/small where it is installed, models/small in the
 * source while it runs from its build folder. The build says where the former is, absolutely (I2V_DATA_DIR) and from
 * the program's folder (I2V_DATA_DIR_FROM_PROGRAM). */
#include "bundled.h"
#include "system.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* folder/rest, if that is a model folder; else NULL. */
static char *model_at(const char *folder, const char *rest) {
    char index[PATH_MAX], path[PATH_MAX];
    if (snprintf(path, sizeof path, "%s/%s", folder, rest) >= (int)sizeof path) return NULL;
    if (snprintf(index, sizeof index, "%s/model_index.json", path) >= (int)sizeof index) return NULL;
    return access(index, R_OK) == 0 ? realpath(path, NULL) : NULL;
}

/* The folder of this program; allocated, NULL where the system does not tell. */
static char *program_folder(void) {
    char *path = cli_system_program(), *slash = path ? strrchr(path, '/') : NULL;
    if (slash) *slash = 0;
    return path;
}

/* build/cli and build/sanitize/cli; an installed program must not find what happens to lie above it. */
static char *model_of_build(const char *folder) {
    char cache[PATH_MAX];
    if (snprintf(cache, sizeof cache, "%s/../CMakeCache.txt", folder) >= (int)sizeof cache) return NULL;
    if (access(cache, F_OK) != 0) return NULL;
    char *model = model_at(folder, "../../models/small");
    return model ? model : model_at(folder, "../../../models/small");
}

char *cli_bundled_model(void) {
    char *folder = program_folder(), *model = NULL;
    if (folder) {
        model = model_at(folder, I2V_DATA_DIR_FROM_PROGRAM "/models/small");
        if (!model) model = model_of_build(folder);
        free(folder);
    }
    return model ? model : model_at(I2V_DATA_DIR, "models/small");
}
