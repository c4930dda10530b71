/* Parts and a scheduler that the caller gives in memory: the frames of the same in files, and wrong ones by name. */
#include "model_copy.h"
#include "part_in_memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define LORA I2V_TEST_DATA "/lora/layers-kohya.safetensors"

static const char *const parts[] = {"unet", "vae", "image_encoder"};

static const char *model(void) {
    return i2v_reference_at(0).model;
}

static i2v_options default_options(void) {
    i2v_options options;
    i2v_options_default(&options);
    options.threads = 2;
    return options;
}

static void give(i2v_options *options, int part, const i2v_memory_part *given) {
    const i2v_memory_part **places[] = {&options->unet_memory, &options->vae_memory, &options->image_encoder_memory};
    *places[part] = given;
}

static i2v_engine *open_with(const char *path, const i2v_options *options) {
    i2v_engine *engine = NULL;
    if (i2v_open(&engine, path, options)) fail_msg("%s", i2v_error_message(engine));
    return engine;
}

static i2v_status generate(i2v_engine *engine, i2v_video **video) {
    i2v_params params;
    i2v_params_default(&params);
    params.width = 16;
    params.height = 8;
    params.num_frames = 3;
    params.num_inference_steps = 2;
    i2v_image *picture = NULL;
    assert_int_equal(i2v_image_new(&picture, 16, 8, NULL), I2V_OK);
    for (int i = 0; i < 16 * 8 * 3; i++) picture->pixels[i] = (uint8_t)(i * i / 7 % 256);
    *video = NULL;
    i2v_status status = i2v_generate(engine, picture, &params, video);
    i2v_image_free(picture);
    return status;
}

static i2v_video *video_of(i2v_engine *engine) {
    i2v_video *video;
    if (generate(engine, &video)) fail_msg("%s", i2v_error_message(engine));
    return video;
}

/* Opens, generates, closes. */
static i2v_video *video_with(const char *path, const i2v_options *options) {
    i2v_engine *engine = open_with(path, options);
    i2v_video *video = video_of(engine);
    i2v_close(engine);
    return video;
}

static int is_same(const i2v_video *a, const i2v_video *b) {
    size_t count = (size_t)a->num_frames * (size_t)a->height * (size_t)a->width * 3;
    return memcmp(a->frames, b->frames, count * sizeof(float)) == 0;
}

/* Frees found. */
static void expect(const i2v_video *wanted, i2v_video *found, int same, const char *what) {
    if (is_same(wanted, found) != same) fail_msg("%s: the frames are %s", what, same ? "others" : "the same");
    i2v_video_free(found);
}

/* ---- frames ----------------------------------------------------------------------------------------------------- */

static void gives_the_files_frames(void **state) {
    (void)state;
    i2v_options options = default_options();
    i2v_video *wanted = video_with(model(), &options);
    for (int keeps = 0; keeps < 2; keeps++) {
        options.keep_loaded = keeps;
        for (int part = 0; part < 3; part++) {
            part_in_memory memory = part_in_memory_from(model(), parts[part]);
            i2v_options with = options;
            give(&with, part, &memory.given);
            expect(wanted, video_with(model(), &with), 1, parts[part]);
            i2v_memory_part without = memory.given;
            without.config = NULL; /* that of the model's own part */
            give(&with, part, &without);
            expect(wanted, video_with(model(), &with), 1, parts[part]);
            part_in_memory_free(&memory);
        }
    }
    i2v_video_free(wanted);
}

/* What names and lists the caller gave may go after i2v_open; the values stay. */
static void keeps_the_values_alone(void **state) {
    (void)state;
    i2v_options options = default_options();
    part_in_memory memory = part_in_memory_from(model(), "unet");
    i2v_video *wanted = video_with(model(), &options);
    options.unet_memory = &memory.given;
    i2v_engine *engine = open_with(model(), &options);
    uint8_t *values = memory.values;
    memory.values = NULL;
    part_in_memory_free(&memory);
    expect(wanted, video_of(engine), 1, "after the lists are gone");
    i2v_close(engine);
    free(values);
    i2v_video_free(wanted);
}

static void has_the_files_hash_sizes_and_plans(void **state) {
    (void)state;
    i2v_options options = default_options();
    i2v_engine *own = open_with(model(), &options);
    part_in_memory memory[3];
    for (int part = 0; part < 3; part++) {
        memory[part] = part_in_memory_from(model(), parts[part]);
        give(&options, part, &memory[part].given);
    }
    i2v_engine *given = open_with(model(), &options);
    char own_hash[I2V_SHA256_SIZE], given_hash[I2V_SHA256_SIZE];
    assert_int_equal(i2v_model_hash(own, own_hash), I2V_OK);
    assert_int_equal(i2v_model_hash(given, given_hash), I2V_OK);
    assert_string_equal(own_hash, given_hash);
    i2v_model_info own_info, given_info;
    assert_int_equal(i2v_get_model_info(own, &own_info), I2V_OK);
    assert_int_equal(i2v_get_model_info(given, &given_info), I2V_OK);
    for (int i = 0; i < 3; i++) {
        assert_string_equal(own_info.parts[i].dtype, given_info.parts[i].dtype);
        assert_string_equal(own_info.parts[i].sizes, given_info.parts[i].sizes);
        assert_int_equal(own_info.parts[i].bytes, given_info.parts[i].bytes);
    }
    i2v_params params;
    i2v_params_default(&params);
    params.width = params.height = 64;
    i2v_memory_plan own_plan, given_plan;
    assert_int_equal(i2v_plan_generate(own, &params, &own_plan), I2V_OK);
    assert_int_equal(i2v_plan_generate(given, &params, &given_plan), I2V_OK);
    for (size_t i = 0; i < own_plan.stages_count; i++)
        assert_int_equal(own_plan.stages[i].peak, given_plan.stages[i].peak);
    i2v_close(own);
    i2v_close(given);
    for (int part = 0; part < 3; part++) part_in_memory_free(&memory[part]);
}

static void a_lora_is_added(void **state) {
    (void)state;
    i2v_options options = default_options();
    i2v_lora lora = {LORA, 0.7};
    i2v_video *plain = video_with(model(), &options);
    options.loras = &lora;
    options.loras_count = 1;
    i2v_video *wanted = video_with(model(), &options);
    assert_false(is_same(plain, wanted));
    part_in_memory memory = part_in_memory_from(model(), "unet");
    options.unet_memory = &memory.given;
    expect(wanted, video_with(model(), &options), 1, "with a LoRA");
    part_in_memory_free(&memory);
    i2v_video_free(plain);
    i2v_video_free(wanted);
}

/* A value, as the tensor holds it. */
static uint16_t exchange(const i2v_memory_tensor *tensor, uint16_t bits) {
    uint16_t before;
    memcpy(&before, tensor->data, sizeof before);
    memcpy((void *)(uintptr_t)tensor->data, &bits, sizeof bits);
    return before;
}

static const i2v_memory_tensor *tensor_of(const part_in_memory *memory, const char *name) {
    for (size_t i = 0; i < memory->given.tensors_count; i++)
        if (strcmp(memory->tensors[i].name, name) == 0) return &memory->tensors[i];
    fail_msg("no tensor %s", name);
    return NULL;
}

static void changed_values_count(void **state) {
    (void)state;
    i2v_options options = default_options();
    part_in_memory memory = part_in_memory_from(model(), "unet");
    const i2v_memory_tensor *tensor = tensor_of(&memory, "conv_in.bias");
    options.unet_memory = &memory.given;
    for (int keeps = 0; keeps < 2; keeps++) {
        options.keep_loaded = keeps;
        i2v_engine *engine = open_with(model(), &options);
        i2v_video *before = video_of(engine);
        uint16_t bits = exchange(tensor, 0x4100); /* 8 in bf16 */
        expect(before, video_of(engine), keeps, "the next call");
        i2v_unload(engine);
        expect(before, video_of(engine), 0, "after i2v_unload");
        exchange(tensor, bits);
        i2v_unload(engine);
        expect(before, video_of(engine), 1, "with the old value");
        i2v_video_free(before);
        i2v_close(engine);
    }
    part_in_memory_free(&memory);
}

static void names_a_value_that_is_not_finite(void **state) {
    (void)state;
    i2v_options options = default_options();
    part_in_memory memory = part_in_memory_from(model(), "unet");
    exchange(tensor_of(&memory, "conv_in.bias"), 0x7fc0);
    options.unet_memory = &memory.given;
    i2v_engine *engine = open_with(model(), &options);
    i2v_video *video;
    assert_int_equal(generate(engine, &video), I2V_ERROR_MODEL);
    const char *message = i2v_error_message(engine);
    if (!strstr(message, "tensor conv_in.bias of the UNet given in memory holds nan") || strstr(message, "download"))
        fail_msg("%s", message);
    i2v_close(engine);
    part_in_memory_free(&memory);
}

/* ---- wrong ones ------------------------------------------------------------------------------------------------- */

static void expect_failure(const i2v_options *options, i2v_status wanted, const char *words) {
    i2v_engine *engine = NULL;
    i2v_status status = i2v_open(&engine, model(), options);
    const char *message = i2v_error_message(engine);
    if (status != wanted || !strstr(message, words)) fail_msg("status %d, '%s' lacks '%s'", status, message, words);
    i2v_close(engine);
}

static void wrong_tensors_are_named(void **state) {
    (void)state;
    static const int64_t huge[] = {(int64_t)1 << 40, (int64_t)1 << 40}, large[] = {(int64_t)1 << 62},
                         negative[] = {4, -1}, other[] = {3}, zero[] = {0};
    static const char text[] = "values";
    const struct {
        i2v_memory_tensor wrong;
        const char *words;
    } cases[] = {
        {{NULL, "F32", 1, other, text}, "the UNet given in memory: tensor number 0 of its list has no name"},
        {{"conv", NULL, 1, other, text}, "tensor conv has no dtype"},
        {{"conv", "float32", 1, other, text}, "tensor conv has the unknown dtype float32"},
        {{"conv", "F32", -1, other, text}, "tensor conv has -1 dimensions"},
        {{"conv", "F32", 9, other, text}, "tensor conv has 9 dimensions"},
        {{"conv", "F32", 1 << 30, other, text}, "tensor conv has 1073741824 dimensions"},
        {{"conv", "F32", 1, NULL, text}, "tensor conv has no shape"},
        {{"conv", "F32", 2, negative, text}, "tensor conv: dimension 1 of its shape is -1"},
        {{"conv", "F32", 2, huge, text}, "tensor conv has more elements than can be counted"},
        {{"conv", "F32", 1, large, text}, "tensor conv has more bytes than memory has"},
        {{"conv", "U8", 1, large, NULL}, "tensor conv has no data"},
        {{"conv", "F32", 1, other, NULL}, "tensor conv has no data"},
        {{"conv", "F32", 1, zero, NULL}, "no part of Stable Video Diffusion is recognised"},
        {{"down_blocks.0\n", "F32", 1, zero, NULL}, "conv_in.weight is missing"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        i2v_options options = default_options();
        i2v_memory_part given = {NULL, &cases[i].wrong, 1};
        options.unet_memory = &given;
        expect_failure(&options, I2V_ERROR_MODEL, cases[i].words);
    }
}

static void wrong_parts_are_named(void **state) {
    (void)state;
    part_in_memory unet = part_in_memory_from(model(), "unet"), vae = part_in_memory_from(model(), "vae");
    i2v_options options = default_options();
    i2v_memory_part given = unet.given;
    options.unet_memory = &given;

    given.tensors_count = 0;
    expect_failure(&options, I2V_ERROR_MODEL, "the UNet given in memory: it has no tensors");
    given.tensors_count = SIZE_MAX;
    expect_failure(&options, I2V_ERROR_MODEL, "18446744073709551615 tensors, more than");
    given = (i2v_memory_part){unet.given.config, NULL, 3};
    expect_failure(&options, I2V_ERROR_MODEL, "the UNet given in memory: it has no tensors");
    given = unet.given;
    given.tensors_count--;
    expect_failure(&options, I2V_ERROR_MODEL, "is missing");
    given = unet.given;
    given.config = "{";
    expect_failure(&options, I2V_ERROR_MODEL, "the UNet given in memory: its config: damaged JSON");
    given.config = vae.given.config;
    expect_failure(&options, I2V_ERROR_MODEL, "not of a UNetSpatioTemporalConditionModel");
    given = vae.given;
    expect_failure(&options, I2V_ERROR_MODEL, "the UNet given in memory: its tensors are not those of a UNet");

    given = unet.given;
    options.unet = model();
    expect_failure(&options, I2V_ERROR_PARAMETER, "the UNet is given twice, as a path and in memory");
    options.unet = NULL;
    const char *name = unet.tensors[1].name;
    unet.tensors[1].name = unet.tensors[0].name;
    expect_failure(&options, I2V_ERROR_MODEL, "the UNet given in memory: duplicate tensor");
    unet.tensors[1].name = name;
    int64_t shape[] = {1, 2, 3};
    unet.tensors[0].shape = shape;
    unet.tensors[0].ndim = 1;
    expect_failure(&options, I2V_ERROR_MODEL, unet.tensors[0].name);
    part_in_memory_free(&unet);
    part_in_memory_free(&vae);
}

/* ---- the scheduler ---------------------------------------------------------------------------------------------- */

#define SCHEDULER(more)                                                                                                \
    "{\"_class_name\": \"EulerDiscreteScheduler\", \"prediction_type\": \"v_prediction\", \"timestep_type\": "         \
    "\"continuous\", \"beta_schedule\": \"scaled_linear\", \"beta_start\": 0.00085, \"beta_end\": 0.012, "             \
    "\"timestep_spacing\": \"leading\", \"steps_offset\": 1" more "}"

/* The text, in the place of the model's own file. */
static void write_scheduler(const model_copy *copy, const char *text) {
    FILE *file = fopen(model_copy_file(copy, "scheduler/scheduler_config.json"), "wb");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void another_scheduler_counts_as_its_file_does(void **state) {
    (void)state;
    static const char *const texts[] = {
        SCHEDULER(", \"use_karras_sigmas\": true, \"sigma_min\": 0.01, \"sigma_max\": 80"),
        SCHEDULER(", \"use_exponential_sigmas\": true, \"sigma_min\": 0.02, \"sigma_max\": 500"), SCHEDULER("")};
    model_copy copy;
    model_copy_make(&copy, model());
    i2v_options options = default_options();
    i2v_video *own = video_with(model(), &options);
    for (size_t i = 0; i < COUNT(texts); i++) {
        write_scheduler(&copy, texts[i]);
        i2v_video *wanted = video_with(copy.path, NULL);
        options.scheduler_config = texts[i];
        expect(wanted, video_with(model(), &options), 1, texts[i]);
        expect(own, wanted, 0, texts[i]);
    }
    /* the model's own is not read then */
    assert_int_equal(remove(model_copy_file(&copy, "scheduler/scheduler_config.json")), 0);
    i2v_video *wanted = video_with(model(), &options);
    expect(wanted, video_with(copy.path, &options), 1, "without a file");
    i2v_video_free(wanted);
    i2v_video_free(own);
    model_copy_remove(&copy);
}

static void wrong_schedulers_are_named(void **state) {
    (void)state;
    i2v_options options = default_options();
    static const char *const cases[][2] = {
        {"", "the scheduler_config given in memory: damaged JSON"},
        {"[1]", "the scheduler_config given in memory: its JSON is no object"},
        {"{\"_class_name\": \"DDIMScheduler\"}", "the scheduler_config given in memory: _class_name is DDIMScheduler"},
        {SCHEDULER(", \"rescale_betas_zero_snr\": true"), "rescale_betas_zero_snr is not implemented"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        options.scheduler_config = cases[i][0];
        expect_failure(&options, I2V_ERROR_MODEL, cases[i][1]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_the_files_frames),
        cmocka_unit_test(keeps_the_values_alone),
        cmocka_unit_test(has_the_files_hash_sizes_and_plans),
        cmocka_unit_test(a_lora_is_added),
        cmocka_unit_test(changed_values_count),
        cmocka_unit_test(names_a_value_that_is_not_finite),
        cmocka_unit_test(wrong_tensors_are_named),
        cmocka_unit_test(wrong_parts_are_named),
        cmocka_unit_test(another_scheduler_counts_as_its_file_does),
        cmocka_unit_test(wrong_schedulers_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
