/* What a single file says about sampling, in tensors of one value beside its parts. */
#ifndef I2V_PIPELINE_FILE_SETTINGS_H
#define I2V_PIPELINE_FILE_SETTINGS_H

#include "pipeline/scheduler.h"
#include "weights/set.h"

/* Stable Video Diffusion's scheduler, but for the noise levels that the file names (edm_vpred.sigma_max and sigma_min,
 * which ComfyUI writes). A scale_factor other than `scaling_factor` fails. */
i2v_status i2v_file_settings_read(i2v_scheduler_config *config, const i2v_weights *file, double scaling_factor,
                                  i2v_error *error);

#endif
