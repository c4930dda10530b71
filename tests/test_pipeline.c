/* The library through its public header: videos, latents and steps against diffusers'. */
#include "small_run.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The project's bar is 1e-4 in frames of 0..1. Measured are 2e-5 and less: the sampler starts at sigma 700, which makes
 * a UNet error of 2e-6 some times larger; twice that is room for other CPUs. */
static const double FRAME_TOLERANCE = 5e-5;
static const double LATENT_TOLERANCE = 5e-5;

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

/* 8 bits of mantissa between operations, or of what the transformers multiply: off by about a hundredth of the largest
 * value after three steps, and by no more on average than a tenth of that; never equal to f32. The same bits with any
 * number of threads. */
static void expect_near_and_steady(i2v_dtype dtype) {
    for (int i = 0; i < I2V_REFERENCES; i++) {
        i2v_reference reference = i2v_reference_at(i);
        i2v_weights *tensors = i2v_reference_open(&reference);
        i2v_image *image = i2v_reference_picture(tensors, &reference);
        i2v_video *videos[3];
        for (int threads = 1; threads <= 3; threads++) {
            i2v_options options;
            i2v_options_default(&options);
            options.dtype = dtype;
            options.threads = threads;
            i2v_engine *engine = NULL;
            i2v_model_info info;
            assert_int_equal(i2v_open(&engine, reference.model, &options), I2V_OK);
            assert_int_equal(i2v_get_model_info(engine, &info), I2V_OK);
            assert_int_equal(info.dtype, dtype);
            videos[threads - 1] = generate(engine, image, &reference.params);
            i2v_close(engine);
        }
        size_t count = frames_count(videos[0]);
        float *frames = i2v_reference_values(tensors, "frames", count);
        double sum = 0;
        for (size_t k = 0; k < count; k++) sum += fabs((double)videos[0]->frames[k] - frames[k]);
        assert_true(sum / (double)count < 0.005);
        i2v_expect_close("rounded frames", videos[0]->frames, frames, count, 0.05);
        assert_true(same_bits(videos[0], videos[1]) && same_bits(videos[0], videos[2]));
        assert_memory_not_equal(videos[0]->frames, frames, count * sizeof(float));
        for (int k = 0; k < 3; k++) i2v_video_free(videos[k]);
        free(frames);
        i2v_image_free(image);
        i2v_weights_close(tensors);
    }
}

static void bf16_is_near_and_steady(void **state) {
    (void)state;
    expect_near_and_steady(I2V_DTYPE_BF16);
}

static void int8_is_near_and_steady(void **state) {
    (void)state;
    expect_near_and_steady(I2V_DTYPE_INT8);
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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(videos_of_reference_runs),  cmocka_unit_test(bf16_is_near_and_steady),
        cmocka_unit_test(int8_is_near_and_steady),   cmocka_unit_test(noise_of_reference_runs),
        cmocka_unit_test(levels_of_a_reference_run),
    };
    return cmocka_run_group_tests_name("pipeline", tests, open_shared, close_shared);
}
