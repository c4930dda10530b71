/* Small runs through the public header. */
#include "small_run.h"

#include <math.h>
#include <string.h>

i2v_engine *shared[I2V_REFERENCES];
i2v_image *picture;

int open_shared(void **state) {
    (void)state;
    for (int i = 0; i < I2V_REFERENCES; i++) {
        i2v_reference reference = i2v_reference_at(i);
        shared[i] = i2v_reference_engine(&reference, 2);
    }
    assert_int_equal(i2v_image_new(&picture, 30, 20, NULL), I2V_OK);
    for (int i = 0; i < 30 * 20 * 3; i++) picture->pixels[i] = (uint8_t)(i * i / 7 % 256);
    return 0;
}

int close_shared(void **state) {
    (void)state;
    for (int i = 0; i < I2V_REFERENCES; i++) i2v_close(shared[i]);
    i2v_image_free(picture);
    return 0;
}

i2v_params small_params(void) {
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

i2v_video *generate(i2v_engine *engine, const i2v_image *image, const i2v_params *params) {
    i2v_video *video = NULL;
    i2v_status status = i2v_generate(engine, image, params, &video);
    if (status) fail_msg("status %d: %s", status, i2v_error_message(engine));
    assert_non_null(video);
    assert_string_equal(i2v_error_message(engine), "");
    return video;
}

size_t frames_count(const i2v_video *video) {
    return (size_t)video->num_videos * (size_t)video->num_frames * (size_t)video->height * (size_t)video->width * 3;
}

size_t latents_count(const i2v_video *video) {
    return (size_t)video->num_videos * (size_t)video->num_frames * (size_t)video->latent_channels *
           (size_t)video->latent_height * (size_t)video->latent_width;
}

int same_bits(const i2v_video *a, const i2v_video *b) {
    assert_int_equal(frames_count(a), frames_count(b));
    assert_int_equal(latents_count(a), latents_count(b));
    return memcmp(a->frames, b->frames, frames_count(a) * sizeof(float)) == 0 &&
           memcmp(a->latents, b->latents, latents_count(a) * sizeof(float)) == 0;
}

void expect_same(int index, const i2v_params *params, const i2v_video *other) {
    i2v_video *video = generate(shared[index], picture, params);
    assert_true(same_bits(video, other));
    i2v_video_free(video);
}

void expect_other(int index, const i2v_params *params, const i2v_video *other) {
    i2v_video *video = generate(shared[index], picture, params);
    assert_false(same_bits(video, other));
    i2v_video_free(video);
}

void expect_sound(const i2v_video *video) {
    for (size_t i = 0; i < frames_count(video); i++) assert_true(video->frames[i] >= 0 && video->frames[i] <= 1);
    for (size_t i = 0; i < latents_count(video); i++) assert_true(isfinite(video->latents[i]));
}

i2v_status decode(i2v_engine *engine, const i2v_video *made, int index, const i2v_params *params, i2v_video **out) {
    size_t size = latents_count(made) / (size_t)made->num_videos;
    return i2v_decode(engine, made->latents + (size_t)index * size, made->num_frames, made->latent_height,
                      made->latent_width, params, out);
}
