/* What changes the bits of a video, and what does not. */
#include "recorder.h"

#include <math.h>
#include <stdlib.h>

/* The largest difference that rounding makes between frames; test_pipeline.c says why. */
static const double FRAME_TOLERANCE = 5e-5;

static void threads_and_repetition_change_nothing(void **state) {
    (void)state;
    for (int i = 0; i < I2V_REFERENCES; i++) {
        i2v_params params = small_params();
        i2v_video *first = generate(shared[i], picture, &params);
        expect_same(i, &params, first);
        for (int threads = 1; threads <= 3; threads += 2) {
            i2v_reference reference = i2v_reference_at(i);
            i2v_engine *engine = i2v_reference_engine(&reference, threads);
            i2v_video *video = generate(engine, picture, &params);
            assert_true(same_bits(video, first));
            i2v_video_free(video);
            i2v_close(engine);
        }
        i2v_video_free(first);
    }
}

static void every_parameter_has_effect(void **state) {
    (void)state;
    i2v_params base = small_params(), params;
    i2v_video *video = generate(shared[1], picture, &base);
#define EXPECT_EFFECT(field, value)                                                                                    \
    do {                                                                                                               \
        params = base;                                                                                                 \
        params.field = value;                                                                                          \
        expect_other(1, &params, video);                                                                               \
    } while (0)
    EXPECT_EFFECT(seed, 6);
    EXPECT_EFFECT(rng, I2V_RNG_TORCH);
    EXPECT_EFFECT(fps, 8);
    EXPECT_EFFECT(motion_bucket_id, 126);
    EXPECT_EFFECT(noise_aug_strength, 0.03);
    EXPECT_EFFECT(num_inference_steps, 3);
    EXPECT_EFFECT(min_guidance_scale, 1.1);
    EXPECT_EFFECT(max_guidance_scale, 3.1);
    EXPECT_EFFECT(fit, I2V_FIT_STRETCH);
    EXPECT_EFFECT(fit, I2V_FIT_PAD);
    EXPECT_EFFECT(fit, I2V_FIT_DIFFUSERS);
    EXPECT_EFFECT(fit, I2V_FIT_COMFYUI);
    EXPECT_EFFECT(noise_aug, I2V_NOISE_AUG_COMFYUI);
    EXPECT_EFFECT(decode_chunk_size, 1);
    EXPECT_EFFECT(scheduler, I2V_SCHEDULER_ANIMATELCM);
    EXPECT_EFFECT(guidance_shape, I2V_GUIDANCE_TRIANGLE);
    EXPECT_EFFECT(guidance_interval, "0:100");
    EXPECT_EFFECT(guidance_every, 2);
    i2v_video_free(video);
    base.num_inference_steps = 3; /* Karras' and exponential levels have the same ends */
    video = generate(shared[1], picture, &base);
    EXPECT_EFFECT(sigma_schedule, I2V_SIGMA_SCHEDULE_EXPONENTIAL);
    EXPECT_EFFECT(sigma_schedule, I2V_SIGMA_SCHEDULE_UNIFORM);
    EXPECT_EFFECT(sigma_schedule, I2V_SIGMA_SCHEDULE_AYS);
    params = base;
    params.sigma_schedule = I2V_SIGMA_SCHEDULE_KARRAS; /* what the model says anyway */
    expect_same(1, &params, video);
    i2v_video_free(video);
}

static void pictures_are_fitted(void **state) {
    (void)state;
    i2v_params params = small_params();
    for (i2v_fit fit = I2V_FIT_CROP; fit <= I2V_FIT_STRETCH; fit++) {
        i2v_image *fitted = NULL;
        params.fit = fit;
        assert_int_equal(i2v_image_resize(&fitted, picture, params.width, params.height, fit, NULL), I2V_OK);
        i2v_video *video = generate(shared[0], fitted, &params);
        expect_same(0, &params, video);
        i2v_video_free(video);
        i2v_image_free(fitted);
    }
}

/* A picture's values as planes [3, height, width] of 0..1. */
static float *planes_of(const i2v_image *image) {
    size_t count = (size_t)image->width * (size_t)image->height;
    float *planes = malloc(3 * count * sizeof *planes);
    assert_non_null(planes);
    for (size_t i = 0; i < 3 * count; i++) planes[i % 3 * count + i / 3] = (float)image->pixels[i] / 255.0f;
    return planes;
}

/* CLIP sees a picture of its own size as it is, but for the last bits of a filter. */
static void pixels_of_the_callers_own(void **state) {
    (void)state;
    enum { SIDE = 224 };
    i2v_params params = small_params();
    params.fit = I2V_FIT_DIFFUSERS;
    i2v_image *fitted = NULL, *square = NULL;
    assert_int_equal(i2v_image_resize(&fitted, picture, params.width, params.height, params.fit, NULL), I2V_OK);
    assert_int_equal(i2v_image_resize(&square, picture, SIDE, SIDE, params.fit, NULL), I2V_OK);
    float *vae = planes_of(fitted), *clip = planes_of(square);
    i2v_video *of_picture = generate(shared[0], picture, &params), *own = NULL;
    params.vae_pixels = vae;
    expect_same(0, &params, of_picture);
    own = generate(shared[0], square, &params);
    params.clip_pixels = clip;
    i2v_video *both = generate(shared[0], picture, &params);
    assert_false(same_bits(own, of_picture));
    for (size_t i = 0; i < frames_count(own); i++) assert_true(fabsf(own->frames[i] - both->frames[i]) < 1e-5f);
    params.extend = 1;
    i2v_video *clips = generate(shared[0], picture, &params);
    assert_memory_equal(clips->frames, both->frames, frames_count(both) * sizeof(float));
    params.extend = 0;
    clip[7] = NAN;
    expect_refused(&params, "clip_pixels has the value nan");
    clip[7] = 0;
    vae[0] = 1.5f;
    expect_refused(&params, "vae_pixels has the value 1.5");
    i2v_video *videos[] = {of_picture, own, both, clips};
    for (size_t i = 0; i < sizeof videos / sizeof *videos; i++) i2v_video_free(videos[i]);
    free(vae);
    free(clip);
    i2v_image_free(fitted);
    i2v_image_free(square);
}

static double largest_difference(const float *a, const float *b, size_t count) {
    double largest = 0;
    for (size_t i = 0; i < count; i++) {
        double difference = fabs((double)a[i] - (double)b[i]);
        if (difference > largest) largest = difference; /* fmax here crashes GCC 12 for AArch64 */
    }
    return largest;
}

/* One pass a step and two agree where the weight is next to 1: 1e-6 of weight moves a frame by some 1e-6, and by the
 * rounding that FRAME_TOLERANCE allows. */
static void no_guidance(void **state) {
    (void)state;
    i2v_params params = small_params();
    params.min_guidance_scale = params.max_guidance_scale = 1;
    i2v_video *without = generate(shared[0], picture, &params);
    params.min_guidance_scale = params.max_guidance_scale = 1 + 1e-6;
    i2v_video *barely = generate(shared[0], picture, &params);
    params.max_guidance_scale = 3;
    i2v_video *with = generate(shared[0], picture, &params);
    size_t count = frames_count(without);
    assert_true(largest_difference(without->frames, barely->frames, count) < 2 * FRAME_TOLERANCE);
    assert_true(largest_difference(without->frames, with->frames, count) > 1e-2);
    i2v_video_free(without);
    i2v_video_free(barely);
    i2v_video_free(with);
}

/* Its guidance weight is min_guidance_scale; diffusers fails where that and max_guidance_scale disagree about 1. */
static void one_frame(void **state) {
    (void)state;
    i2v_params params = small_params();
    params.num_frames = 1;
    i2v_video *without = generate(shared[0], picture, &params);
    assert_int_equal(without->num_frames, 1);
    expect_sound(without);
    params.min_guidance_scale = 0.5; /* would show if it were applied */
    expect_same(0, &params, without);
    params.max_guidance_scale = 1;
    expect_same(0, &params, without);
    params.min_guidance_scale = 2;
    i2v_video *with = generate(shared[0], picture, &params);
    params.max_guidance_scale = 3;
    expect_same(0, &params, with);
    assert_false(same_bits(with, without));
    i2v_video_free(without);
    i2v_video_free(with);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_and_repetition_change_nothing),
        cmocka_unit_test(every_parameter_has_effect),
        cmocka_unit_test(pictures_are_fitted),
        cmocka_unit_test(pixels_of_the_callers_own),
        cmocka_unit_test(no_guidance),
        cmocka_unit_test(one_frame),
    };
    return cmocka_run_group_tests_name("pipeline_effects", tests, open_shared, close_shared);
}
