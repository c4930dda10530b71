/* What holds where the caller says nothing: the defaults, what a model gives, and an engine that did not open. */
#include "small_run.h"

#include <string.h>

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
    assert_true(p.scheduler == I2V_SCHEDULER_AUTO && p.sigma_schedule == I2V_SIGMA_SCHEDULE_AUTO);
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
    assert_int_equal(i2v_get_model_info(engine, &info), I2V_ERROR_IO);
    assert_int_equal(i2v_generate(engine, picture, &params, &video), I2V_ERROR_IO);
    assert_non_null(strstr(i2v_error_message(engine), "no such model"));
    assert_null(video);
    assert_int_equal(i2v_decode(engine, latents, 1, 1, 1, &params, &video), I2V_ERROR_IO);
    assert_null(video);
    i2v_cancel(engine);
    i2v_close(engine);
    i2v_close(NULL);
    i2v_video_free(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(documented_defaults),
        cmocka_unit_test(models_give_what_is_left_open),
        cmocka_unit_test(engines_that_did_not_open),
    };
    return cmocka_run_group_tests_name("pipeline_defaults", tests, open_shared, close_shared);
}
