/* Runs that leave the numbers end in an error that names the phase. One value of a copy of a model is made infinite,
 * NaN or too large at a time. `test_not_finite damage FOLDER PART TENSOR VALUE` does that alone, and fill
 * sets all values of the tensor, for test_not_finite.sh. */
#include "img2vid/img2vid.h"

#include "model_copy.h"
#include "reference.h"

#include "weights/weights.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static model_copy copy;
static i2v_image *picture;

static int set_up(void **state) {
    (void)state;
    i2v_reference reference = i2v_reference_at(0);
    model_copy_make(&copy, reference.model);
    assert_int_equal(i2v_image_new(&picture, 30, 20, NULL), I2V_OK);
    for (int i = 0; i < 30 * 20 * 3; i++) picture->pixels[i] = (uint8_t)(i * i / 7 % 256);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    i2v_image_free(picture);
    model_copy_remove(&copy);
    return 0;
}

/* As little as has everything in it: three frames in chunks of two, two steps, guidance. */
static i2v_params small_params(void) {
    i2v_params params;
    i2v_params_default(&params);
    params.width = 16;
    params.height = 8;
    params.num_frames = 3;
    params.num_inference_steps = 2;
    params.decode_chunk_size = 2;
    return params;
}

static i2v_engine *open_copy(i2v_dtype dtype) {
    i2v_options options;
    i2v_options_default(&options);
    options.threads = 1;
    options.dtype = dtype;
    i2v_engine *engine = NULL;
    if (i2v_open(&engine, copy.path, &options)) fail_msg("%s", i2v_error_message(engine));
    return engine;
}

/* Generates with the copy as it is; the message of a failure is copied. */
static i2v_status generate(i2v_dtype dtype, char *message, size_t size) {
    i2v_engine *engine = open_copy(dtype);
    i2v_params params = small_params();
    i2v_video *video = NULL;
    i2v_status status = i2v_generate(engine, picture, &params, &video);
    snprintf(message, size, "%s", i2v_error_message(engine));
    assert_true(!status == !!video);
    for (int i = 0; video && i < 3 * 8 * 16 * 3; i++) assert_true(isfinite(video->frames[i]));
    i2v_video_free(video);
    i2v_close(engine);
    return status;
}

/* ---- weights ---------------------------------------------------------------------------------------------------- */

typedef struct {
    const char *part, *tensor;
    float value;
    const char *phase; /* in the message; NULL: the value is no number, and found before any */
} damage;

static void check_damage(const damage *one, i2v_dtype dtype) {
    i2v_weights *weights = model_copy_open(&copy, one->part);
    const i2v_weight *weight = i2v_weights_find(weights, one->tensor);
    char message[I2V_ERROR_MESSAGE_SIZE];
    if (!weight) fail_msg("the model has no %s", one->tensor);
    float before = model_copy_set(weight, weight->count / 3, one->value);
    i2v_status status = generate(dtype, message, sizeof message);
    /* the largest float16 is 65504 */
    int early = !isfinite(one->value) || (weight->dtype == I2V_WEIGHT_F16 && fabsf(one->value) > 65504);
    const char *words = early ? ", so the file is damaged; download it again" : one->phase;
    if (early && strncmp(message, "tensor ", 7) != 0) fail_msg("found late: \"%s\"", message);
    if (status != I2V_ERROR_MODEL || !strstr(message, words) || !strstr(message, one->tensor) ||
        !strstr(message, weight->file)) {
        fail_msg("%s is %g: status %d, \"%s\"", one->tensor, (double)one->value, status, message);
    }
    model_copy_set(weight, weight->count / 3, before);
    i2v_weights_close(weights);
}

/* What is not finite is found when it is read; what is too large, by what is computed with it. */
static void damaged_weights(void **state) {
    (void)state;
    static const damage all[] = {
        {"image_encoder", "visual_projection.weight", INFINITY, NULL},
        {"image_encoder", "vision_model.embeddings.class_embedding", NAN, NULL},
        {"image_encoder", "vision_model.encoder.layers.0.mlp.fc1.bias", INFINITY, NULL},
        {"vae", "encoder.conv_in.bias", INFINITY, NULL},
        {"vae", "encoder.conv_norm_out.weight", -INFINITY, NULL},
        {"vae", "encoder.conv_in.weight", 3e38f, "VAE encoder's"},
        {"unet", "conv_in.bias", INFINITY, NULL},
        {"unet", "conv_in.weight", 3e38f, "UNet's output in step 1 of 2"},
        {"unet", "mid_block.attentions.0.transformer_blocks.0.attn1.to_q.weight", NAN, NULL},
        {"unet", "time_embedding.linear_1.bias", -INFINITY, NULL},
        {"unet", "conv_out.bias", NAN, NULL},
        {"vae", "decoder.conv_in.bias", -INFINITY, NULL},
        {"vae", "decoder.conv_out.bias", INFINITY, NULL},
        {"vae", "decoder.time_conv_out.weight", NAN, NULL},
    };
    for (size_t i = 0; i < COUNT(all); i++) {
        check_damage(&all[i], I2V_DTYPE_F32);
        check_damage(&all[i], I2V_DTYPE_BF16);
    }
    char message[I2V_ERROR_MESSAGE_SIZE];
    assert_int_equal(generate(I2V_DTYPE_F32, message, sizeof message), I2V_OK);
}

/* A decoder whose last convolution gives its bias alone. */
static void frames_of_one_colour(void **state) {
    (void)state;
    static const char tensor[] = "decoder.time_conv_out.weight";
    i2v_weights *weights = model_copy_open(&copy, "vae");
    const i2v_weight *weight = i2v_weights_find(weights, tensor);
    float before[256];
    assert_true(weight && weight->count <= COUNT(before));
    for (int grey = 0; grey <= 1; grey++) {
        for (uint64_t i = 0; grey && i < weight->count; i++) before[i] = model_copy_set(weight, i, 0);
        i2v_engine *engine = open_copy(I2V_DTYPE_F32);
        i2v_params params = small_params();
        i2v_video *video = NULL;
        params.num_videos = 2;
        assert_int_equal(i2v_generate(engine, picture, &params, &video), I2V_OK);
        if (grey)
            assert_memory_equal(video->warning, "each frame of video 1 is of one colour", 38);
        else
            assert_string_equal(video->warning, "");
        i2v_video_free(video);
        params.latents_only = 1;
        assert_int_equal(i2v_generate(engine, picture, &params, &video), I2V_OK);
        assert_string_equal(video->warning, "");
        i2v_video_free(video);
        i2v_close(engine);
    }
    for (uint64_t i = 0; i < weight->count; i++) model_copy_set(weight, i, before[i]);
    i2v_weights_close(weights);
}

#define LORA(name) I2V_TEST_DATA "/lora/" name

static i2v_engine *open_with_loras(const i2v_lora *loras, size_t count) {
    i2v_options options;
    i2v_options_default(&options);
    options.loras = loras;
    options.loras_count = count;
    options.dtype = I2V_DTYPE_BF16;
    i2v_engine *engine = NULL;
    if (i2v_open(&engine, copy.path, &options)) fail_msg("%s", i2v_error_message(engine));
    return engine;
}

/* Nothing of the model would be left, but its numbers would be finite: norms bring them back. */
static void a_lora_too_large(void **state) {
    (void)state;
    static const double scales[] = {1e6, -1e6, 1e37, 1e38};
    for (size_t i = 0; i < COUNT(scales); i++) {
        i2v_lora loras[] = {{LORA("convolutions.safetensors"), 1},
                            {LORA("layers/adapter_model.safetensors"), scales[i]}};
        i2v_engine *engine = open_with_loras(loras, COUNT(loras));
        i2v_params params = small_params();
        i2v_video *video = NULL;
        char found[32];
        snprintf(found, sizeof found, "%g", scales[i]);
        assert_int_equal(i2v_generate(engine, picture, &params, &video), I2V_ERROR_MODEL);
        const char *message = i2v_error_message(engine);
        if (!strstr(message, LORA("layers/adapter_model.safetensors")) || !strstr(message, found) ||
            !strstr(message, "too large"))
            fail_msg("%s", message);
        i2v_close(engine);
    }
}

/* The model itself is sound: what may be wrong is told, with every LoRA that changes something. */
static void causes_are_named(void **state) {
    (void)state;
    i2v_lora loras[] = {{LORA("convolutions.safetensors"), 0.5},
                        {LORA("layers/adapter_model.safetensors"), 2},
                        {LORA("patterns.safetensors"), 0}};
    i2v_engine *engine = open_with_loras(loras, COUNT(loras));
    float latents[3 * 4 * 1 * 2];
    for (size_t i = 0; i < COUNT(latents); i++) latents[i] = 1e12f;
    i2v_params params = small_params();
    i2v_video *video = NULL;
    params.latents = latents;
    assert_int_equal(i2v_generate(engine, picture, &params, &video), I2V_ERROR_MODEL);
    static const char *const words[] = {"UNet's output in step 1 of 2 has values such as",
                                        "may be damaged or of another model",
                                        "a LoRA's scale may be too large (",
                                        LORA("layers/adapter_model.safetensors") " at 2",
                                        LORA("convolutions.safetensors") " at 0.5",
                                        "noise that was given is far too large",
                                        "; dtype f32 may help"};
    for (size_t i = 0; i < COUNT(words); i++) {
        if (!strstr(i2v_error_message(engine), words[i])) fail_msg("no '%s': %s", words[i], i2v_error_message(engine));
    }
    assert_null(strstr(i2v_error_message(engine), "patterns"));
    i2v_close(engine);
}

/* ---- what the caller gives -------------------------------------------------------------------------------------- */

typedef struct {
    int step, last; /* where to write NaN; the last step with latents that was told of */
} writer;

static int write_nan(const i2v_event *event, void *user) {
    writer *at = user;
    if (!event->latents) return 0;
    for (size_t i = 0; i < event->latents_count; i++) assert_true(isfinite(event->latents[i]));
    at->last = event->step;
    if (event->step == at->step) event->latents[event->latents_count - 1] = NAN;
    return 0;
}

static void a_callback_that_writes_nan(void **state) {
    (void)state;
    i2v_engine *engine = open_copy(I2V_DTYPE_F32);
    for (int step = 1; step <= 2; step++) {
        writer at = {step, 0};
        char phase[64];
        i2v_params params = small_params();
        i2v_video *video = NULL;
        params.on_event = write_nan;
        params.user = &at;
        assert_int_equal(i2v_generate(engine, picture, &params, &video), I2V_ERROR_PARAMETER);
        assert_null(video);
        assert_int_equal(at.last, step);
        snprintf(phase, sizeof phase, "latents after the callback of step %d of 2", step);
        assert_non_null(strstr(i2v_error_message(engine), phase));
    }
    i2v_close(engine);
}

/* Finite, and too large for the step after it. */
static int write_much(const i2v_event *event, void *user) {
    (void)user;
    if (event->latents && event->step == 1) event->latents[0] = 1e30f;
    return 0;
}

static void an_overflow_names_its_step(void **state) {
    (void)state;
    i2v_engine *engine = open_copy(I2V_DTYPE_F32);
    i2v_params params = small_params();
    i2v_video *video = NULL;
    params.num_inference_steps = 4;
    params.on_event = write_much;
    assert_int_equal(i2v_generate(engine, picture, &params, &video), I2V_ERROR_MODEL);
    assert_null(video);
    assert_non_null(strstr(i2v_error_message(engine), "UNet's output in step 2 of 4 "));
    i2v_close(engine);
}

static int no_event(const i2v_event *event, void *user) {
    (void)event;
    (void)user;
    fail_msg("work has begun");
    return 1;
}

/* Refused before anything is computed. */
static void values_of_the_caller(void **state) {
    (void)state;
    static const double bad[] = {NAN, INFINITY, -INFINITY};
    i2v_engine *engine = open_copy(I2V_DTYPE_F32);
    float latents[3 * 4 * 1 * 2] = {0};
    double sigmas[] = {10, 1, 0};
    for (size_t i = 0; i < COUNT(bad) * 6; i++) {
        i2v_params params = small_params();
        i2v_video *video = NULL;
        params.on_event = no_event;
        params.latents = latents;
        params.sigmas = sigmas;
        params.sigmas_count = COUNT(sigmas);
        double *const fields[] = {&params.min_guidance_scale, &params.max_guidance_scale, &params.noise_aug_strength,
                                  &sigmas[0], &sigmas[2]};
        size_t field = i / COUNT(bad);
        double before = field < COUNT(fields) ? *fields[field] : 0;
        if (field < COUNT(fields)) *fields[field] = bad[i % COUNT(bad)];
        latents[23] = field < COUNT(fields) ? 0 : (float)bad[i % COUNT(bad)];
        assert_int_equal(i2v_generate(engine, picture, &params, &video), I2V_ERROR_PARAMETER);
        assert_null(video);
        if (field < COUNT(fields)) *fields[field] = before;
    }
    i2v_close(engine);
}

/* ---- a tool for the script -------------------------------------------------------------------------------------- */

/* all: every value of the tensor, else the first. */
static int damage_model(const char *folder, const char *part, const char *tensor, const char *value, int all) {
    model_copy model;
    snprintf(model.path, sizeof model.path, "%s", folder);
    i2v_weights *weights = model_copy_open(&model, part);
    const i2v_weight *weight = i2v_weights_find(weights, tensor);
    for (uint64_t i = 0; weight && i < (all ? weight->count : 1); i++) model_copy_set(weight, i, strtof(value, NULL));
    i2v_weights_close(weights);
    return weight ? 0 : 1;
}

int main(int argc, char **argv) {
    if (argc == 6 && (strcmp(argv[1], "damage") == 0 || strcmp(argv[1], "fill") == 0))
        return damage_model(argv[2], argv[3], argv[4], argv[5], argv[1][0] == 'f');
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(damaged_weights),
        cmocka_unit_test(frames_of_one_colour),
        cmocka_unit_test(a_lora_too_large),
        cmocka_unit_test(causes_are_named),
        cmocka_unit_test(a_callback_that_writes_nan),
        cmocka_unit_test(an_overflow_names_its_step),
        cmocka_unit_test(values_of_the_caller),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
