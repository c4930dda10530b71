/* A picture that is not of the video's size, against diffusers, which is given it as it is. */
#include "reference.h"

#include <stdlib.h>
#include <string.h>

/* Of frames, as tools/compare.py has it. */
static const double TOLERANCE = 1e-4;

static i2v_image *photograph(void) {
    i2v_image *image = NULL;
    assert_int_equal(i2v_image_load(&image, I2V_TEST_DATA "/../../examples/rocket.jpg", I2V_ALPHA_DROP, NULL), I2V_OK);
    return image;
}

/* A run of the first reference model with this picture. */
static i2v_video *generate(const i2v_image *image, i2v_fit fit) {
    i2v_reference reference = i2v_reference_at(0);
    i2v_engine *engine = i2v_reference_engine(&reference, 2);
    i2v_video *video = NULL;
    reference.params.fit = fit;
    if (i2v_generate(engine, image, &reference.params, &video)) fail_msg("%s", i2v_error_message(engine));
    i2v_close(engine);
    return video;
}

static size_t values_of(const i2v_video *video) {
    return (size_t)video->num_frames * (size_t)video->height * (size_t)video->width * 3;
}

static void frames_equal_diffusers(void **state) {
    (void)state;
    i2v_reference reference = i2v_reference_at(0);
    reference.stem = "attention_top_unresized";
    i2v_weights *tensors = i2v_reference_open(&reference);
    i2v_image *image = photograph();
    assert_true(image->width > 224 && image->height > 224);
    i2v_video *video = generate(image, I2V_FIT_DIFFUSERS);
    float *wanted = i2v_reference_values(tensors, "frames", values_of(video));
    i2v_expect_close("frames", video->frames, wanted, values_of(video), TOLERANCE);
    free(wanted);
    i2v_video_free(video);
    i2v_image_free(image);
    i2v_weights_close(tensors);
}

/* The picture between the image encoder and the VAE: stretched by Lanczos first, it is another one for the encoder. */
static void encoder_sees_the_picture_as_it_is(void **state) {
    (void)state;
    i2v_image *image = photograph(), *stretched = NULL;
    i2v_reference reference = i2v_reference_at(0);
    assert_int_equal(
        i2v_image_resize(&stretched, image, reference.params.width, reference.params.height, I2V_FIT_DIFFUSERS, NULL),
        I2V_OK);
    i2v_video *whole = generate(image, I2V_FIT_DIFFUSERS), *small = generate(stretched, I2V_FIT_DIFFUSERS);
    assert_memory_not_equal(whole->frames, small->frames, values_of(whole) * sizeof(float));
    i2v_video_free(whole);
    i2v_video_free(small);
    i2v_image_free(stretched);
    i2v_image_free(image);
}

/* A picture of the video's size is the same to all. */
static void picture_of_the_right_size(void **state) {
    (void)state;
    i2v_reference reference = i2v_reference_at(0);
    i2v_image *image = photograph(), *fitted = NULL;
    assert_int_equal(
        i2v_image_resize(&fitted, image, reference.params.width, reference.params.height, I2V_FIT_CROP, NULL), I2V_OK);
    i2v_video *cropped = generate(fitted, I2V_FIT_CROP), *as_diffusers = generate(fitted, I2V_FIT_DIFFUSERS);
    assert_memory_equal(cropped->frames, as_diffusers->frames, values_of(cropped) * sizeof(float));
    i2v_video_free(cropped);
    i2v_video_free(as_diffusers);
    i2v_image_free(fitted);
    i2v_image_free(image);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_equal_diffusers),
        cmocka_unit_test(encoder_sees_the_picture_as_it_is),
        cmocka_unit_test(picture_of_the_right_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
