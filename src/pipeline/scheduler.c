/* A run's noise levels, by parameters and the model's scheduler_config.json. */
#include "pipeline/scheduler.h"

#include "base/parameters.h"
#include "pipeline/scheduler_class.h"
#include "json/config.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static i2v_timestep_spacing read_spacing(i2v_config *c) {
    static const char *const names[] = {"linspace", "leading", "trailing"};
    char spacing[32];
    i2v_config_string(c, "timestep_spacing", "linspace", spacing, sizeof spacing);
    for (int i = 0; i < 3; i++) {
        if (strcmp(spacing, names[i]) == 0) return (i2v_timestep_spacing)i;
    }
    i2v_config_fail(c, "timestep_spacing is %s, which is not implemented (leading, linspace, trailing are)", spacing);
    return I2V_SPACING_LINSPACE;
}

/* What is not implemented matters only where levels come from betas. */
static i2v_betas read_betas(i2v_config *c) {
    char schedule[32], interpolation[32];
    i2v_config_string(c, "beta_schedule", "linear", schedule, sizeof schedule);
    i2v_config_string(c, "interpolation_type", "linear", interpolation, sizeof interpolation);
    i2v_betas betas = {.num_train_timesteps = i2v_config_int(c, "num_train_timesteps", 1000, 1, 1000000),
                       .steps_offset = i2v_config_int(c, "steps_offset", 0, 0, 1000000),
                       .beta_start = i2v_config_double(c, "beta_start", 0.0001, 0, 1),
                       .beta_end = i2v_config_double(c, "beta_end", 0.02, 0, 1),
                       .scaled_linear = strcmp(schedule, "scaled_linear") == 0};
    if (!betas.scaled_linear && strcmp(schedule, "linear") != 0) {
        betas.missing = "a beta_schedule other than linear and scaled_linear";
    } else if (strcmp(interpolation, "linear") != 0) {
        betas.missing = "an interpolation_type other than linear";
    } else if (i2v_config_bool(c, "rescale_betas_zero_snr", 0)) {
        betas.missing = "rescale_betas_zero_snr";
    } else if (i2v_config_has(c, "trained_betas")) {
        betas.missing = "trained_betas";
    }
    return betas;
}

/* Do the levels come from betas, wholly or in part? */
static int needs_betas(const i2v_scheduler_config *config, i2v_sigma_schedule schedule) {
    return schedule == I2V_SIGMA_SCHEDULE_UNIFORM ||
           (schedule != I2V_SIGMA_SCHEDULE_AYS && (config->sigma_min == 0 || config->sigma_max == 0));
}

static void read_levels(i2v_scheduler_config *config, i2v_config *c) {
    int karras = i2v_config_bool(c, "use_karras_sigmas", 0);
    int exponential = i2v_config_bool(c, "use_exponential_sigmas", 0);
    if (karras && exponential) i2v_config_fail(c, "use_karras_sigmas and use_exponential_sigmas exclude each other");
    if (karras) config->sigma_schedule = I2V_SIGMA_SCHEDULE_KARRAS;
    if (exponential) config->sigma_schedule = I2V_SIGMA_SCHEDULE_EXPONENTIAL;
    if (i2v_config_has(c, "sigma_min")) config->sigma_min = i2v_config_double(c, "sigma_min", 0.002, 1e-6, 1e6);
    if (i2v_config_has(c, "sigma_max")) config->sigma_max = i2v_config_double(c, "sigma_max", 700, 1e-6, 1e6);
}

/* EDMDPMSolverMultistepScheduler's, with its own defaults. */
static void read_edm_levels(i2v_scheduler_config *config, i2v_config *c) {
    char schedule[32];
    i2v_config_string(c, "sigma_schedule", "karras", schedule, sizeof schedule);
    int karras = strcmp(schedule, "karras") == 0;
    if (!karras && strcmp(schedule, "exponential") != 0)
        i2v_config_fail(c, "sigma_schedule is %s, which is not implemented (karras and exponential are)", schedule);
    config->sigma_schedule = karras ? I2V_SIGMA_SCHEDULE_KARRAS : I2V_SIGMA_SCHEDULE_EXPONENTIAL;
    config->sigma_min = i2v_config_double(c, "sigma_min", 0.002, 1e-6, 1e6);
    config->sigma_max = i2v_config_double(c, "sigma_max", 80, 1e-6, 1e6);
    double rho = i2v_config_double(c, "rho", 7, 0, 1e6);
    if (rho < 7 || rho > 7) i2v_config_fail(c, "rho is %g, which is not implemented (7 is)", rho);
}

/* Closes c. */
static i2v_status read_settings(i2v_scheduler_config *config, i2v_config *c, i2v_error *error) {
    *config =
        (i2v_scheduler_config){.scheduler = i2v_scheduler_class_read(c), .sigma_schedule = I2V_SIGMA_SCHEDULE_UNIFORM};
    /* the other classes do not know it, but the model does */
    const char *type = config->scheduler == I2V_SCHEDULER_EULER ? "discrete" : "continuous";
    i2v_scheduler_expect_string(c, "prediction_type", "epsilon", "v_prediction");
    i2v_scheduler_expect_string(c, "timestep_type", type, "continuous");
    i2v_scheduler_expect_string(c, "final_sigmas_type", "zero", "zero");
    i2v_scheduler_expect_bool(c, "use_beta_sigmas", 0, 0);
    config->timestep_spacing = read_spacing(c);
    config->betas = read_betas(c);
    if (i2v_scheduler_class_is_edm(c))
        read_edm_levels(config, c);
    else
        read_levels(config, c);
    if (config->sigma_max != 0 && config->sigma_min >= config->sigma_max) {
        i2v_config_fail(c, "sigma_min is not below sigma_max");
    }
    if (config->betas.missing && needs_betas(config, config->sigma_schedule)) {
        i2v_config_fail(c, "%s is not implemented", config->betas.missing);
    }
    return i2v_config_close(c, error);
}

i2v_status i2v_scheduler_config_read(i2v_scheduler_config *config, const char *path, i2v_error *error) {
    i2v_config *c = NULL;
    i2v_status status = i2v_config_open(&c, path, error);
    return status ? status : read_settings(config, c, error);
}

i2v_status i2v_scheduler_config_read_text(i2v_scheduler_config *config, const char *text, const char *source,
                                          i2v_error *error) {
    i2v_config *c = NULL;
    i2v_status status = i2v_config_open_text(&c, text, source, error);
    return status ? status : read_settings(config, c, error);
}

i2v_status i2v_scheduler_config_svd(i2v_scheduler_config *config, i2v_error *error) {
    static const char settings[] =
        "{\"_class_name\": \"EulerDiscreteScheduler\", \"beta_end\": 0.012, \"beta_schedule\": \"scaled_linear\", "
        "\"beta_start\": 0.00085, \"interpolation_type\": \"linear\", \"num_train_timesteps\": 1000, "
        "\"prediction_type\": \"v_prediction\", \"sigma_max\": 700.0, \"sigma_min\": 0.002, \"steps_offset\": 1, "
        "\"timestep_spacing\": \"leading\", \"timestep_type\": \"continuous\", \"use_karras_sigmas\": true}";
    return i2v_scheduler_config_read_text(config, settings, "the scheduler of Stable Video Diffusion", error);
}

/* ---- noise levels ---- */

static const i2v_parameter *sigma_schedule(void) {
    return I2V_PARAMETER(PARAMS, i2v_params, sigma_schedule);
}

static i2v_sigma_schedule chosen(const i2v_scheduler_config *config, const i2v_schedule_request *request) {
    return request->sigma_schedule == I2V_SIGMA_SCHEDULE_AUTO ? config->sigma_schedule : request->sigma_schedule;
}

i2v_scheduler i2v_schedule_scheduler(const i2v_scheduler_config *config, i2v_scheduler asked) {
    i2v_scheduler scheduler = asked == I2V_SCHEDULER_AUTO ? config->scheduler : asked;
    return scheduler == I2V_SCHEDULER_AUTO ? I2V_SCHEDULER_EULER : scheduler;
}

static i2v_status check_animatelcm(const i2v_schedule_request *request, i2v_error *error) {
    char name[I2V_CHOICE_SIZE];
    if (request->sigma_schedule != I2V_SIGMA_SCHEDULE_AUTO) {
        return i2v_fail(error, I2V_ERROR_PARAMETER,
                        I2V_NAME("sigma_schedule") " is %s, but "
                        I2V_NAME("scheduler") " animatelcm has noise levels of its own; leave one of the "
                                         "two out",
                        i2v_choice_name(name, sigma_schedule(), (int)request->sigma_schedule));
    }
    if (!request->custom && request->steps > I2V_ANIMATELCM_STEPS) {
        return i2v_fail(error, I2V_ERROR_PARAMETER,
                        I2V_NAME("num_inference_steps") " is %d; "
                        I2V_NAME("scheduler") " animatelcm takes 1 to %d, and is made for 1 to 8",
                        request->steps, I2V_ANIMATELCM_STEPS);
    }
    return I2V_OK;
}

static i2v_status check_betas(const i2v_scheduler_config *config, const i2v_schedule_request *request,
                              i2v_error *error) {
    const i2v_betas *betas = &config->betas;
    char name[I2V_CHOICE_SIZE];
    if (betas->missing) {
        return i2v_fail(
            error, I2V_ERROR_UNSUPPORTED,
            I2V_NAME("sigma_schedule") " %s takes noise levels from betas, but the model's scheduler_config.json has "
                                       "%s, which is not implemented; choose another "
                                       I2V_NAME("sigma_schedule") " or give " I2V_NAME("sigmas"),
            i2v_choice_name(name, sigma_schedule(), (int)chosen(config, request)), betas->missing);
    }
    if (request->steps <= betas->num_train_timesteps) return I2V_OK;
    return i2v_fail(error, I2V_ERROR_PARAMETER,
                    I2V_NAME("num_inference_steps") " is %d; "
                    I2V_NAME("sigma_schedule") " %s takes at most the model's %d training timesteps",
                    request->steps, i2v_choice_name(name, sigma_schedule(), (int)chosen(config, request)),
                    betas->num_train_timesteps);
}

i2v_status i2v_schedule_check(const i2v_scheduler_config *config, const i2v_schedule_request *request,
                              i2v_error *error) {
    char name[I2V_CHOICE_SIZE];
    const i2v_params asked = {.scheduler = request->scheduler, .sigma_schedule = request->sigma_schedule};
    i2v_status status = i2v_parameter_check(I2V_PARAMETER(PARAMS, i2v_params, scheduler), &asked, error);
    if (!status) status = i2v_parameter_check(sigma_schedule(), &asked, error);
    if (status) return status;
    if (i2v_schedule_scheduler(config, request->scheduler) == I2V_SCHEDULER_ANIMATELCM)
        return check_animatelcm(request, error);
    if (request->custom && request->sigma_schedule != I2V_SIGMA_SCHEDULE_AUTO) {
        return i2v_fail(error, I2V_ERROR_PARAMETER,
                        I2V_NAME("sigmas") " and " I2V_NAME("sigma_schedule") " %s exclude each other",
                        i2v_choice_name(name, sigma_schedule(), (int)request->sigma_schedule));
    }
    if (request->custom || !needs_betas(config, chosen(config, request))) return I2V_OK;
    return check_betas(config, request, error);
}

/* AnimateLCM-SVD's: the model's range, else the one that its authors name. */
static void fill_animatelcm(double *sigmas, const i2v_scheduler_config *config, int steps) {
    double low = config->sigma_min != 0 ? config->sigma_min : 0.002;
    i2v_sigmas_animatelcm(sigmas, low, config->sigma_max != 0 ? config->sigma_max : 700, steps);
}

static i2v_status fill_euler(double *sigmas, const i2v_scheduler_config *config, i2v_sigma_schedule schedule,
                             int steps) {
    i2v_status status = I2V_OK;
    if (needs_betas(config, schedule)) {
        status = i2v_sigmas_uniform(sigmas, &config->betas, config->timestep_spacing, steps);
    }
    double low = config->sigma_min != 0 ? config->sigma_min : sigmas[steps - 1];
    double high = config->sigma_max != 0 ? config->sigma_max : sigmas[0];
    if (schedule == I2V_SIGMA_SCHEDULE_KARRAS) i2v_sigmas_karras(sigmas, low, high, steps);
    if (schedule == I2V_SIGMA_SCHEDULE_EXPONENTIAL) i2v_sigmas_exponential(sigmas, low, high, steps);
    if (schedule == I2V_SIGMA_SCHEDULE_AYS) i2v_sigmas_ays(sigmas, steps);
    return status;
}

/* Betas of any kind may come from a file. */
static i2v_status check_levels(const float *sigmas, int steps, i2v_error *error) {
    for (int i = 0; i < steps; i++) {
        if (isfinite(sigmas[i]) && sigmas[i] > 0 && sigmas[i + 1] <= sigmas[i]) continue;
        return i2v_fail(error, I2V_ERROR_MODEL,
                        "the model's scheduler_config.json gives noise levels that do not fall from a finite one to 0; "
                        "choose another " I2V_NAME("sigma_schedule") " or give " I2V_NAME("sigmas"));
    }
    return I2V_OK;
}

/* Those that have latents of deviation 1 at each level have noise of deviation 1 at the first. */
static int ignores_spacing(i2v_scheduler scheduler) {
    return scheduler != I2V_SCHEDULER_EULER && scheduler != I2V_SCHEDULER_HEUN;
}

static i2v_status fill(i2v_schedule *schedule, double *sigmas, const i2v_scheduler_config *config,
                       const i2v_schedule_request *request, i2v_error *error) {
    int steps = request->steps, animatelcm = schedule->scheduler == I2V_SCHEDULER_ANIMATELCM;
    sigmas[steps] = 0;
    if (request->custom) {
        memcpy(sigmas, request->custom, ((size_t)steps + 1) * sizeof *sigmas);
    } else if (animatelcm) {
        fill_animatelcm(sigmas, config, steps);
    } else if (fill_euler(sigmas, config, chosen(config, request), steps)) {
        return i2v_fail_memory(error, "the noise levels", (size_t)config->betas.num_train_timesteps * sizeof(float));
    }
    for (int i = 0; i <= steps; i++) schedule->sigmas[i] = (float)sigmas[i];
    for (int i = 0; i < steps; i++) {
        schedule->timesteps[i] = animatelcm ? (float)(0.25 * log(sigmas[i])) : 0.25f * logf(schedule->sigmas[i]);
    }
    float largest = schedule->sigmas[0];
    int scaled = ignores_spacing(schedule->scheduler) || config->timestep_spacing == I2V_SPACING_LEADING;
    schedule->initial = scaled ? sqrtf(largest * largest + 1.0f) : largest;
    return check_levels(schedule->sigmas, steps, error);
}

i2v_status i2v_schedule_make(i2v_schedule *schedule, const i2v_scheduler_config *config,
                             const i2v_schedule_request *request, i2v_error *error) {
    size_t count = (size_t)request->steps;
    i2v_status status;
    *schedule =
        (i2v_schedule){.scheduler = i2v_schedule_scheduler(config, request->scheduler), .steps = request->steps};
    schedule->sigmas = calloc(count + 1, sizeof *schedule->sigmas); /* zeroed: GCC 14 does not see that fill sets all */
    schedule->timesteps = malloc(count * sizeof *schedule->timesteps);
    double *sigmas = calloc(count + 1, sizeof *sigmas);
    if (schedule->sigmas && schedule->timesteps && sigmas) {
        status = fill(schedule, sigmas, config, request, error);
    } else {
        status = i2v_fail_memory(error, "the noise levels", 4 * count * sizeof(float));
    }
    free(sigmas);
    if (status) i2v_schedule_free(schedule);
    return status;
}

void i2v_schedule_free(i2v_schedule *schedule) {
    free(schedule->sigmas);
    free(schedule->timesteps);
    *schedule = (i2v_schedule){0};
}

float i2v_schedule_input_scale(float sigma) {
    return sqrtf(sigma * sigma + 1.0f);
}
