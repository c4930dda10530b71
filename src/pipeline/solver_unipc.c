/* UniPC (Zhao et al. 2023, arXiv 2302.04867) as diffusers' UniPCMultistepScheduler has it by default: solver_order 2,
 * solver_type bh2, predict_x0, lower_order_final. Each evaluation first corrects the latents that the one before made,
 * by what is predicted there; the corrected ones are not evaluated again. Then it predicts the next. With m0, m1, m2
 * the pictures that this evaluation and the two before predict, x the corrected latents and e = e^-h - 1:
 *
 *     corrector over the step before   e^-h x1 - e (m1 + r0 (m2 - m1) / k + r1 (m0 - m1))
 *     predictor over the next step     e^-h x - e (m0 + (m1 - m0) / 2k)
 *
 * where k is the step before that step over it, in ln sigma, negative. The first step and the last have no term with k,
 * nor has the corrector over the first, where r1 is 1/2. */
#include "pipeline/solver.h"

enum { AS_IT_IS, LAST, NOW, ONE_BEFORE, TWO_BEFORE, PREDICT_LATENT, PREDICT_NOW, PREDICT_BEFORE };
_Static_assert(PREDICT_BEFORE + 1 == I2V_UPDATE_WEIGHTS, "a weight for each");

static float advance(const i2v_update *update, float latent, float velocity, float noise, float *memory,
                     size_t stride) {
    const float *w = update->weights;
    float *last = memory, *one = memory + stride, *two = memory + 2 * stride;
    float now = i2v_denoised(latent, velocity, update->sigma), before = *one;
    float corrected =
        w[AS_IT_IS] * latent + w[LAST] * *last + w[NOW] * now + w[ONE_BEFORE] * before + w[TWO_BEFORE] * *two;
    *last = corrected;
    *two = before;
    *one = now;
    return w[PREDICT_LATENT] * corrected + w[PREDICT_NOW] * now + w[PREDICT_BEFORE] * before;
}

/* ln sigma over step `step`, h; 0 where there is no such step or its levels are one. */
static double length(const float *sigmas, int step) {
    return step >= 0 ? log((double)sigmas[step] / (double)sigmas[step + 1]) : 0;
}

/* Solves the two equations for r0 and r1: r0 + r1 = b1, k r0 + r1 = b2, where b1 = phi_2(-h) and so on, over e / -h. */
static void fill_corrector(float *weights, double h, double k) {
    double e = expm1(-h), first = e / -h - 1, b1 = first / e, b2 = 2 * (first / -h - 0.5) / e;
    double r0 = k < 0 ? (b1 - b2) / (1 - k) : 0, r1 = k < 0 ? b1 - r0 : 0.5, of_two = k < 0 ? r0 / k : 0;
    weights[AS_IT_IS] = 0;
    weights[LAST] = (float)exp(-h);
    weights[NOW] = (float)(-e * r1);
    weights[ONE_BEFORE] = (float)(-e * (1 - of_two - r1));
    weights[TWO_BEFORE] = (float)(-e * of_two);
}

static void fill_predictor(float *weights, double decay, double k) {
    double e = decay - 1, before = k < 0 ? 1 / (2 * k) : 0;
    weights[PREDICT_LATENT] = (float)decay;
    weights[PREDICT_NOW] = (float)(-e * (1 - before));
    weights[PREDICT_BEFORE] = (float)(-e * before);
}

static void update_unipc(i2v_update *update, const float *sigmas, int steps, int step) {
    double h = length(sigmas, step - 1);
    int is_last = step + 1 == steps;
    *update = (i2v_update){.advance = advance, .sigma = sigmas[step], .next = sigmas[step + 1]};
    update->weights[AS_IT_IS] = 1;
    if (h > 0) fill_corrector(update->weights, h, -length(sigmas, step - 2) / h);
    double next = is_last ? 0 : length(sigmas, step);
    fill_predictor(update->weights, (double)update->next / (double)update->sigma, next > 0 ? -h / next : 0);
}

const i2v_solver i2v_solver_unipc = {.memory = 3, .update = update_unipc};
