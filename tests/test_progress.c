/* What a call tells of itself: within steps, of the whole, and what its callback may do. */
#include "reference.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- events, each looked at beside the one before --------------------------------------------------------------- */

typedef struct {
    i2v_event last;
    int count, steps, ticks; /* events of all kinds, with latents, and within steps */
    int ticked[4];           /* ticks in each phase */
    double furthest;         /* within a denoising step */
    int cancel_at_tick;      /* returns 1 there, or -1: cancels there by the engine; 0: no */
    i2v_engine *engine;
    pthread_t thread;
} watcher;

static void look_at_tick(watcher *w, const i2v_event *event) {
    assert_true(event->steps_done > w->last.steps_done);
    assert_int_equal(event->phase, w->last.phase);
    assert_int_equal(event->step, w->last.step);
    assert_int_equal(event->video, w->last.video);
    assert_null(event->latents);
    assert_int_equal(event->latents_count, 0);
    assert_true(event->timestep == 0);
    w->ticks++;
    w->ticked[event->phase]++;
    double within = event->steps_done - event->step;
    if (event->phase == I2V_PHASE_DENOISE && within > w->furthest) w->furthest = within;
}

static int watch(const i2v_event *event, void *user) {
    watcher *w = user;
    assert_true(pthread_equal(pthread_self(), w->thread));
    assert_true(event->step >= 0 && event->step <= event->steps_done && event->steps_done <= event->steps);
    assert_true(event->fraction >= w->last.fraction && event->fraction <= 1);
    assert_true(w->count == 0 || w->last.fraction < 1);
    int ticks = event->steps_done > event->step;
    if (ticks) look_at_tick(w, event);
    w->steps += event->latents != NULL;
    w->count++;
    w->last = *event;
    if (!ticks || w->ticks != 1) return 0;
    if (w->cancel_at_tick < 0) i2v_cancel(w->engine);
    return w->cancel_at_tick > 0;
}

static i2v_params watched(watcher *w, i2v_engine *engine, int side, int frames) {
    i2v_params params;
    *w = (watcher){.engine = engine, .thread = pthread_self()};
    i2v_params_default(&params);
    params.width = params.height = side;
    params.num_frames = frames;
    params.num_inference_steps = 2;
    params.on_event = watch;
    params.user = w;
    return params;
}

static i2v_image *picture;
static i2v_engine *shared;

static i2v_status generate(i2v_engine *engine, const i2v_params *params) {
    i2v_video *video = NULL;
    i2v_status status = i2v_generate(engine, picture, params, &video);
    i2v_video_free(video);
    return status;
}

/* Small, and whole: from 0 to 1. */
static void expect_whole(i2v_engine *engine, const i2v_params *params, const watcher *w) {
    if (generate(engine, params)) fail_msg("%s", i2v_error_message(engine));
    assert_true(w->last.fraction == 1);
    assert_true(w->last.seconds_left == 0);
    assert_int_equal(w->last.phase, I2V_PHASE_DECODE);
}

/* ---- within steps ----------------------------------------------------------------------------------------------- */

#define SMALL 32, 3

static void a_step_is_told_of_within(void **state) {
    (void)state;
    watcher w;
    i2v_params params = watched(&w, shared, SMALL);
    expect_whole(shared, &params, &w);
    assert_int_equal(w.steps, 2);
    assert_true(w.ticked[I2V_PHASE_DENOISE] > 2 * 2 * 50);
    assert_true(w.ticked[I2V_PHASE_ENCODE] > 20);
    assert_true(w.ticked[I2V_PHASE_DECODE] > 20);
    /* guidance's second pass is of the same step, and the last operations multiply little */
    assert_true(w.furthest > 0.99 && w.furthest <= 1);
}

/* Not after each operation, of which there are hundreds in a tenth of a second. */
static void ticks_are_few(void **state) {
    (void)state;
    watcher w;
    i2v_params params = watched(&w, shared, SMALL);
    shared->tick_pause = 0.1;
    expect_whole(shared, &params, &w);
    shared->tick_pause = 3600;
    assert_true(w.ticks < 60);
    params = watched(&w, shared, SMALL);
    expect_whole(shared, &params, &w);
    shared->tick_pause = 0;
    assert_int_equal(w.ticks, 0);
}

/* With weights that are read at each use, and frames that are computed with twice. */
static void within_the_leanest_plan(void **state) {
    (void)state;
    watcher w;
    i2v_memory_plan plan;
    i2v_params params = watched(&w, shared, SMALL);
    params.num_inference_steps = 1;
    shared->max_memory = 1;
    assert_int_equal(i2v_plan_generate(shared, &params, &plan), I2V_ERROR_MEMORY);
    shared->max_memory = plan.peak;
    expect_whole(shared, &params, &w);
    shared->max_memory = 0;
    assert_true(w.ticked[I2V_PHASE_DENOISE] > 2 * 50 && w.furthest > 0.99 && w.furthest <= 1);
}

static void a_step_is_cancelled_within(void **state) {
    (void)state;
    for (int how = -1; how <= 1; how += 2) {
        watcher w;
        i2v_params params = watched(&w, shared, SMALL);
        w.cancel_at_tick = how;
        assert_int_equal(generate(shared, &params), I2V_CANCELLED);
        assert_string_equal(i2v_error_message(shared), "cancelled");
        assert_int_equal(w.ticks, 1);
        assert_true(w.last.steps_done > w.last.step); /* nothing came after it */
    }
}

static void a_pass_that_is_measured_is_told_of_within(void **state) {
    (void)state;
    watcher w;
    i2v_bench_report *report = NULL;
    i2v_params params = watched(&w, shared, SMALL);
    assert_int_equal(i2v_bench(shared, &params, 1, &report), I2V_OK);
    i2v_bench_report_free(report);
    assert_true(w.ticked[I2V_PHASE_DENOISE] > 50 && w.ticked[I2V_PHASE_DECODE] > 20 && w.last.fraction == 1);
}

/* ---- what operations take beside one another --------------------------------------------------------------------- */

/* Frames of the bundled model's size. */
static i2v_tensor frames_of(i2v_run *run, int channels) {
    return i2v_tensor_new(run, 14, 160, 256, channels);
}

/* Of a convolution on a dry pool. */
static double work_of_conv(int kernel, int in, int out) {
    i2v_run run = {.backend = i2v_backend_cpu(), .device = {.kernels = i2v_backend_cpu()->kernels}};
    i2v_conv conv = {.in = in, .out = out, .kernel = kernel, .stride = 1, .pad_before = kernel / 2};
    conv.pad_after = conv.pad_before;
    assert_int_equal(i2v_pool_new(&run.pool, run.backend, &run.device, 0, NULL), I2V_OK);
    i2v_op_conv(&run, frames_of(&run, out), frames_of(&run, in), &conv, i2v_epilogue_plain());
    assert_int_equal(run.status, I2V_OK);
    i2v_pool_free(run.pool);
    return run.work;
}

static double work_of_group_norm(int channels) {
    i2v_run run = {.backend = i2v_backend_cpu(), .device = {.kernels = i2v_backend_cpu()->kernels}};
    i2v_norm norm = {.channels = channels, .groups = 32};
    assert_int_equal(i2v_pool_new(&run.pool, run.backend, &run.device, 0, NULL), I2V_OK);
    i2v_group_norm_of(&run, frames_of(&run, channels), (i2v_tensor){0}, &norm, 0, I2V_ACTIVATION_NONE);
    assert_int_equal(run.status, I2V_OK);
    i2v_pool_free(run.pool);
    return run.work;
}

/* A decoder ends in few multiplications, which take a fifth or more of a whole convolution's time, not a thirtieth. */
static void what_multiplies_little_is_counted(void **state) {
    (void)state;
    double whole = work_of_conv(3, 96, 96), share = work_of_conv(3, 96, 3) / whole;
    assert_true(share > 0.125 && share < 0.75);
    double norm = work_of_group_norm(96) / whole;
    assert_true(norm > 0.01 && norm < 0.2);
    /* nor does a 3x3 convolution take nine times what one of 1x1 does */
    double taps = whole / work_of_conv(1, 96, 96);
    assert_true(taps > 2 && taps < 6);
}

/* ---- of the whole ----------------------------------------------------------------------------------------------- */

static void the_fraction_is_of_all_videos_and_clips(void **state) {
    (void)state;
    static const struct {
        int videos, extend, index;
    } runs[] = {{1, 0, -1}, {3, 0, -1}, {1, 2, -1}, {2, 1, -1}, {4, 0, 2}};
    for (size_t i = 0; i < sizeof runs / sizeof *runs; i++) {
        watcher w;
        i2v_params params = watched(&w, shared, SMALL);
        params.num_videos = runs[i].videos;
        params.extend = runs[i].extend;
        params.video_index = runs[i].index;
        params.decode_chunk_size = 2;
        expect_whole(shared, &params, &w);
    }
}

/* Parts that stay are not loaded again, and not expected to be. */
static void the_fraction_where_parts_stay(void **state) {
    (void)state;
    i2v_options options;
    i2v_engine *engine = NULL;
    i2v_options_default(&options);
    options.keep_loaded = 1;
    assert_int_equal(i2v_open(&engine, i2v_reference_at(0).model, &options), I2V_OK);
    engine->tick_pause = 0;
    for (int i = 0; i < 3; i++) {
        watcher w;
        i2v_params params = watched(&w, engine, SMALL);
        params.extend = i;
        expect_whole(engine, &params, &w);
    }
    i2v_close(engine);
}

static void the_fraction_of_decoding(void **state) {
    (void)state;
    watcher w;
    i2v_params params = watched(&w, shared, SMALL);
    float latents[2 * 3 * 4 * 4 * 4] = {0};
    i2v_video *video = NULL;
    params.extend = 1;
    params.decode_chunk_size = 2;
    assert_int_equal(i2v_decode(shared, latents, 3, 4, 4, &params, &video), I2V_OK);
    i2v_video_free(video);
    assert_true(w.last.fraction == 1 && w.last.seconds_left == 0);
}

/* A course of its own clock: loading and four kinds of work. */
static void what_is_left_follows_what_was_measured(void **state) {
    (void)state;
    i2v_course course = {0};
    i2v_course_expect(&course, I2V_COURSE_LOADING, 10);
    i2v_course_expect(&course, 2, 80);
    i2v_course_expect(&course, 3, 10);
    assert_true(i2v_course_fraction(&course) == 0);
    i2v_course_begin(&course, I2V_COURSE_LOADING, 10);
    assert_true(i2v_course_seconds_left(&course) < 0);
    i2v_course_move(&course, 1, 5);
    assert_float_equal(i2v_course_fraction(&course), 0.1, 1e-9);
    assert_true(i2v_course_seconds_left(&course) < 0); /* the rest is of another kind */
    i2v_course_begin(&course, 2, 80);
    i2v_course_move(&course, 0.001, 1);
    assert_true(i2v_course_seconds_left(&course) < 0); /* too little to tell */
    i2v_course_move(&course, 0.5, 40);
    assert_float_equal(i2v_course_fraction(&course), 0.5, 1e-9);
    assert_float_equal(i2v_course_seconds_left(&course), 40 + 10 * 40.0 / 40, 1e-9);
    i2v_course_begin(&course, 3, 10);
    i2v_course_move(&course, 0.5, 20);
    /* by its own speed, of which that of the work before still makes three eighths */
    assert_float_equal(i2v_course_seconds_left(&course), 5 * (20 + 3.0) / (5 + 3), 1e-9);
    i2v_course_move(&course, 1, 40);
    assert_true(i2v_course_fraction(&course) == 1);
    assert_true(i2v_course_seconds_left(&course) == 0);
}

/* ---- what a callback may do ------------------------------------------------------------------------------------- */

static int call_again(const i2v_event *event, void *user) {
    i2v_engine *engine = user;
    char hex[I2V_SHA256_SIZE];
    float latents[3 * 4 * 4 * 4] = {0};
    i2v_model_info info;
    i2v_memory_plan plan;
    i2v_params params;
    i2v_video *video = NULL;
    i2v_bench_report *report = NULL;
    (void)event;
    i2v_params_default(&params);
    assert_int_equal(i2v_generate(engine, picture, &params, &video), I2V_ERROR_PARAMETER);
    assert_non_null(strstr(i2v_error_message(engine), "a callback may not begin another"));
    assert_int_equal(i2v_decode(engine, latents, 3, 4, 4, &params, &video), I2V_ERROR_PARAMETER);
    assert_int_equal(i2v_bench(engine, &params, 1, &report), I2V_ERROR_PARAMETER);
    assert_int_equal(i2v_plan_generate(engine, &params, &plan), I2V_ERROR_PARAMETER);
    assert_int_equal(i2v_plan_decode(engine, 3, 4, 4, &params, &plan), I2V_ERROR_PARAMETER);
    assert_int_equal(i2v_get_model_info(engine, &info), I2V_OK);
    assert_int_equal(i2v_model_hash(engine, hex), I2V_OK);
    i2v_unload(engine);
    return 0;
}

static void calls_within_a_call(void **state) {
    (void)state;
    watcher w;
    i2v_options options;
    i2v_engine *engine = NULL;
    i2v_options_default(&options);
    options.keep_loaded = 1;
    assert_int_equal(i2v_open(&engine, i2v_reference_at(0).model, &options), I2V_OK);
    i2v_params params = watched(&w, engine, SMALL);
    params.on_event = call_again;
    params.user = engine;
    for (int i = 0; i < 2; i++) assert_int_equal(generate(engine, &params), I2V_OK);
    params = watched(&w, engine, SMALL);
    expect_whole(engine, &params, &w);
    i2v_close(engine);
}

/* ---- names ------------------------------------------------------------------------------------------------------ */

static void names_of_all_numbers(void **state) {
    (void)state;
    assert_string_equal(i2v_status_name(I2V_OK), "ok");
    assert_string_equal(i2v_status_name(I2V_ERROR_PARAMETER), "parameter");
    assert_string_equal(i2v_status_name(I2V_ERROR_UNSUPPORTED), "unsupported");
    assert_string_equal(i2v_status_name(I2V_CANCELLED), "cancelled");
    assert_string_equal(i2v_status_name(I2V_ERROR_NETWORK), "network");
    assert_string_equal(i2v_phase_name(I2V_PHASE_LOAD), "load");
    assert_string_equal(i2v_phase_name(I2V_PHASE_DECODE), "decode");
    static const int none[] = {-1, 99, -2147483647 - 1, 2147483647};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        assert_string_equal(i2v_status_name((i2v_status)none[i]), "unknown");
        assert_string_equal(i2v_phase_name((i2v_phase)none[i]), "unknown");
    }
    assert_string_equal(i2v_status_name((i2v_status)(I2V_ERROR_NETWORK + 1)), "unknown");
    assert_string_equal(i2v_phase_name((i2v_phase)(I2V_PHASE_DECODE + 1)), "unknown");
}

/* ---- strings of options ----------------------------------------------------------------------------------------- */

#define STRINGS 4

/* A copy that is the test's to free. */
static const char *lent(char **strings, size_t *count, const char *text) {
    char *copy = strdup(text);
    assert_non_null(copy);
    strings[(*count)++] = copy;
    return copy;
}

static void strings_may_go_after_i2v_open(void **state) {
    (void)state;
    char *strings[STRINGS], unet[1024];
    size_t count = 0;
    watcher w;
    i2v_model_info info;
    i2v_engine *engine = NULL;
    i2v_options *options = calloc(1, sizeof *options);
    assert_non_null(options);
    const char *model = i2v_reference_at(0).model;
    snprintf(unet, sizeof unet, "%s/unet", model);
    i2v_options_default(options);
    options->keep_loaded = 1;
    options->unet = lent(strings, &count, unet);
    options->vae = lent(strings, &count, model);
    options->scheduler_config = lent(strings, &count, "{\"_class_name\": \"EulerDiscreteScheduler\", "
                                                     "\"prediction_type\": \"v_prediction\", "
                                                     "\"timestep_type\": \"continuous\", \"sigma_min\": 0.002, "
                                                     "\"sigma_max\": 700.0, \"use_karras_sigmas\": true}");
    if (i2v_open(&engine, lent(strings, &count, model), options)) fail_msg("%s", i2v_error_message(engine));
    for (size_t i = 0; i < count; i++) {
        memset(strings[i], 'x', strlen(strings[i]));
        free(strings[i]);
    }
    memset(options, 0x55, sizeof *options);
    free(options);
    i2v_params params = watched(&w, engine, SMALL);
    expect_whole(engine, &params, &w);
    assert_int_equal(i2v_get_model_info(engine, &info), I2V_OK);
    assert_string_equal(info.path, model);
    i2v_close(engine);
}

static int open_shared(void **state) {
    (void)state;
    i2v_reference reference = i2v_reference_at(0);
    shared = i2v_reference_engine(&reference, 1);
    shared->tick_pause = 0;
    if (i2v_image_new(&picture, 32, 32, NULL)) return 1;
    for (int i = 0; i < 32 * 32 * 3; i++) picture->pixels[i] = (uint8_t)(i * i / 7 % 256);
    return 0;
}

static int close_shared(void **state) {
    (void)state;
    i2v_image_free(picture);
    i2v_close(shared);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_step_is_told_of_within),
        cmocka_unit_test(ticks_are_few),
        cmocka_unit_test(within_the_leanest_plan),
        cmocka_unit_test(a_step_is_cancelled_within),
        cmocka_unit_test(a_pass_that_is_measured_is_told_of_within),
        cmocka_unit_test(what_multiplies_little_is_counted),
        cmocka_unit_test(the_fraction_is_of_all_videos_and_clips),
        cmocka_unit_test(the_fraction_where_parts_stay),
        cmocka_unit_test(the_fraction_of_decoding),
        cmocka_unit_test(what_is_left_follows_what_was_measured),
        cmocka_unit_test(calls_within_a_call),
        cmocka_unit_test(names_of_all_numbers),
        cmocka_unit_test(strings_may_go_after_i2v_open),
    };
    return cmocka_run_group_tests_name("progress", tests, open_shared, close_shared);
}
