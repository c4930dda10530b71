/* DPM-Solver++ 2M and its SDE form, UniPC and Heun, evaluation by evaluation and in whole runs, against diffusers' own
 * classes (tools/make_solver_reference.py). */
#include "pipeline/scheduler.h"
#include "pipeline/solver.h"

#include "reference.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of the largest latent after the same evaluation. diffusers computes weights in float32, where UniPC's lose digits. */
static const double STEP_TOLERANCE = 1e-5;
/* A whole run, as in test_pipeline.c. */
static const double RUN_TOLERANCE = 1e-4;

#define COUNT(array) (sizeof(array) / sizeof *(array))

enum { VALUES = 2 * 2 * 2 * 3, MOST = 25, ARRAYS = 3 };

static i2v_weights *tensors;

static int open_tensors(void **state) {
    (void)state;
    return i2v_weights_open(&tensors, I2V_TEST_DATA, "solvers", NULL, NULL) ? 1 : 0;
}

static int close_tensors(void **state) {
    (void)state;
    i2v_weights_close(tensors);
    return 0;
}

/* ---- evaluation by evaluation ----------------------------------------------------------------------------------- */

static const struct {
    const char *name; /* of the class and how its latents are scaled */
    i2v_scheduler scheduler;
} solvers[] = {{"dpmpp_2m.vp", I2V_SCHEDULER_DPMPP_2M},
               {"dpmpp_2m.edm", I2V_SCHEDULER_DPMPP_2M},
               {"dpmpp_2m_sde.vp", I2V_SCHEDULER_DPMPP_2M_SDE},
               {"dpmpp_2m_sde.edm", I2V_SCHEDULER_DPMPP_2M_SDE},
               {"unipc.vp", I2V_SCHEDULER_UNIPC},
               {"heun.heun", I2V_SCHEDULER_HEUN}};

/* Noise levels: Karras' for the numbers of steps at which something changes, other lists, and lists that end above 0.
 */
static const struct {
    const char *name;
    int steps;
} lists[] = {{"karras", 1},  {"karras", 2},  {"karras", 3},  {"karras", 5},  {"karras", 8},
             {"karras", 14}, {"karras", 15}, {"karras", 16}, {"karras", 25}, {"exponential", 12},
             {"uniform", 9}, {"ays", 10},    {"ends", 3},    {"ends", 14}, {"ends", 15}, {"ends", 17}};

static void expect_steps(const char *solver, i2v_scheduler scheduler, const char *list, int steps) {
    char name[64];
    int all = i2v_solver_evaluations(scheduler, steps);
    snprintf(name, sizeof name, "levels.%s.%d", list, steps);
    float *sigmas = i2v_reference_values(tensors, name, (size_t)steps + 1);
    snprintf(name, sizeof name, "%s.%s.%d", solver, list, steps);
    float *wanted = i2v_reference_values(tensors, name, (size_t)all * VALUES);
    float *velocities = i2v_reference_values(tensors, "velocities", (2 * MOST - 1) * VALUES);
    float *noise = i2v_reference_values(tensors, "noise", MOST * VALUES);
    float *sample = i2v_reference_values(tensors, "first", VALUES), memory[ARRAYS * VALUES] = {0};
    assert_true(i2v_solver_of(scheduler)->memory <= ARRAYS);
    for (int k = 0; k < VALUES; k++) sample[k] *= sqrtf(sigmas[0] * sigmas[0] + 1);
    for (int i = 0; i < all; i++) {
        i2v_update update;
        i2v_solver_of(scheduler)->update(&update, sigmas, steps, i);
        assert_true(update.sigma == sigmas[i2v_solver_level(scheduler, i)]);
        for (int k = 0; k < VALUES; k++)
            sample[k] = update.advance(&update, sample[k], velocities[i * VALUES + k],
                                       i < MOST ? noise[i * VALUES + k] : 0, memory + k, VALUES);
        i2v_expect_close(name, sample, wanted + (size_t)i * VALUES, VALUES, STEP_TOLERANCE);
    }
    free(sigmas);
    free(wanted);
    free(velocities);
    free(noise);
    free(sample);
}

static void steps_of_diffusers(void **state) {
    (void)state;
    for (size_t s = 0; s < COUNT(solvers); s++)
        for (size_t k = 0; k < COUNT(lists); k++)
            expect_steps(solvers[s].name, solvers[s].scheduler, lists[k].name, lists[k].steps);
}

/* Weights stay finite whatever the levels, equal ones too, and at most 10000 steps. */
static void weights_are_finite(void **state) {
    (void)state;
    static const float equal[] = {3, 3, 3, 2, 2, 1e-6f, 0}, wide[] = {1e6f, 1e-6f, 0}, above[] = {5, 5};
    enum { STEPS = 10000 };
    float *many = malloc((STEPS + 1) * sizeof *many);
    assert_non_null(many);
    for (int i = 0; i < STEPS; i++) many[i] = 1e6f * powf(1e-12f, (float)i / (STEPS - 1));
    many[STEPS] = 0;
    const struct {
        const float *sigmas;
        int steps;
    } runs[] = {{equal, COUNT(equal) - 1}, {wide, COUNT(wide) - 1}, {above, COUNT(above) - 1}, {many, STEPS}};
    for (size_t k = 0; k < COUNT(runs); k++) {
        for (i2v_scheduler scheduler = I2V_SCHEDULER_AUTO; scheduler <= I2V_SCHEDULER_HEUN; scheduler++) {
            for (int i = 0; i < i2v_solver_evaluations(scheduler, runs[k].steps); i++) {
                i2v_update update;
                i2v_solver_of(scheduler)->update(&update, runs[k].sigmas, runs[k].steps, i);
                for (int w = 0; w < I2V_UPDATE_WEIGHTS; w++) assert_true(isfinite(update.weights[w]));
            }
        }
    }
    free(many);
}

static void evaluations_levels_and_draws(void **state) {
    (void)state;
    assert_int_equal(i2v_solver_evaluations(I2V_SCHEDULER_AUTO, 25), 25);
    assert_int_equal(i2v_solver_evaluations(I2V_SCHEDULER_HEUN, 25), 49);
    assert_int_equal(i2v_solver_evaluations(I2V_SCHEDULER_HEUN, 1), 1);
    static const int levels[] = {0, 1, 1, 2, 2};
    for (int i = 0; i < 5; i++) assert_int_equal(i2v_solver_level(I2V_SCHEDULER_HEUN, i), levels[i]);
    assert_int_equal(i2v_solver_draws(I2V_SCHEDULER_DPMPP_2M_SDE, 1), 1);
    assert_int_equal(i2v_solver_draws(I2V_SCHEDULER_ANIMATELCM, 1), 0);
    assert_int_equal(i2v_solver_draws(I2V_SCHEDULER_ANIMATELCM, 2), 2);
    assert_int_equal(i2v_solver_draws(I2V_SCHEDULER_UNIPC, 2), 0);
}

/* ---- whole runs ------------------------------------------------------------------------------------------------- */

typedef struct {
    const char *name;
    const float *wanted; /* [evaluations, videos, count] */
    size_t count;
    int videos, seen, evaluations; /* of a video */
    double fraction;
} wanted_run;

static int compare_step(const i2v_event *event, void *user) {
    wanted_run *run = user;
    assert_true(event->fraction >= run->fraction);
    run->fraction = event->fraction;
    if (!event->latents) return 0;
    size_t place = (size_t)(run->seen % run->evaluations) * (size_t)run->videos + (size_t)event->video;
    assert_int_equal(event->latents_count, run->count);
    assert_int_equal(event->steps, 4);
    i2v_expect_close(run->name, event->latents, run->wanted + place * run->count, run->count, RUN_TOLERANCE);
    run->seen++;
    return 0;
}

/* The order of draws, of two videos too, and the latents of every evaluation that diffusers tells of. */
static void runs_of_diffusers(void **state) {
    (void)state;
    static const struct {
        const char *name;
        i2v_scheduler scheduler;
        int videos;
    } runs[] = {{"run.dpmpp_2m", I2V_SCHEDULER_DPMPP_2M, 1},
                {"run.dpmpp_2m_sde", I2V_SCHEDULER_DPMPP_2M_SDE, 2},
                {"run.unipc", I2V_SCHEDULER_UNIPC, 1},
                {"run.heun", I2V_SCHEDULER_HEUN, 1}};
    i2v_reference reference = i2v_reference_at(0);
    i2v_weights *stages = i2v_reference_open(&reference);
    i2v_image *picture = i2v_reference_picture(stages, &reference);
    i2v_engine *engine = i2v_reference_engine(&reference, 2);
    for (size_t k = 0; k < COUNT(runs); k++) {
        int all = i2v_solver_evaluations(runs[k].scheduler, 4) * runs[k].videos;
        wanted_run run = {.name = runs[k].name, .count = 3 * 4 * 3 * 5, .videos = runs[k].videos};
        run.evaluations = i2v_solver_evaluations(runs[k].scheduler, 4);
        float *wanted = i2v_reference_values(tensors, runs[k].name, run.count * (size_t)all);
        run.wanted = wanted;
        i2v_params params = reference.params;
        assert_int_equal(i2v_params_preset(&params, "diffusers", NULL), I2V_OK);
        params.scheduler = runs[k].scheduler;
        params.num_inference_steps = 4;
        params.num_videos = runs[k].videos;
        params.num_frames = 3;
        params.rng = I2V_RNG_TORCH;
        params.seed = 42;
        params.latents_only = 1;
        params.on_event = compare_step;
        params.user = &run;
        i2v_video *video = NULL;
        if (i2v_generate(engine, picture, &params, &video)) fail_msg("%s", i2v_error_message(engine));
        assert_int_equal(run.seen, all);
        assert_true(run.fraction >= 1);
        i2v_video_free(video);
        free(wanted);
    }
    i2v_close(engine);
    i2v_image_free(picture);
    i2v_weights_close(stages);
}

/* What is remembered is of one video, while the UNet works; noise is of all until the decoder. Heun's steps count
 * twice. */
static void plans(void **state) {
    (void)state;
    static const int arrays[] = {[I2V_SCHEDULER_DPMPP_2M] = 1,
                                 [I2V_SCHEDULER_DPMPP_2M_SDE] = 1,
                                 [I2V_SCHEDULER_UNIPC] = 3,
                                 [I2V_SCHEDULER_HEUN] = 2};
    const uint64_t latents = 3 * 4 * 3 * 5 * sizeof(float);
    i2v_reference reference = i2v_reference_at(0);
    i2v_engine *engine = i2v_reference_engine(&reference, 1);
    i2v_params params = reference.params;
    i2v_memory_plan with, without;
    params.num_frames = 3;
    params.num_videos = 7;
    params.num_inference_steps = 5;
    assert_int_equal(i2v_plan_generate(engine, &params, &without), I2V_OK);
    for (i2v_scheduler scheduler = I2V_SCHEDULER_DPMPP_2M; scheduler <= I2V_SCHEDULER_HEUN; scheduler++) {
        uint64_t noise = scheduler == I2V_SCHEDULER_DPMPP_2M_SDE ? 5 * 7 * latents : 0;
        params.scheduler = scheduler;
        assert_int_equal(i2v_plan_generate(engine, &params, &with), I2V_OK);
        for (size_t i = 0; i < 4; i++) {
            uint64_t memory = i == 2 ? (uint64_t)arrays[scheduler] * latents : 0;
            assert_int_equal(with.stages[i].held - without.stages[i].held, memory + (i < 3 ? noise : 0));
            assert_int_equal(with.stages[i].tensors, without.stages[i].tensors);
        }
        double steps = (with.stages[2].run_seconds - with.stages[2].load_seconds) / with.stages[2].seconds;
        assert_true(fabs(steps - 7 * (scheduler == I2V_SCHEDULER_HEUN ? 9 : 5)) < 0.01);
    }
    i2v_close(engine);
}

/* ---- the classes of diffusers in a model's configuration -------------------------------------------------------- */

#define OF_SVD                                                                                                         \
    "\"prediction_type\": \"v_prediction\", \"sigma_min\": 0.002, \"sigma_max\": 700.0, \"use_karras_sigmas\": true"

static void expect_class(const char *class_name, const char *more, i2v_scheduler wanted) {
    char text[400];
    i2v_error error = {0};
    i2v_scheduler_config config;
    snprintf(text, sizeof text, "{\"_class_name\": \"%s\", " OF_SVD "%s%s}", class_name, *more ? ", " : "", more);
    if (i2v_scheduler_config_read_text(&config, text, "a test", &error)) fail_msg("%s: %s", text, error.message);
    assert_int_equal(config.scheduler, wanted);
    assert_int_equal(i2v_schedule_scheduler(&config, I2V_SCHEDULER_AUTO), wanted);
    assert_int_equal(i2v_schedule_scheduler(&config, I2V_SCHEDULER_EULER), I2V_SCHEDULER_EULER);
    i2v_schedule schedule;
    i2v_schedule_request request = {.steps = 2};
    assert_int_equal(i2v_schedule_make(&schedule, &config, &request, &error), I2V_OK);
    assert_int_equal(schedule.scheduler, wanted);
    assert_true(schedule.sigmas[0] == 700 && schedule.sigmas[2] == 0);
    /* without spacing: linspace, which Euler's and Heun's classes ask for */
    int scaled = wanted != I2V_SCHEDULER_EULER && wanted != I2V_SCHEDULER_HEUN;
    assert_true(schedule.initial == (scaled ? sqrtf(700.0f * 700 + 1) : 700));
    i2v_schedule_free(&schedule);
}

static void expect_refused(const char *class_name, const char *more, const char *words) {
    char text[400];
    i2v_error error = {0};
    i2v_scheduler_config config;
    snprintf(text, sizeof text, "{\"_class_name\": \"%s\", " OF_SVD ", %s}", class_name, more);
    i2v_status status = i2v_scheduler_config_read_text(&config, text, "a test", &error);
    if (status != I2V_ERROR_UNSUPPORTED && status != I2V_ERROR_MODEL) fail_msg("%s: status %d", text, status);
    if (!strstr(error.message, words)) fail_msg("%s: \"%s\"", text, error.message);
}

static void classes_that_are_known(void **state) {
    (void)state;
    expect_class("EulerDiscreteScheduler", "\"timestep_type\": \"continuous\"", I2V_SCHEDULER_EULER);
    expect_class("DPMSolverMultistepScheduler", "", I2V_SCHEDULER_DPMPP_2M);
    expect_class("DPMSolverMultistepScheduler", "\"lambda_min_clipped\": null, \"variance_type\": null",
                 I2V_SCHEDULER_DPMPP_2M);
    expect_class("DPMSolverMultistepScheduler", "\"algorithm_type\": \"sde-dpmsolver++\", \"euler_at_final\": true",
                 I2V_SCHEDULER_DPMPP_2M_SDE);
    expect_class("EDMDPMSolverMultistepScheduler", "\"sigma_data\": 1.0, \"rho\": 7.0", I2V_SCHEDULER_DPMPP_2M);
    expect_class("UniPCMultistepScheduler", "\"disable_corrector\": [], \"solver_p\": null", I2V_SCHEDULER_UNIPC);
    expect_class("HeunDiscreteScheduler", "\"clip_sample\": false", I2V_SCHEDULER_HEUN);
}

/* The one class whose list and range are its own. */
static void levels_of_edm(void **state) {
    (void)state;
    static const char text[] =
        "{\"_class_name\": \"EDMDPMSolverMultistepScheduler\", \"sigma_data\": 1, \"use_karras_sigmas\": "
        "false, \"prediction_type\": \"v_prediction\"%s}";
    char whole[300];
    i2v_scheduler_config config;
    snprintf(whole, sizeof whole, text, "");
    assert_int_equal(i2v_scheduler_config_read_text(&config, whole, "a test", NULL), I2V_OK);
    assert_true(config.sigma_schedule == I2V_SIGMA_SCHEDULE_KARRAS && config.sigma_max == 80 &&
                config.sigma_min == 0.002);
    snprintf(whole, sizeof whole, text, ", \"sigma_schedule\": \"exponential\", \"sigma_max\": 700");
    assert_int_equal(i2v_scheduler_config_read_text(&config, whole, "a test", NULL), I2V_OK);
    assert_true(config.sigma_schedule == I2V_SIGMA_SCHEDULE_EXPONENTIAL && config.sigma_max == 700);
}

static void settings_that_are_not_implemented(void **state) {
    (void)state;
    expect_refused("DDIMScheduler", "\"steps_offset\": 1", "UniPCMultistepScheduler");
    expect_refused("EulerDiscreteScheduler", "\"timestep_type\": \"discrete\"", "timestep_type is discrete");
    expect_refused("HeunDiscreteScheduler", "\"timestep_type\": \"discrete\"", "timestep_type is discrete");
    expect_refused("HeunDiscreteScheduler", "\"clip_sample\": true", "clip_sample is true");
    expect_refused("DPMSolverMultistepScheduler", "\"algorithm_type\": \"dpmsolver\"", "sde-dpmsolver++ are");
    expect_refused("DPMSolverMultistepScheduler", "\"solver_type\": \"heun\"", "solver_type is heun");
    expect_refused("DPMSolverMultistepScheduler", "\"solver_order\": 3", "solver_order is 3");
    expect_refused("DPMSolverMultistepScheduler", "\"thresholding\": true", "thresholding is true");
    expect_refused("DPMSolverMultistepScheduler", "\"use_lu_lambdas\": true", "use_lu_lambdas is true");
    expect_refused("DPMSolverMultistepScheduler", "\"variance_type\": \"learned\"", "variance_type");
    expect_refused("EDMDPMSolverMultistepScheduler", "\"solver_order\": 2", "sigma_data is 0.5");
    expect_refused("EDMDPMSolverMultistepScheduler", "\"sigma_data\": 1.0, \"rho\": 5", "rho is 5");
    expect_refused("EDMDPMSolverMultistepScheduler", "\"sigma_data\": 1.0, \"sigma_schedule\": \"beta\"", "is beta");
    expect_refused("UniPCMultistepScheduler", "\"solver_type\": \"bh1\"", "solver_type is bh1");
    expect_refused("UniPCMultistepScheduler", "\"predict_x0\": false", "predict_x0 is false");
    expect_refused("UniPCMultistepScheduler", "\"lower_order_final\": false", "lower_order_final is false");
    expect_refused("UniPCMultistepScheduler", "\"disable_corrector\": [0]", "disable_corrector");
    expect_refused("UniPCMultistepScheduler", "\"solver_p\": {}", "solver_p");
    expect_refused("UniPCMultistepScheduler", "\"use_flow_sigmas\": true", "use_flow_sigmas is true");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_of_diffusers),
        cmocka_unit_test(weights_are_finite),
        cmocka_unit_test(evaluations_levels_and_draws),
        cmocka_unit_test(runs_of_diffusers),
        cmocka_unit_test(plans),
        cmocka_unit_test(classes_that_are_known),
        cmocka_unit_test(levels_of_edm),
        cmocka_unit_test(settings_that_are_not_implemented),
    };
    return cmocka_run_group_tests_name("solvers", tests, open_tensors, close_tensors);
}
