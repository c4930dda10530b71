/* Runs with DeepCache through the public header: videos and clips that keep their own features, states that need none,
 * progress that knows what is cheaper, and what is refused. */
#include "small_run.h"
#include "temporary_folder.h"

#include "media/media.h"
#include "pipeline/expect.h"
#include "pipeline/position.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static i2v_params cached_params(int steps, int interval) {
    i2v_params params = small_params();
    params.num_inference_steps = steps;
    params.cache_interval = interval;
    return params;
}

/* ---- what has an effect ----------------------------------------------------------------------------------------- */

static void interval_and_branch_have_effect(void **state) {
    (void)state;
    i2v_params params = cached_params(4, 1);
    i2v_video *every = generate(shared[0], picture, &params);
    params.cache_branch = 1; /* of no cache */
    expect_same(0, &params, every);
    params.cache_interval = 2;
    expect_other(0, &params, every);
    i2v_video *second = generate(shared[0], picture, &params);
    params.cache_interval = 3;
    expect_other(0, &params, second);
    params.cache_interval = 2;
    params.cache_branch = -1;
    expect_other(0, &params, second);
    params = cached_params(1, 2); /* nothing is left to cache */
    i2v_video *one = generate(shared[0], picture, &params);
    params.cache_interval = 1;
    expect_same(0, &params, one);
    i2v_video_free(one);
    i2v_video_free(second);
    i2v_video_free(every);
}

/* ---- videos and clips ------------------------------------------------------------------------------------------- */

/* Within one interval, so that a video's features would be the next one's if they were not forgotten. */
static void each_video_has_its_own_features(void **state) {
    (void)state;
    i2v_params params = cached_params(3, 3);
    params.num_videos = 2;
    i2v_video *both = generate(shared[0], picture, &params);
    params.video_index = 1;
    i2v_video *second = generate(shared[0], picture, &params);
    size_t count = latents_count(second);
    assert_memory_equal(both->latents + count, second->latents, count * sizeof(float));
    i2v_video_free(second);
    i2v_video_free(both);
}

static void a_clip_is_that_of_its_picture(void **state) {
    (void)state;
    i2v_params params = cached_params(3, 3);
    params.extend = 1;
    i2v_video *two = generate(shared[0], picture, &params);
    params.extend = 0;
    i2v_video *first = generate(shared[0], picture, &params);
    size_t count = latents_count(first);
    assert_memory_equal(two->latents, first->latents, count * sizeof(float));
    i2v_image *last = NULL;
    size_t frame = (size_t)16 * 8 * 3;
    assert_int_equal(i2v_image_new(&last, 16, 8, NULL), I2V_OK);
    i2v_frame_to_u8(first->frames + 2 * frame, frame, last->pixels);
    params.seed++;
    i2v_video *second = generate(shared[0], last, &params);
    assert_memory_equal(two->latents + count, second->latents, count * sizeof(float));
    i2v_image_free(last);
    i2v_video_free(second);
    i2v_video_free(first);
    i2v_video_free(two);
}

/* ---- states ----------------------------------------------------------------------------------------------------- */

/* What a run's events tell, and where it ends. */
typedef struct {
    int end_at; /* the evaluation, from 0, that cancels; -1: none */
    int seen;   /* those so far */
    double fraction, before; /* before: when the last step was done */
    double grown[16];        /* of the whole, in each step of the first video */
} caller;

static int on_event(const i2v_event *event, void *user) {
    caller *c = user;
    assert_true(event->fraction >= c->fraction && event->fraction <= 1);
    c->fraction = event->fraction;
    int is_between = event->steps_done > event->step && !event->latents;
    if (event->phase != I2V_PHASE_DENOISE || is_between) return 0;
    double grown = event->fraction - c->before;
    c->before = event->fraction;
    if (!event->latents) return 0;
    if (event->video == 0 && event->clip == 0 && c->seen < 16) c->grown[c->seen] = grown;
    return c->seen++ == c->end_at;
}

static i2v_status call(i2v_params params, caller *c, i2v_video **video) {
    params.on_event = on_event;
    params.user = c;
    *video = NULL;
    return i2v_generate(shared[0], picture, &params, video);
}

static int done_in(const char *path) {
    char *json = NULL;
    assert_int_equal(i2v_checkpoint_read(path, &json, NULL), I2V_OK);
    const char *at = strstr(json, "\"done\":\"");
    assert_non_null(at);
    int done = atoi(at + 8);
    i2v_metadata_free(json);
    return done;
}

/* Ends a run after each of its evaluations, and goes on from the state: it is of the last interval's begin, and the
 * bytes are those of one run. */
static void expect_resumed(i2v_params params, int evaluations) {
    char path[600];
    snprintf(path, sizeof path, "%s", in_folder("state"));
    i2v_video *wanted = generate(shared[0], picture, &params), *video;
    int interval = params.cache_interval, all = evaluations * params.num_videos;
    for (int k = 0; k < all; k++) {
        caller ended = {.end_at = k}, resumed = {.end_at = -1};
        params.checkpoint = path;
        params.resume_from = NULL;
        assert_int_equal(call(params, &ended, &video), I2V_CANCELLED);
        int whole = k / evaluations * evaluations, done = k % evaluations, kept = done / interval * interval;
        if (whole + kept == 0) { /* no state yet */
            assert_int_equal(count_files(), 0);
            continue;
        }
        params.resume_from = path;
        assert_int_equal(done_in(path), kept ? kept : evaluations);
        assert_int_equal(call(params, &resumed, &video), I2V_OK);
        assert_int_equal(resumed.seen, all - whole - kept);
        assert_true(same_bits(video, wanted));
        i2v_video_free(video);
        empty_folder();
    }
    i2v_video_free(wanted);
}

static void resumed_runs_have_the_same_bits(void **state) {
    (void)state;
    i2v_params params = cached_params(7, 3);
    expect_resumed(params, 7);
    params.num_inference_steps = 4;
    params.num_videos = 2;
    params.scheduler = I2V_SCHEDULER_HEUN;
    expect_resumed(params, 7);
    params.num_inference_steps = 5;
    params.num_videos = 1;
    params.cache_interval = 2;
    params.scheduler = I2V_SCHEDULER_ANIMATELCM;
    expect_resumed(params, 5);
}

/* Who writes a state between is not believed. */
static void states_between_are_refused(void **state) {
    (void)state;
    i2v_sizes sizes = {
        .num_clips = 1, .num_videos = 1, .steps = 7, .num_frames = 4, .decode_chunk_size = 2, .cache_interval = 3};
    for (int done = 0; done <= 7; done++) {
        i2v_position position = {.done = done};
        assert_int_equal(i2v_position_fits(&position, &sizes), done % 3 == 0 || done == 7);
    }
    for (int done = 0; done <= 4; done++) {
        i2v_position position = {.decodes = 1, .done = done};
        assert_int_equal(i2v_position_fits(&position, &sizes), done % 2 == 0);
    }
}

/* ---- progress and plans ----------------------------------------------------------------------------------------- */

static void whole_steps_of_a_cost(void **state) {
    (void)state;
    i2v_stage_cost cost = {.step = 8, .work = 4, .interval = 3, .cached = 0.25, .cached_work = 0.5};
    static const double whole[] = {0, 1, 1.25, 1.5, 2.5, 2.75, 3, 4};
    for (int i = 0; i < 8; i++) assert_true(i2v_whole_steps(&cost, i) == whole[i]);
    assert_true(i2v_whole_steps(&cost, 0.5) == 0.5 && i2v_whole_steps(&cost, 1.5) == 1.125);
    assert_true(i2v_step_work(&cost, 3) == 4 && i2v_step_work(&cost, 4) == 2);
    cost.interval = 1;
    assert_true(i2v_whole_steps(&cost, 4.5) == 4.5 && i2v_step_work(&cost, 4) == 4);
}

/* Where guidance has its second pass in every second evaluation, a half computes features anew in the first pass that
 * it has in an interval: evaluations of with full and without full, with cached, both cached, with full, with cached
 * and without full. */
static void halves_have_intervals_of_their_own(void **state) {
    (void)state;
    i2v_stage_cost cost = {.work = 16, .halves = 2, .interval = 3, .cached = 0.25, .cached_work = 0.5};
    cost.passes = (i2v_passes){.is_sparse = 1, .last = 5, .every = 2, .evaluations = 5};
    static const double each[] = {1, 0.125, 0.25, 0.5, 0.625};
    static const double work[] = {16, 4, 8, 8, 12};
    double sum = 0;
    for (int i = 0; i < 5; i++) {
        assert_true(i2v_whole_steps(&cost, i) == sum);
        assert_true(i2v_step_work(&cost, i) == work[i]);
        sum += each[i];
    }
}

/* The fraction of the whole grows by what a step costs, and ends at 1. */
static void cached_steps_count_for_less(void **state) {
    (void)state;
    i2v_params params = cached_params(7, 3);
    i2v_video *video;
    caller c = {.end_at = -1};
    assert_int_equal(call(params, &c, &video), I2V_OK);
    i2v_video_free(video);
    assert_true(c.fraction == 1);
    for (int i = 0; i < 7; i++) {
        double share = c.grown[i] / c.grown[0];
        if (i % 3 == 0)
            assert_true(fabs(share - 1) < 1e-6);
        else
            assert_true(share < 0.75 && fabs(share - c.grown[1] / c.grown[0]) < 1e-6);
    }
}

/* What of i2v_plan_generate depends on the machine's speed is left out: the stage's cost. */
static double unet_cost(const i2v_params *params, int clips) {
    i2v_sizes sizes;
    i2v_plan plan;
    i2v_call expected = {.engine = shared[0]};
    assert_int_equal(i2v_sizes_of_params(&sizes, shared[0], params), I2V_OK);
    assert_int_equal(i2v_plan_make(&plan, shared[0], &sizes, I2V_STAGE_CLIP), I2V_OK);
    i2v_expect_clips(&expected, &plan, &sizes);
    assert_int_equal(sizes.num_clips * sizes.num_videos, clips);
    return expected.course.kinds[I2V_STAGE_UNET].expected;
}

static void plans_know_what_cached_steps_cost(void **state) {
    (void)state;
    i2v_params params = cached_params(9, 1);
    double every = unet_cost(&params, 1);
    params.cache_interval = 3;
    double third = unet_cost(&params, 1);
    params.cache_interval = 9;
    double ninth = unet_cost(&params, 1);
    params.cache_interval = 1;
    params.num_inference_steps = 1;
    double one = unet_cost(&params, 1);
    double cached = (ninth - one) / 8;
    assert_true(fabs(every - 9 * one) < 1e-9 * every && cached > 0.05 * one && cached < 0.75 * one);
    assert_true(fabs(third - 3 * one - 6 * cached) < 1e-9 * every);
    params = cached_params(9, 3);
    params.num_videos = 2;
    params.extend = 1;
    assert_true(fabs(unet_cost(&params, 4) - 4 * third) < 1e-9 * every);
}

/* Off, the plan is as if there were no such parameters. */
static void no_cache_takes_no_memory(void **state) {
    (void)state;
    i2v_memory_plan off, on, one;
    i2v_params params = cached_params(4, 1);
    params.width = params.height = 256; /* of less, loading takes more than a pass */
    assert_int_equal(i2v_plan_generate(shared[0], &params, &off), I2V_OK);
    params.cache_interval = 2;
    assert_int_equal(i2v_plan_generate(shared[0], &params, &on), I2V_OK);
    params.num_inference_steps = 1;
    assert_int_equal(i2v_plan_generate(shared[0], &params, &one), I2V_OK);
    assert_int_equal(one.stages[2].tensors, off.stages[2].tensors);
    assert_true(on.stages[2].tensors > off.stages[2].tensors);
}

/* ---- what is refused -------------------------------------------------------------------------------------------- */

static void expect_refused(int engine, int interval, int branch, const char *message) {
    i2v_params params = cached_params(4, interval);
    params.cache_branch = branch;
    i2v_video *video = NULL;
    assert_int_equal(i2v_generate(shared[engine], picture, &params, &video), I2V_ERROR_PARAMETER);
    assert_null(video);
    assert_non_null(strstr(i2v_error_message(shared[engine]), message));
}

static void wrong_values_are_named(void **state) {
    (void)state;
    expect_refused(0, 0, 0, "cache_interval is 0");
    expect_refused(0, -1, 0, "cache_interval is -1");
    expect_refused(0, 10001, 0, "cache_interval is 10001");
    expect_refused(0, 2, -2, "cache_branch is -2");
    /* two levels of one layer: conv_in, a layer, a resampler, a layer */
    expect_refused(0, 2, 3, "cache_branch is 3; the UNet has 4 skip branches, -1 to 2");
    expect_refused(1, 1, 200, "cache_branch is 200; the UNet has 4 skip branches, -1 to 2");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(interval_and_branch_have_effect),
        cmocka_unit_test(each_video_has_its_own_features),
        cmocka_unit_test(a_clip_is_that_of_its_picture),
        cmocka_unit_test_setup_teardown(resumed_runs_have_the_same_bits, make_folder, remove_folder),
        cmocka_unit_test(states_between_are_refused),
        cmocka_unit_test(whole_steps_of_a_cost),
        cmocka_unit_test(halves_have_intervals_of_their_own),
        cmocka_unit_test(cached_steps_count_for_less),
        cmocka_unit_test(plans_know_what_cached_steps_cost),
        cmocka_unit_test(no_cache_takes_no_memory),
        cmocka_unit_test(wrong_values_are_named),
    };
    return cmocka_run_group_tests_name("deep_cache_runs", tests, open_shared, close_shared);
}
