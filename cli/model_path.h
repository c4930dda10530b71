/* Where a model is that the command line names: a path, or a model of the hub in the cache. */
#ifndef CLI_MODEL_PATH_H
#define CLI_MODEL_PATH_H

#include "settings.h"

/* True for "org/name" that is no path. */
int cli_is_hub_name(const char *model);

/* True for what is no path, and no file's name by its look: "svd_xt". */
int cli_is_model_name(const char *text);

/* True for a file of weights by its name: .safetensors, or one of PyTorch's. */
int cli_is_weights_file(const char *name);

/* *path is to be freed. What is not the name of a model on the hub is taken as a path as it is. */
i2v_status cli_model_path(char **path, const char *model, const cli_settings *settings, i2v_error *error);

#endif
