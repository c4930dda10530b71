/* Several videos of one call, several calls of one engine, two engines at a time: none knows of another. */
#include "small_run.h"

#include <math.h>
#include <pthread.h>
#include <string.h>

typedef struct {
    size_t counts[4];
    int draws;
} counted;

static int draw_counted(float *values, size_t count, void *user) {
    counted *draws = user;
    assert_true(draws->draws < 4);
    draws->counts[draws->draws++] = count;
    for (size_t i = 0; i < count; i++) values[i] = sinf((float)i);
    return 0;
}

/* One augmentation noise for all, then one draw for the latents of all; both even where their strength is 0. */
static void several_videos_share_two_draws(void **state) {
    (void)state;
    counted draws = {0};
    i2v_params params = small_params();
    params.num_videos = 2;
    params.noise_aug_strength = 0;
    params.random = draw_counted;
    params.random_user = &draws;
    i2v_video *video = generate(shared[0], picture, &params);
    assert_int_equal(draws.draws, 2);
    assert_int_equal(draws.counts[0], 3 * params.width * params.height);
    assert_int_equal(draws.counts[1], latents_count(video));
    i2v_video_free(video);
}

static void several_videos(void **state) {
    (void)state;
    i2v_params params = small_params();
    i2v_video *one = generate(shared[0], picture, &params);
    params.num_videos = 2;
    i2v_video *two = generate(shared[0], picture, &params);
    assert_int_equal(two->num_videos, 2);
    expect_sound(two);
    size_t frames = frames_count(one), latents = latents_count(one);
    assert_int_equal(frames_count(two), 2 * frames);
    /* NumPy's draw of both begins with the draw of one */
    assert_memory_equal(two->latents, one->latents, latents * sizeof(float));
    assert_memory_equal(two->frames, one->frames, frames * sizeof(float));
    assert_memory_not_equal(two->frames + frames, one->frames, frames * sizeof(float));
    i2v_video_free(one);
    i2v_video_free(two);
}

/* From number `first` of one endless draw; the augmentation noise is number 0 to all. */
static int draw_from(float *values, size_t count, void *user) {
    size_t *first = user;
    int is_augmentation = count == 3 * 16 * 8;
    for (size_t i = 0; i < count; i++) values[i] = 2 * sinf((float)(i + (is_augmentation ? 0 : *first)) * 1.7f);
    return 0;
}

/* Each of several videos has the bits of a run of its own, whatever the ones before it left in memory. */
static void videos_do_not_know_each_other(void **state) {
    (void)state;
    for (int index = 0; index < I2V_REFERENCES; index++) {
        size_t first = 0;
        i2v_params params = small_params();
        params.random = draw_from;
        params.random_user = &first;
        params.num_videos = 3;
        i2v_video *all = generate(shared[index], picture, &params);
        size_t frames = frames_count(all) / 3, latents = latents_count(all) / 3;
        params.num_videos = 1;
        for (size_t i = 0; i < 3; i++) {
            first = i * latents;
            i2v_video *alone = generate(shared[index], picture, &params);
            assert_int_equal(latents_count(alone), latents);
            assert_memory_equal(all->latents + i * latents, alone->latents, latents * sizeof(float));
            assert_memory_equal(all->frames + i * frames, alone->frames, frames * sizeof(float));
            i2v_video_free(alone);
        }
        i2v_video_free(all);
    }
}

/* Calls of one engine with other pictures, conditions, sizes and guidance have the bits of engines of their own. */
static void calls_do_not_know_each_other(void **state) {
    (void)state;
    i2v_params calls[4] = {small_params(), small_params(), small_params(), small_params()};
    calls[1].fps = 24;
    calls[1].motion_bucket_id = 20;
    calls[2].num_frames = 2;
    calls[2].max_guidance_scale = 1;
    i2v_image *dark = NULL;
    assert_int_equal(i2v_image_new(&dark, 30, 20, NULL), I2V_OK);
    memset(dark->pixels, 7, 30 * 20 * 3);
    const i2v_image *images[4] = {picture, picture, picture, dark};
    i2v_video *videos[4];
    for (int i = 0; i < 4; i++) videos[i] = generate(shared[0], images[i], &calls[i]);
    for (int i = 0; i < 4; i++) {
        i2v_reference reference = i2v_reference_at(0);
        i2v_engine *engine = i2v_reference_engine(&reference, 2);
        i2v_video *fresh = generate(engine, images[i], &calls[i]);
        assert_true(same_bits(videos[i], fresh));
        i2v_video_free(fresh);
        i2v_video_free(videos[i]);
        i2v_close(engine);
    }
    i2v_image_free(dark);
}

typedef struct {
    i2v_engine *engine;
    i2v_video *videos[3];
} worker;

static void *work(void *user) {
    worker *w = user;
    i2v_params params = small_params();
    for (int i = 0; i < 3; i++) {
        params.seed = (uint64_t)i;
        if (i2v_generate(w->engine, picture, &params, &w->videos[i])) return NULL;
    }
    return NULL;
}

static void two_engines_side_by_side(void **state) {
    (void)state;
    worker workers[2] = {{.engine = shared[0]}, {.engine = shared[1]}};
    pthread_t threads[2];
    for (int i = 0; i < 2; i++) assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
    for (int i = 0; i < 2; i++) assert_int_equal(pthread_join(threads[i], NULL), 0);
    for (int i = 0; i < 2; i++) {
        i2v_params params = small_params();
        for (int k = 0; k < 3; k++) {
            params.seed = (uint64_t)k;
            assert_non_null(workers[i].videos[k]);
            expect_same(i, &params, workers[i].videos[k]);
            i2v_video_free(workers[i].videos[k]);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(several_videos_share_two_draws), cmocka_unit_test(several_videos),
        cmocka_unit_test(videos_do_not_know_each_other),  cmocka_unit_test(calls_do_not_know_each_other),
        cmocka_unit_test(two_engines_side_by_side),
    };
    return cmocka_run_group_tests_name("pipeline_several", tests, open_shared, close_shared);
}
