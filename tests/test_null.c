/* Every public call with NULL in each place, and with numbers that nobody means: a sentence, and never a crash.
 * test_null.sh sees that none is left out. */
#include "reference.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MODEL i2v_reference_at(0).model

static i2v_error error;

/* The call, which must fail so and name `words`; error is its buffer. */
#define EXPECT(call, words)                                                                                            \
    do {                                                                                                               \
        error = (i2v_error){0};                                                                                        \
        i2v_status found_ = (call);                                                                                    \
        if (found_ != I2V_ERROR_PARAMETER || !strstr(error.message, words) || error.status != found_)                  \
            fail_msg("%s: status %d, '%s'", #call, found_, error.message);                                             \
    } while (0)

/* The same of a call on an engine. */
#define EXPECT_ENGINE(call, words)                                                                                     \
    do {                                                                                                               \
        i2v_status found_ = (call);                                                                                    \
        const char *message_ = i2v_error_message(engine);                                                              \
        if (found_ != I2V_ERROR_PARAMETER || !strstr(message_, words))                                                 \
            fail_msg("%s: status %d, '%s'", #call, found_, message_);                                                  \
    } while (0)

static int never(void *user) {
    (void)user;
    return 0;
}

/* ---- what gives no status --------------------------------------------------------------------------------------- */

static void does_nothing(void **state) {
    (void)state;
    i2v_make_printable(NULL);
    assert_int_equal(i2v_path_from_url(NULL), 0);
    i2v_image_options_default(NULL);
    i2v_image_free(NULL);
    i2v_options_default(NULL);
    i2v_close(NULL);
    i2v_model_close(NULL);
    i2v_unload(NULL);
    i2v_cancel(NULL);
    i2v_params_default(NULL);
    i2v_video_free(NULL);
    i2v_bench_report_free(NULL);
    i2v_output_default(NULL);
    i2v_metadata_free(NULL);
    i2v_array_free(NULL);
    i2v_png_free(NULL);
    i2v_hub_options_default(NULL);
    i2v_hub_model_free(NULL);
    assert_true(strlen(i2v_version()) > 0 && I2V_VERSION_MAJOR >= 0);
    assert_true(strlen(i2v_status_name(0)) > 0 && strlen(i2v_phase_name(0)) > 0);
    assert_true(strlen(i2v_error_message(NULL)) > 0);
    assert_true(i2v_memory_left(NULL) >= 1);
    i2v_error kept = {0};
    i2v_get_error(NULL, NULL);
    i2v_get_error(NULL, &kept);
    assert_true(kept.status == I2V_ERROR_MEMORY && strlen(kept.message) > 0);
    assert_null(i2v_preset_at(SIZE_MAX));
    assert_null(i2v_parameter_at(SIZE_MAX));
    assert_null(i2v_parameter_find(NULL));
    assert_int_equal(i2v_preset_sets(NULL, i2v_parameter_at(0)), 0);
    assert_int_equal(i2v_preset_sets("sgm", NULL), 0);
    assert_null(i2v_speed_at(SIZE_MAX));
    assert_int_equal(i2v_speed_sets(NULL, i2v_parameter_at(0)), 0);
    assert_int_equal(i2v_speed_sets("fast", NULL), 0);
    assert_int_equal(i2v_unlikeness(NULL, "a"), I2V_UNLIKE);
    assert_int_equal(i2v_unlikeness("a", NULL), I2V_UNLIKE);
    assert_non_null(i2v_preset_at(0));
    assert_non_null(i2v_speed_at(0));
    assert_int_equal(i2v_hub_is_id(NULL), 0);
}

/* ---- pictures --------------------------------------------------------------------------------------------------- */

static void pictures(void **state) {
    (void)state;
    static const char path[] = I2V_TEST_DATA "/none.png";
    i2v_image *image = NULL;
    EXPECT(i2v_image_load(NULL, path, I2V_ALPHA_WHITE, &error), "image is NULL");
    EXPECT(i2v_image_load(&image, NULL, I2V_ALPHA_WHITE, &error), "path is NULL");
    EXPECT(i2v_image_load_with(NULL, path, NULL, &error), "image is NULL");
    EXPECT(i2v_image_load_with(&image, NULL, NULL, &error), "path is NULL");
    EXPECT(i2v_image_load_memory(NULL, "", 0, I2V_ALPHA_WHITE, &error), "image is NULL");
    EXPECT(i2v_image_load_memory(&image, NULL, 1, I2V_ALPHA_WHITE, &error), "data is NULL");
    EXPECT(i2v_image_load_memory_with(NULL, "", 0, NULL, &error), "image is NULL");
    EXPECT(i2v_image_load_memory_with(&image, NULL, SIZE_MAX, NULL, &error), "data is NULL");
    EXPECT(i2v_image_load_memory(&image, "P6 1 1 255 abc", 14, (i2v_alpha)77, &error), "alpha is 77");
    EXPECT(i2v_image_load_url(NULL, "http://127.0.0.1:1", I2V_ALPHA_WHITE, never, NULL, &error), "image is NULL");
    EXPECT(i2v_image_load_url(&image, NULL, I2V_ALPHA_WHITE, NULL, NULL, &error), "url is NULL");
    EXPECT(i2v_image_load_url_with(NULL, "http://127.0.0.1:1", NULL, &error), "image is NULL");
    EXPECT(i2v_image_load_url_with(&image, NULL, NULL, &error), "url is NULL");
    assert_null(image);
    assert_int_equal(i2v_image_load_memory(&image, NULL, 0, I2V_ALPHA_WHITE, NULL), I2V_ERROR_FORMAT);
    assert_int_equal(i2v_image_load(NULL, NULL, I2V_ALPHA_WHITE, NULL), I2V_ERROR_PARAMETER);
}

static void sizes_of_pictures(void **state) {
    (void)state;
    static const int wild[] = {0, -1, INT_MIN, INT_MAX};
    i2v_image *image = NULL, *source = NULL;
    uint8_t pixel[3] = {0};
    assert_int_equal(i2v_image_new(&source, 2, 2, NULL), I2V_OK);
    memset(source->pixels, 0, 12);
    EXPECT(i2v_image_new(NULL, 1, 1, &error), "image is NULL");
    EXPECT(i2v_image_resize(NULL, source, 1, 1, I2V_FIT_CROP, &error), "image is NULL");
    EXPECT(i2v_image_resize(&image, NULL, 1, 1, I2V_FIT_CROP, &error), "source is NULL");
    EXPECT(i2v_image_resize(&image, source, 1, 1, (i2v_fit)99, &error), "fit is 99");
    EXPECT(i2v_image_resize(&image, source, 1, 1, (i2v_fit)-1, &error), "fit is");
    EXPECT(i2v_image_resize(&image, &(i2v_image){.width = 1, .height = 1}, 1, 1, I2V_FIT_PAD, &error), "no pixels");
    for (size_t i = 0; i < sizeof wild / sizeof *wild; i++) {
        i2v_image_options options = {.width = wild[i], .height = 1};
        i2v_image odd = {.width = wild[i], .height = 1, .pixels = pixel};
        EXPECT(i2v_image_new(&image, wild[i], 1, &error), "");
        EXPECT(i2v_image_new(&image, 1, wild[i], &error), "");
        EXPECT(i2v_image_resize(&image, source, wild[i], 1, I2V_FIT_CROP, &error), "");
        EXPECT(i2v_image_resize(&image, source, 1, wild[i], I2V_FIT_PAD, &error), "");
        EXPECT(i2v_image_resize(&image, &odd, 1, 1, I2V_FIT_STRETCH, &error), "");
        EXPECT(i2v_image_load_memory_with(&image, "P6 1 1 255 abc", 14, &options, &error), "sides are 1 to");
        assert_null(image);
    }
    i2v_image_free(source);
}

static void files_of_pictures(void **state) {
    (void)state;
    uint8_t *png = NULL, pixel[3] = {0};
    size_t size;
    i2v_image image = {.width = 1, .height = 1, .pixels = pixel},
              wild = {.width = INT_MAX, .height = -1, .pixels = pixel};
    EXPECT(i2v_image_png(NULL, &png, &size, &error), "image is NULL");
    EXPECT(i2v_image_png(&image, NULL, &size, &error), "png is NULL");
    EXPECT(i2v_image_png(&image, &png, NULL, &error), "size is NULL");
    EXPECT(i2v_image_png(&wild, &png, &size, &error), "");
    assert_null(png);
    static const char path[] = "/tmp/i2v-null-not-written.png";
    EXPECT(i2v_images_save(NULL, 1, 0, 0, path, NULL, &error), "images is NULL");
    EXPECT(i2v_images_save(&image, SIZE_MAX, 0, 0, path, NULL, &error), "count is");
    EXPECT(i2v_images_save(&wild, 1, 0, 0, path, NULL, &error), "");
    EXPECT(i2v_images_save(&image, 1, INT_MIN, INT_MAX, path, NULL, &error), "size is");
    EXPECT(i2v_images_save(&image, 1, 0, 0, NULL, NULL, &error), "path");
}

/* ---- opening ---------------------------------------------------------------------------------------------------- */

static void expect_not_opened(const char *model, const i2v_options *options, const char *words) {
    i2v_engine *engine = NULL;
    EXPECT_ENGINE(i2v_open(&engine, model, options), words);
    assert_non_null(engine);
    i2v_close(engine);
}

static void opening(void **state) {
    (void)state;
    assert_int_equal(i2v_open(NULL, MODEL, NULL), I2V_ERROR_PARAMETER);
    expect_not_opened(NULL, NULL, "model is NULL");
    i2v_options options;
    i2v_options_default(&options);
    options.loras_count = 1;
    expect_not_opened(MODEL, &options, "loras is NULL, but loras_count is 1");
    i2v_lora lora = {NULL, 1};
    options.loras = &lora;
    expect_not_opened(MODEL, &options, "a LoRA's path is empty");
    options.loras_count = SIZE_MAX;
    expect_not_opened(MODEL, &options, "loras_count is 18446744073709551615");
    options.loras_count = 1;
    lora.path = "lora.safetensors";
    const double scales[] = {NAN, INFINITY, -INFINITY};
    for (int i = 0; i < 3; i++) {
        lora.scale = scales[i];
        expect_not_opened(MODEL, &options, "the scale of lora.safetensors is not a finite number");
    }
    static const int threads[] = {-1, INT_MIN, INT_MAX, 1025};
    for (int i = 0; i < 4; i++) {
        i2v_options_default(&options);
        options.threads = threads[i];
        expect_not_opened(MODEL, &options, "threads is");
    }
    i2v_options_default(&options);
    options.dtype = (i2v_dtype)77;
    expect_not_opened(MODEL, &options, "dtype");
}

static void models(void **state) {
    (void)state;
    i2v_model *model = NULL;
    i2v_engine *engine = NULL;
    i2v_options options;
    EXPECT(i2v_model_open(NULL, MODEL, NULL, &error), "model is NULL");
    EXPECT(i2v_model_open(&model, NULL, NULL, &error), "path is NULL");
    i2v_options_default(&options);
    options.dtype = (i2v_dtype)77;
    EXPECT(i2v_model_open(&model, MODEL, &options, &error), "dtype");
    assert_null(model);
    assert_int_equal(i2v_model_open(&model, I2V_TEST_DATA, NULL, NULL), I2V_ERROR_MODEL);
    assert_int_equal(i2v_open_model(NULL, model, NULL), I2V_ERROR_PARAMETER);
    EXPECT_ENGINE(i2v_open_model(&engine, NULL, NULL), "model is NULL");
    i2v_close(engine);
    assert_int_equal(i2v_model_open(&model, MODEL, NULL, NULL), I2V_OK);
    i2v_options_default(&options);
    options.threads = -1;
    EXPECT_ENGINE(i2v_open_model(&engine, model, &options), "threads is -1");
    i2v_video *video = NULL;
    assert_int_equal(i2v_generate(engine, NULL, NULL, &video), I2V_ERROR_PARAMETER);
    i2v_close(engine);
    i2v_model_close(model);
}

/* ---- engines ---------------------------------------------------------------------------------------------------- */

static void no_engine(void **state) {
    (void)state;
    i2v_params params;
    i2v_params_default(&params);
    i2v_image *image = NULL;
    assert_int_equal(i2v_image_new(&image, 8, 8, NULL), I2V_OK);
    i2v_model_info info;
    i2v_memory_plan plan;
    i2v_bench_report *report;
    i2v_video *video;
    float latents[64] = {0};
    char hex[I2V_SHA256_SIZE];
    assert_int_equal(i2v_get_model_info(NULL, &info), I2V_ERROR_PARAMETER);
    assert_int_equal(i2v_model_hash(NULL, hex), I2V_ERROR_PARAMETER);
    assert_int_equal(i2v_generate(NULL, image, &params, &video), I2V_ERROR_PARAMETER);
    assert_int_equal(i2v_decode(NULL, latents, 1, 1, 1, &params, &video), I2V_ERROR_PARAMETER);
    assert_null(video);
    assert_int_equal(i2v_plan_generate(NULL, &params, &plan), I2V_ERROR_PARAMETER);
    assert_int_equal(i2v_plan_decode(NULL, 1, 1, 1, &params, &plan), I2V_ERROR_PARAMETER);
    assert_int_equal(i2v_params_warning(NULL, &params, NULL), I2V_ERROR_PARAMETER);
    assert_int_equal(i2v_bench(NULL, &params, 1, &report), I2V_ERROR_PARAMETER);
    assert_null(report);
    i2v_image_free(image);
}

static void a_model_that_did_not_open(void **state) {
    (void)state;
    i2v_engine *engine = NULL;
    i2v_params params;
    i2v_params_default(&params);
    i2v_video *video;
    assert_int_not_equal(i2v_open(&engine, I2V_TEST_DATA, NULL), I2V_OK);
    assert_int_equal(i2v_generate(engine, NULL, &params, &video), I2V_ERROR_MODEL);
    assert_int_equal(i2v_decode(engine, NULL, 1, 1, 1, &params, NULL), I2V_ERROR_MODEL);
    assert_int_equal(i2v_get_model_info(engine, NULL), I2V_ERROR_MODEL);
    assert_int_equal(i2v_model_hash(engine, NULL), I2V_ERROR_MODEL);
    assert_int_equal(i2v_plan_generate(engine, &params, NULL), I2V_ERROR_MODEL);
    assert_int_equal(i2v_bench(engine, &params, 1, NULL), I2V_ERROR_MODEL);
    i2v_unload(engine);
    i2v_cancel(engine);
    i2v_close(engine);
}

static void calls_on_an_engine(void **state) {
    (void)state;
    i2v_engine *engine = i2v_reference_engine(&(i2v_reference){.model = MODEL}, 1);
    i2v_params params;
    i2v_params_default(&params);
    i2v_image *image = NULL;
    assert_int_equal(i2v_image_new(&image, 8, 8, NULL), I2V_OK);
    i2v_memory_plan plan;
    i2v_bench_report *report;
    i2v_video *video = NULL;
    float latents[64] = {0};
    char warning[I2V_WARNING_SIZE];
    EXPECT_ENGINE(i2v_get_model_info(engine, NULL), "info is NULL");
    EXPECT_ENGINE(i2v_model_hash(engine, NULL), "hex is NULL");
    EXPECT_ENGINE(i2v_generate(engine, NULL, &params, &video), "image is NULL");
    EXPECT_ENGINE(i2v_generate(engine, image, NULL, &video), "params is NULL");
    EXPECT_ENGINE(i2v_generate(engine, image, &params, NULL), "video is NULL");
    EXPECT_ENGINE(i2v_generate(engine, &(i2v_image){.width = 8, .height = 8}, &params, &video), "no pixels");
    EXPECT_ENGINE(
        i2v_generate(engine, &(i2v_image){.width = -8, .height = 8, .pixels = image->pixels}, &params, &video), "-8");
    EXPECT_ENGINE(i2v_decode(engine, NULL, 1, 1, 1, &params, &video), "latents is NULL");
    EXPECT_ENGINE(i2v_decode(engine, latents, 1, 1, 1, NULL, &video), "params is NULL");
    EXPECT_ENGINE(i2v_decode(engine, latents, 1, 1, 1, &params, NULL), "video is NULL");
    EXPECT_ENGINE(i2v_decode(engine, latents, -1, 1, 1, &params, &video), "num_frames is -1");
    EXPECT_ENGINE(i2v_decode(engine, latents, 1, INT_MAX, 1, &params, &video), "height is");
    EXPECT_ENGINE(i2v_decode(engine, latents, 1, 1, INT_MIN, &params, &video), "width is");
    EXPECT_ENGINE(i2v_params_warning(engine, NULL, warning), "params is NULL");
    EXPECT_ENGINE(i2v_params_warning(engine, &params, NULL), "text is NULL");
    EXPECT_ENGINE(i2v_plan_generate(engine, NULL, &plan), "params is NULL");
    EXPECT_ENGINE(i2v_plan_generate(engine, &params, NULL), "plan is NULL");
    EXPECT_ENGINE(i2v_plan_decode(engine, 1, 1, 1, NULL, &plan), "params is NULL");
    EXPECT_ENGINE(i2v_plan_decode(engine, 1, 1, 1, &params, NULL), "plan is NULL");
    EXPECT_ENGINE(i2v_plan_decode(engine, 0, 1, 1, &params, &plan), "num_frames is 0");
    EXPECT_ENGINE(i2v_bench(engine, NULL, 1, &report), "params is NULL");
    EXPECT_ENGINE(i2v_bench(engine, &params, 1, NULL), "report is NULL");
    EXPECT_ENGINE(i2v_bench(engine, &params, INT_MIN, &report), "repetitions is");
    assert_null(video);
    i2v_image_free(image);
    i2v_close(engine);
}

static void numbers_of_a_generation(void **state) {
    (void)state;
    i2v_engine *engine = i2v_reference_engine(&(i2v_reference){.model = MODEL}, 1);
    i2v_memory_plan plan;
    i2v_params params;
    const double sigma = 1;
    static const int wild[] = {-2, INT_MIN, INT_MAX};
    for (size_t i = 0; i < sizeof wild / sizeof *wild; i++) {
#define TRY(field, value)                                                                                              \
    do {                                                                                                               \
        i2v_params_default(&params);                                                                                   \
        params.field = (value);                                                                                        \
        EXPECT_ENGINE(i2v_plan_generate(engine, &params, &plan), #field " is ");                                       \
    } while (0)
        TRY(width, wild[i]);
        TRY(height, wild[i]);
        TRY(num_frames, wild[i]);
        TRY(num_videos, wild[i]);
        TRY(num_inference_steps, wild[i]);
        TRY(fps, wild[i]);
        TRY(motion_bucket_id, wild[i]);
        TRY(extend, wild[i]);
        TRY(video_index, wild[i]);
        TRY(fit, (i2v_fit)wild[i]);
        TRY(scheduler, (i2v_scheduler)wild[i]);
        TRY(sigma_schedule, (i2v_sigma_schedule)wild[i]);
        TRY(guidance_shape, (i2v_guidance_shape)wild[i]);
        if (wild[i] > 0) continue; /* all frames, and all rows */
        TRY(decode_chunk_size, wild[i]);
        TRY(forward_chunk_size, wild[i]);
    }
    const double numbers[] = {NAN, INFINITY, -INFINITY, -1, 1e300};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        TRY(min_guidance_scale, numbers[i]);
        TRY(max_guidance_scale, numbers[i]);
        TRY(noise_aug_strength, numbers[i]);
    }
    i2v_params_default(&params);
    params.sigmas_count = 3;
    EXPECT_ENGINE(i2v_plan_generate(engine, &params, &plan), "sigmas is NULL, but sigmas_count is 3");
    params.sigmas = &sigma;
    static const size_t counts[] = {0, 1, 0x80000000u, SIZE_MAX};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        params.sigmas_count = counts[i];
        EXPECT_ENGINE(i2v_plan_generate(engine, &params, &plan), "sigmas has");
    }
    i2v_close(engine);
    EXPECT(i2v_params_preset(NULL, "sgm", &error), "params is NULL");
    const i2v_parameter *first = i2v_parameter_at(0);
    char text[64];
    EXPECT(i2v_parameter_set(NULL, &params, "1", &error), "parameter is NULL");
    EXPECT(i2v_parameter_set(first, NULL, "1", &error), "values is NULL");
    EXPECT(i2v_parameter_get(NULL, &params, text, sizeof text, &error), "parameter is NULL");
    EXPECT(i2v_parameter_get(first, NULL, text, sizeof text, &error), "values is NULL");
    EXPECT(i2v_parameter_get(first, &params, NULL, 64, &error), "text is NULL");
    EXPECT(i2v_parameter_get(first, &params, text, 0, &error), "0 bytes");
    EXPECT(i2v_set(I2V_STRUCT_PARAMS, NULL, "fps", "1", &error), "values is NULL");
    EXPECT(i2v_set(I2V_STRUCT_PARAMS, &params, NULL, "1", &error), "name is NULL");
    EXPECT(i2v_set((i2v_struct)77, &params, "fps", "1", &error), "not of that struct");
    EXPECT(i2v_get(I2V_STRUCT_PARAMS, NULL, "fps", text, sizeof text, &error), "values is NULL");
    EXPECT(i2v_get(I2V_STRUCT_PARAMS, &params, NULL, text, sizeof text, &error), "name is NULL");
    EXPECT(i2v_params_preset(&params, NULL, &error), "name is NULL");
    EXPECT(i2v_speed_set(NULL, NULL, &params, &error), "name is NULL");
    assert_int_equal(i2v_speed_set("fast", NULL, NULL, NULL), I2V_OK);
}

/* ---- files ------------------------------------------------------------------------------------------------------ */

static void videos(void **state) {
    (void)state;
    float frame[12] = {0};
    i2v_video video = {1, 1, 2, 2, .frames = frame, .fps = 7};
    static const char path[] = "/tmp/i2v-null-not-written.png";
    char name[64];
    EXPECT(i2v_video_save(NULL, path, NULL, &error), "no frames");
    EXPECT(i2v_video_save(&video, NULL, NULL, &error), "path");
    for (int i = 0; i < 5; i++) {
        i2v_video wrong = video;
        if (i == 0) wrong.frames = NULL;
        if (i == 1) wrong.num_frames = -1;
        if (i == 2) wrong.width = INT_MIN;
        if (i == 3) wrong.height = 0;
        if (i == 4) wrong.num_videos = 0;
        EXPECT(i2v_video_save(&wrong, path, NULL, &error), "the video");
    }
    for (int i = 0; i < 7; i++) {
        i2v_output output;
        i2v_output_default(&output);
        if (i == 0) output.index = -1;
        if (i == 1) output.index = INT_MAX;
        if (i == 2) output.fps = NAN;
        if (i == 3) output.fps = INFINITY;
        if (i == 4) output.codec = (i2v_codec)-1;
        if (i == 5) output.codec = (i2v_codec)1000;
        if (i == 6) output.quality = INT_MIN;
        EXPECT(i2v_video_save(&video, path, &output, &error), " is ");
        if (i > 1) EXPECT(i2v_video_check_output(path, &output, &error), " is ");
    }
    EXPECT(i2v_video_check_output(NULL, NULL, &error), "path");
    EXPECT(i2v_video_check_path(NULL, &error), "path");
    EXPECT(i2v_image_check_output(NULL, NULL, &error), "path is NULL");
    EXPECT(i2v_video_file(NULL, 1, name, sizeof name, &error), "path is NULL");
    EXPECT(i2v_video_file(path, 1, NULL, sizeof name, &error), "file is NULL");
    EXPECT(i2v_video_file(path, 1, name, 0, &error), "cannot write");
    assert_int_equal(i2v_video_file("/tmp/%09d.png", INT_MIN, name, sizeof name, NULL), I2V_OK);
    assert_null(fopen(path, "rb"));
}

static void other_files(void **state) {
    (void)state;
    static const char path[] = "/tmp/i2v-null-not-written.npy";
    i2v_media_info info;
    char *json = NULL, hex[I2V_SHA256_SIZE];
    EXPECT(i2v_media_probe(NULL, &info, &error), "path is NULL");
    EXPECT(i2v_media_probe(path, NULL, &error), "info is NULL");
    EXPECT(i2v_checkpoint_read(NULL, &json, &error), "path is NULL");
    EXPECT(i2v_checkpoint_read(path, NULL, &error), "json is NULL");
    EXPECT(i2v_metadata_load(NULL, &json, &error), "path is NULL");
    EXPECT(i2v_metadata_load(path, NULL, &error), "json is NULL");
    EXPECT(i2v_file_sha256(NULL, hex, &error), "path is NULL");
    EXPECT(i2v_file_sha256(path, NULL, &error), "hex is NULL");
}

static i2v_status no_frame(int frame, i2v_image *image, void *user, i2v_error *reason) {
    (void)frame, (void)image, (void)user, (void)reason;
    fail_msg("a frame was asked for");
    return I2V_OK;
}

static void frames(void **state) {
    (void)state;
    static const char path[] = "/tmp/i2v-null-not-written.png";
    float value[3] = {0};
    i2v_media_info info;
    i2v_frame_reader *reader = NULL;
    i2v_image *image = NULL, empty = {.width = 1, .height = 1};
    i2v_video video = {.num_videos = 1, .num_frames = 1, .width = 1, .height = 1};
    int ended;
    EXPECT(i2v_frame_reader_open(NULL, path, &info, &error), "reader is NULL");
    EXPECT(i2v_frame_reader_open(&reader, NULL, &info, &error), "path is NULL");
    EXPECT(i2v_frame_reader_open(&reader, path, NULL, &error), "info is NULL");
    EXPECT(i2v_frame_reader_next(NULL, &empty, &ended, &error), "reader is NULL");
    i2v_frame_reader_close(NULL);
    assert_int_equal(i2v_frame_reader_open(&reader, I2V_TEST_DATA "/media/rgb8.png", &info, NULL), I2V_OK);
    EXPECT(i2v_frame_reader_next(reader, NULL, &ended, &error), "image is NULL");
    EXPECT(i2v_frame_reader_next(reader, &empty, NULL, &error), "ended is NULL");
    EXPECT(i2v_frame_reader_next(reader, &empty, &ended, &error), "no pixels");
    i2v_frame_reader_close(reader);
    i2v_frame_source source = {1, 1, 1, 7, no_frame, NULL};
    EXPECT(i2v_frames_save(NULL, path, NULL, &error), "source is NULL");
    EXPECT(i2v_frames_save(&source, NULL, NULL, &error), "path is NULL");
    source.make = NULL;
    EXPECT(i2v_frames_save(&source, path, NULL, &error), "no frames");
    source = (i2v_frame_source){INT_MIN, INT_MAX, 1, 7, no_frame, NULL};
    EXPECT(i2v_frames_save(&source, path, NULL, &error), "size is");
    source = (i2v_frame_source){1, 1, 1, NAN, no_frame, NULL};
    EXPECT(i2v_frames_save(&source, path, NULL, &error), "fps is");
    EXPECT(i2v_video_frame(NULL, &video, 0, 0, &error), "image is NULL");
    EXPECT(i2v_video_frame(&image, NULL, 0, 0, &error), "video is NULL");
    EXPECT(i2v_video_frame(&image, &video, 0, 0, &error), "no frames");
    video.frames = value;
    EXPECT(i2v_video_frame(&image, &video, INT_MAX, 0, &error), "there is no frame 0");
    EXPECT(i2v_video_frame(&image, &video, 0, INT_MIN, &error), "there is no frame");
    EXPECT(i2v_image_save(NULL, path, NULL, &error), "image is NULL");
    EXPECT(i2v_image_save(&empty, NULL, NULL, &error), "path is NULL");
    EXPECT(i2v_image_save(&empty, path, NULL, &error), "no pixels");
    EXPECT(i2v_file_save(NULL, "x", 1, 0, &error), "path is NULL");
    EXPECT(i2v_file_save(path, NULL, 1, 0, &error), "data is NULL");
    assert_null(fopen(path, "rb"));
}

static void arrays(void **state) {
    (void)state;
    static const char path[] = "/tmp/i2v-null-not-written.npy";
    float value = 1, *data = NULL;
    int64_t shape[9] = {1, 1, 1, 1, 1, 1, 1, 1, 1}, negative[] = {-1}, huge[] = {INT64_MAX, INT64_MAX};
    int ndim;
    EXPECT(i2v_array_save(NULL, &value, shape, 1, &error), "path is NULL");
    EXPECT(i2v_array_save(path, NULL, shape, 1, &error), "data is NULL");
    EXPECT(i2v_array_save(path, NULL, NULL, 0, &error), "data is NULL");
    EXPECT(i2v_array_save(path, &value, NULL, 1, &error), "shape is NULL");
    EXPECT(i2v_array_save(path, &value, shape, 9, &error), "its shape");
    EXPECT(i2v_array_save(path, &value, shape, -1, &error), "its shape");
    EXPECT(i2v_array_save(path, &value, shape, INT_MAX, &error), "its shape");
    EXPECT(i2v_array_save(path, &value, negative, 1, &error), "its shape");
    EXPECT(i2v_array_save(path, &value, huge, 2, &error), "its shape");
    EXPECT(i2v_array_save_new(NULL, &value, shape, 1, &error), "path is NULL");
    EXPECT(i2v_array_save_new(path, NULL, shape, 1, &error), "data is NULL");
    EXPECT(i2v_array_save_new(path, &value, NULL, 1, &error), "shape is NULL");
    EXPECT(i2v_array_save_new(path, &value, shape, 9, &error), "its shape");
    EXPECT(i2v_array_load(NULL, &data, shape, &ndim, &error), "path is NULL");
    EXPECT(i2v_array_load(path, NULL, shape, &ndim, &error), "data is NULL");
    EXPECT(i2v_array_load(path, &data, NULL, &ndim, &error), "shape is NULL");
    EXPECT(i2v_array_load(path, &data, shape, NULL, &error), "ndim is NULL");
    EXPECT(i2v_array_load_same(NULL, &data, shape, 1, NULL, &error), "path is NULL");
    EXPECT(i2v_array_load_same(path, NULL, shape, 1, NULL, &error), "data is NULL");
    EXPECT(i2v_array_load_same(path, &data, NULL, 1, NULL, &error), "shape is NULL");
    EXPECT(i2v_array_shape(NULL, shape, &ndim, &error), "path is NULL");
    EXPECT(i2v_array_shape(path, NULL, &ndim, &error), "shape is NULL");
    EXPECT(i2v_array_shape(path, shape, NULL, &error), "ndim is NULL");
    EXPECT(i2v_latents_load(NULL, &data, shape, 1, NULL, &error), "path is NULL");
    EXPECT(i2v_latents_load("x.latent", NULL, shape, 1, NULL, &error), "data is NULL");
    EXPECT(i2v_latents_load("x.latent", &data, NULL, 1, NULL, &error), "shape is NULL");
    EXPECT(i2v_latents_shape(NULL, shape, &ndim, &error), "path is NULL");
    EXPECT(i2v_latents_shape("x.latent", NULL, &ndim, &error), "shape is NULL");
    EXPECT(i2v_latents_shape("x.latent", shape, NULL, &error), "ndim is NULL");
    assert_null(fopen(path, "rb"));
}

/* ---- the hub ---------------------------------------------------------------------------------------------------- */

static void hub(void **state) {
    (void)state;
    i2v_hub_model *model = NULL;
    i2v_hub_options options;
    EXPECT(i2v_hub_find(NULL, "org/name", NULL, &error), "model is NULL");
    EXPECT(i2v_hub_find(&model, NULL, NULL, &error), "id is NULL");
    EXPECT(i2v_hub_pull(NULL, "org/name", NULL, &error), "model is NULL");
    EXPECT(i2v_hub_pull(&model, NULL, NULL, &error), "id is NULL");
    static const int wild[] = {0, -1, INT_MIN, INT_MAX};
    for (size_t i = 0; i < sizeof wild / sizeof *wild; i++) {
        i2v_hub_options_default(&options);
        options.connections = wild[i];
        EXPECT(i2v_hub_pull(&model, "org/name", &options, &error), "connections is");
        EXPECT(i2v_hub_find(&model, "org/name", &options, &error), "connections is");
    }
    assert_null(model);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(does_nothing),
        cmocka_unit_test(pictures),
        cmocka_unit_test(sizes_of_pictures),
        cmocka_unit_test(files_of_pictures),
        cmocka_unit_test(opening),
        cmocka_unit_test(models),
        cmocka_unit_test(no_engine),
        cmocka_unit_test(a_model_that_did_not_open),
        cmocka_unit_test(calls_on_an_engine),
        cmocka_unit_test(numbers_of_a_generation),
        cmocka_unit_test(videos),
        cmocka_unit_test(other_files),
        cmocka_unit_test(frames),
        cmocka_unit_test(arrays),
        cmocka_unit_test(hub),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
