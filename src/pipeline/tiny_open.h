/* Opens the tiny decoder that stands in the place of the VAE's. */
#ifndef I2V_PIPELINE_TINY_OPEN_H
#define I2V_PIPELINE_TINY_OPEN_H

#include "pipeline/model.h"

/* 1 if the options name one, and do not leave it to what lies beside the model. */
int i2v_tiny_is_named(const i2v_options *options);

/* Sets the model's tiny decoder from the options, if they name one or one is found. The VAE is open. */
i2v_status i2v_tiny_open(i2v_model *model, const i2v_options *options, i2v_error *error);

#endif
