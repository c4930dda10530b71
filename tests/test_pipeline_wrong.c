/* Wrong parameters and options are refused by name, before any work. */
#include "recorder.h"

#include <math.h>
#include <string.h>

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
    EXPECT_REFUSED(guidance_every, 0);
    EXPECT_REFUSED(guidance_every, -1);
    EXPECT_REFUSED(guidance_every, 10001);
    EXPECT_REFUSED(forecast_every, 1);
    EXPECT_REFUSED(forecast_every, -1);
    EXPECT_REFUSED(forecast_every, 10001);
}

static void wrong_intervals(void **state) {
    (void)state;
    static const char *const texts[] = {
        "",      ":",     "1",     "1:",    ":1",         "1:2:3",  "2:1",
        "1:1",   "-1:3",  "nan:3", "1:nan", "inf:inf",    "0:inf ", "0:-inf",
        "0:1e7", "0x1:3", " 0:1",  "0:1 ",  "0:infinity", "1,2",    "0.00000000000000000000000000000000000001:1"};
    for (size_t i = 0; i < COUNT(texts); i++) EXPECT_REFUSED(guidance_interval, texts[i]);
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

static void wrong_options(void **state) {
    (void)state;
    i2v_options good;
    i2v_options_default(&good);
    i2v_options wrong[6] = {good, good, good, good, good, good};
    static const char *const names[] = {"threads", "threads", "dtype", "keep_loaded", "variant", "variant"};
    wrong[0].threads = -1;
    wrong[1].threads = INT32_MAX;
    wrong[2].dtype = (i2v_dtype)9;
    wrong[3].keep_loaded = 2;
    wrong[4].variant = "../fp16";
    wrong[5].variant = "";
    for (int i = 0; i < 6; i++) {
        i2v_engine *engine = NULL;
        assert_int_equal(i2v_open(&engine, i2v_reference_at(0).model, &wrong[i]), I2V_ERROR_PARAMETER);
        assert_non_null(strstr(i2v_error_message(engine), names[i]));
        i2v_close(engine);
    }
}

/* Refuses these options where they are given, with this message, and each later call with the same. */
static void expect_not_opened(i2v_model *model, const i2v_options *options, const char *message) {
    i2v_engine *engine = NULL;
    i2v_video *video = NULL;
    i2v_model_info info;
    i2v_params params = small_params();
    assert_int_equal(i2v_open_model(&engine, model, options), I2V_ERROR_PARAMETER);
    assert_string_equal(i2v_error_message(engine), message);
    assert_int_equal(i2v_generate(engine, picture, &params, &video), I2V_ERROR_PARAMETER);
    assert_string_equal(i2v_error_message(engine), message);
    assert_int_equal(i2v_get_model_info(engine, &info), I2V_ERROR_PARAMETER);
    assert_string_equal(i2v_error_message(engine), message);
    i2v_close(engine);
}

/* A second engine's options: those that belong to the model count for nothing there, but must make sense. */
static void wrong_options_of_a_session(void **state) {
    (void)state;
    i2v_model *model = NULL;
    i2v_options good, wrong;
    i2v_options_default(&good);
    assert_int_equal(i2v_model_open(&model, i2v_reference_at(0).model, NULL, NULL), I2V_OK);
    wrong = good, wrong.threads = -4;
    expect_not_opened(model, &wrong, "threads is -4; it must be between 0 and 1024");
    wrong = good, wrong.dtype = (i2v_dtype)9;
    expect_not_opened(model, &wrong, "dtype is 9, which is the number of none of auto|f32|bf16|int8");
    wrong = good, wrong.keep_loaded = -1;
    expect_not_opened(model, &wrong, "keep_loaded is -1; it must be 0 or 1");
    i2v_model_close(model);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wrong_integers),
        cmocka_unit_test(wrong_intervals),
        cmocka_unit_test(wrong_numbers),
        cmocka_unit_test(wrong_levels),
        cmocka_unit_test(wrong_noise),
        cmocka_unit_test(wrong_options),
        cmocka_unit_test(wrong_options_of_a_session),
    };
    return cmocka_run_group_tests_name("pipeline_wrong", tests, open_shared, close_shared);
}
