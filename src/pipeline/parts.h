/* Where the parts of a model come from: a folder in diffusers' layout, a single file, or files and folders that replace
 * one part each. */
#ifndef I2V_PIPELINE_PARTS_H
#define I2V_PIPELINE_PARTS_H

#include "pipeline/engine.h"

/* Sets the engine's configurations and weights, from its path and options. */
i2v_status i2v_parts_open(i2v_engine *engine);

#endif
