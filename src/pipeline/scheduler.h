/* diffusers' EulerDiscreteScheduler as Stable Video Diffusion configures it: Karras noise levels, v-prediction,
 * continuous timesteps. Arithmetic is float32 on float32 levels, as there. */
#ifndef I2V_PIPELINE_SCHEDULER_H
#define I2V_PIPELINE_SCHEDULER_H

#include "base/error.h"

typedef struct i2v_scheduler_config {
    double sigma_min, sigma_max;
    int leading; /* timestep_spacing is "leading": the first latents are scaled by sqrt(sigma^2 + 1), else by sigma */
} i2v_scheduler_config;

/* Reads scheduler_config.json; a setting that is not implemented is refused by name. */
i2v_status i2v_scheduler_config_read(i2v_scheduler_config *config, const char *path, i2v_error *error);

/* The settings of Stable Video Diffusion's own scheduler_config.json, for a model that comes without one. */
i2v_status i2v_scheduler_config_svd(i2v_scheduler_config *config, i2v_error *error);

typedef struct i2v_schedule {
    int steps;
    float *sigmas;    /* [steps + 1], the last is where the last step ends */
    float *timesteps; /* [steps], 0.25 ln sigma: what the UNet is told */
    float initial;    /* scale of the first latents */
} i2v_schedule;

/* Karras et al. 2022 (arXiv 2206.00364), eq. 5 with rho = 7, then 0; or custom levels [steps + 1] as they are. */
i2v_status i2v_schedule_make(i2v_schedule *schedule, const i2v_scheduler_config *config, int steps,
                             const double *custom, i2v_error *error);
void i2v_schedule_free(i2v_schedule *schedule);

/* What latents are divided by before the UNet sees them at this level: sqrt(sigma^2 + 1). */
float i2v_schedule_input_scale(float sigma);

/* One Euler step of one value: sample at sigma, velocity predicted there -> sample at next. */
float i2v_euler_step(float sample, float velocity, float sigma, float next);

/* torch.linspace(low, high, count)[index] in float32: the guidance weight of a frame. */
float i2v_guidance_weight(double low, double high, int count, int index);

#endif
