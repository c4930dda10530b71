/* tiny_decoder "auto" and "none": what lies in the model's folder is found, in its order, and only where it is asked
 * for. */
#include "model_copy.h"
#include "small_run.h"

#include "base/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define DATA(name) I2V_TEST_DATA "/tiny/" name

static model_copy copy;

static void put(const char *from, const char *name) {
    uint8_t *data = NULL;
    size_t size = 0;
    i2v_error error = {0};
    if (i2v_file_read(&data, &size, from, (size_t)1 << 20, &error)) fail_msg("%s", error.message);
    FILE *file = fopen(model_copy_file(&copy, name), "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
    free(data);
}

static i2v_engine *open_copy(const char *tiny) {
    i2v_engine *engine;
    i2v_options options;
    i2v_options_default(&options);
    options.tiny_decoder = tiny;
    if (i2v_open(&engine, copy.path, &options)) fail_msg("%s", i2v_error_message(engine));
    return engine;
}

/* Opened so, the model has that decoder: a name in its folder, or NULL. */
static void finds(const char *tiny, const char *name) {
    i2v_engine *engine = open_copy(tiny);
    i2v_model_info info;
    assert_int_equal(i2v_get_model_info(engine, &info), I2V_OK);
    assert_int_equal(info.parts_count, name ? 4 : 3);
    if (name)
        assert_string_equal(info.tiny_decoder, model_copy_file(&copy, name));
    else
        assert_null(info.tiny_decoder);
    i2v_close(engine);
}

static void the_first_in_the_folder(void **state) {
    (void)state;
    finds("auto", NULL);
    put(DATA("taesd.safetensors"), "taesd.safetensors");
    finds("auto", "taesd.safetensors");
    put(DATA("taesd_decoder.pth"), "taesd_decoder.pth");
    finds("auto", "taesd_decoder.pth");
    put(DATA("taesdv.pth"), "taesdv.pth");
    finds("auto", "taesdv.pth");
    assert_int_equal(mkdir(model_copy_file(&copy, "tiny_decoder"), 0700), 0);
    put(DATA("taesd.safetensors"), "tiny_decoder/diffusion_pytorch_model.safetensors");
    finds("auto", "tiny_decoder");
    finds("none", NULL);
    finds(NULL, NULL);
}

static void frames_are_those_of_the_named_one(void **state) {
    (void)state;
    i2v_params params = small_params();
    put(DATA("taesdv.pth"), "taesdv.pth");
    i2v_engine *engines[] = {open_copy("auto"), open_copy(DATA("taesdv.pth")), open_copy("none")};
    i2v_video *videos[3];
    for (int i = 0; i < 3; i++) videos[i] = generate(engines[i], picture, &params);
    assert_true(same_bits(videos[0], videos[1]));
    assert_memory_equal(videos[0]->latents, videos[2]->latents, latents_count(videos[0]) * sizeof(float));
    assert_memory_not_equal(videos[0]->frames, videos[2]->frames, frames_count(videos[0]) * sizeof(float));
    i2v_memory_plan plan;
    assert_int_equal(i2v_plan_generate(engines[0], &params, &plan), I2V_OK);
    assert_string_equal(plan.stages[plan.stages_count - 1].name, "tiny decoder");
    i2v_model_info info;
    assert_int_equal(i2v_get_model_info(engines[1], &info), I2V_OK);
    assert_string_equal(info.tiny_decoder, DATA("taesdv.pth"));
    for (int i = 0; i < 3; i++) {
        i2v_video_free(videos[i]);
        i2v_close(engines[i]);
    }
}

/* Nobody named it, so that the sentence says why it was read. */
static void what_is_wrong_there_is_told(void **state) {
    (void)state;
    char wanted[1500];
    i2v_engine *engine;
    i2v_options options;
    put(DATA("frames.safetensors"), "taesdv.safetensors");
    i2v_options_default(&options);
    options.tiny_decoder = "auto";
    assert_int_equal(i2v_open(&engine, copy.path, &options), I2V_ERROR_MODEL);
    snprintf(wanted, sizeof wanted, "%s: it has no decoder of TAESD", model_copy_file(&copy, "taesdv.safetensors"));
    if (!strstr(i2v_error_message(engine), wanted) ||
        !strstr(i2v_error_message(engine), "; it lies beside the model: take it away, or give tiny_decoder none"))
        fail_msg("%s", i2v_error_message(engine));
    i2v_close(engine);
    finds("none", NULL);
}

static void a_draft_asks_for_it(void **state) {
    (void)state;
    static const char *const speeds[] = {"exact", "balanced", "fast", "draft"};
    for (int i = 0; i < 4; i++) {
        i2v_options options;
        i2v_options_default(&options);
        options.tiny_decoder = "a file";
        assert_int_equal(i2v_speed_set(speeds[i], &options, NULL, NULL), I2V_OK);
        if (i < 3)
            assert_null(options.tiny_decoder);
        else
            assert_string_equal(options.tiny_decoder, I2V_TINY_DECODER_AUTO);
    }
}

static int make_copy(void **state) {
    (void)state;
    model_copy_make(&copy, i2v_reference_at(0).model);
    return 0;
}

static int remove_copy(void **state) {
    (void)state;
    model_copy_remove(&copy);
    return 0;
}

#define IN_COPY(test) cmocka_unit_test_setup_teardown(test, make_copy, remove_copy)

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_COPY(the_first_in_the_folder),
        IN_COPY(frames_are_those_of_the_named_one),
        IN_COPY(what_is_wrong_there_is_told),
        cmocka_unit_test(a_draft_asks_for_it),
    };
    return cmocka_run_group_tests_name("tiny_auto", tests, open_shared, close_shared);
}
