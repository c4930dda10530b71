/* The library through its public header: videos against diffusers', and what the header promises about calls. */
#include "img2vid/img2vid.h"

#include "reference.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* The project's bar is 1e-4 in frames of 0..1. Measured are 2e-5 and less: the sampler starts at sigma 700, which makes
 * a UNet error of 2e-6 some times larger; twice that is room for other CPUs. */
static const double FRAME_TOLERANCE = 5e-5;
static const double LATENT_TOLERANCE = 5e-5;

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* ---- small runs ------------------------------------------------------------------------------------------------- */

static i2v_engine *shared[I2V_REFERENCES]; /* opened once: most tests are about calls */
static i2v_image *picture;                 /* 30 x 20 */

static int open_shared(void **state) {
    (void)state;
    for (int i = 0; i < I2V_REFERENCES; i++) {
        i2v_reference reference = i2v_reference_at(i);
        shared[i] = i2v_reference_engine(&reference, 2);
    }
    assert_int_equal(i2v_image_new(&picture, 30, 20, NULL), I2V_OK);
    for (int i = 0; i < 30 * 20 * 3; i++) picture->pixels[i] = (uint8_t)(i * i / 7 % 256);
    return 0;
}

static int close_shared(void **state) {
    (void)state;
    for (int i = 0; i < I2V_REFERENCES; i++) i2v_close(shared[i]);
    i2v_image_free(picture);
    return 0;
}

/* As little as has everything in it: three frames in chunks of two, two steps, guidance. */
static i2v_params small_params(void) {
    i2v_params params;
    i2v_params_default(&params);
    params.width = 16;
    params.height = 8;
    params.num_frames = 3;
    params.num_inference_steps = 2;
    params.decode_chunk_size = 2;
    params.seed = 5;
    return params;
}

static i2v_video *generate(i2v_engine *engine, const i2v_image *image, const i2v_params *params) {
    i2v_video *video = NULL;
    i2v_status status = i2v_generate(engine, image, params, &video);
    if (status) fail_msg("status %d: %s", status, i2v_error_message(engine));
    assert_non_null(video);
    assert_string_equal(i2v_error_message(engine), "");
    return video;
}

static size_t frames_count(const i2v_video *video) {
    return (size_t)video->num_videos * (size_t)video->num_frames * (size_t)video->height * (size_t)video->width * 3;
}

static size_t latents_count(const i2v_video *video) {
    return (size_t)video->num_videos * (size_t)video->num_frames * (size_t)video->latent_channels *
           (size_t)video->latent_height * (size_t)video->latent_width;
}

static int same_bits(const i2v_video *a, const i2v_video *b) {
    assert_int_equal(frames_count(a), frames_count(b));
    assert_int_equal(latents_count(a), latents_count(b));
    return memcmp(a->frames, b->frames, frames_count(a) * sizeof(float)) == 0 &&
           memcmp(a->latents, b->latents, latents_count(a) * sizeof(float)) == 0;
}

/* Makes a small video with these parameters; its bits must (or must not) be those of `other`. Frees nothing. */
static void expect_same(int index, const i2v_params *params, const i2v_video *other) {
    i2v_video *video = generate(shared[index], picture, params);
    assert_true(same_bits(video, other));
    i2v_video_free(video);
}

static void expect_other(int index, const i2v_params *params, const i2v_video *other) {
    i2v_video *video = generate(shared[index], picture, params);
    assert_false(same_bits(video, other));
    i2v_video_free(video);
}

static void expect_sound(const i2v_video *video) {
    for (size_t i = 0; i < frames_count(video); i++) assert_true(video->frames[i] >= 0 && video->frames[i] <= 1);
    for (size_t i = 0; i < latents_count(video); i++) assert_true(isfinite(video->latents[i]));
}

/* ---- against diffusers ------------------------------------------------------------------------------------------ */

typedef struct {
    i2v_reference reference;
    i2v_weights *tensors;
    size_t latents_count;
    int steps_seen;
} reference_run;

static int compare_step(const i2v_event *event, void *user) {
    reference_run *run = user;
    if (!event->latents) {
        assert_true(event->timestep == 0);
        return 0;
    }
    float *timesteps = i2v_reference_values(run->tensors, "timesteps", 3);
    assert_float_equal(event->timestep, timesteps[event->step - 1], 1e-6);
    free(timesteps);
    char name[32];
    snprintf(name, sizeof name, "latents.%d", event->step - 1);
    float *wanted = i2v_reference_values(run->tensors, name, run->latents_count);
    assert_int_equal(event->latents_count, run->latents_count);
    i2v_expect_close(name, event->latents, wanted, run->latents_count, LATENT_TOLERANCE);
    free(wanted);
    run->steps_seen++;
    return 0;
}

static reference_run open_run(int index) {
    reference_run run = {.reference = i2v_reference_at(index)};
    const i2v_reference *r = &run.reference;
    run.tensors = i2v_reference_open(r);
    run.latents_count = (size_t)(r->num_frames * r->latent_channels * r->latent_height * r->latent_width);
    return run;
}

/* The run's picture, seed and parameters; *steps are the sampler's steps that were compared. */
static i2v_video *generate_reference(reference_run *run, i2v_engine *engine, const i2v_params *params) {
    i2v_image *image = i2v_reference_picture(run->tensors, &run->reference);
    i2v_params with_events = *params;
    with_events.on_event = compare_step;
    with_events.user = run;
    run->steps_seen = 0;
    i2v_video *video = generate(engine, image, &with_events);
    assert_int_equal(run->steps_seen, 3);
    i2v_image_free(image);
    return video;
}

static void expect_reference(const reference_run *run, const i2v_video *video) {
    float *latents = i2v_reference_values(run->tensors, "latents.2", latents_count(video));
    float *frames = i2v_reference_values(run->tensors, "frames", frames_count(video));
    i2v_expect_close("latents", video->latents, latents, latents_count(video), LATENT_TOLERANCE);
    i2v_expect_close("frames", video->frames, frames, frames_count(video), FRAME_TOLERANCE);
    free(latents);
    free(frames);
}

static void videos_of_reference_runs(void **state) {
    (void)state;
    for (int i = 0; i < I2V_REFERENCES; i++) {
        reference_run run = open_run(i);
        i2v_video *video = generate_reference(&run, shared[i], &run.reference.params);
        assert_int_equal(video->num_videos, 1);
        assert_int_equal(video->num_frames, run.reference.num_frames);
        assert_int_equal(video->latent_channels, run.reference.latent_channels);
        assert_int_equal(video->latent_height, run.reference.latent_height);
        assert_int_equal(video->latent_width, run.reference.latent_width);
        assert_int_equal(video->fps, run.reference.params.fps);
        expect_reference(&run, video);
        expect_sound(video);
        i2v_video_free(video);
        i2v_weights_close(run.tensors);
    }
}

/* Between operations 8 bits are kept: off by about a hundredth of the largest value after three steps, and by no more
 * on average than a tenth of that; never equal to f32. The same bits with any number of threads. */
static void bf16_is_near_and_steady(void **state) {
    (void)state;
    for (int i = 0; i < I2V_REFERENCES; i++) {
        i2v_reference reference = i2v_reference_at(i);
        i2v_weights *tensors = i2v_reference_open(&reference);
        i2v_image *image = i2v_reference_picture(tensors, &reference);
        i2v_video *videos[2];
        for (int threads = 1; threads <= 2; threads++) {
            i2v_options options;
            i2v_options_default(&options);
            options.dtype = I2V_DTYPE_BF16;
            options.threads = threads;
            i2v_engine *engine = NULL;
            assert_int_equal(i2v_open(&engine, reference.model, &options), I2V_OK);
            videos[threads - 1] = generate(engine, image, &reference.params);
            i2v_close(engine);
        }
        size_t count = frames_count(videos[0]);
        float *frames = i2v_reference_values(tensors, "frames", count);
        double sum = 0;
        for (size_t k = 0; k < count; k++) sum += fabs((double)videos[0]->frames[k] - frames[k]);
        assert_true(sum / (double)count < 0.005);
        i2v_expect_close("frames in bf16", videos[0]->frames, frames, count, 0.05);
        assert_true(same_bits(videos[0], videos[1]));
        assert_memory_not_equal(videos[0]->frames, frames, count * sizeof(float));
        for (int k = 0; k < 2; k++) i2v_video_free(videos[k]);
        free(frames);
        i2v_image_free(image);
        i2v_weights_close(tensors);
    }
}

/* The reference's noise, given as latents or by the caller's own source, takes the place of the seed. */
typedef struct {
    const float *augmentation, *latents;
    size_t augmentation_count, latents_count;
    int draws;
} replay;

static int draw_replay(float *values, size_t count, void *user) {
    replay *noise = user;
    const float *from = noise->draws == 0 ? noise->augmentation : noise->latents;
    assert_int_equal(count, noise->draws == 0 ? noise->augmentation_count : noise->latents_count);
    assert_true(noise->draws < 2);
    noise->draws++;
    memcpy(values, from, count * sizeof *values);
    return 0;
}

static void noise_of_reference_runs(void **state) {
    (void)state;
    for (int i = 0; i < I2V_REFERENCES; i++) {
        reference_run run = open_run(i);
        i2v_params params = run.reference.params;
        i2v_video *seeded = generate_reference(&run, shared[i], &params);
        replay noise = {.augmentation_count = frames_count(seeded) / (size_t)seeded->num_frames,
                        .latents_count = latents_count(seeded)};
        float *augmentation = i2v_reference_values(run.tensors, "augmentation_noise", noise.augmentation_count);
        float *latents = i2v_reference_values(run.tensors, "noise", noise.latents_count);
        noise.augmentation = augmentation;
        noise.latents = latents;

        params.latents = latents;
        i2v_video *given = generate_reference(&run, shared[i], &params);
        params.latents = NULL;
        params.random = draw_replay;
        params.random_user = &noise;
        i2v_video *drawn = generate_reference(&run, shared[i], &params);
        assert_int_equal(noise.draws, 2);
        expect_reference(&run, given);
        expect_reference(&run, drawn);
        /* NumPy's normals are ours bit for bit; PyTorch's are not, in the last places */
        if (params.rng == I2V_RNG_NUMPY) assert_true(same_bits(given, seeded) && same_bits(drawn, seeded));
        i2v_video_free(seeded);
        i2v_video_free(given);
        i2v_video_free(drawn);
        free(augmentation);
        free(latents);
        i2v_weights_close(run.tensors);
    }
}

/* The same noise levels, given one by one. */
static void levels_of_a_reference_run(void **state) {
    (void)state;
    reference_run run = open_run(0);
    i2v_params params = run.reference.params;
    i2v_video *video = generate_reference(&run, shared[0], &params);
    float *levels = i2v_reference_values(run.tensors, "sigmas", 4);
    params.sigmas = (double[]){(double)levels[0], (double)levels[1], (double)levels[2], (double)levels[3]};
    params.sigmas_count = 4;
    params.num_inference_steps = 999; /* not looked at */
    i2v_video *other = generate_reference(&run, shared[0], &params);
    assert_true(same_bits(video, other));
    free(levels);
    i2v_video_free(video);
    i2v_video_free(other);
    i2v_weights_close(run.tensors);
}

/* ---- what changes the bits, and what does not ------------------------------------------------------------------- */

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

static void chunks_of_the_feed_forward_change_nothing(void **state) {
    (void)state;
    i2v_params params = small_params();
    i2v_video *video = generate(shared[0], picture, &params);
    params.forward_chunk_size = 1;
    expect_same(0, &params, video);
    params.forward_chunk_size = 7;
    expect_same(0, &params, video);
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

/* ---- several videos, one frame, no guidance --------------------------------------------------------------------- */

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

/* ---- decoding again --------------------------------------------------------------------------------------------- */

static i2v_status decode(i2v_engine *engine, const i2v_video *of, int index, const i2v_params *params,
                         i2v_video **out) {
    size_t size = latents_count(of) / (size_t)of->num_videos;
    return i2v_decode(engine, of->latents + (size_t)index * size, of->num_frames, of->latent_height, of->latent_width,
                      params, out);
}

static void decoding_again_gives_the_same_frames(void **state) {
    (void)state;
    for (int i = 0; i < I2V_REFERENCES; i++) {
        i2v_params params = small_params(), for_decode;
        params.num_videos = 2;
        i2v_video *video = generate(shared[i], picture, &params), *again = NULL;
        i2v_params_default(&for_decode);
        for_decode.decode_chunk_size = params.decode_chunk_size;
        for_decode.fps = 13;
        size_t frames = frames_count(video) / 2;
        for (int index = 0; index < 2; index++) {
            assert_int_equal(decode(shared[i], video, index, &for_decode, &again), I2V_OK);
            assert_int_equal(again->num_videos, 1);
            assert_int_equal(again->fps, 13);
            assert_int_equal(again->height, video->height);
            assert_int_equal(again->width, video->width);
            assert_memory_equal(again->frames, video->frames + (size_t)index * frames, frames * sizeof(float));
            i2v_video_free(again);
        }
        for_decode.decode_chunk_size = 0;
        assert_int_equal(decode(shared[i], video, 0, &for_decode, &again), I2V_OK);
        assert_memory_not_equal(again->frames, video->frames, frames * sizeof(float));
        i2v_video_free(again);
        i2v_video_free(video);
    }
}

/* ---- events ----------------------------------------------------------------------------------------------------- */

#define MAX_EVENTS 400

typedef struct {
    i2v_event events[MAX_EVENTS];
    int count;
    int cancel_at;        /* index of the event that cancels; -1: none */
    i2v_engine *cancel;   /* cancelled with i2v_cancel there, if not NULL */
    int clear_latents_at; /* the denoising step after which latents become zero; 0: none */
} recorder;

static int record(const i2v_event *event, void *user) {
    recorder *r = user;
    if (event->steps_done > event->step) return 0; /* of a slow machine; test_progress.c */
    assert_true(r->count < MAX_EVENTS);
    r->events[r->count++] = *event;
    if (r->clear_latents_at && event->latents && event->step == r->clear_latents_at) {
        memset(event->latents, 0, event->latents_count * sizeof *event->latents);
    }
    if (r->count - 1 != r->cancel_at) return 0;
    if (!r->cancel) return 1;
    i2v_cancel(r->cancel);
    return 0;
}

static i2v_params recorded_params(recorder *r, int cancel_at) {
    *r = (recorder){.cancel_at = cancel_at};
    i2v_params params = small_params();
    params.num_videos = 2;
    params.on_event = record;
    params.user = r;
    return params;
}

/* "E0/2 E1/2 ..." of all events but those of loading, which come as "L" once a part. */
static void write_events(const recorder *r, char *text, size_t size) {
    size_t used = 0;
    text[0] = '\0';
    for (int i = 0; i < r->count && used < size; i++) {
        const i2v_event *e = &r->events[i];
        if (e->phase == I2V_PHASE_LOAD) {
            if (e->step == 0) used += (size_t)snprintf(text + used, size - used, "L ");
            continue;
        }
        const char *phase = e->phase == I2V_PHASE_ENCODE ? "E" : e->phase == I2V_PHASE_DENOISE ? "N" : "D";
        used += (size_t)snprintf(text + used, size - used, "%s%d:%d/%d ", phase, e->video, e->step, e->steps);
    }
}

static void events_come_in_order(void **state) {
    (void)state;
    recorder r;
    i2v_params params = recorded_params(&r, -1);
    i2v_video *video = generate(shared[0], picture, &params);
    char text[1024];
    write_events(&r, text, sizeof text);
    assert_string_equal(text, "L E0:0/2 E0:1/2 L E0:1/2 E0:2/2 L N0:0/2 N0:1/2 N0:2/2 N1:0/2 N1:1/2 N1:2/2 "
                              "L D0:0/3 D0:2/3 D0:3/3 D1:0/3 D1:2/3 D1:3/3 ");
    for (int i = 0; i < r.count; i++) {
        const i2v_event *e = &r.events[i];
        int is_step = e->phase == I2V_PHASE_DENOISE && e->step > 0;
        assert_int_equal(e->num_videos, 2);
        assert_true(e->seconds >= 0 && e->seconds < 600);
        assert_true(e->step >= 0 && e->step <= e->steps);
        assert_true(e->memory < (uint64_t)1 << 30);
        if (e->phase != I2V_PHASE_LOAD) assert_true(e->memory > 500000); /* a part's weights and tensors */
        assert_int_equal(e->latents != NULL, is_step);
        assert_int_equal(e->latents_count, is_step ? latents_count(video) / 2 : 0);
    }
    i2v_video_free(video);
}

static void events_of_decode(void **state) {
    (void)state;
    recorder r;
    i2v_params params = recorded_params(&r, -1);
    params.on_event = NULL;
    i2v_video *video = generate(shared[0], picture, &params), *again = NULL;
    params.on_event = record;
    assert_int_equal(decode(shared[0], video, 1, &params, &again), I2V_OK);
    char text[1024];
    write_events(&r, text, sizeof text);
    assert_string_equal(text, "L D0:0/3 D0:2/3 D0:3/3 ");
    for (int i = 0; i < r.count; i++) assert_int_equal(r.events[i].num_videos, 1);
    i2v_video_free(again);
    recorded_params(&r, 1);
    assert_int_equal(decode(shared[0], video, 1, &params, &again), I2V_CANCELLED);
    assert_null(again);
    i2v_video_free(video);
}

static void changed_latents_have_effect(void **state) {
    (void)state;
    recorder r;
    i2v_params params = recorded_params(&r, -1);
    i2v_video *untouched = generate(shared[0], picture, &params);
    params = recorded_params(&r, -1);
    r.clear_latents_at = 1;
    i2v_video *early = generate(shared[0], picture, &params);
    assert_false(same_bits(early, untouched));
    params = recorded_params(&r, -1);
    r.clear_latents_at = 2;
    i2v_video *last = generate(shared[0], picture, &params), *zero = NULL;
    for (size_t i = 0; i < latents_count(last); i++) assert_true(last->latents[i] == 0);
    params.on_event = NULL;
    assert_int_equal(decode(shared[0], last, 1, &params, &zero), I2V_OK);
    assert_memory_equal(zero->frames, last->frames, frames_count(zero) * sizeof(float));
    i2v_video_free(untouched);
    i2v_video_free(early);
    i2v_video_free(last);
    i2v_video_free(zero);
}

/* ---- cancelling ------------------------------------------------------------------------------------------------- */

static void expect_cancelled(i2v_engine *engine, const i2v_params *params) {
    i2v_video *video = (i2v_video *)&video;
    assert_int_equal(i2v_generate(engine, picture, params, &video), I2V_CANCELLED);
    assert_null(video);
    assert_string_equal(i2v_error_message(engine), "cancelled");
}

/* By the callback's answer and by i2v_cancel, at every event there is: nothing comes after it, and the next call, which
 * gets one event further, is not concerned. */
static void cancelling_at_every_event(void **state) {
    (void)state;
    recorder r;
    i2v_params params = recorded_params(&r, -1);
    i2v_video *video = generate(shared[0], picture, &params);
    int events = r.count, phases[4] = {0};
    for (int i = 0; i < events; i++) {
        params = recorded_params(&r, i);
        if (i % 2) r.cancel = shared[0];
        expect_cancelled(shared[0], &params);
        assert_int_equal(r.count, i + 1);
        phases[r.events[i].phase]++;
    }
    for (int phase = 0; phase < 4; phase++) assert_true(phases[phase] >= 2);
    params = recorded_params(&r, -1);
    expect_same(0, &params, video);
    i2v_video_free(video);
}

static void cancelling_before_a_call(void **state) {
    (void)state;
    recorder r;
    i2v_params params = recorded_params(&r, -1);
    i2v_cancel(shared[0]);
    expect_cancelled(shared[0], &params);
    assert_int_equal(r.count, 0);
    i2v_video *video = generate(shared[0], picture, &params), *again = NULL;
    i2v_cancel(shared[0]);
    assert_int_equal(decode(shared[0], video, 0, &params, &again), I2V_CANCELLED);
    assert_null(again);
    assert_int_equal(decode(shared[0], video, 0, &params, &again), I2V_OK);
    i2v_video_free(again);
    i2v_video_free(video);
    i2v_cancel(NULL);
}

static void *cancel_soon(void *engine) {
    struct timespec pause = {.tv_nsec = 100 * 1000 * 1000};
    nanosleep(&pause, NULL);
    i2v_cancel(engine);
    return NULL;
}

static void cancelling_from_another_thread(void **state) {
    (void)state;
    i2v_params params = small_params();
    params.num_inference_steps = 10000;
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, cancel_soon, shared[0]), 0);
    expect_cancelled(shared[0], &params);
    pthread_join(thread, NULL);
}

/* ---- two engines ------------------------------------------------------------------------------------------------ */

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

/* ---- memory ----------------------------------------------------------------------------------------------------- */

/* The pool of every stage is as large as the plan says, so a pass that took more would fail. */
static void plans_hold_at_every_size(void **state) {
    (void)state;
    static const int sizes[][4] = {/* width, height, frames, chunk */
                                   {8, 8, 1, 0},   {8, 8, 5, 1},   {16, 8, 2, 2}, {8, 24, 4, 3},
                                   {24, 40, 2, 1}, {56, 16, 1, 0}, {16, 16, 7, 0}};
    for (int i = 0; i < I2V_REFERENCES; i++) {
        for (size_t k = 0; k < COUNT(sizes); k++) {
            i2v_params params = small_params();
            params.width = sizes[k][0];
            params.height = sizes[k][1];
            params.num_frames = sizes[k][2];
            params.decode_chunk_size = sizes[k][3];
            params.num_inference_steps = 1;
            params.max_guidance_scale = k % 2 ? 1 : 3;
            i2v_video *video = generate(shared[i], picture, &params);
            assert_int_equal(video->width, params.width);
            assert_int_equal(video->height, params.height);
            expect_sound(video);
            i2v_video_free(video);
        }
    }
}

static i2v_status generate_within(uint64_t bytes, const i2v_params *params, char *message, size_t size) {
    i2v_options options;
    i2v_options_default(&options);
    options.threads = 2;
    options.max_memory = bytes;
    i2v_engine *engine = NULL;
    i2v_video *video = NULL;
    assert_int_equal(i2v_open(&engine, i2v_reference_at(0).model, &options), I2V_OK);
    i2v_status status = i2v_generate(engine, picture, params, &video);
    assert_int_equal(status == I2V_OK, video != NULL);
    snprintf(message, size, "%s", i2v_error_message(engine));
    i2v_video_free(video);
    i2v_close(engine);
    return status;
}

static void too_little_memory(void **state) {
    (void)state;
    recorder r;
    char message[I2V_ERROR_MESSAGE_SIZE];
    i2v_params params = recorded_params(&r, -1);
    assert_int_equal(generate_within((uint64_t)1 << 30, &params, message, sizeof message), I2V_OK);
    r.count = 0;
    assert_int_equal(generate_within(1, &params, message, sizeof message), I2V_ERROR_MEMORY);
    assert_non_null(strstr(message, "max_memory"));
    assert_int_equal(r.count, 0); /* before any work */
    /* decoding all frames together takes most; the message says how to take less */
    params.width = params.height = 96;
    params.num_frames = 16;
    params.num_videos = 1;
    params.num_inference_steps = 1;
    params.decode_chunk_size = 0;
    uint64_t budget = (uint64_t)100 << 20;
    assert_int_equal(generate_within(budget, &params, message, sizeof message), I2V_ERROR_MEMORY);
    assert_non_null(strstr(message, "decode_chunk_size"));
    assert_non_null(strstr(message, "VAE decoder"));
    params.decode_chunk_size = 1;
    recorded_params(&r, 0); /* the plan fits: the run begins */
    assert_int_equal(generate_within(budget, &params, message, sizeof message), I2V_CANCELLED);
    params.num_frames = 4096;
    params.width = params.height = 8192;
    assert_int_equal(generate_within(0, &params, message, sizeof message), I2V_ERROR_MEMORY);
    assert_non_null(strstr(message, "num_frames"));
}

/* ---- wrong parameters ------------------------------------------------------------------------------------------- */

static void expect_refused(const i2v_params *params, const char *name) {
    i2v_video *video = (i2v_video *)&video;
    recorder r;
    recorded_params(&r, -1);
    i2v_params with_events = *params;
    with_events.on_event = record;
    with_events.user = &r;
    i2v_status status = i2v_generate(shared[0], picture, &with_events, &video);
    const char *message = i2v_error_message(shared[0]);
    if (status != I2V_ERROR_PARAMETER || !strstr(message, name)) fail_msg("%s: %d, \"%s\"", name, status, message);
    assert_null(video);
    assert_int_equal(r.count, 0); /* before any work */
}

#define EXPECT_REFUSED(field, value)                                                                                   \
    do {                                                                                                               \
        i2v_params wrong = small_params();                                                                             \
        wrong.field = value;                                                                                           \
        expect_refused(&wrong, #field);                                                                                \
    } while (0)

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

static void wrong_integers(void **state) {
    (void)state;
    EXPECT_REFUSED(width, 12);
    EXPECT_REFUSED(width, 4);
    EXPECT_REFUSED(width, -8);
    EXPECT_REFUSED(width, 8200);
    EXPECT_REFUSED(width, INT32_MAX);
    EXPECT_REFUSED(height, 1);
    EXPECT_REFUSED(height, INT32_MIN);
    EXPECT_REFUSED(height, INT32_MAX);
    EXPECT_REFUSED(num_frames, -1);
    EXPECT_REFUSED(num_frames, INT32_MAX);
    EXPECT_REFUSED(num_videos, 0);
    EXPECT_REFUSED(num_videos, -3);
    EXPECT_REFUSED(num_videos, INT32_MAX);
    EXPECT_REFUSED(num_inference_steps, 0);
    EXPECT_REFUSED(num_inference_steps, -1);
    EXPECT_REFUSED(num_inference_steps, INT32_MAX);
    EXPECT_REFUSED(fps, 0);
    EXPECT_REFUSED(fps, -7);
    EXPECT_REFUSED(fps, INT32_MIN);
    EXPECT_REFUSED(motion_bucket_id, -1);
    EXPECT_REFUSED(motion_bucket_id, INT32_MAX);
    EXPECT_REFUSED(decode_chunk_size, -1);
    EXPECT_REFUSED(forward_chunk_size, -1);
    EXPECT_REFUSED(fit, (i2v_fit)7);
    EXPECT_REFUSED(rng, (i2v_rng)7);
    EXPECT_REFUSED(scheduler, (i2v_scheduler)7);
    EXPECT_REFUSED(sigma_schedule, (i2v_sigma_schedule)7);
    EXPECT_REFUSED(guidance_shape, (i2v_guidance_shape)7);
}

static void wrong_numbers(void **state) {
    (void)state;
    static const double values[] = {NAN, INFINITY, -INFINITY, -0.5, 1e30};
    for (size_t i = 0; i < COUNT(values); i++) {
        EXPECT_REFUSED(min_guidance_scale, values[i]);
        EXPECT_REFUSED(max_guidance_scale, values[i]);
        EXPECT_REFUSED(noise_aug_strength, values[i]);
    }
}

static void wrong_levels(void **state) {
    (void)state;
    static const struct {
        double values[3];
        size_t count;
    } wrong[] = {
        {{0}, 0},
        {{1}, 1},
        {{1, 2, 0}, 3},
        {{3, 3, 0}, 3},
        {{3, 0, 0}, 3},
        {{3, -1, -2}, 3},
        {{3, 1, -1}, 3},
        {{NAN, 1, 0}, 3},
        {{3, NAN, 0}, 3},
        {{3, 1, NAN}, 3},
        {{INFINITY, 1, 0}, 3},
        {{1e9, 1, 0}, 3},
        {{3, 1, 0}, SIZE_MAX},
    };
    for (size_t i = 0; i < COUNT(wrong); i++) {
        i2v_params params = small_params();
        params.sigmas = wrong[i].values;
        params.sigmas_count = wrong[i].count;
        expect_refused(&params, "sigmas");
    }
}

static int draw_nothing(float *values, size_t count, void *user) {
    (void)user;
    memset(values, 0, count * sizeof *values);
    return 1;
}

static int draw_infinity(float *values, size_t count, void *user) {
    (void)user;
    for (size_t i = 0; i < count; i++) values[i] = i + 1 < count ? 0 : INFINITY;
    return 0;
}

static void wrong_noise(void **state) {
    (void)state;
    EXPECT_REFUSED(random, draw_nothing);
    EXPECT_REFUSED(random, draw_infinity);
    float noise[3 * 4 * 1 * 2] = {0}; /* frames, channels, height, width */
    noise[23] = NAN;
    EXPECT_REFUSED(latents, noise);
}

static void wrong_parameters_of_decode(void **state) {
    (void)state;
    static const int wrong[][3] = {{0, 1, 1}, {-1, 1, 1},        {INT32_MAX, 1, 1}, {1, 0, 1},
                                   {1, 1, 0}, {1, INT32_MAX, 1}, {1, 1, -5}};
    float latents[4] = {0};
    i2v_params params = small_params();
    i2v_video *video = NULL;
    for (size_t i = 0; i < COUNT(wrong); i++) {
        const int *w = wrong[i];
        assert_int_equal(i2v_decode(shared[0], latents, w[0], w[1], w[2], &params, &video), I2V_ERROR_PARAMETER);
        const char *name = w[0] != 1 ? "num_frames" : w[1] != 1 ? "height" : "width";
        assert_non_null(strstr(i2v_error_message(shared[0]), name));
        assert_null(video);
    }
    params.decode_chunk_size = -1;
    assert_int_equal(i2v_decode(shared[0], latents, 1, 1, 1, &params, &video), I2V_ERROR_PARAMETER);
    assert_non_null(strstr(i2v_error_message(shared[0]), "decode_chunk_size"));
}

static void wrong_options(void **state) {
    (void)state;
    i2v_options good;
    i2v_options_default(&good);
    i2v_options wrong[5] = {good, good, good, good, good};
    static const char *const names[] = {"threads", "threads", "dtype", "variant", "variant"};
    wrong[0].threads = -1;
    wrong[1].threads = INT32_MAX;
    wrong[2].dtype = (i2v_dtype)9;
    wrong[3].variant = "../fp16";
    wrong[4].variant = "";
    for (int i = 0; i < 5; i++) {
        i2v_engine *engine = NULL;
        assert_int_equal(i2v_open(&engine, i2v_reference_at(0).model, &wrong[i]), I2V_ERROR_PARAMETER);
        assert_non_null(strstr(i2v_error_message(engine), names[i]));
        i2v_close(engine);
    }
}

/* ---- defaults and descriptions ---------------------------------------------------------------------------------- */

static void documented_defaults(void **state) {
    (void)state;
    i2v_params p;
    memset(&p, 0xff, sizeof p);
    i2v_params_default(&p);
    assert_true(p.width == 0 && p.height == 0 && p.num_frames == 0 && p.num_videos == 1);
    assert_true(p.num_inference_steps == 25 && !p.sigmas && p.fps == 7 && p.motion_bucket_id == 127);
    assert_true(p.min_guidance_scale == 1 && p.max_guidance_scale == 3 && p.noise_aug_strength == 0.02);
    assert_true(p.seed == 0 && p.rng == I2V_RNG_NUMPY && !p.random && !p.latents && p.fit == I2V_FIT_CROP);
    assert_true(p.decode_chunk_size == 0 && p.forward_chunk_size == 0 && !p.on_event);
    assert_true(p.scheduler == I2V_SCHEDULER_EULER && p.sigma_schedule == I2V_SIGMA_SCHEDULE_AUTO);
    assert_true(p.guidance_shape == I2V_GUIDANCE_LINEAR);
    i2v_options o;
    memset(&o, 0xff, sizeof o);
    i2v_options_default(&o);
    assert_true(!o.variant && o.dtype == I2V_DTYPE_AUTO && o.threads == 0 && o.max_memory == 0);
    assert_string_equal(i2v_version(), I2V_VERSION);
}

static void models_give_what_is_left_open(void **state) {
    (void)state;
    i2v_params params = small_params();
    params.width = params.height = params.num_frames = 0;
    params.num_inference_steps = 1;
    i2v_video *video = generate(shared[1], picture, &params);
    assert_true(video->width == 24 && video->height == 16 && video->num_frames == 3);
    i2v_video_free(video);
    i2v_model_info info;
    assert_int_equal(i2v_get_model_info(shared[1], &info), I2V_OK);
    assert_true(info.width == 24 && info.height == 16 && info.num_frames == 3);
    assert_true(info.latent_channels == 8 && info.vae_scale_factor == 2 && info.parts_count == 3);
    assert_string_equal(info.parts[0].dtype, "BF16");
    /* a scalar sample_size gives no size */
    assert_int_equal(i2v_get_model_info(shared[0], &info), I2V_OK);
    assert_true(info.width == 1024 && info.height == 576 && info.num_frames == 3);
    assert_true(info.latent_channels == 4 && info.vae_scale_factor == 8);
    assert_string_equal(info.parts[2].dtype, "F16");
    assert_string_equal(info.path, i2v_reference_at(0).model);
}

/* An engine that did not open answers, and closes. */
static void engines_that_did_not_open(void **state) {
    (void)state;
    i2v_engine *engine = NULL;
    i2v_model_info info;
    i2v_video *video = (i2v_video *)&video;
    i2v_params params = small_params();
    float latents[8] = {0};
    assert_int_equal(i2v_open(&engine, I2V_TEST_DATA "/no such model", NULL), I2V_ERROR_IO);
    assert_non_null(strstr(i2v_error_message(engine), "no such model"));
    assert_int_equal(i2v_get_model_info(engine, &info), I2V_ERROR_MODEL);
    assert_int_equal(i2v_generate(engine, picture, &params, &video), I2V_ERROR_MODEL);
    assert_null(video);
    assert_int_equal(i2v_decode(engine, latents, 1, 1, 1, &params, &video), I2V_ERROR_MODEL);
    assert_null(video);
    i2v_cancel(engine);
    i2v_close(engine);
    i2v_close(NULL);
    i2v_video_free(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(videos_of_reference_runs),
        cmocka_unit_test(bf16_is_near_and_steady),
        cmocka_unit_test(noise_of_reference_runs),
        cmocka_unit_test(levels_of_a_reference_run),
        cmocka_unit_test(threads_and_repetition_change_nothing),
        cmocka_unit_test(every_parameter_has_effect),
        cmocka_unit_test(chunks_of_the_feed_forward_change_nothing),
        cmocka_unit_test(pictures_are_fitted),
        cmocka_unit_test(pixels_of_the_callers_own),
        cmocka_unit_test(several_videos_share_two_draws),
        cmocka_unit_test(several_videos),
        cmocka_unit_test(videos_do_not_know_each_other),
        cmocka_unit_test(calls_do_not_know_each_other),
        cmocka_unit_test(no_guidance),
        cmocka_unit_test(one_frame),
        cmocka_unit_test(decoding_again_gives_the_same_frames),
        cmocka_unit_test(events_come_in_order),
        cmocka_unit_test(events_of_decode),
        cmocka_unit_test(changed_latents_have_effect),
        cmocka_unit_test(cancelling_at_every_event),
        cmocka_unit_test(cancelling_before_a_call),
        cmocka_unit_test(cancelling_from_another_thread),
        cmocka_unit_test(two_engines_side_by_side),
        cmocka_unit_test(plans_hold_at_every_size),
        cmocka_unit_test(too_little_memory),
        cmocka_unit_test(wrong_integers),
        cmocka_unit_test(wrong_numbers),
        cmocka_unit_test(wrong_levels),
        cmocka_unit_test(wrong_noise),
        cmocka_unit_test(wrong_parameters_of_decode),
        cmocka_unit_test(wrong_options),
        cmocka_unit_test(documented_defaults),
        cmocka_unit_test(models_give_what_is_left_open),
        cmocka_unit_test(engines_that_did_not_open),
    };
    return cmocka_run_group_tests_name("pipeline", tests, open_shared, close_shared);
}
