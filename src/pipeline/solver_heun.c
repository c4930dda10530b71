/* Heun's method as diffusers' HeunDiscreteScheduler has it, after Karras et al. 2022 (arXiv 2206.00364), algorithm 1
 * without churn: Euler's step, an evaluation where it ends, and the step anew by the mean of both slopes. The last step
 * is Euler's. Arithmetic is float32, as there. */
#include "pipeline/solver.h"

enum { STEP }; /* next - sigma of the step, whichever of its ends is evaluated */

static float advance_begin(const i2v_update *update, float latent, float velocity, float noise, float *memory,
                           size_t stride) {
    float slope = (latent - i2v_denoised(latent, velocity, update->sigma)) / update->sigma;
    memory[0] = slope;
    memory[stride] = latent;
    return latent + slope * update->weights[STEP];
}

static float advance_end(const i2v_update *update, float latent, float velocity, float noise, float *memory,
                         size_t stride) {
    float slope = (latent - i2v_denoised(latent, velocity, update->sigma)) / update->sigma;
    return memory[stride] + (memory[0] + slope) / 2 * update->weights[STEP];
}

static void update_heun(i2v_update *update, const float *sigmas, int steps, int evaluation) {
    int step = evaluation / 2, ends = evaluation % 2;
    *update = (i2v_update){
        .advance = ends ? advance_end : advance_begin, .sigma = sigmas[step + ends], .next = sigmas[step + 1]};
    update->weights[STEP] = sigmas[step + 1] - sigmas[step];
}

const i2v_solver i2v_solver_heun = {.memory = 2, .is_twofold = 1, .update = update_heun};
