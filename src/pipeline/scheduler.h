/* The noise levels of schedulers with v-prediction and continuous timesteps: those of diffusers' EulerDiscreteScheduler
 * as Stable Video Diffusion configures it, which its other schedulers step through as well, and AnimateLCM-SVD's. */
#ifndef I2V_PIPELINE_SCHEDULER_H
#define I2V_PIPELINE_SCHEDULER_H

#include "base/error.h"
#include "pipeline/sigmas.h"

typedef struct i2v_scheduler_config {
    i2v_scheduler scheduler;           /* of its class; AUTO, in a config of zeros: Euler's */
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

/* The one that is meant: AUTO is the config's. */
i2v_scheduler i2v_schedule_scheduler(const i2v_scheduler_config *config, i2v_scheduler asked);

/* Fails where the parts of a request exclude each other, or where a model's settings do not allow it. */
i2v_status i2v_schedule_check(const i2v_scheduler_config *config, const i2v_schedule_request *request,
                              i2v_error *error);

typedef struct i2v_schedule {
    i2v_scheduler scheduler; /* never AUTO */
    int steps;
    float *sigmas;    /* [steps + 1], the last is where the last step ends */
    float *timesteps; /* [steps], 0.25 ln sigma: what the UNet is told */
    float initial;    /* scale of the first latents: sqrt(sigma^2 + 1) of the highest level with leading spacing and
                         where the scheduler's class does not ask for the spacing, else that level */
} i2v_schedule;

/* The levels and timesteps of a request that i2v_schedule_check lets pass. */
i2v_status i2v_schedule_make(i2v_schedule *schedule, const i2v_scheduler_config *config,
                             const i2v_schedule_request *request, i2v_error *error);
void i2v_schedule_free(i2v_schedule *schedule);

/* What latents are divided by before the UNet sees them at this level: sqrt(sigma^2 + 1). */
float i2v_schedule_input_scale(float sigma);

#endif
