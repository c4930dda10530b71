/* Noise levels, guidance weights and the Euler step, against diffusers' EulerDiscreteScheduler and torch.linspace. */
#include "pipeline/guidance.h"
#include "pipeline/scheduler.h"
#include "pipeline/solver.h"

#include "reference.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Levels are powers computed in float64 and then rounded: libm's pow and NumPy's may round to neighbouring float32. */
static const double LEVEL_TOLERANCE = 1.2e-7;
/* logf and torch.log differ by at most two units in the last place. */
static const double LOG_TOLERANCE = 2.4e-7;
/* Formulas of about ten float32 operations; the order of a few of them differs from diffusers'. */
static const double STEP_TOLERANCE = 6e-7;

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const i2v_scheduler_config svd = {.sigma_min = 0.002,
                                         .sigma_max = 700,
                                         .sigma_schedule = I2V_SIGMA_SCHEDULE_KARRAS,
                                         .timestep_spacing = I2V_SPACING_LEADING};

static i2v_schedule make(const i2v_scheduler_config *config, int steps, const double *custom) {
    i2v_schedule schedule;
    i2v_error error = {0};
    i2v_schedule_request request = {.custom = custom, .steps = steps};
    assert_int_equal(i2v_schedule_check(config, &request, &error), I2V_OK);
    assert_int_equal(i2v_schedule_make(&schedule, config, &request, &error), I2V_OK);
    assert_int_equal(schedule.steps, steps);
    return schedule;
}

/* Each value by itself: the smallest level counts as much as the largest. */
static void expect_each_close(const char *what, const float *found, const float *wanted, size_t count,
                              double tolerance) {
    for (size_t i = 0; i < count; i++) i2v_expect_close(what, &found[i], &wanted[i], 1, tolerance);
}

static void expect_schedule(const i2v_schedule *schedule, const float *sigmas, const float *timesteps, float initial) {
    size_t steps = (size_t)schedule->steps;
    expect_each_close("sigmas", schedule->sigmas, sigmas, steps + 1, LEVEL_TOLERANCE);
    expect_each_close("timesteps", schedule->timesteps, timesteps, steps, LOG_TOLERANCE);
    expect_each_close("initial scale", &schedule->initial, &initial, 1, LEVEL_TOLERANCE);
}

/* ---- noise levels ----------------------------------------------------------------------------------------------- */

static void one_and_two_steps(void **state) {
    (void)state;
    i2v_schedule one = make(&svd, 1, NULL), two = make(&svd, 2, NULL);
    expect_schedule(&one, (float[]){700, 0}, (float[]){1.63777006f}, 700.000732f);
    expect_schedule(&two, (float[]){700, 0.00200000009f, 0}, (float[]){1.63777006f, -1.55365205f}, 700.000732f);
    i2v_schedule_free(&one);
    i2v_schedule_free(&two);
}

static void twenty_five_steps(void **state) {
    (void)state;
    static const float sigmas[] = {
        700.0f,        545.729248f,   421.569122f,    322.453674f,    244.023071f,  182.547134f,  134.854446f,
        98.2671356f,   70.5408401f,   49.8097916f,    34.5367393f,    23.4675121f,  15.5899677f,  10.0971298f,
        6.35426569f,   3.86969733f,   2.2691164f,     1.27317727f,    0.678146005f, 0.339378148f, 0.157404646f,
        0.0663990751f, 0.0248025805f, 0.00788249541f, 0.00200000009f, 0.0f};
    static const float timesteps[] = {1.63777006f,   1.57553077f,   1.51099598f,   1.44398987f,    1.37431574f,
                                      1.30175209f,   1.22604895f,   1.14692247f,   1.06404793f,    0.977052927f,
                                      0.885505915f,  0.78890425f,   0.686656892f,  0.578062773f,   0.462281585f,
                                      0.338294089f,  0.204847634f,  0.0603788905f, -0.0970981717f, -0.270160079f,
                                      -0.462233841f, -0.678018034f, -0.924201906f, -1.21077764f,   -1.55365205f};
    i2v_schedule schedule = make(&svd, 25, NULL);
    expect_schedule(&schedule, sigmas, timesteps, 700.000732f);
    i2v_schedule_free(&schedule);
}

static void other_range_and_spacing(void **state) {
    (void)state;
    static const float sigmas[] = {14.6000004f, 3.18124199f, 0.452392399f, 0.0299999993f, 0};
    static const float timesteps[] = {0.670255363f, 0.289317906f, -0.19830133f, -0.876639485f};
    i2v_scheduler_config config = svd;
    config.sigma_min = 0.03;
    config.sigma_max = 14.6;
    i2v_schedule schedule = make(&config, 4, NULL);
    expect_schedule(&schedule, sigmas, timesteps, 14.6342069f);
    i2v_schedule_free(&schedule);
    /* linspace and trailing: the largest level itself */
    config.timestep_spacing = I2V_SPACING_LINSPACE;
    schedule = make(&config, 4, NULL);
    expect_schedule(&schedule, sigmas, timesteps, 14.6000004f);
    i2v_schedule_free(&schedule);
}

static void custom_levels_are_used_as_they_are(void **state) {
    (void)state;
    /* diffusers appends a 0 to its own custom levels; here the last one is where the last step ends */
    static const double custom[] = {80, 10, 1.5, 0.25};
    i2v_schedule schedule = make(&svd, 3, custom);
    expect_schedule(&schedule, (float[]){80, 10, 1.5f, 0.25f}, (float[]){1.09550667f, 0.575646281f, 0.101366282f},
                    80.0062484741f);
    i2v_schedule_free(&schedule);
}

static void reference_runs(void **state) {
    (void)state;
    for (int i = 0; i < I2V_REFERENCES; i++) {
        i2v_reference reference = i2v_reference_at(i);
        i2v_weights *tensors = i2v_reference_open(&reference);
        size_t steps = (size_t)reference.params.num_inference_steps;
        float *sigmas = i2v_reference_values(tensors, "sigmas", steps + 1);
        float *timesteps = i2v_reference_values(tensors, "timesteps", steps);
        char path[1024];
        snprintf(path, sizeof path, "%s/scheduler/scheduler_config.json", reference.model);
        i2v_scheduler_config config;
        assert_int_equal(i2v_scheduler_config_read(&config, path, NULL), I2V_OK);
        assert_int_equal(config.timestep_spacing, I2V_SPACING_LEADING);
        i2v_schedule schedule = make(&config, (int)steps, NULL);
        expect_schedule(&schedule, sigmas, timesteps, 700.000732f);
        i2v_schedule_free(&schedule);
        free(sigmas);
        free(timesteps);
        i2v_weights_close(tensors);
    }
}

/* ---- the step --------------------------------------------------------------------------------------------------- */

static void euler_steps(void **state) {
    (void)state;
    /* EulerDiscreteScheduler's step and scale_model_input at steps 0, 12 and 24 of 25 */
    static const float velocity[] = {0.5f, -0.75f, 2, -1.25f};
    static const struct {
        float sigma, next, sample[4], input[4], out[4];
    } steps[] = {
        {700,
         545.729248f,
         {700, -1750, 87.5f, 210000},
         {0.999998927f, -2.49999738f, 0.124999866f, 299.999695f},
         {545.619385f, -1364.15857f, 67.7754211f, 163719.141f}},
        {15.5899677f,
         10.0971298f,
         {1, -2.5f, 0.125f, 300},
         {0.0640122667f, -0.160030663f, 0.00800153334f, 19.20368f},
         {0.473307669f, -1.35907364f, -0.622078955f, 195.173157f}},
        {0.00200000009f,
         0,
         {1, -2.5f, 0.125f, 300},
         {0.999997973f, -2.49999499f, 0.124999747f, 299.99939f},
         {0.99899596f, -2.4984901f, 0.1209995f, 300.001282f}},
    };
    for (size_t s = 0; s < COUNT(steps); s++) {
        float out[4], input[4];
        for (int i = 0; i < 4; i++) {
            i2v_update update = i2v_euler_update(steps[s].sigma, steps[s].next);
            out[i] = update.advance(&update, steps[s].sample[i], velocity[i], 0, NULL, 0);
            input[i] = steps[s].sample[i] / i2v_schedule_input_scale(steps[s].sigma);
        }
        expect_each_close("scaled input", input, steps[s].input, 4, LEVEL_TOLERANCE);
        expect_each_close("step", out, steps[s].out, 4, STEP_TOLERANCE);
    }
}

/* The first step of a reference run from its noise and the UNet's two predictions: scale, guidance and Euler. */
static void first_step_of_reference_runs(void **state) {
    (void)state;
    for (int i = 0; i < I2V_REFERENCES; i++) {
        i2v_reference reference = i2v_reference_at(i);
        i2v_weights *tensors = i2v_reference_open(&reference);
        size_t frames = (size_t)reference.num_frames;
        size_t size = (size_t)(reference.latent_channels * reference.latent_height * reference.latent_width);
        float *latents = i2v_reference_values(tensors, "noise", frames * size);
        float *wanted = i2v_reference_values(tensors, "latents.0", frames * size);
        float *with = i2v_reference_values(tensors, "unet.output", frames * size);
        float *without = i2v_reference_values(tensors, "unet.output_uncond", frames * size);
        i2v_schedule schedule = make(&svd, reference.params.num_inference_steps, NULL);
        i2v_update update = i2v_euler_update(schedule.sigmas[0], schedule.sigmas[1]);
        for (size_t k = 0; k < frames * size; k++) {
            float weight = i2v_guidance_weight(I2V_GUIDANCE_LINEAR, reference.params.min_guidance_scale,
                                               reference.params.max_guidance_scale, (int)frames, (int)(k / size));
            float velocity = without[k] + weight * (with[k] - without[k]);
            latents[k] = update.advance(&update, latents[k] * schedule.initial, velocity, 0, NULL, 0);
        }
        i2v_expect_close("latents.0", latents, wanted, frames * size, STEP_TOLERANCE);
        i2v_schedule_free(&schedule);
        free(latents);
        free(wanted);
        free(with);
        free(without);
        i2v_weights_close(tensors);
    }
}

/* ---- guidance --------------------------------------------------------------------------------------------------- */

static void expect_weights(double low, double high, const float *wanted, int count) {
    for (int i = 0; i < count; i++) {
        float found = i2v_guidance_weight(I2V_GUIDANCE_LINEAR, low, high, count, i);
        /* torch.linspace multiplies and adds in one rounding where the CPU can */
        i2v_expect_close("guidance weight", &found, &wanted[i], 1, LEVEL_TOLERANCE);
    }
    assert_true(i2v_guidance_weight(I2V_GUIDANCE_LINEAR, low, high, count, 0) == (float)low);
    if (count > 1) assert_true(i2v_guidance_weight(I2V_GUIDANCE_LINEAR, low, high, count, count - 1) == (float)high);
}

static void guidance_weights(void **state) {
    (void)state;
    static const float xt[] = {
        1,     1.08333337f, 1.16666663f, 1.25f, 1.33333337f, 1.41666663f, 1.5f,  1.58333337f, 1.66666675f,
        1.75f, 1.83333337f, 1.91666675f, 2,     2.08333325f, 2.16666675f, 2.25f, 2.33333325f, 2.41666675f,
        2.5f,  2.58333325f, 2.66666675f, 2.75f, 2.83333325f, 2.91666675f, 3};
    static const float sgm[] = {1,           1.11538458f, 1.23076928f, 1.34615386f, 1.46153843f,
                                1.57692313f, 1.69230771f, 1.80769229f, 1.92307687f, 2.03846145f,
                                2.15384626f, 2.26923084f, 2.38461542f, 2.5f};
    expect_weights(1, 3, xt, 25);
    expect_weights(1, 2.5, sgm, 14);
    expect_weights(1, 3, (float[]){1}, 1);
    expect_weights(1, 1, (float[]){1, 1, 1}, 3);
    expect_weights(3, 1, (float[]){3, 2.33333325f, 1.66666675f, 1}, 4);
    expect_weights(1.1, 2.7,
                   (float[]){1.10000002f, 1.36666667f, 1.63333344f, 1.89999998f, 2.16666675f, 2.4333334f, 2.70000005f},
                   7);
}

/* ---- configurations --------------------------------------------------------------------------------------------- */

#define CLASS "\"_class_name\": \"EulerDiscreteScheduler\""
#define RANGE "\"sigma_min\": 0.002, \"sigma_max\": 700.0"
#define VELOCITY "\"prediction_type\": \"v_prediction\""
#define CONTINUOUS "\"timestep_type\": \"continuous\""
#define KARRAS "\"use_karras_sigmas\": true"
#define SOUND CLASS ", " VELOCITY ", " CONTINUOUS
#define ALL CLASS ", " RANGE ", " VELOCITY ", " CONTINUOUS ", " KARRAS

static i2v_status read_text(i2v_scheduler_config *config, const char *text, i2v_error *error) {
    const char *parent = getenv("TMPDIR");
    char path[512];
    snprintf(path, sizeof path, "%s/img2vid-test-XXXXXX", parent ? parent : "/tmp");
    int file = mkstemp(path);
    assert_true(file >= 0);
    assert_int_equal(write(file, text, strlen(text)), strlen(text));
    close(file);
    i2v_status status = i2v_scheduler_config_read(config, path, error);
    unlink(path);
    if (status && !strstr(error->message, path)) fail_msg("\"%s\" does not name its file", error->message);
    return status;
}

static void reads_configurations(void **state) {
    (void)state;
    i2v_scheduler_config config;
    i2v_error error = {0};
    assert_int_equal(read_text(&config, "{" ALL ", \"timestep_spacing\": \"leading\"}", &error), I2V_OK);
    assert_true(config.timestep_spacing == I2V_SPACING_LEADING && config.sigma_min == 0.002 && config.sigma_max == 700);
    assert_int_equal(config.sigma_schedule, I2V_SIGMA_SCHEDULE_KARRAS);
    assert_int_equal(read_text(&config, "{" ALL ", \"timestep_spacing\": \"trailing\"}", &error), I2V_OK);
    assert_int_equal(config.timestep_spacing, I2V_SPACING_TRAILING);
    /* the class's defaults */
    assert_int_equal(read_text(&config, "{" ALL "}", &error), I2V_OK);
    assert_int_equal(config.timestep_spacing, I2V_SPACING_LINSPACE);
    assert_true(config.betas.num_train_timesteps == 1000 && config.betas.steps_offset == 0);
    assert_true(config.betas.beta_start == 0.0001 && config.betas.beta_end == 0.02 && !config.betas.scaled_linear);
    assert_int_equal(read_text(&config, "{" SOUND "}", &error), I2V_OK);
    assert_true(config.sigma_schedule == I2V_SIGMA_SCHEDULE_UNIFORM && config.sigma_min == 0 && config.sigma_max == 0);
    assert_int_equal(read_text(&config, "{" SOUND ", \"use_exponential_sigmas\": true}", &error), I2V_OK);
    assert_int_equal(config.sigma_schedule, I2V_SIGMA_SCHEDULE_EXPONENTIAL);
    /* SVD's own */
    static const char betas[] = "\"beta_schedule\": \"scaled_linear\", \"beta_start\": 0.00085, \"beta_end\": 0.012, "
                                "\"interpolation_type\": \"linear\", \"num_train_timesteps\": 1000, "
                                "\"steps_offset\": 1, \"trained_betas\": null, \"rescale_betas_zero_snr\": false";
    char text[1024];
    snprintf(text, sizeof text, "{" SOUND ", %s}", betas);
    assert_int_equal(read_text(&config, text, &error), I2V_OK);
    assert_true(config.betas.scaled_linear && config.betas.beta_start == 0.00085 && config.betas.beta_end == 0.012);
    assert_true(config.betas.steps_offset == 1 && !config.betas.missing);
    /* betas that are not implemented are none of Karras' business */
    assert_int_equal(read_text(&config, "{" ALL ", \"beta_schedule\": \"squaredcos_cap_v2\"}", &error), I2V_OK);
    assert_non_null(config.betas.missing);
}

static void refuses_what_is_not_implemented(void **state) {
    (void)state;
    static const struct {
        const char *text, *one, *two; /* both in the message */
    } wrong[] = {
        {"{" RANGE ", " VELOCITY ", " CONTINUOUS ", " KARRAS "}", "_class_name", "EulerDiscreteScheduler"},
        {"{\"_class_name\": \"DDIMScheduler\"}", "_class_name", "DDIMScheduler"},
        {"{" CLASS ", " RANGE ", " CONTINUOUS ", " KARRAS "}", "prediction_type", "epsilon"},
        {"{" CLASS ", " RANGE ", " CONTINUOUS ", " KARRAS ", \"prediction_type\": \"sample\"}", "prediction_type",
         "sample"},
        {"{" CLASS ", " RANGE ", " VELOCITY ", " KARRAS "}", "timestep_type", "discrete"},
        {"{" SOUND ", \"beta_schedule\": \"squaredcos_cap_v2\"}", "beta_schedule", "not implemented"},
        {"{" SOUND ", " KARRAS ", \"interpolation_type\": \"log_linear\"}", "interpolation_type", "not implemented"},
        {"{" SOUND ", \"trained_betas\": [0.1]}", "trained_betas", "not implemented"},
        {"{" SOUND ", \"rescale_betas_zero_snr\": true}", "rescale_betas_zero_snr", "not implemented"},
        {"{" SOUND ", \"num_train_timesteps\": 0}", "num_train_timesteps", "0"},
        {"{" SOUND ", \"num_train_timesteps\": 1000000000}", "num_train_timesteps", "1000000000"},
        {"{" SOUND ", \"beta_end\": 1.5}", "beta_end", "1.5"},
        {"{" SOUND ", \"steps_offset\": -1}", "steps_offset", "-1"},
        {"{" ALL ", \"use_beta_sigmas\": true}", "use_beta_sigmas", "true"},
        {"{" ALL ", \"use_exponential_sigmas\": true}", "use_exponential_sigmas", "exclude"},
        {"{" ALL ", \"final_sigmas_type\": \"sigma_min\"}", "final_sigmas_type", "sigma_min"},
        {"{" ALL ", \"timestep_spacing\": \"odd\"}", "timestep_spacing", "odd"},
        {"{" ALL ", \"use_beta_sigmas\": 1}", "use_beta_sigmas", "an integer"},
        {"{" ALL ", \"timestep_type\": 3}", "timestep_type", "an integer"},
        {"{" ALL ", \"sigma_min\": 700}", "sigma_min", "not below sigma_max"},
        {"{" ALL ", \"sigma_min\": 0}", "sigma_min", "0"},
        {"{" ALL ", \"sigma_max\": 1e300}", "sigma_max", "1e+300"},
        {"{" ALL ", \"sigma_max\": \"large\"}", "sigma_max", "a string"},
        {"{" ALL ", \"sigma_max\": NaN}", "damaged JSON", "line 1"},
        {"[]", "no object", ""},
        {"", "it is empty", ""},
    };
    for (size_t i = 0; i < COUNT(wrong); i++) {
        i2v_scheduler_config config;
        i2v_error error = {0};
        i2v_status status = read_text(&config, wrong[i].text, &error);
        if (status != I2V_ERROR_MODEL || !strstr(error.message, wrong[i].one) || !strstr(error.message, wrong[i].two)) {
            fail_msg("%s: status %d, \"%s\"", wrong[i].text, status, error.message);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_and_two_steps),
        cmocka_unit_test(twenty_five_steps),
        cmocka_unit_test(other_range_and_spacing),
        cmocka_unit_test(custom_levels_are_used_as_they_are),
        cmocka_unit_test(reference_runs),
        cmocka_unit_test(euler_steps),
        cmocka_unit_test(first_step_of_reference_runs),
        cmocka_unit_test(guidance_weights),
        cmocka_unit_test(reads_configurations),
        cmocka_unit_test(refuses_what_is_not_implemented),
    };
    return cmocka_run_group_tests_name("scheduler", tests, NULL, NULL);
}
