#include "pipeline/scheduler.h"

#include "weights/config.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Refuses a value other than the one implemented. */
static void expect_string(i2v_config *c, const char *key, const char *fallback, const char *wanted) {
    char value[64];
    i2v_config_string(c, key, fallback, value, sizeof value);
    if (strcmp(value, wanted) != 0) {
        i2v_config_fail(c, "%s is %s, which is not implemented (%s is)", key, value, wanted);
    }
}

static void expect_bool(i2v_config *c, const char *key, int wanted) {
    if (i2v_config_bool(c, key, 0) != wanted) {
        i2v_config_fail(c, "%s is %s, which is not implemented", key, wanted ? "false" : "true");
    }
}

/* Closes c. */
static i2v_status read_settings(i2v_scheduler_config *config, i2v_config *c, i2v_error *error) {
    *config = (i2v_scheduler_config){0};
    expect_string(c, "_class_name", "", "EulerDiscreteScheduler");
    expect_string(c, "prediction_type", "epsilon", "v_prediction");
    expect_string(c, "timestep_type", "discrete", "continuous");
    expect_string(c, "final_sigmas_type", "zero", "zero");
    expect_bool(c, "use_karras_sigmas", 1);
    expect_bool(c, "use_exponential_sigmas", 0);
    expect_bool(c, "use_beta_sigmas", 0);
    char spacing[32];
    i2v_config_string(c, "timestep_spacing", "linspace", spacing, sizeof spacing);
    config->leading = strcmp(spacing, "leading") == 0;
    if (!config->leading && strcmp(spacing, "linspace") != 0 && strcmp(spacing, "trailing") != 0) {
        i2v_config_fail(c, "timestep_spacing is %s, which is not implemented (leading, linspace, trailing are)",
                        spacing);
    }
    if (!i2v_config_has(c, "sigma_min") || !i2v_config_has(c, "sigma_max")) {
        i2v_config_fail(c, "sigma_min and sigma_max are not given; noise levels from betas are not implemented");
    }
    config->sigma_min = i2v_config_double(c, "sigma_min", 0.002, 1e-6, 1e6);
    config->sigma_max = i2v_config_double(c, "sigma_max", 700, 1e-6, 1e6);
    if (config->sigma_min >= config->sigma_max) i2v_config_fail(c, "sigma_min is not below sigma_max");
    return i2v_config_close(c, error);
}

i2v_status i2v_scheduler_config_read(i2v_scheduler_config *config, const char *path, i2v_error *error) {
    i2v_config *c = NULL;
    i2v_status status = i2v_config_open(&c, path, error);
    return status ? status : read_settings(config, c, error);
}

i2v_status i2v_scheduler_config_svd(i2v_scheduler_config *config, i2v_error *error) {
    static const char settings[] =
        "{\"_class_name\": \"EulerDiscreteScheduler\", \"beta_end\": 0.012, \"beta_schedule\": \"scaled_linear\", "
        "\"beta_start\": 0.00085, \"interpolation_type\": \"linear\", \"num_train_timesteps\": 1000, "
        "\"prediction_type\": \"v_prediction\", \"sigma_max\": 700.0, \"sigma_min\": 0.002, \"steps_offset\": 1, "
        "\"timestep_spacing\": \"leading\", \"timestep_type\": \"continuous\", \"use_karras_sigmas\": true}";
    i2v_config *c = NULL;
    i2v_status status = i2v_config_open_text(&c, settings, "the scheduler of Stable Video Diffusion", error);
    return status ? status : read_settings(config, c, error);
}

static void karras(float *sigmas, const i2v_scheduler_config *config, int steps) {
    const double rho = 7;
    double low = pow(config->sigma_min, 1 / rho);
    double high = pow(config->sigma_max, 1 / rho);
    double spacing = steps > 1 ? 1.0 / (steps - 1) : 0;
    for (int i = 0; i < steps; i++) {
        double ramp = steps > 1 && i == steps - 1 ? 1 : i * spacing;
        sigmas[i] = (float)pow(high + ramp * (low - high), rho);
    }
    sigmas[steps] = 0;
}

i2v_status i2v_schedule_make(i2v_schedule *schedule, const i2v_scheduler_config *config, int steps,
                             const double *custom, i2v_error *error) {
    size_t count = (size_t)steps;
    *schedule = (i2v_schedule){.steps = steps};
    schedule->sigmas = malloc((count + 1) * sizeof *schedule->sigmas);
    schedule->timesteps = malloc(count * sizeof *schedule->timesteps);
    if (!schedule->sigmas || !schedule->timesteps) {
        i2v_schedule_free(schedule);
        return i2v_fail_memory(error, "the noise levels", 2 * count * sizeof(float));
    }
    if (custom) {
        for (size_t i = 0; i <= count; i++) schedule->sigmas[i] = (float)custom[i];
    } else {
        karras(schedule->sigmas, config, steps);
    }
    float largest = 0;
    for (size_t i = 0; i < count; i++) {
        schedule->timesteps[i] = 0.25f * logf(schedule->sigmas[i]);
        if (schedule->sigmas[i] > largest) largest = schedule->sigmas[i];
    }
    schedule->initial = config->leading ? sqrtf(largest * largest + 1.0f) : largest;
    return I2V_OK;
}

void i2v_schedule_free(i2v_schedule *schedule) {
    free(schedule->sigmas);
    free(schedule->timesteps);
    *schedule = (i2v_schedule){0};
}

float i2v_schedule_input_scale(float sigma) {
    return sqrtf(sigma * sigma + 1.0f);
}

float i2v_euler_step(float sample, float velocity, float sigma, float next) {
    float squared = sigma * sigma + 1.0f;
    float denoised = velocity * (-sigma / sqrtf(squared)) + sample / squared;
    float derivative = (sample - denoised) / sigma;
    return sample + derivative * (next - sigma);
}

float i2v_guidance_weight(double low, double high, int count, int index) {
    float start = (float)low, end = (float)high;
    if (count == 1) return start;
    float step = (end - start) / (float)(count - 1);
    return index < count / 2 ? start + step * (float)index : end - step * (float)(count - 1 - index);
}
