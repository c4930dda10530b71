/* Noise levels of a call, by the published formulas: computed in float64 and rounded to float32 where they are used, as
 * diffusers does. */
#ifndef I2V_PIPELINE_SIGMAS_H
#define I2V_PIPELINE_SIGMAS_H

#include "img2vid/img2vid.h"

typedef enum i2v_timestep_spacing {
    I2V_SPACING_LINSPACE,
    I2V_SPACING_LEADING,
    I2V_SPACING_TRAILING
} i2v_timestep_spacing;

/* The noise levels that a model was trained on, by timestep: sqrt((1 - a) / a) where a is the product of all 1 - beta
 * so far.
 */
typedef struct i2v_betas {
    int num_train_timesteps, steps_offset;
    double beta_start, beta_end;
    int scaled_linear;   /* beta_schedule is scaled_linear (square roots evenly spaced), else linear */
    const char *missing; /* a setting that is not implemented, static; NULL: none */
} i2v_betas;

/* All functions write sigmas[0..steps), from high to low. */

/* Karras et al. 2022 (arXiv 2206.00364), eq. 5 with rho = 7. */
void i2v_sigmas_karras(double *sigmas, double sigma_min, double sigma_max, int steps);

/* Evenly spaced logarithms: diffusers' EulerDiscreteScheduler._convert_to_exponential, after k-diffusion. */
void i2v_sigmas_exponential(double *sigmas, double sigma_min, double sigma_max, int steps);

/* The trained noise levels at evenly spaced timesteps: diffusers' EulerDiscreteScheduler.set_timesteps with linear
 * interpolation. steps is at most num_train_timesteps. For some numbers of steps (61, 103, ...) diffusers' trailing
 * spacing rounds to one step more than asked for; here it has as many as asked for. Fails for lack of memory. */
i2v_status i2v_sigmas_uniform(double *sigmas, const i2v_betas *betas, i2v_timestep_spacing spacing, int steps);

/* Sabour et al. 2024, "Align Your Steps" (arXiv 2404.14507), the list for Stable Video Diffusion and the log-linear
 * interpolation of research.nvidia.com/labs/toronto-ai/AlignYourSteps/howto.html. */
void i2v_sigmas_ays(double *sigmas, int steps);

#define I2V_ANIMATELCM_STEPS 40

/* Every (40 / steps)-th of 40 Karras noise levels, from the first:
 * AnimateLCMSVDStochasticIterativeScheduler.set_timesteps with the authors' num_train_timesteps of 40 (AnimateLCM,
 * animatelcm_svd/animatelcm_scheduler.py, app.py). */
void i2v_sigmas_animatelcm(double *sigmas, double sigma_min, double sigma_max, int steps);

#endif
