/* Where the parts of a model come from: a folder in diffusers' layout, a single file, or files and folders that replace
 * one part each. */
#ifndef I2V_PIPELINE_PARTS_H
#define I2V_PIPELINE_PARTS_H

#include "pipeline/model.h"

/* A model while it is opened. */
typedef struct i2v_opening {
    i2v_model *model;
    const i2v_options *options; /* the caller's */
    i2v_error *error;
} i2v_opening;

/* Sets the model's configurations and weights, from its path and the options. */
i2v_status i2v_parts_open(const i2v_opening *opening);

#endif
