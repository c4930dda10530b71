/* Where a model or a part of it lies, however people name it. */
#ifndef I2V_PIPELINE_MODEL_PLACE_H
#define I2V_PIPELINE_MODEL_PLACE_H

#include "base/error.h"

/* *path, allocated, is the file or folder that `given` means: the path itself; what a "file:" address leads to; the
 * model of the cache whose page at the hub has that address (nothing is downloaded); in a model's folder of the hub's
 * cache, or its folder of snapshots, that of refs/main, or the only one; a model_index.json's folder. */
i2v_status i2v_model_place(char **path, const char *given, const char *variant, i2v_error *error);

/* Where a folder has no model_index.json: I2V_ERROR_MODEL, with a sentence that says what is in it and which option
 * takes it. */
i2v_status i2v_folder_explain(const char *path, i2v_error *error);

#endif
