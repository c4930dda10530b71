/* Tiny decoders against their published code (tools/make_tiny_reference.py), whatever chunks, trades and names. */
#include "small_run.h"

#include "pipeline/decode.h"
#include "pipeline/plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FRAMES = 12, HEIGHT = 24, WIDTH = 32, LATENTS = FRAMES * 4 * 3 * 4, VALUES = FRAMES * HEIGHT * WIDTH * 3 };

#define DATA(name) I2V_TEST_DATA "/tiny/" name

/* Sums of float32 in another order. */
static const double TOLERANCE = 1e-5;

static i2v_engine *open_with(const char *tiny, i2v_dtype dtype, uint64_t max_memory) {
    i2v_engine *engine;
    i2v_options options;
    i2v_options_default(&options);
    options.tiny_decoder = tiny;
    options.dtype = dtype;
    options.max_memory = max_memory;
    if (i2v_open(&engine, i2v_reference_at(0).model, &options)) fail_msg("%s", i2v_error_message(engine));
    return engine;
}

static float *latents;   /* [FRAMES, 4, 3, 4] */
static float *wanted[2]; /* [FRAMES, HEIGHT, WIDTH, 3], 0..1: of TAESD and TAESDV */

static int read_frames(void **state) {
    (void)state;
    i2v_weights *tensors = NULL;
    i2v_error error = {0};
    if (i2v_weights_open_file(&tensors, DATA("frames.safetensors"), &error)) return -1;
    latents = i2v_reference_values(tensors, "latents", LATENTS);
    for (int i = 0; i < 2; i++) {
        wanted[i] = i2v_reference_channels_last(tensors, i ? "taesdv" : "taesd").data;
        for (int k = 0; k < VALUES; k++) {
            if (wanted[i][k] < 0) wanted[i][k] = 0;
            if (wanted[i][k] > 1) wanted[i][k] = 1;
        }
    }
    i2v_weights_close(tensors);
    return 0;
}

static int free_frames(void **state) {
    (void)state;
    free(latents);
    for (int i = 0; i < 2; i++) free(wanted[i]);
    return 0;
}

static i2v_video *decode_all(i2v_engine *engine, int chunk) {
    i2v_params params;
    i2v_video *video = NULL;
    i2v_params_default(&params);
    params.decode_chunk_size = chunk;
    if (i2v_decode(engine, latents, FRAMES, 3, 4, &params, &video)) fail_msg("%s", i2v_error_message(engine));
    assert_int_equal(frames_count(video), VALUES);
    return video;
}

static void frames_are_those_of_the_published_code(void **state) {
    (void)state;
    static const char *const files[] = {DATA("taesd_decoder.pth"), DATA("taesdv.pth"), DATA("taesd.safetensors")};
    i2v_video *videos[3];
    for (int i = 0; i < 3; i++) {
        i2v_engine *engine = open_with(files[i], I2V_DTYPE_F32, 0);
        videos[i] = decode_all(engine, FRAMES);
        i2v_expect_close(files[i], videos[i]->frames, wanted[i % 2], VALUES, TOLERANCE);
        i2v_close(engine);
    }
    assert_memory_equal(videos[0]->frames, videos[2]->frames, VALUES * sizeof(float));
    assert_memory_not_equal(videos[0]->frames, videos[1]->frames, VALUES * sizeof(float));
    for (int i = 0; i < 3; i++) i2v_video_free(videos[i]);
}

static void chunks_change_no_bit(void **state) {
    (void)state;
    static const char *const files[] = {DATA("taesd_decoder.pth"), DATA("taesdv.pth")};
    for (int i = 0; i < 2; i++) {
        i2v_engine *engine = open_with(files[i], I2V_DTYPE_F32, 0);
        i2v_video *all = decode_all(engine, FRAMES);
        for (int chunk = 1; chunk <= 7; chunk += 3) {
            i2v_video *some = decode_all(engine, chunk);
            assert_memory_equal(some->frames, all->frames, VALUES * sizeof(float));
            i2v_video_free(some);
        }
        i2v_video_free(all);
        i2v_close(engine);
    }
}

/* At every rung, streamed ones too, and in batches of one frame. */
static void trades_change_no_bit(void **state) {
    (void)state;
    static const char *const files[] = {DATA("taesd_decoder.pth"), DATA("taesdv.pth")};
    static float frames[VALUES], first[VALUES];
    for (int i = 0; i < 2; i++) {
        i2v_engine *engine = open_with(files[i], I2V_DTYPE_F32, 0);
        i2v_sizes sizes;
        i2v_params params;
        i2v_params_default(&params);
        params.decode_chunk_size = FRAMES;
        assert_int_equal(i2v_sizes_of_latents(&sizes, engine, &params, FRAMES, 3, 4), I2V_OK);
        for (int rung = 0; rung <= I2V_TRADES_RUNGS; rung++) {
            i2v_stage_plan plan;
            i2v_stage stage;
            i2v_call call = {.engine = engine};
            assert_int_equal(i2v_plan_stage(&plan, I2V_STAGE_DECODER, engine, &sizes, rung % I2V_TRADES_RUNGS), I2V_OK);
            if (rung == I2V_TRADES_RUNGS) plan.trades.batch = 1;
            i2v_status status = i2v_stage_begin(&stage, I2V_STAGE_DECODER, engine, &sizes, &call, &plan);
            if (!status) status = i2v_decode_pass(&stage, &sizes, latents, rung ? frames : first);
            if (status) fail_msg("%s", i2v_error_message(engine));
            assert_in_range(i2v_pool_peak(stage.run.pool), 1, plan.tensors);
            if (rung) assert_memory_equal(frames, first, sizeof first);
            i2v_stage_end(&stage);
        }
        i2v_close(engine);
    }
}

static void bf16_is_near(void **state) {
    (void)state;
    static const char *const files[] = {DATA("taesd_decoder.pth"), DATA("taesdv.pth")};
    for (int i = 0; i < 2; i++) {
        i2v_engine *engine = open_with(files[i], I2V_DTYPE_BF16, 0);
        i2v_video *video = decode_all(engine, FRAMES);
        i2v_expect_close(files[i], video->frames, wanted[i], VALUES, 0.05);
        i2v_video_free(video);
        i2v_close(engine);
    }
}

static void models_tell_their_tiny_decoder(void **state) {
    (void)state;
    static const char *const files[] = {DATA("taesd_decoder.pth"), DATA("taesdv.pth")};
    static const char *const classes[] = {"AutoencoderTiny", "TAESDV"};
    char hashes[3][I2V_SHA256_SIZE];
    for (int i = 0; i < 3; i++) {
        i2v_engine *engine = open_with(i < 2 ? files[i] : NULL, I2V_DTYPE_F32, 0);
        i2v_model_info info;
        assert_int_equal(i2v_get_model_info(engine, &info), I2V_OK);
        assert_int_equal(info.parts_count, i < 2 ? 4 : 3);
        if (i < 2) {
            assert_string_equal(info.parts[3].name, "tiny_decoder");
            assert_string_equal(info.parts[3].class_name, classes[i]);
            assert_string_equal(info.parts[3].dtype, "F32");
        }
        assert_int_equal(i2v_model_hash(engine, hashes[i]), I2V_OK);
        i2v_close(engine);
    }
    assert_string_not_equal(hashes[0], hashes[1]);
    assert_string_not_equal(hashes[0], hashes[2]);
}

/* A clip that goes on from another, and the plan. */
static void generates_with_it(void **state) {
    (void)state;
    i2v_engine *plain = open_with(NULL, I2V_DTYPE_F32, 0), *tiny = open_with(DATA("taesdv.pth"), I2V_DTYPE_F32, 0);
    i2v_params params = small_params();
    params.extend = 1;
    i2v_video *one = generate(plain, picture, &params), *other = generate(tiny, picture, &params);
    expect_sound(other);
    assert_int_equal(latents_count(one), latents_count(other));
    assert_memory_not_equal(one->frames, other->frames, frames_count(one) * sizeof(float));
    i2v_memory_plan plans[2];
    assert_int_equal(i2v_plan_generate(plain, &params, &plans[0]), I2V_OK);
    assert_int_equal(i2v_plan_generate(tiny, &params, &plans[1]), I2V_OK);
    int last = plans[0].stages_count - 1;
    assert_true(plans[1].stages[last].weights < plans[0].stages[last].weights);
    i2v_video_free(one);
    i2v_video_free(other);
    i2v_close(plain);
    i2v_close(tiny);
}

/* Opening with this file fails so. */
static void refuses(const char *tiny, const char *frame_decoder, i2v_status wanted_status, const char *part) {
    i2v_engine *engine;
    i2v_options options;
    i2v_options_default(&options);
    options.tiny_decoder = tiny;
    options.frame_decoder = frame_decoder;
    i2v_status status = i2v_open(&engine, i2v_reference_at(0).model, &options);
    assert_int_equal(status, wanted_status);
    if (!strstr(i2v_error_message(engine), part)) fail_msg("%s", i2v_error_message(engine));
    i2v_close(engine);
}

static void wrong_files_are_refused(void **state) {
    (void)state;
    refuses(DATA("frames.safetensors"), NULL, I2V_ERROR_MODEL, "no decoder of TAESD, TAESDV or");
    refuses(DATA("nowhere.pth"), NULL, I2V_ERROR_IO, "there is no such file or folder; give the decoder's file");
    refuses(I2V_TEST_DATA "/tiny", NULL, I2V_ERROR_MODEL,
            "/tiny: it is not the folder of an AutoencoderTiny of diffusers', but it has taesdv.pth: give ");
    refuses(DATA("taesdv.pth"), DATA("taesdv.pth"), I2V_ERROR_PARAMETER,
            "tiny_decoder and frame_decoder are both given");
    i2v_engine *engine;
    i2v_options options;
    i2v_options_default(&options);
    options.tiny_decoder = DATA("taesd.safetensors");
    assert_int_equal(i2v_open(&engine, i2v_reference_at(1).model, &options), I2V_ERROR_MODEL);
    assert_non_null(strstr(i2v_error_message(engine),
                           "for other latents than the model's: for 4 channels and 8 pixels a side, not"));
    i2v_close(engine);
}

static int begin(void **state) {
    return open_shared(state) || read_frames(state);
}

static int end(void **state) {
    return close_shared(state) || free_frames(state);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_are_those_of_the_published_code),
        cmocka_unit_test(chunks_change_no_bit),
        cmocka_unit_test(trades_change_no_bit),
        cmocka_unit_test(bf16_is_near),
        cmocka_unit_test(models_tell_their_tiny_decoder),
        cmocka_unit_test(generates_with_it),
        cmocka_unit_test(wrong_files_are_refused),
    };
    return cmocka_run_group_tests_name("tiny_decoder", tests, begin, end);
}
