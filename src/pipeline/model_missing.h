/* What to do where a model that was named is nowhere. */
#ifndef I2V_PIPELINE_MODEL_MISSING_H
#define I2V_PIPELINE_MODEL_MISSING_H

#include "base/error.h"

/* I2V_ERROR_IO, with a sentence that says which models the hub's cache has and how to download one. given: a path, or a
 * name such as "svd_xt", that leads to nothing. */
i2v_status i2v_model_missing(const char *given, i2v_error *error);

#endif
