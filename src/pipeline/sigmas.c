/* Noise levels by the published formulas. */
#include "pipeline/sigmas.h"

#include "pipeline/guidance.h"

#include <math.h>
#include <stdlib.h>

/* numpy.linspace(start, end, count)[index] */
static double linspace(double start, double end, int count, int index) {
    if (count == 1) return start;
    return index == count - 1 ? end : index * ((end - start) / (count - 1)) + start;
}

/* numpy.interp(x, [0, 1, ..., count - 1], values) */
static double interpolate(double x, const float *values, int count) {
    if (x <= 0) return (double)values[0];
    if (x >= count - 1) return (double)values[count - 1];
    int low = (int)x;
    double slope = (double)values[low + 1] - (double)values[low];
    return slope * (x - low) + (double)values[low];
}

static double karras(double ramp, double sigma_min, double sigma_max) {
    const double rho = 7;
    double low = pow(sigma_min, 1 / rho), high = pow(sigma_max, 1 / rho);
    return pow(high + ramp * (low - high), rho);
}

void i2v_sigmas_karras(double *sigmas, double sigma_min, double sigma_max, int steps) {
    for (int i = 0; i < steps; i++) sigmas[i] = karras(linspace(0, 1, steps, i), sigma_min, sigma_max);
}

void i2v_sigmas_exponential(double *sigmas, double sigma_min, double sigma_max, int steps) {
    for (int i = 0; i < steps; i++) sigmas[i] = exp(linspace(log(sigma_max), log(sigma_min), steps, i));
}

/* The noise levels of all training timesteps, rising, in torch's float32, whose cumprod keeps its product in float64.
 * The lowest noise levels come from differences to 1, so that one rounding more would show in their fifth digit. */
static void trained_levels(float *levels, const i2v_betas *betas) {
    float start = (float)(betas->scaled_linear ? sqrt(betas->beta_start) : betas->beta_start);
    float end = (float)(betas->scaled_linear ? sqrt(betas->beta_end) : betas->beta_end);
    double product = 1;
    for (int i = 0; i < betas->num_train_timesteps; i++) {
        float beta = i2v_linspace(start, end, betas->num_train_timesteps, i);
        if (betas->scaled_linear) beta *= beta;
        product *= (double)(1.0f - beta);
        float alpha = (float)product;
        levels[i] = sqrtf((1.0f - alpha) / alpha);
    }
}

static double timestep(const i2v_betas *betas, i2v_timestep_spacing spacing, int steps, int index) {
    int trained = betas->num_train_timesteps, left = steps - 1 - index;
    switch (spacing) {
    case I2V_SPACING_LEADING:
        return left * (trained / steps) + betas->steps_offset;
    case I2V_SPACING_TRAILING:
        return rint(trained - index * ((double)trained / steps)) - 1;
    case I2V_SPACING_LINSPACE:
        break;
    }
    return (double)(float)linspace(0, trained - 1, steps, left);
}

i2v_status i2v_sigmas_uniform(double *sigmas, const i2v_betas *betas, i2v_timestep_spacing spacing, int steps) {
    float *levels = malloc((size_t)betas->num_train_timesteps * sizeof *levels);
    if (!levels) return I2V_ERROR_MEMORY;
    trained_levels(levels, betas);
    for (int i = 0; i < steps; i++) {
        sigmas[i] = interpolate(timestep(betas, spacing, steps, i), levels, betas->num_train_timesteps);
    }
    free(levels);
    return I2V_OK;
}

void i2v_sigmas_ays(double *sigmas, int steps) {
    /* the last is where the interpolation ends; a call ends in 0 in its place */
    static const double published[] = {700.00, 54.5, 15.886, 7.977, 4.248, 1.789, 0.981, 0.403, 0.173, 0.034, 0.002};
    enum { INTERVALS = sizeof published / sizeof *published - 1 };
    for (int i = 0; i < steps; i++) {
        double place = (double)i * INTERVALS / steps;
        int low = (int)place;
        double slope = log(published[low + 1]) - log(published[low]);
        sigmas[i] = place == low ? published[low] : exp(log(published[low]) + (place - low) * slope);
    }
}

void i2v_sigmas_animatelcm(double *sigmas, double sigma_min, double sigma_max, int steps) {
    int stride = I2V_ANIMATELCM_STEPS / steps;
    for (int i = 0; i < steps; i++) {
        sigmas[i] = karras((double)(i * stride) / (I2V_ANIMATELCM_STEPS - 1), sigma_min, sigma_max);
    }
}
