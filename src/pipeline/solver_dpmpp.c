/* DPM-Solver++ 2M (Lu et al. 2022, arXiv 2211.01095) and its SDE form, as diffusers' DPMSolverMultistepScheduler and
 * EDMDPMSolverMultistepScheduler have them: algorithm_type dpmsolver++ and sde-dpmsolver++, solver_order 2, solver_type
 * midpoint. With h = ln(sigma / next) and D = m0 + (h / 2 h0) (m0 - m1), where m0 and m1 are the pictures that this
 * evaluation and the one before predict and h0 is the h before:
 *
 *     ODE   next / sigma x + (1 - e^-h) D
 *     SDE   next / sigma e^-h x + (1 - e^-2h) D + next sqrt(1 - e^-2h) noise
 *
 * It begins with D = m0. It ends so where the last level is 0, as h is infinite there, and, for stability, in fewer
 * than 15 steps (lower_order_final). */
#include "pipeline/solver.h"

enum { LATENT, PICTURE, BEFORE, NOISE };
enum { FEW_STEPS = 15 };

static float advance(const i2v_update *update, float latent, float velocity, float noise, float *memory,
                     size_t stride) {
    const float *weights = update->weights;
    float picture = i2v_denoised(latent, velocity, update->sigma), before = memory[0];
    memory[0] = picture;
    return weights[LATENT] * latent + weights[PICTURE] * picture + weights[BEFORE] * before + weights[NOISE] * noise;
}

/* h / 2 h0; 0 for first order, and where two levels are one. */
static double look_ahead(const float *sigmas, int steps, int step) {
    double sigma = (double)sigmas[step], next = (double)sigmas[step + 1];
    int ends = step + 1 == steps && (next <= 0 || steps < FEW_STEPS);
    double before = step > 0 ? log((double)sigmas[step - 1] / sigma) : 0;
    return ends || before <= 0 ? 0 : log(sigma / next) / (2 * before);
}

static void fill(i2v_update *update, const float *sigmas, int steps, int step, int is_sde) {
    double decay = (double)sigmas[step + 1] / (double)sigmas[step]; /* e^-h */
    double square = decay * decay, share = is_sde ? 1 - square : 1 - decay, ahead = look_ahead(sigmas, steps, step);
    *update = (i2v_update){.advance = advance, .sigma = sigmas[step], .next = sigmas[step + 1]};
    update->weights[LATENT] = (float)(is_sde ? square : decay);
    update->weights[PICTURE] = (float)(share * (1 + ahead));
    update->weights[BEFORE] = (float)(share * -ahead);
    update->weights[NOISE] = is_sde ? (float)((double)update->next * sqrt(share)) : 0;
}

static void update_ode(i2v_update *update, const float *sigmas, int steps, int evaluation) {
    fill(update, sigmas, steps, evaluation, 0);
}

static void update_sde(i2v_update *update, const float *sigmas, int steps, int evaluation) {
    fill(update, sigmas, steps, evaluation, 1);
}

const i2v_solver i2v_solver_dpmpp_2m = {.memory = 1, .update = update_ode};
const i2v_solver i2v_solver_dpmpp_2m_sde = {.memory = 1, .draws_noise = 1, .update = update_sde};
