/* Schedulers that remember nothing: diffusers' EulerDiscreteScheduler, and AnimateLCM-SVD's. Arithmetic is float32, as
 * there. */
#include "pipeline/solver.h"

static float advance_euler(const i2v_update *update, float latent, float velocity, float noise, float *memory,
                           size_t stride) {
    float denoised = i2v_denoised(latent, velocity, update->sigma);
    float derivative = (latent - denoised) / update->sigma;
    return latent + derivative * (update->next - update->sigma);
}

/* AnimateLCMSVDStochasticIterativeScheduler.step with sigma_data 1 and no clipping, as the authors configure it: the
 * value without noise, c_skip sample + c_out velocity, then noise of level next upon it. */
static float advance_animatelcm(const i2v_update *update, float latent, float velocity, float noise, float *memory,
                                size_t stride) {
    float sigma = update->sigma, squared = sigma * sigma + 1.0f;
    float denoised = (-sigma / sqrtf(squared)) * velocity + (1.0f / squared) * latent;
    return denoised + noise * update->next;
}

i2v_update i2v_euler_update(float sigma, float next) {
    return (i2v_update){.advance = advance_euler, .sigma = sigma, .next = next};
}

static void update_euler(i2v_update *update, const float *sigmas, int steps, int evaluation) {
    *update = i2v_euler_update(sigmas[evaluation], sigmas[evaluation + 1]);
}

static void update_animatelcm(i2v_update *update, const float *sigmas, int steps, int evaluation) {
    *update = (i2v_update){.advance = advance_animatelcm, .sigma = sigmas[evaluation], .next = sigmas[evaluation + 1]};
}

const i2v_solver i2v_solver_euler = {.update = update_euler};
const i2v_solver i2v_solver_animatelcm = {.draws_noise = 1, .update = update_animatelcm};
