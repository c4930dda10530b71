/* A model of which a part is a file of PyTorch's: the same frames, and what is held in memory is in the plan. */
#include "model_copy.h"

#include "pipeline/plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ENCODER "/image_encoder.bin"

static i2v_engine *open_with(const char *model, const char *image_encoder) {
    i2v_engine *engine;
    i2v_options options;
    i2v_options_default(&options);
    options.threads = 1;
    options.image_encoder = image_encoder;
    if (i2v_open(&engine, model, &options)) fail_msg("%s", i2v_error_message(engine));
    return engine;
}

/* The video of the reference's run; to be freed. */
static i2v_video *video_of(i2v_engine *engine, const i2v_reference *reference) {
    i2v_video *video;
    i2v_weights *tensors = i2v_reference_open(reference);
    i2v_image *picture = i2v_reference_picture(tensors, reference);
    i2v_params params = reference->params;
    params.num_inference_steps = 1;
    if (i2v_generate(engine, picture, &params, &video)) fail_msg("%s", i2v_error_message(engine));
    i2v_image_free(picture);
    i2v_weights_close(tensors);
    return video;
}

static void assert_same_video(i2v_engine *one, i2v_engine *other, const i2v_reference *reference) {
    i2v_video *a = video_of(one, reference), *b = video_of(other, reference);
    assert_true(a->num_frames == b->num_frames && a->width == b->width && a->height == b->height);
    assert_memory_equal(a->frames, b->frames,
                        (size_t)a->num_frames * (size_t)a->width * (size_t)a->height * 3 * sizeof(float));
    i2v_video_free(a);
    i2v_video_free(b);
}

/* By its file, and in a model's folder in the place of the safetensors file. */
static void makes_the_same_frames(void **state) {
    (void)state;
    i2v_reference reference = i2v_reference_at(0);
    i2v_engine *own = open_with(reference.model, NULL);
    i2v_engine *part = open_with(reference.model, I2V_TEST_DATA "/torch" ENCODER);
    assert_same_video(part, own, &reference);
    i2v_close(part);
    model_copy copy;
    model_copy_make(&copy, reference.model);
    assert_int_equal(unlink(model_copy_file(&copy, "image_encoder/model.safetensors")), 0);
    assert_int_equal(symlink(I2V_TEST_DATA "/torch" ENCODER, model_copy_file(&copy, "image_encoder/pytorch_model.bin")),
                     0);
    i2v_engine *folder = open_with(copy.path, NULL);
    assert_same_video(folder, own, &reference);
    i2v_close(folder);
    model_copy_remove(&copy);
    i2v_close(own);
}

/* Every matrix of that file lies transposed in its storage. */
static void plans_what_was_put_in_order(void **state) {
    (void)state;
    i2v_reference reference = i2v_reference_at(0);
    i2v_engine *own = open_with(reference.model, NULL);
    i2v_engine *part = open_with(reference.model, I2V_TEST_DATA "/torch" ENCODER);
    const i2v_weights *weights = part->model->weights[I2V_PART_IMAGE_ENCODER];
    uint64_t matrices = 0;
    for (size_t i = 0; i < i2v_weights_count(weights); i++)
        if (i2v_weights_at(weights, i)->ndim == 2) matrices += i2v_weights_at(weights, i)->bytes;
    assert_true(matrices > i2v_weights_bytes(weights) / 2 && matrices < i2v_weights_bytes(weights));
    i2v_memory_plan with, without;
    assert_int_equal(i2v_plan_generate(own, &reference.params, &without), I2V_OK);
    assert_int_equal(i2v_plan_generate(part, &reference.params, &with), I2V_OK);
    assert_int_equal(with.stages_count, without.stages_count);
    for (size_t i = 0; i < with.stages_count; i++)
        assert_true(with.stages[i].held == without.stages[i].held + matrices);
    assert_true(with.peak == without.peak + matrices);
    own->max_memory = part->max_memory = (uint64_t)1 << 30;
    assert_true(i2v_memory_left(own) == i2v_memory_left(part) + matrices);
    i2v_close(part);
    i2v_close(own);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(makes_the_same_frames),
        cmocka_unit_test(plans_what_was_put_in_order),
    };
    return cmocka_run_group_tests_name("torch_model", tests, NULL, NULL);
}
