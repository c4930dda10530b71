/* Picture and noise as ComfyUI prepares them: against PyTorch's interpolate, called as ComfyUI calls it
 * (tools/make_comfyui_reference.py), and by what must hold. tools/compare_comfyui.py runs ComfyUI itself. */
#include "reference.h"

#include "media/media.h"
#include "pipeline/clip_pixels.h"
#include "pipeline/conditioning.h"
#include "random/random.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VALUES (I2V_CLIP_SIDE * I2V_CLIP_SIDE * 3)

/* 0..1, in float32 on both sides. */
static const double PIXEL_TOLERANCE = 2e-7;

static i2v_weights *open_tensors(void) {
    i2v_weights *tensors = NULL;
    i2v_error error;
    if (i2v_weights_open_file(&tensors, I2V_TEST_DATA "/comfyui.safetensors", &error)) fail_msg("%s", error.message);
    return tensors;
}

static i2v_image *blank(int width, int height, int value) {
    i2v_image *image = NULL;
    assert_int_equal(i2v_image_new(&image, width, height, NULL), I2V_OK);
    memset(image->pixels, value, (size_t)width * (size_t)height * 3);
    return image;
}

/* The picture that the tool made too: every frequency is in it. */
static i2v_image *formula_picture(int width, int height) {
    i2v_image *image = blank(width, height, 0);
    uint8_t *out = image->pixels;
    for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
            for (int c = 0; c < 3; c++) *out++ = (uint8_t)((x * 7 + y * 13 + c * 50 + x * y * (c + 1)) % 256);
        }
    }
    return image;
}

/* ---- what the image encoder sees -------------------------------------------------------------------------------- */

/* Before mean and deviation: multiples of 1/255. */
static float *clip_pixels(const i2v_image *image) {
    static const i2v_normalization none = {{0, 0, 0}, {1, 1, 1}};
    float *pixels = malloc(VALUES * sizeof *pixels);
    assert_non_null(pixels);
    assert_int_equal(i2v_clip_pixels_comfyui(pixels, image, &none, NULL), I2V_OK);
    return pixels;
}

static void check_clip(const i2v_weight *wanted, int width, int height) {
    const size_t row = (size_t)3 * I2V_CLIP_SIDE, rows = I2V_CLIP_SIDE / 32;
    uint8_t bytes[I2V_CLIP_SIDE / 32 * 3 * I2V_CLIP_SIDE];
    assert_int_equal(wanted->bytes, sizeof bytes);
    const uint8_t *values = i2v_bytes_read(&wanted->at, 0, sizeof bytes, bytes);
    i2v_image *picture = formula_picture(width, height);
    float *pixels = clip_pixels(picture);
    for (size_t i = 0; i < rows * row; i++) {
        float found = pixels[32 * (i / row) * row + i % row];
        if (found != (float)values[i] / 255.0f)
            fail_msg("%s: value %zu is %g of 255, not %d", wanted->name, i, found * 255.0, values[i]);
    }
    free(pixels);
    i2v_image_free(picture);
}

/* ---- what the VAE sees ------------------------------------------------------------------------------------------ */

static void check_vae(const i2v_weights *tensors, const i2v_weight *wanted, int width, int height) {
    int out_height = (int)wanted->shape[0], out_width = (int)wanted->shape[1];
    size_t count = (size_t)wanted->count, row = (size_t)out_width * 3;
    float *values = i2v_reference_values(tensors, wanted->name, count), *found = malloc(count * sizeof *found);
    i2v_image *picture = formula_picture(width, height), *rounded = NULL;
    for (int y = 0; y < out_height; y++) {
        i2v_resize_bilinear_row(found + (size_t)y * row, picture, out_width, out_height, y);
    }
    i2v_expect_close(wanted->name, found, values, count, PIXEL_TOLERANCE);
    assert_int_equal(i2v_image_resize(&rounded, picture, out_width, out_height, I2V_FIT_COMFYUI, NULL), I2V_OK);
    for (size_t i = 0; i < count; i++) assert_int_equal(rounded->pixels[i], (int)rintf(found[i] * 255.0f));
    i2v_image_free(rounded);
    i2v_image_free(picture);
    free(found);
    free(values);
}

static void pixels_are_pytorchs(void **state) {
    (void)state;
    i2v_weights *tensors = open_tensors();
    size_t count = i2v_weights_count(tensors), clips = 0, vaes = 0;
    for (size_t i = 0; i < count; i++) {
        const i2v_weight *wanted = i2v_weights_at(tensors, i);
        int width, height;
        if (sscanf(wanted->name, "clip.%dx%d", &width, &height) == 2) {
            check_clip(wanted, width, height);
            clips++;
        } else if (sscanf(wanted->name, "vae.%dx%d.", &width, &height) == 2) {
            check_vae(tensors, wanted, width, height);
            vaes++;
        }
    }
    assert_true(clips == 7 && vaes == 5 && clips + vaes == count);
    i2v_weights_close(tensors);
}

/* ComfyUI fails on some of them, where nothing of the picture is left; here such a picture is what it looks like. */
static void thin_pictures(void **state) {
    (void)state;
    static const int sizes[][2] = {{1, 1}, {32768, 1}, {1, 32768}, {2, 3}, {3, 32768}, {32768, 2}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        i2v_image *picture = blank(sizes[i][0], sizes[i][1], 255);
        float *pixels = clip_pixels(picture), row[3 * 64];
        for (size_t k = 0; k < VALUES; k++) assert_true(pixels[k] == 1);
        for (int y = 0; y < 48; y++) {
            i2v_resize_bilinear_row(row, picture, 64, 48, y);
            for (int k = 0; k < 3 * 64; k++) assert_true(fabsf(row[k] - 1) <= 1e-6f);
        }
        free(pixels);
        i2v_image_free(picture);
    }
}

/* ---- noise ------------------------------------------------------------------------------------------------------ */

static i2v_params comfyui_params(void) {
    i2v_params params;
    i2v_params_default(&params);
    assert_int_equal(i2v_params_preset(&params, "comfyui", NULL), I2V_OK);
    params.width = params.height = 16;
    params.num_frames = 2;
    params.num_inference_steps = 2;
    params.seed = 42;
    return params;
}

static i2v_video *generate(const i2v_image *image, const i2v_params *params) {
    i2v_reference reference = i2v_reference_at(0);
    i2v_engine *engine = i2v_reference_engine(&reference, 2);
    i2v_video *video = NULL;
    if (i2v_generate(engine, image, params, &video)) fail_msg("%s", i2v_error_message(engine));
    i2v_close(engine);
    return video;
}

static size_t values_of(const i2v_video *video) {
    return (size_t)video->num_frames * (size_t)video->height * (size_t)video->width * 3;
}

static size_t latents_of(const i2v_video *video) {
    return (size_t)(video->num_frames * video->latent_channels * video->latent_height * video->latent_width);
}

/* At level 0 the seed's first numbers are the latents', in torch's order. */
static void latents_alone_are_drawn(void **state) {
    (void)state;
    i2v_params params = comfyui_params();
    i2v_image *picture = formula_picture(40, 30);
    i2v_video *video = generate(picture, &params);
    size_t count = latents_of(video);
    float *latents = malloc(count * sizeof *latents);
    i2v_random *random = NULL;
    assert_int_equal(i2v_random_new(&random, I2V_RNG_TORCH, 42, NULL), I2V_OK);
    i2v_random_normal(random, latents, count);
    i2v_random_free(random);
    params.latents = latents;
    params.seed = 0;
    params.rng = I2V_RNG_NUMPY;
    i2v_video *again = generate(picture, &params);
    assert_memory_equal(video->frames, again->frames, values_of(video) * sizeof(float));
    free(latents);
    i2v_video_free(again);
    i2v_video_free(video);
    i2v_image_free(picture);
}

typedef struct drawn {
    size_t counts[8];
    int draws;
} drawn;

static int count_draw(float *values, size_t count, void *user) {
    drawn *noise = user;
    assert_true(noise->draws < 8);
    noise->counts[noise->draws++] = count;
    for (size_t i = 0; i < count; i++) values[i] = sinf((float)i);
    return 0;
}

/* What is drawn for the picture comes last, so that the level changes no other noise. */
static void the_pictures_noise_comes_last(void **state) {
    (void)state;
    i2v_image *picture = formula_picture(40, 30);
    for (int level = 0; level < 2; level++) {
        for (i2v_scheduler scheduler = I2V_SCHEDULER_EULER; scheduler <= I2V_SCHEDULER_ANIMATELCM; scheduler++) {
            drawn noise = {.draws = 0};
            i2v_params params = comfyui_params();
            params.scheduler = scheduler;
            params.noise_aug_strength = level * 0.1;
            params.random = count_draw;
            params.random_user = &noise;
            i2v_video *video = generate(picture, &params);
            int others = scheduler == I2V_SCHEDULER_ANIMATELCM ? 3 : 1;
            assert_int_equal(noise.draws, others + level);
            for (int i = 0; i < others; i++) assert_int_equal(noise.counts[i], latents_of(video));
            if (level) assert_int_equal(noise.counts[others], 3 * 16 * 16);
            i2v_video_free(video);
        }
    }
    i2v_image_free(picture);
}

/* On pixels in 0..1 a level is twice what it is on those in -1..1. */
static void a_level_is_twice_as_strong(void **state) {
    (void)state;
    i2v_reference_stage at;
    i2v_reference_stage_begin(&at, 0, I2V_STAGE_ENCODER);
    i2v_sizes sizes;
    assert_int_equal(i2v_sizes_of_params(&sizes, at.engine, &at.reference.params), I2V_OK);
    i2v_image *picture = i2v_reference_picture(at.tensors, &at.reference);
    float *noise = i2v_reference_values(at.tensors, "augmentation_noise", (size_t)(3 * sizes.width * sizes.height));
    size_t count = i2v_sizes_latents(&sizes) / (size_t)sizes.num_frames;
    float *wanted = malloc(count * sizeof *wanted), *found = malloc(count * sizeof *found);
    i2v_stage_plan plan = {.tensors = (uint64_t)32 << 20};
    i2v_params params = at.reference.params;
    i2v_request request;
    params.noise_aug_strength = 0.4;
    assert_int_equal(i2v_request_make(&request, at.engine, &params), I2V_OK);
    assert_int_equal(i2v_encode_image(&at.call, &plan, picture, &request, noise, NULL, wanted), I2V_OK);
    params.noise_aug_strength = 0.2;
    params.noise_aug = I2V_NOISE_AUG_COMFYUI;
    assert_int_equal(i2v_request_make(&request, at.engine, &params), I2V_OK);
    assert_int_equal(i2v_encode_image(&at.call, &plan, picture, &request, noise, NULL, found), I2V_OK);
    i2v_expect_close("latent", found, wanted, count, 1e-5);
    free(wanted);
    free(found);
    free(noise);
    i2v_image_free(picture);
    i2v_reference_stage_end(&at);
}

/* ---- both, in a run --------------------------------------------------------------------------------------------- */

/* The VAE's picture, rounded and given in its place, is another one to both parts. */
static void both_parts_see_the_original(void **state) {
    (void)state;
    i2v_params params = comfyui_params();
    i2v_image *picture = formula_picture(90, 60), *resized = NULL;
    assert_int_equal(i2v_image_resize(&resized, picture, params.width, params.height, I2V_FIT_COMFYUI, NULL), I2V_OK);
    i2v_video *whole = generate(picture, &params), *small = generate(resized, &params);
    assert_memory_not_equal(whole->frames, small->frames, values_of(whole) * sizeof(float));
    i2v_video_free(whole);
    i2v_video_free(small);
    i2v_image_free(resized);
    i2v_image_free(picture);
}

static void pictures_of_no_size_are_refused(void **state) {
    (void)state;
    i2v_reference reference = i2v_reference_at(0);
    i2v_engine *engine = i2v_reference_engine(&reference, 2);
    i2v_params params = comfyui_params();
    uint8_t pixel[3] = {0};
    i2v_image empty = {.width = 0, .height = 1, .pixels = pixel};
    i2v_video *video = NULL;
    assert_int_equal(i2v_generate(engine, &empty, &params, &video), I2V_ERROR_PARAMETER);
    assert_non_null(strstr(i2v_error_message(engine), "0 x 1"));
    assert_null(video);
    i2v_close(engine);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pixels_are_pytorchs),
        cmocka_unit_test(thin_pictures),
        cmocka_unit_test(latents_alone_are_drawn),
        cmocka_unit_test(the_pictures_noise_comes_last),
        cmocka_unit_test(a_level_is_twice_as_strong),
        cmocka_unit_test(both_parts_see_the_original),
        cmocka_unit_test(pictures_of_no_size_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
