/* How a scheduler goes from one noise level to the next. The UNet is evaluated at one level after the other; what is
 * made of its prediction is a sum of the latents, the prediction, what is remembered of evaluations before, and noise,
 * value by value, with weights that depend on the levels alone. Latents are as EulerDiscreteScheduler has them: noise
 * of deviation sigma upon a picture of deviation 1. Schedulers of diffusers whose latents have the deviation 1 at each
 * level (alpha_t = 1 / sqrt(sigma^2 + 1)) are written in these. Weights are computed in float64. */
#ifndef I2V_PIPELINE_SOLVER_H
#define I2V_PIPELINE_SOLVER_H

#include "img2vid/img2vid.h"

#include <math.h>

enum { I2V_UPDATE_WEIGHTS = 8 };

/* What one evaluation makes of the latents. */
typedef struct i2v_update i2v_update;
struct i2v_update {
    /* The next latent of one value, by its latent at level sigma, the velocity that was predicted there, and noise of
     * deviation 1. memory[0], memory[stride], ... is what is remembered of it; NULL where nothing is. */
    float (*advance)(const i2v_update *update, float latent, float velocity, float noise, float *memory, size_t stride);
    float sigma, next; /* from, to */
    float weights[I2V_UPDATE_WEIGHTS];
};

typedef struct i2v_solver {
    int memory;      /* arrays of the latents' size that it remembers; zeros before the first evaluation */
    int draws_noise; /* 1: for every step */
    int is_twofold;  /* 1: a step evaluates at its begin and at its end, but for the last step */
    /* The update of one evaluation, from 0, of a run through sigmas [steps + 1]. */
    void (*update)(i2v_update *update, const float *sigmas, int steps, int evaluation);
} i2v_solver;

/* I2V_SCHEDULER_AUTO: Euler's. */
const i2v_solver *i2v_solver_of(i2v_scheduler scheduler);

/* Evaluations of a run of so many steps, and the level of one of them, both from 0. */
int i2v_solver_evaluations(i2v_scheduler scheduler, int steps);
int i2v_solver_level(i2v_scheduler scheduler, int evaluation);
/* What so many evaluations, of a run of `steps` steps, are in steps. A step that evaluates twice is half done by one;
 * whole ones are what diffusers' progress bar counts (scheduler.order). */
double i2v_solver_steps_done(i2v_scheduler scheduler, int steps, double evaluations);
/* Draws of noise of such a run, beside that of the first latents. */
int i2v_solver_draws(i2v_scheduler scheduler, int steps);

extern const i2v_solver i2v_solver_euler, i2v_solver_animatelcm, i2v_solver_dpmpp_2m, i2v_solver_dpmpp_2m_sde,
    i2v_solver_unipc, i2v_solver_heun;

/* One step of Euler's by itself. */
i2v_update i2v_euler_update(float sigma, float next);

/* The picture without noise, as a velocity predicts it, which is also what previews show: Stable Video Diffusion's
 * v-prediction with sigma_data 1. */
static inline float i2v_denoised(float latent, float velocity, float sigma) {
    float squared = sigma * sigma + 1.0f;
    return velocity * (-sigma / sqrtf(squared)) + latent / squared;
}

/* The change of a latent over that of sigma, by its velocity, and the other way round. */
static inline float i2v_slope(float latent, float velocity, float sigma) {
    return (latent - i2v_denoised(latent, velocity, sigma)) / sigma;
}

static inline float i2v_slope_velocity(float latent, float slope, float sigma) {
    float squared = sigma * sigma + 1.0f;
    return (slope - latent * (sigma / squared)) * sqrtf(squared);
}

#endif
