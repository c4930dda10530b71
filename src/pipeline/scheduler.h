/* Schedulers with v-prediction and continuous timesteps: diffusers' EulerDiscreteScheduler as Stable Video Diffusion
 * configures it, and AnimateLCM-SVD's. Arithmetic is float32 on float32 levels, as there. */
#ifndef I2V_PIPELINE_SCHEDULER_H
#define I2V_PIPELINE_SCHEDULER_H

#include "base/error.h"
#include "pipeline/sigmas.h"

typedef struct i2v_scheduler_config {
    double sigma_min, sigma_max;       /* 0: not given; then those of the betas */
    i2v_sigma_schedule sigma_schedule; /* KARRAS, EXPONENTIAL or UNIFORM */
    i2v_timestep_spacing timestep_spacing;
    i2v_betas betas;
} i2v_scheduler_config;

/* Reads scheduler_config.json; a setting that is not implemented is refused by name. */
i2v_status i2v_scheduler_config_read(i2v_scheduler_config *config, const char *path, i2v_error *error);

/* The same from the text of such a file; source says in messages where it is from. */
i2v_status i2v_scheduler_config_read_text(i2v_scheduler_config *config, const char *text, const char *source,
                                          i2v_error *error);

/* The settings of Stable Video Diffusion's own scheduler_config.json, for a model that comes without one. */
i2v_status i2v_scheduler_config_svd(i2v_scheduler_config *config, i2v_error *error);
/* What a run asks of its scheduler. */
typedef struct i2v_schedule_request {
    i2v_scheduler scheduler;
    i2v_sigma_schedule sigma_schedule;
    const double *custom; /* NULL, or levels [steps + 1], used as they are */
    int steps;
} i2v_schedule_request;

/* Fails where the parts of a request exclude each other, or where a model's settings do not allow it. */
i2v_status i2v_schedule_check(const i2v_scheduler_config *config, const i2v_schedule_request *request,
                              i2v_error *error);

typedef struct i2v_schedule {
    i2v_scheduler scheduler;
    int steps;
    float *sigmas;    /* [steps + 1], the last is where the last step ends */
    float *timesteps; /* [steps], 0.25 ln sigma: what the UNet is told */
    float initial;    /* scale of the first latents: sqrt(sigma^2 + 1) of the highest level with leading spacing and for
                         AnimateLCM, else that level */
} i2v_schedule;

/* The levels and timesteps of a request that i2v_schedule_check lets pass. */
i2v_status i2v_schedule_make(i2v_schedule *schedule, const i2v_scheduler_config *config,
                             const i2v_schedule_request *request, i2v_error *error);
void i2v_schedule_free(i2v_schedule *schedule);

/* What latents are divided by before the UNet sees them at this level: sqrt(sigma^2 + 1). */
float i2v_schedule_input_scale(float sigma);

/* The clean value that a velocity predicted at sigma means for a sample there: diffusers' pred_original_sample of each
 * scheduler; AnimateLCM-SVD's own rounds otherwise. */
float i2v_denoised(i2v_scheduler scheduler, float sample, float velocity, float sigma);

/* One Euler step of one value: sample at sigma, velocity predicted there -> sample at next. */
float i2v_euler_step(float sample, float velocity, float sigma, float next);

/* AnimateLCMSVDStochasticIterativeScheduler.step with sigma_data 1 and no clipping, as the authors configure it: the
 * value without noise, c_skip sample + c_out velocity, then noise of level next upon it. */
float i2v_animatelcm_step(float sample, float velocity, float sigma, float next, float noise);

#endif
