/* i2v_params_warning: sizes at which a model of Stable Video Diffusion's size is known to disappoint. */
#include "reference.h"

#include <string.h>

static i2v_engine *engine;

static int open_engine(void **state) {
    (void)state;
    i2v_reference reference = i2v_reference_at(0);
    engine = i2v_reference_engine(&reference, 1);
    return 0;
}

static int close_engine(void **state) {
    (void)state;
    i2v_close(engine);
    return 0;
}

static const char *warning(int width, int height) {
    static char text[I2V_WARNING_SIZE];
    i2v_params params;
    i2v_params_default(&params);
    params.width = width;
    params.height = height;
    strcpy(text, "not set");
    assert_int_equal(i2v_params_warning(engine, &params, text), I2V_OK);
    return text;
}

static void a_small_model_has_sizes_of_its_own(void **state) {
    (void)state;
    assert_string_equal(warning(0, 0), "");
    assert_string_equal(warning(16, 16), "");
}

static void less_than_half_of_its_pixels(void **state) {
    (void)state;
    i2v_unet_config before = engine->model->unet;
    engine->model->unet.block_out_channels[0] = 320;
    engine->model->unet.sample_height = 0;                                                   /* 1024x576 */
    static const int fine[][2] = {{0, 0}, {1024, 576}, {768, 432}, {576, 512}, {1280, 720}}, /* 576x512 is the half */
        small[][2] = {{448, 256}, {512, 256}, {568, 512}, {64, 64}, {0, 256}};
    for (size_t i = 0; i < sizeof fine / sizeof *fine; i++) assert_string_equal(warning(fine[i][0], fine[i][1]), "");
    for (size_t i = 0; i < sizeof small / sizeof *small; i++) {
        const char *text = warning(small[i][0], small[i][1]);
        assert_non_null(strstr(text, "is less than half the pixels of 1024x576"));
        assert_non_null(strstr(text, "AnimateLCM's weights are a better way to save time")); /* to its end */
    }
    assert_non_null(strstr(warning(448, 256), "448x256"));
    engine->model->unet = before;
}

/* They are for the call to refuse, and no cancel is lost for it. */
static void wrong_ones(void **state) {
    (void)state;
    char text[I2V_WARNING_SIZE];
    i2v_params params;
    i2v_video *video = NULL;
    i2v_image *image = NULL;
    i2v_params_default(&params);
    params.width = 7;
    assert_int_equal(i2v_params_warning(engine, &params, text), I2V_ERROR_PARAMETER);
    assert_string_equal(text, "");
    params.width = params.height = 16;
    i2v_cancel(engine);
    assert_int_equal(i2v_params_warning(engine, &params, text), I2V_OK);
    assert_int_equal(i2v_image_new(&image, 16, 16, NULL), I2V_OK);
    memset(image->pixels, 0, (size_t)16 * 16 * 3);
    assert_int_equal(i2v_generate(engine, image, &params, &video), I2V_CANCELLED);
    i2v_image_free(image);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_small_model_has_sizes_of_its_own),
        cmocka_unit_test(less_than_half_of_its_pixels),
        cmocka_unit_test(wrong_ones),
    };
    return cmocka_run_group_tests(tests, open_engine, close_engine);
}
