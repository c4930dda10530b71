/* Where a model is that the command line names. */
#include "model_path.h"
#include "error.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

int cli_is_weights_file(const char *name) {
    static const char *const endings[] = {".safetensors", ".bin", ".ckpt", ".pt", ".pth"};
    const char *dot = strrchr(name, '.');
    for (size_t i = 0; dot && i < sizeof endings / sizeof *endings; i++) {
        if (strcasecmp(dot, endings[i]) == 0) return 1;
    }
    return 0;
}

/* "folder/x.safetensors" is a file that is missing, as is "folder/x.mp4", which info may be asked about;
 * "org/name/x.safetensors" may be one of a model. */
static int looks_like_a_file(const char *model) {
    static const char *const endings[] = {".mp4", ".mkv",  ".mov", ".webm", ".gif",  ".webp", ".apng", ".png",
                                          ".jpg", ".jpeg", ".npy", ".avif", ".heic", ".jp2",  ".tif",  ".tiff",
                                          ".bmp", ".tga",  ".ppm", ".pgm",  ".psd",  ".ico",  ".qoi"};
    const char *dot = strrchr(model, '.');
    if (!dot || strchr(model, '/') != strrchr(model, '/')) return 0;
    if (cli_is_weights_file(model)) return 1;
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        if (strcasecmp(dot, endings[i]) == 0) return 1;
    }
    return 0;
}

int cli_is_hub_name(const char *model) {
    return access(model, F_OK) != 0 && i2v_hub_is_id(model) && !looks_like_a_file(model);
}

int cli_is_model_name(const char *text) {
    return access(text, F_OK) != 0 && !strpbrk(text, "/.");
}

i2v_status cli_model_path(char **path, const char *model, const cli_settings *settings, i2v_error *error) {
    *path = NULL;
    i2v_hub_model *found = NULL;
    if (cli_is_hub_name(model)) {
        i2v_status status = i2v_hub_find(&found, model, &settings->hub, error);
        if (status != I2V_OK) return status;
    }
    *path = strdup(found ? found->path : model);
    i2v_hub_model_free(found);
    if (*path) return I2V_OK;
    return cli_error_fail(error, I2V_ERROR_MEMORY, "not enough memory for the path of %.200s", model);
}
