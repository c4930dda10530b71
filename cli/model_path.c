#include "model_path.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int cli_is_hub_name(const char *model) {
    return access(model, F_OK) != 0 && i2v_hub_is_id(model);
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
    snprintf(error->message, sizeof error->message, "not enough memory for the path of %.200s", model);
    return error->status = I2V_ERROR_MEMORY;
}
