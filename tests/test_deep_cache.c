/* DeepCache, evaluation by evaluation and for every skip branch, against its own code for Stable Video Diffusion
 * (tools/make_cache_reference.py); its bits, its memory and what it reads. */
#include "small_unet.h"

#include "pipeline/denoise.h"
#include "pipeline/plan.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* Of the largest latent after the same evaluation. */
static const double TOLERANCE = 1e-4;

enum { FRAMES = 2, CHANNELS = 4, HEIGHT = 4, WIDTH = 8, PIXELS = HEIGHT * WIDTH, STEPS = 5, VECTOR = 48 };
enum { LATENTS = FRAMES * CHANNELS * PIXELS, BRANCHES = 8 };
static const float sigmas[STEPS + 1] = {9, 4, 1.7f, 0.7f, 0.2f, 0};

static small_unet unet;
static i2v_weights *wanted;
static i2v_engine *engines[4]; /* by threads */

static i2v_engine *engine_of(int threads, i2v_dtype dtype) {
    i2v_options options;
    i2v_options_default(&options);
    options.threads = threads;
    options.dtype = dtype;
    options.unet_memory = &unet.given;
    i2v_engine *engine = NULL;
    if (i2v_open(&engine, i2v_reference_at(0).model, &options)) fail_msg("%s", i2v_error_message(engine));
    return engine;
}

static int open_all(void **state) {
    (void)state;
    unet = small_unet_new();
    for (int threads = 1; threads <= 3; threads++) engines[threads] = engine_of(threads, I2V_DTYPE_F32);
    return i2v_weights_open(&wanted, I2V_TEST_DATA, "deep_cache", NULL, NULL) ? 1 : 0;
}

static int close_all(void **state) {
    (void)state;
    for (int threads = 1; threads <= 3; threads++) i2v_close(engines[threads]);
    i2v_weights_close(wanted);
    small_unet_free(&unet);
    return 0;
}

static i2v_sizes sizes_of(i2v_engine *engine, int interval, int branch) {
    i2v_params params;
    i2v_sizes sizes;
    i2v_params_default(&params);
    params.width = 8 * WIDTH;
    params.height = 8 * HEIGHT;
    params.num_frames = FRAMES;
    params.num_inference_steps = STEPS;
    params.cache_interval = interval;
    params.cache_branch = branch;
    if (i2v_sizes_of_params(&sizes, engine, &params)) fail_msg("%s", i2v_error_message(engine));
    return sizes;
}

static i2v_stage_plan plan_of(i2v_engine *engine, const i2v_sizes *sizes, int rung) {
    i2v_stage_plan plan;
    assert_int_equal(i2v_plan_stage(&plan, I2V_STAGE_UNET, engine, sizes, rung), I2V_OK);
    return plan;
}

/* ---- a run ------------------------------------------------------------------------------------------------------ */

/* The picture's latent has channels last. */
typedef struct {
    float vector[VECTOR], latent[CHANNELS * PIXELS];
    i2v_condition condition;
} conditions;

static void make_condition(conditions *made) {
    float picture[CHANNELS * PIXELS];
    small_unet_numbers("vector", made->vector, VECTOR);
    small_unet_numbers("picture", picture, COUNT(picture));
    for (int c = 0; c < CHANNELS; c++)
        for (int i = 0; i < PIXELS; i++) made->latent[i * CHANNELS + c] = picture[c * PIXELS + i];
    made->condition = (i2v_condition){.embedding = made->vector,
                                      .latent = made->latent,
                                      .time_ids = {6, 127, 0.02f},
                                      .min_guidance_scale = 1,
                                      .max_guidance_scale = 3};
}

/* Told after each evaluation. */
typedef void (*look)(void *user, int evaluation, const float *latents, i2v_run *run);

/* All evaluations, in no more memory than the plan has. */
static void denoise(i2v_engine *engine, const i2v_sizes *sizes, const i2v_stage_plan *plan, float *latents,
                    look look_at, void *user) {
    conditions made;
    i2v_stage stage;
    i2v_denoiser denoiser;
    i2v_call call = {.engine = engine, .num_videos = 1};
    float *timesteps = i2v_reference_values(wanted, "timesteps", STEPS);
    make_condition(&made);
    small_unet_numbers("latents", latents, LATENTS);
    for (int i = 0; i < LATENTS; i++) latents[i] *= sigmas[0];
    assert_int_equal(i2v_stage_begin(&stage, I2V_STAGE_UNET, engine, sizes, &call, plan), I2V_OK);
    i2v_denoiser_begin(&denoiser, &stage.run, stage.model.unet, sizes, &made.condition);
    for (int i = 0; i < STEPS; i++) {
        i2v_step step = {.index = i, .timestep = timesteps[i], .update = i2v_euler_update(sigmas[i], sigmas[i + 1])};
        if (i2v_denoise_step(&denoiser, &step, latents)) fail_msg("%s", i2v_error_message(engine));
        if (look_at) look_at(user, i, latents, &stage.run);
    }
    i2v_denoiser_end(&denoiser);
    i2v_stage_end(&stage);
    free(timesteps);
}

/* ---- against the published code --------------------------------------------------------------------------------- */

typedef struct {
    const char *name;
    const float *values; /* [STEPS][LATENTS] */
} reference;

static void compare(void *user, int evaluation, const float *latents, i2v_run *run) {
    (void)run;
    const reference *at = user;
    char what[64];
    snprintf(what, sizeof what, "%s after evaluation %d", at->name, evaluation);
    i2v_expect_close(what, latents, at->values + evaluation * LATENTS, LATENTS, TOLERANCE);
}

static void expect_branch(const char *name, int interval, int branch) {
    float latents[LATENTS], *values = i2v_reference_values(wanted, name, STEPS * LATENTS);
    reference at = {name, values};
    i2v_sizes sizes = sizes_of(engines[2], interval, branch);
    i2v_stage_plan plan = plan_of(engines[2], &sizes, 0);
    denoise(engines[2], &sizes, &plan, latents, compare, &at);
    free(values);
}

static void every_branch_as_published(void **state) {
    (void)state;
    expect_branch("every", 1, 0);
    for (int branch = -1; branch < BRANCHES; branch++) {
        char name[32];
        snprintf(name, sizeof name, "branch.%d", branch);
        expect_branch(name, 2 + (branch & 1), branch);
    }
}

/* ---- bits ------------------------------------------------------------------------------------------------------- */

static void threads_and_trades_change_nothing(void **state) {
    (void)state;
    for (int branch = -1; branch < BRANCHES; branch += 4) {
        float first[LATENTS], latents[LATENTS];
        for (int rung = 0; rung < I2V_TRADES_RUNGS; rung++) {
            for (int threads = 1; threads <= 3; threads++) {
                i2v_sizes sizes = sizes_of(engines[threads], 3, branch);
                i2v_stage_plan plan = plan_of(engines[threads], &sizes, rung);
                denoise(engines[threads], &sizes, &plan, rung == 0 && threads == 1 ? first : latents, NULL, NULL);
                if (rung > 0 || threads > 1) assert_memory_equal(latents, first, sizeof first);
            }
        }
    }
}

/* An interval as long as the run has one full evaluation, and one evaluation needs no features. */
static void an_interval_ends_with_the_run(void **state) {
    (void)state;
    float five[LATENTS], more[LATENTS];
    i2v_sizes sizes = sizes_of(engines[1], STEPS, 2);
    i2v_stage_plan plan = plan_of(engines[1], &sizes, 0);
    denoise(engines[1], &sizes, &plan, five, NULL, NULL);
    sizes = sizes_of(engines[1], 10000, 2);
    assert_int_equal(sizes.cache_interval, STEPS);
    denoise(engines[1], &sizes, &plan, more, NULL, NULL);
    assert_memory_equal(more, five, sizeof five);
}

/* ---- memory ----------------------------------------------------------------------------------------------------- */

static uint64_t tensors_of(i2v_engine *engine, int interval, int branch, int guidance) {
    i2v_sizes sizes = sizes_of(engine, interval, branch);
    sizes.guidance = guidance;
    return plan_of(engine, &sizes, 0).tensors;
}

/* What a branch keeps is in the plan, for each half, as activations are stored; nothing is where the interval is 1. */
static void the_plan_has_the_features(void **state) {
    (void)state;
    /* channels and pixels of what comes to the layers of the way up, from the last one on */
    static const int channels[BRANCHES + 1] = {64, 64, 128, 128, 128, 64, 64, 64, 64},
                                         pixels[BRANCHES + 1] = {32, 32, 32, 8, 8, 8, 2, 2, 2};
    i2v_engine *half = engine_of(1, I2V_DTYPE_BF16);
    for (int guidance = 0; guidance < 2; guidance++) {
        uint64_t none = tensors_of(engines[1], 1, 0, guidance), none_bf16 = tensors_of(half, 1, 0, guidance);
        for (int branch = -1; branch < BRANCHES; branch++) {
            uint64_t values = (uint64_t)(guidance + 1) * FRAMES * (uint64_t)(channels[branch + 1] * pixels[branch + 1]);
            assert_int_equal(tensors_of(engines[1], 2, branch, guidance), none + 4 * values);
            assert_int_equal(tensors_of(half, 2, branch, guidance), none_bf16 + 2 * values);
        }
    }
    i2v_close(half);
}

/* ---- what cached passes leave out ------------------------------------------------------------------------------- */

typedef struct {
    double streamed[2], worked[2]; /* of a full evaluation, and of a cached one */
    double before;                 /* work */
    i2v_profile profile;
} meter;

/* Begins to measure after the first evaluation. */
static void measure(void *user, int evaluation, const float *latents, i2v_run *run) {
    (void)latents;
    meter *m = user;
    int is_cached = evaluation % 2;
    if (evaluation > 0) m->worked[is_cached] = run->work - m->before;
    m->before = run->work;
    for (size_t i = 0; i < m->profile.count; i++) {
        const i2v_bench_row *row = &m->profile.rows[i];
        if (strcmp(row->operation, "packing") == 0) m->streamed[is_cached] = (double)row->bytes;
    }
    i2v_profile_clear(&m->profile);
    run->profile = evaluation + 1 < STEPS ? &m->profile : NULL;
}

/* Streamed weights of what a cached pass leaves out are not read, and the plan knows what one costs. */
static void cached_passes_read_what_they_compute(void **state) {
    (void)state;
    double before = 0;
    for (int branch = -1; branch < BRANCHES; branch++) {
        float latents[LATENTS];
        meter m = {.before = 0};
        i2v_sizes sizes = sizes_of(engines[1], 2, branch);
        i2v_stage_plan plan = plan_of(engines[1], &sizes, 3);
        assert_true(plan.trades.stream && !plan.trades.twice);
        denoise(engines[1], &sizes, &plan, latents, measure, &m);
        assert_true(m.streamed[0] > 1e6);
        double weights = m.streamed[1] / m.streamed[0], work = m.worked[1] / m.worked[0];
        assert_true(weights > before && weights < 1 && work > 0 && work < 1);
        assert_true(branch >= 0 || (weights < 0.1 && work < 0.2));
        assert_true(fabs(plan.cached_weights - weights) < 1e-9 && fabs(plan.cached_work - work) < 1e-9);
        before = weights;
    }
}

/* ---- the cut ---------------------------------------------------------------------------------------------------- */

static void expect_cut(const i2v_unet_config *config, int branch, i2v_unet_cut is) {
    i2v_unet_cut cut = i2v_unet_cut_at(config, branch);
    assert_memory_equal(&cut, &is, sizeof cut);
}

/* Stable Video Diffusion's UNet: 8 resnets on the way down, 2 in the middle, 12 on the way up; transformers at all
 * levels but the lowest: 6, 1 and 9. */
static void branches_of_stable_video_diffusion(void **state) {
    (void)state;
    i2v_unet_config config = {.levels = 4,
                              .block_out_channels = {320, 640, 1280, 1280},
                              .down_attention = {1, 1, 1, 0},
                              .up_attention = {0, 1, 1, 1},
                              .layers_per_block = {2, 2, 2, 2}};
    assert_int_equal(i2v_unet_branches_end(&config), 11);
    expect_cut(&config, -1, (i2v_unet_cut){1, 11, {0, 21}, {0, 15}, 0, 320});
    expect_cut(&config, 0, (i2v_unet_cut){2, 10, {1, 20}, {1, 14}, 0, 320});
    expect_cut(&config, 1, (i2v_unet_cut){3, 9, {2, 19}, {2, 13}, 0, 640});
    expect_cut(&config, 2, (i2v_unet_cut){4, 8, {2, 18}, {2, 12}, 1, 640});
    expect_cut(&config, 4, (i2v_unet_cut){6, 6, {4, 16}, {4, 10}, 1, 1280});
    expect_cut(&config, 10, (i2v_unet_cut){12, 0, {8, 10}, {6, 7}, 3, 1280});
    for (int i = 0; i < 4; i++) config.layers_per_block[i] = 1;
    assert_int_equal(i2v_unet_branches_end(&config), 7);
    expect_cut(&config, 0, (i2v_unet_cut){2, 6, {1, 12}, {1, 8}, 0, 640});
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_branch_as_published),
        cmocka_unit_test(threads_and_trades_change_nothing),
        cmocka_unit_test(an_interval_ends_with_the_run),
        cmocka_unit_test(the_plan_has_the_features),
        cmocka_unit_test(cached_passes_read_what_they_compute),
        cmocka_unit_test(branches_of_stable_video_diffusion),
    };
    return cmocka_run_group_tests_name("deep_cache", tests, open_all, close_all);
}
