/* The caller's picture in the plan of a run, and what is left for reading one. */
#include "reference.h"

#include "media/media.h"
#include "pipeline/plan.h"

#include <string.h>

static i2v_params small_params(void) {
    i2v_params params;
    i2v_params_default(&params);
    params.width = params.height = 64;
    params.num_frames = 2;
    params.num_inference_steps = 1;
    return params;
}

static i2v_engine *open_engine(int keep_loaded) {
    i2v_options options;
    i2v_options_default(&options);
    options.keep_loaded = keep_loaded;
    i2v_engine *engine = NULL;
    if (i2v_open(&engine, i2v_reference_at(0).model, &options)) fail_msg("%s", i2v_error_message(engine));
    return engine;
}

static i2v_image *grey(int width, int height) {
    i2v_image *image = NULL;
    assert_int_equal(i2v_image_new(&image, width, height, NULL), I2V_OK);
    memset(image->pixels, 128, (size_t)width * (size_t)height * 3);
    return image;
}

static i2v_status generate(i2v_engine *engine, const i2v_image *image, uint64_t budget) {
    i2v_params params = small_params();
    i2v_video *video = NULL;
    engine->max_memory = budget;
    i2v_status status = i2v_generate(engine, image, &params, &video);
    assert_true((video != NULL) == (status == I2V_OK));
    i2v_video_free(video);
    return status;
}

/* At the least memory that there is, to the byte. */
static void a_large_picture_counts(void **state) {
    (void)state;
    i2v_engine *engine = open_engine(0);
    i2v_params params = small_params();
    i2v_memory_plan plan;
    i2v_image *small = grey(40, 30), *same = grey(64, 64), *large = grey(2000, 1500);
    const uint64_t more = (uint64_t)3 * (2000 * 1500 - 64 * 64);
    engine->max_memory = 1;
    assert_int_equal(i2v_plan_generate(engine, &params, &plan), I2V_ERROR_MEMORY);
    uint64_t least = plan.peak;

    assert_int_equal(generate(engine, small, least), I2V_OK);
    assert_int_equal(generate(engine, same, least), I2V_OK);
    assert_int_equal(generate(engine, same, least - 1), I2V_ERROR_MEMORY);
    assert_null(strstr(i2v_error_message(engine), "picture"));
    assert_int_equal(generate(engine, large, least), I2V_ERROR_MEMORY);
    assert_non_null(strstr(i2v_error_message(engine), "the picture, which alone takes 9 MiB, need"));
    assert_non_null(strstr(i2v_error_message(engine), "bring the picture to the video's size first (64 x 64), or allow "
                                                      "more"));
    assert_int_equal(generate(engine, large, least + more - 1), I2V_ERROR_MEMORY);
    assert_int_equal(generate(engine, large, least + more), I2V_OK);
    i2v_image_free(small);
    i2v_image_free(same);
    i2v_image_free(large);
    i2v_close(engine);
}

static void what_is_left_is_without_what_stays_loaded(void **state) {
    (void)state;
    i2v_engine *engine = open_engine(1);
    i2v_image *image = grey(64, 64);
    const uint64_t budget = (uint64_t)2 << 30;
    engine->max_memory = budget;
    uint64_t before = i2v_memory_left(engine);
    assert_true(before < budget && before > budget - ((uint64_t)100 << 20));
    assert_int_equal(generate(engine, image, budget), I2V_OK);
    assert_true(i2v_memory_left(engine) < before);
    i2v_unload(engine);
    assert_int_equal(i2v_memory_left(engine), before);
    engine->max_memory = 1;
    assert_int_equal(i2v_memory_left(engine), 1);
    engine->max_memory = 0;
    assert_true(i2v_memory_left(engine) > 1);
    i2v_image_free(image);
    i2v_close(engine);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_large_picture_counts),
        cmocka_unit_test(what_is_left_is_without_what_stays_loaded),
    };
    return cmocka_run_group_tests_name("plan_picture", tests, NULL, NULL);
}
