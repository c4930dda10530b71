/* Sigma schedules, AnimateLCM-SVD's scheduler, guidance shapes and presets, against what diffusers, AnimateLCM's own
 * scheduler and ComfyUI's expression gave (tools/make_scheduler_reference.py). */
#include "pipeline/guidance.h"
#include "pipeline/scheduler.h"
#include "pipeline/solver.h"

#include "reference.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* As in test_scheduler.c; levels from betas are the same float32 operations. */
static const double LEVEL_TOLERANCE = 2.4e-7;
static const double LOG_TOLERANCE = 3e-7;
/* A few float32 operations. */
static const double STEP_TOLERANCE = 3e-7;
/* A whole run, as in test_pipeline.c. */
static const double RUN_TOLERANCE = 1e-4;

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const i2v_scheduler_config svd = {
    .sigma_min = 0.002,
    .sigma_max = 700,
    .sigma_schedule = I2V_SIGMA_SCHEDULE_KARRAS,
    .timestep_spacing = I2V_SPACING_LEADING,
    .betas = {
        .num_train_timesteps = 1000, .steps_offset = 1, .beta_start = 0.00085, .beta_end = 0.012, .scaled_linear = 1}};

static i2v_weights *tensors;

static int open_tensors(void **state) {
    (void)state;
    return i2v_weights_open(&tensors, I2V_TEST_DATA, "schedulers", NULL, NULL) ? 1 : 0;
}

static int close_tensors(void **state) {
    (void)state;
    i2v_weights_close(tensors);
    return 0;
}

static float *values_of(const char *name, int steps, const char *what, size_t count) {
    char full[96];
    snprintf(full, sizeof full, "%s.%d.%s", name, steps, what);
    return i2v_reference_values(tensors, full, count);
}

/* Each value by itself: the smallest level counts as much as the largest. */
static void expect_each_close(const char *what, const float *found, const float *wanted, size_t count,
                              double tolerance) {
    for (size_t i = 0; i < count; i++) i2v_expect_close(what, &found[i], &wanted[i], 1, tolerance);
}

static i2v_schedule make(const i2v_scheduler_config *config, const i2v_schedule_request *request) {
    i2v_schedule schedule = {0};
    i2v_error error = {0};
    if (i2v_schedule_check(config, request, &error) || i2v_schedule_make(&schedule, config, request, &error)) {
        fail_msg("%s", error.message);
    }
    return schedule;
}

static void expect_schedule(const char *name, const i2v_scheduler_config *config, const i2v_schedule_request *request) {
    int steps = request->steps;
    i2v_schedule schedule = make(config, request);
    float *sigmas = values_of(name, steps, "sigmas", (size_t)steps + 1);
    float *timesteps = values_of(name, steps, "timesteps", (size_t)steps);
    float *initial = values_of(name, steps, "initial", 1);
    expect_each_close(name, schedule.sigmas, sigmas, (size_t)steps + 1, LEVEL_TOLERANCE);
    /* logarithms next to 0 differ by what the level's last place makes of them */
    for (int i = 0; i < steps; i++)
        assert_float_equal(schedule.timesteps[i], timesteps[i],
                           0.25 * LOG_TOLERANCE + fabsf(timesteps[i]) * LOG_TOLERANCE);
    expect_each_close(name, &schedule.initial, initial, 1, LEVEL_TOLERANCE);
    free(sigmas);
    free(timesteps);
    free(initial);
    i2v_schedule_free(&schedule);
}

/* ---- sigma schedules -------------------------------------------------------------------------------------------- */

static void levels_of_diffusers(void **state) {
    (void)state;
    i2v_scheduler_config linspace = svd, trailing = svd, linear = svd, no_range = svd;
    linspace.timestep_spacing = I2V_SPACING_LINSPACE;
    trailing.timestep_spacing = I2V_SPACING_TRAILING;
    linear.betas = (i2v_betas){.num_train_timesteps = 600, .beta_start = 0.0001, .beta_end = 0.02};
    no_range.sigma_min = no_range.sigma_max = 0;
    const struct {
        const char *name;
        const i2v_scheduler_config *config;
        i2v_sigma_schedule schedule;
        int steps[5];
    } cases[] = {
        {"karras", &svd, I2V_SIGMA_SCHEDULE_KARRAS, {1, 2, 7, 25}},
        {"karras", &svd, I2V_SIGMA_SCHEDULE_AUTO, {25}},
        {"exponential", &svd, I2V_SIGMA_SCHEDULE_EXPONENTIAL, {1, 2, 7, 25}},
        {"uniform", &svd, I2V_SIGMA_SCHEDULE_UNIFORM, {1, 2, 7, 25, 333}},
        {"uniform_linspace", &linspace, I2V_SIGMA_SCHEDULE_UNIFORM, {1, 2, 7, 25}},
        {"uniform_trailing", &trailing, I2V_SIGMA_SCHEDULE_UNIFORM, {1, 2, 7, 25}},
        {"linear_betas", &linear, I2V_SIGMA_SCHEDULE_UNIFORM, {7, 600}},
        {"karras_betas", &no_range, I2V_SIGMA_SCHEDULE_KARRAS, {2, 7}},
        {"exponential_betas", &no_range, I2V_SIGMA_SCHEDULE_EXPONENTIAL, {2, 7}},
        {"ays", &svd, I2V_SIGMA_SCHEDULE_AYS, {1, 2, 5, 10, 11}},
        {"ays", &svd, I2V_SIGMA_SCHEDULE_AYS, {25}},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        for (size_t k = 0; k < COUNT(cases[i].steps) && cases[i].steps[k]; k++) {
            i2v_schedule_request request = {.sigma_schedule = cases[i].schedule, .steps = cases[i].steps[k]};
            expect_schedule(cases[i].name, cases[i].config, &request);
        }
    }
}

static void the_model_says_which(void **state) {
    (void)state;
    i2v_scheduler_config config = svd;
    config.sigma_schedule = I2V_SIGMA_SCHEDULE_EXPONENTIAL;
    i2v_schedule_request request = {.steps = 7};
    expect_schedule("exponential", &config, &request);
    config.sigma_schedule = I2V_SIGMA_SCHEDULE_UNIFORM;
    expect_schedule("uniform", &config, &request);
    request.sigma_schedule = I2V_SIGMA_SCHEDULE_KARRAS;
    expect_schedule("karras", &config, &request);
}

/* The published ten, digit by digit. */
static void align_your_steps(void **state) {
    (void)state;
    static const float published[] = {700, 54.5f, 15.886f, 7.977f, 4.248f, 1.789f, 0.981f, 0.403f, 0.173f, 0.034f, 0};
    i2v_schedule_request request = {.sigma_schedule = I2V_SIGMA_SCHEDULE_AYS, .steps = 10};
    i2v_schedule schedule = make(&svd, &request);
    assert_memory_equal(schedule.sigmas, published, sizeof published);
    i2v_schedule_free(&schedule);
}

static void every_number_of_steps_falls(void **state) {
    (void)state;
    for (i2v_sigma_schedule kind = I2V_SIGMA_SCHEDULE_AUTO; kind <= I2V_SIGMA_SCHEDULE_AYS; kind++) {
        for (int spacing = I2V_SPACING_LINSPACE; spacing <= I2V_SPACING_TRAILING; spacing++) {
            i2v_scheduler_config config = svd;
            config.timestep_spacing = (i2v_timestep_spacing)spacing;
            for (int steps = 1; steps <= 1000; steps += steps < 130 ? 1 : 29) {
                i2v_schedule_request request = {.sigma_schedule = kind, .steps = steps};
                i2v_schedule schedule = make(&config, &request);
                /* the leading timestep of as many as there are lies past the last, by steps_offset */
                int level = kind == I2V_SIGMA_SCHEDULE_UNIFORM && steps == 1000;
                for (int i = 0; i < steps; i++) {
                    assert_true(schedule.sigmas[i] > schedule.sigmas[i + 1] || (level && i == 0));
                }
                assert_true(schedule.sigmas[steps] == 0);
                i2v_schedule_free(&schedule);
            }
        }
    }
}

static void expect_refused(const i2v_scheduler_config *config, i2v_schedule_request request, i2v_status wanted,
                           const char *one, const char *two) {
    i2v_error error = {0};
    i2v_schedule schedule;
    i2v_status status = i2v_schedule_check(config, &request, &error);
    if (!status) status = i2v_schedule_make(&schedule, config, &request, &error);
    if (status != wanted || !strstr(error.message, one) || !strstr(error.message, two)) {
        fail_msg("status %d, \"%s\"", status, error.message);
    }
}

static void refused_requests(void **state) {
    (void)state;
    static const double custom[] = {3, 1, 0};
    const i2v_sigma_schedule karras = I2V_SIGMA_SCHEDULE_KARRAS, uniform = I2V_SIGMA_SCHEDULE_UNIFORM;
    const i2v_scheduler animatelcm = I2V_SCHEDULER_ANIMATELCM;
    expect_refused(&svd, (i2v_schedule_request){.scheduler = (i2v_scheduler)7, .steps = 2}, I2V_ERROR_PARAMETER,
                   "scheduler is 7", "animatelcm");
    expect_refused(&svd, (i2v_schedule_request){.sigma_schedule = (i2v_sigma_schedule)9, .steps = 2},
                   I2V_ERROR_PARAMETER, "sigma_schedule is 9", "karras");
    expect_refused(&svd, (i2v_schedule_request){.sigma_schedule = (i2v_sigma_schedule)-1, .steps = 2},
                   I2V_ERROR_PARAMETER, "sigma_schedule is -1", "karras");
    expect_refused(&svd, (i2v_schedule_request){.sigma_schedule = karras, .custom = custom, .steps = 2},
                   I2V_ERROR_PARAMETER, "sigmas and sigma_schedule karras", "exclude");
    expect_refused(&svd, (i2v_schedule_request){.scheduler = animatelcm, .sigma_schedule = karras, .steps = 2},
                   I2V_ERROR_PARAMETER, "sigma_schedule is karras", "animatelcm");
    expect_refused(&svd, (i2v_schedule_request){.scheduler = animatelcm, .steps = 41}, I2V_ERROR_PARAMETER,
                   "num_inference_steps is 41", "40");
    expect_refused(&svd, (i2v_schedule_request){.sigma_schedule = uniform, .steps = 1001}, I2V_ERROR_PARAMETER,
                   "num_inference_steps is 1001", "1000");
    i2v_scheduler_config odd = svd;
    odd.betas.missing = "trained_betas";
    expect_refused(&odd, (i2v_schedule_request){.sigma_schedule = uniform, .steps = 2}, I2V_ERROR_UNSUPPORTED,
                   "trained_betas", "uniform");
    i2v_schedule_request good = {.sigma_schedule = I2V_SIGMA_SCHEDULE_AYS, .steps = 2};
    i2v_schedule schedule = make(&odd, &good);
    i2v_schedule_free(&schedule);
}

/* Whatever a file says: products of 1 - beta that reach 0 or never leave 1, or a range that does not fit the betas. */
static void betas_without_levels(void **state) {
    (void)state;
    i2v_scheduler_config config = svd;
    i2v_schedule_request uniform = {.sigma_schedule = I2V_SIGMA_SCHEDULE_UNIFORM, .steps = 4};
    config.betas.beta_end = 1;
    config.betas.beta_start = 0.9;
    expect_refused(&config, uniform, I2V_ERROR_MODEL, "noise levels", "scheduler_config.json");
    config.betas.beta_start = config.betas.beta_end = 0;
    expect_refused(&config, uniform, I2V_ERROR_MODEL, "noise levels", "scheduler_config.json");
    config = svd;
    config.sigma_max = 0;
    config.sigma_min = 500; /* above all that the betas give */
    expect_refused(&config, (i2v_schedule_request){.steps = 4}, I2V_ERROR_MODEL, "noise levels", "sigma_schedule");
}

/* ---- AnimateLCM-SVD --------------------------------------------------------------------------------------------- */

enum { VALUES = 2 * 2 * 2 * 3 };

static void animatelcm_steps(void **state) {
    (void)state;
    static const int counts[] = {1, 2, 3, 4, 8, 40};
    for (size_t k = 0; k < COUNT(counts); k++) {
        int steps = counts[k];
        size_t all = (size_t)steps * VALUES;
        i2v_schedule_request request = {.scheduler = I2V_SCHEDULER_ANIMATELCM, .steps = steps};
        expect_schedule("animatelcm", &svd, &request);
        i2v_schedule schedule = make(&svd, &request);
        float *sample = values_of("animatelcm", steps, "first", VALUES);
        float *velocities = values_of("animatelcm", steps, "velocities", all);
        float *noise = values_of("animatelcm", steps, "noise", all);
        float *inputs = values_of("animatelcm", steps, "inputs", all);
        float *samples = values_of("animatelcm", steps, "samples", all);
        for (int i = 0; i < steps; i++) {
            float input[VALUES];
            size_t first = (size_t)i * VALUES;
            i2v_update update;
            i2v_solver_animatelcm.update(&update, schedule.sigmas, steps, i);
            for (size_t j = 0; j < VALUES; j++) {
                input[j] = sample[j] / i2v_schedule_input_scale(update.sigma);
                sample[j] = update.advance(&update, sample[j], velocities[first + j], noise[first + j], NULL, 0);
            }
            i2v_expect_close("inputs", input, inputs + first, VALUES, STEP_TOLERANCE);
            i2v_expect_close("samples", sample, samples + first, VALUES, STEP_TOLERANCE);
        }
        i2v_schedule_free(&schedule);
        free(sample);
        free(velocities);
        free(noise);
        free(inputs);
        free(samples);
    }
}

typedef struct {
    const float *wanted; /* [steps, videos, count] */
    size_t count;
    int videos, seen;
} wanted_run;

static int compare_step(const i2v_event *event, void *user) {
    wanted_run *run = user;
    if (!event->latents) return 0;
    size_t place = (size_t)(event->step - 1) * (size_t)run->videos + (size_t)event->video;
    assert_int_equal(event->latents_count, run->count);
    i2v_expect_close("latents", event->latents, run->wanted + place * run->count, run->count, RUN_TOLERANCE);
    run->seen++;
    return 0;
}

static i2v_params animatelcm_params(int steps, int videos) {
    i2v_params params = i2v_reference_at(0).params;
    assert_int_equal(i2v_params_preset(&params, "animatelcm", NULL), I2V_OK);
    params.num_inference_steps = steps;
    params.num_videos = videos;
    params.num_frames = 3;
    params.rng = I2V_RNG_TORCH;
    params.seed = 42;
    return params;
}

/* Whole runs of the authors' scheduler in diffusers' pipeline, torch's generator: the order of draws, of two videos
 * too, and every step's latents. */
static void animatelcm_runs(void **state) {
    (void)state;
    static const struct {
        const char *name;
        int steps, videos;
    } runs[] = {{"one", 4, 1}, {"two", 3, 2}, {"single_step", 1, 1}};
    i2v_reference reference = i2v_reference_at(0);
    i2v_weights *stages = i2v_reference_open(&reference);
    i2v_image *picture = i2v_reference_picture(stages, &reference);
    i2v_engine *engine = i2v_reference_engine(&reference, 2);
    for (size_t k = 0; k < COUNT(runs); k++) {
        wanted_run run = {.count = 3 * 4 * 3 * 5, .videos = runs[k].videos};
        char name[64];
        snprintf(name, sizeof name, "animatelcm.run.%s.latents", runs[k].name);
        float *wanted = i2v_reference_values(tensors, name, run.count * (size_t)(runs[k].steps * runs[k].videos));
        run.wanted = wanted;
        i2v_params params = animatelcm_params(runs[k].steps, runs[k].videos);
        params.on_event = compare_step;
        params.user = &run;
        i2v_video *video = NULL;
        if (i2v_generate(engine, picture, &params, &video)) fail_msg("%s", i2v_error_message(engine));
        assert_int_equal(run.seen, runs[k].steps * runs[k].videos);
        if (k == 0) {
            size_t count = 3 * 24 * 40 * 3;
            float *frames = i2v_reference_values(tensors, "animatelcm.run.one.frames", count);
            i2v_expect_close("frames", video->frames, frames, count, RUN_TOLERANCE);
            free(frames);
        }
        i2v_video_free(video);
        free(wanted);
    }
    i2v_close(engine);
    i2v_image_free(picture);
    i2v_weights_close(stages);
}

static int count_draws(float *values, size_t count, void *user) {
    int *draws = user;
    for (size_t i = 0; i < count; i++) values[i] = (float)((i * 37 + (size_t)*draws * 11) % 17) / 8 - 1;
    ++*draws;
    return 0;
}

/* A caller's source is asked once a step, of its last one too, after the two draws that every run has. */
static void animatelcm_draws(void **state) {
    (void)state;
    i2v_reference reference = i2v_reference_at(0);
    i2v_weights *stages = i2v_reference_open(&reference);
    i2v_image *picture = i2v_reference_picture(stages, &reference);
    i2v_engine *engine = i2v_reference_engine(&reference, 1);
    for (int steps = 1; steps <= 3; steps++) {
        int draws = 0;
        i2v_params params = animatelcm_params(steps, 1);
        params.random = count_draws;
        params.random_user = &draws;
        i2v_video *video = NULL;
        assert_int_equal(i2v_generate(engine, picture, &params, &video), I2V_OK);
        assert_int_equal(draws, 2 + (steps > 1 ? steps : 0));
        i2v_video_free(video);
        params.scheduler = I2V_SCHEDULER_EULER;
        draws = 0;
        assert_int_equal(i2v_generate(engine, picture, &params, &video), I2V_OK);
        assert_int_equal(draws, 2);
        i2v_video_free(video);
    }
    i2v_close(engine);
    i2v_image_free(picture);
    i2v_weights_close(stages);
}

/* The plan counts the steps' noise. */
static void animatelcm_memory(void **state) {
    (void)state;
    i2v_reference reference = i2v_reference_at(0);
    i2v_engine *engine = i2v_reference_engine(&reference, 1);
    i2v_params params = animatelcm_params(40, 100);
    i2v_memory_plan with, without;
    assert_int_equal(i2v_plan_generate(engine, &params, &with), I2V_OK);
    params.scheduler = I2V_SCHEDULER_EULER;
    assert_int_equal(i2v_plan_generate(engine, &params, &without), I2V_OK);
    uint64_t noise = (uint64_t)40 * 100 * 3 * 4 * 3 * 5 * sizeof(float);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(with.stages[i].held - without.stages[i].held, i < 3 ? noise : 0);
    }
    i2v_close(engine);
}

/* ---- guidance --------------------------------------------------------------------------------------------------- */

static void triangles(void **state) {
    (void)state;
    static const int counts[] = {1, 2, 3, 4, 14, 25};
    static const struct { double low, high; } ranges[] = {{1, 3}, {1.5, 2.7}, {3, 1}};
    for (size_t k = 0; k < COUNT(counts); k++) {
        for (size_t r = 0; r < COUNT(ranges); r++) {
            char name[64];
            snprintf(name, sizeof name, "triangle.%d.%g.%g", counts[k], ranges[r].low, ranges[r].high);
            float *wanted = i2v_reference_values(tensors, name, (size_t)counts[k]);
            for (int i = 0; i < counts[k]; i++) {
                float found = i2v_guidance_weight(I2V_GUIDANCE_TRIANGLE, ranges[r].low, ranges[r].high, counts[k], i);
                i2v_expect_close(name, &found, &wanted[i], 1, LEVEL_TOLERANCE);
            }
            free(wanted);
        }
    }
}

static void where_guidance_is_needed(void **state) {
    (void)state;
    const i2v_guidance_shape linear = I2V_GUIDANCE_LINEAR, triangle = I2V_GUIDANCE_TRIANGLE;
    assert_true(i2v_guidance_needed(linear, 1, 3, 2) && i2v_guidance_needed(linear, 3, 1, 2));
    assert_true(!i2v_guidance_needed(linear, 1, 3, 1) && !i2v_guidance_needed(linear, 0.5, 1, 9));
    /* two frames are both ends */
    assert_true(!i2v_guidance_needed(triangle, 1, 3, 1) && !i2v_guidance_needed(triangle, 1, 3, 2));
    assert_true(i2v_guidance_needed(triangle, 1, 3, 3) && i2v_guidance_needed(triangle, 3, 0, 2));
    assert_true(!i2v_guidance_needed(triangle, 1, 0, 9));
}

/* ---- presets ---------------------------------------------------------------------------------------------------- */

static void presets(void **state) {
    (void)state;
    static const struct {
        const char *name;
        int steps;
        i2v_scheduler scheduler;
        double low, high;
        int fps;
        double noise;
        int chunk;
    } wanted[] = {{"diffusers", 25, I2V_SCHEDULER_AUTO, 1, 3, 7, 0.02, 0},
                  {"sgm", 25, I2V_SCHEDULER_EULER, 1, 2.5, 7, 0.02, 14},
                  {"sgm-xt", 30, I2V_SCHEDULER_EULER, 1.5, 3, 7, 0.02, 14},
                  {"comfyui", 20, I2V_SCHEDULER_EULER, 1, 2.5, 6, 0, 0},
                  {"animatelcm", 4, I2V_SCHEDULER_ANIMATELCM, 1, 1, 7, 0.02, 8}};
    for (size_t i = 0; i < COUNT(wanted); i++) {
        static const double custom[] = {2, 1, 0};
        const i2v_preset *preset = i2v_preset_at(i);
        assert_non_null(preset);
        assert_string_equal(preset->name, wanted[i].name);
        assert_true(strlen(preset->summary) > 10);
        i2v_params p;
        i2v_params_default(&p);
        p.sigmas = custom;
        p.sigmas_count = 3;
        p.sigma_schedule = I2V_SIGMA_SCHEDULE_AYS;
        p.guidance_shape = I2V_GUIDANCE_TRIANGLE;
        p.motion_bucket_id = 9;
        p.width = 64;
        p.num_frames = 5;
        p.seed = 77;
        p.fit = I2V_FIT_PAD;
        assert_int_equal(i2v_params_preset(&p, wanted[i].name, NULL), I2V_OK);
        assert_true(p.num_inference_steps == wanted[i].steps && p.scheduler == wanted[i].scheduler);
        assert_true(p.min_guidance_scale == wanted[i].low && p.max_guidance_scale == wanted[i].high);
        assert_true(p.fps == wanted[i].fps && p.noise_aug_strength == wanted[i].noise && p.motion_bucket_id == 127);
        assert_true(p.decode_chunk_size == wanted[i].chunk && !p.sigmas && p.sigmas_count == 0);
        assert_true(p.sigma_schedule == I2V_SIGMA_SCHEDULE_AUTO && p.guidance_shape == I2V_GUIDANCE_LINEAR);
        assert_true(p.width == 64 && p.num_frames == 5 && p.seed == 77);
        int comfyui = strcmp(wanted[i].name, "comfyui") == 0;
        assert_int_equal(p.fit, comfyui ? I2V_FIT_COMFYUI : I2V_FIT_PAD);
        assert_int_equal(p.rng, comfyui ? I2V_RNG_TORCH : I2V_RNG_NUMPY);
        assert_int_equal(p.noise_aug, comfyui ? I2V_NOISE_AUG_COMFYUI : I2V_NOISE_AUG_DIFFUSERS);
    }
    assert_null(i2v_preset_at(COUNT(wanted)));
    assert_null(i2v_preset_at(SIZE_MAX));
}

static void unknown_presets(void **state) {
    (void)state;
    i2v_params params, before;
    i2v_error error = {0};
    i2v_params_default(&params);
    before = params;
    assert_int_equal(i2v_params_preset(&params, "comfy", &error), I2V_ERROR_PARAMETER);
    assert_non_null(strstr(error.message, "'comfy'"));
    for (size_t i = 0; i2v_preset_at(i); i++) assert_non_null(strstr(error.message, i2v_preset_at(i)->name));
    assert_memory_equal(&params, &before, sizeof params);
    assert_int_equal(i2v_params_preset(&params, "", NULL), I2V_ERROR_PARAMETER);
}

/* diffusers' preset is what a run takes anyway. */
static void defaults_are_diffusers(void **state) {
    (void)state;
    i2v_params params, preset;
    memset(&params, 0, sizeof params);
    i2v_params_default(&params);
    memcpy(&preset, &params, sizeof preset);
    assert_int_equal(i2v_params_preset(&preset, "diffusers", NULL), I2V_OK);
    assert_memory_equal(&params, &preset, sizeof params);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(levels_of_diffusers),
        cmocka_unit_test(the_model_says_which),
        cmocka_unit_test(align_your_steps),
        cmocka_unit_test(every_number_of_steps_falls),
        cmocka_unit_test(refused_requests),
        cmocka_unit_test(betas_without_levels),
        cmocka_unit_test(animatelcm_steps),
        cmocka_unit_test(animatelcm_runs),
        cmocka_unit_test(animatelcm_draws),
        cmocka_unit_test(animatelcm_memory),
        cmocka_unit_test(triangles),
        cmocka_unit_test(where_guidance_is_needed),
        cmocka_unit_test(presets),
        cmocka_unit_test(unknown_presets),
        cmocka_unit_test(defaults_are_diffusers),
    };
    return cmocka_run_group_tests_name("schedules", tests, open_tensors, close_tensors);
}
