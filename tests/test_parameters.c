/* The table of parameters: what it says of each is so, values go to text and back, and messages name what is wrong. */
#include "base/parameters.h"
#include "base/part_kinds.h"
#include "reference.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef union {
    i2v_options options;
    i2v_params params;
    i2v_output output;
    i2v_image_options image;
    i2v_hub_options hub;
} any_struct;

static const i2v_parameter *named(const char *name) {
    const i2v_parameter *parameter = i2v_parameter_find(name);
    if (!parameter) fail_msg("there is no parameter %s", name);
    return parameter;
}

static void set_defaults(any_struct *values, i2v_struct settings) {
    memset(values, 0xa5, sizeof *values);
    switch (settings) {
    case I2V_STRUCT_OPTIONS:
        i2v_options_default(&values->options);
        break;
    case I2V_STRUCT_PARAMS:
        i2v_params_default(&values->params);
        break;
    case I2V_STRUCT_OUTPUT:
        i2v_output_default(&values->output);
        break;
    case I2V_STRUCT_IMAGE_OPTIONS:
        i2v_image_options_default(&values->image);
        break;
    case I2V_STRUCT_HUB_OPTIONS:
        i2v_hub_options_default(&values->hub);
        break;
    }
}

/* The text of a parameter's value; "" for none. */
static const char *text_of(const i2v_parameter *parameter, const void *values) {
    static char text[500];
    i2v_error error = {0};
    if (i2v_parameter_get(parameter, values, text, sizeof text, &error)) fail_msg("%s", error.message);
    return text;
}

/* ---- the table -------------------------------------------------------------------------------------------------- */

/* "X" of a help's "(default X)"; "" where it says it in words. */
static void default_in_help(char *text, size_t size, const char *help) {
    const char *at = strstr(help, "(default");
    *text = '\0';
    if (!at || at[8] == ':') return;
    at += 8 + strspn(at + 8, " \n");
    snprintf(text, size, "%.*s", (int)strcspn(at, ":;,) \n"), at);
}

static void check_help(const i2v_parameter *parameter) {
    char said[64];
    for (const char *line = parameter->help; *line; line += strcspn(line, "\n"), line += *line == '\n')
        if (strcspn(line, "\n") > 56) fail_msg("%s: a line of its help is too long", parameter->name);
    for (const char *at = parameter->help; (at = strchr(at, '`')); at++) {
        char name[64];
        snprintf(name, sizeof name, "%.*s", (int)strcspn(at + 1, "`"), at + 1);
        named(name);
        at = strchr(at + 1, '`');
        assert_non_null(at);
    }
    any_struct values;
    set_defaults(&values, parameter->settings);
    default_in_help(said, sizeof said, parameter->help);
    int has_value = *said && parameter->type != I2V_PARAMETER_LORAS && parameter->type != I2V_PARAMETER_TEXT;
    if (has_value && strcmp(said, text_of(parameter, &values)) != 0)
        fail_msg("%s: its help says that %s is the default, which is '%s'", parameter->name, said,
                 text_of(parameter, &values));
}

static void each_is_what_its_row_says(void **state) {
    (void)state;
    const i2v_parameter *a, *b;
    for (size_t i = 0; (a = i2v_parameter_at(i)); i++) {
        assert_ptr_equal(named(a->name), a);
        assert_true(strspn(a->name, "abcdefghijklmnopqrstuvwxyz_") == strlen(a->name));
        assert_true((a->type == I2V_PARAMETER_FLAG) == (a->argument == NULL));
        assert_true(a->calls != 0);
        for (size_t j = 0; j < i; j++) {
            b = i2v_parameter_at(j);
            if (strcmp(a->name, b->name) == 0) fail_msg("there are two parameters %s", a->name);
            if (a->settings == b->settings && a->offset == b->offset)
                fail_msg("%s and %s are one field", a->name, b->name);
        }
        check_help(a);
    }
    assert_ptr_equal(I2V_PARAMETER(OUTPUT, i2v_output, fps), named("playback_fps"));
    assert_null(i2v_parameter_find("num-frames"));
    assert_null(i2v_parameter_find(""));
}

static void defaults_are_the_tables(void **state) {
    (void)state;
    const i2v_parameter *parameter;
    for (size_t i = 0; (parameter = i2v_parameter_at(i)); i++) {
        any_struct before, values;
        set_defaults(&before, parameter->settings);
        values = before;
        assert_int_equal(i2v_parameter_set(parameter, &values, NULL, NULL), I2V_OK);
        if (memcmp(&before, &values, sizeof before) != 0) fail_msg("%s has two defaults", parameter->name);
        if (i2v_parameters_check(parameter->settings, ~0U, &values, NULL))
            fail_msg("%s: not in range", parameter->name);
    }
    i2v_params params;
    i2v_params_default(&params);
    assert_int_equal(params.num_inference_steps, 25);
    assert_int_equal(params.video_index, -1);
    assert_true(params.noise_aug_strength == 0.02);
}

static void parts_are_parameters(void **state) {
    (void)state;
    i2v_options options;
    i2v_options_default(&options);
    options.image_encoder = "here";
    assert_string_equal(i2v_part_name(I2V_PART_IMAGE_ENCODER), "image_encoder");
    for (i2v_part part = 0; part < I2V_PARTS_COUNT; part++)
        assert_string_equal(text_of(named(i2v_part_name(part)), &options),
                            part == I2V_PART_IMAGE_ENCODER ? "here" : "");
}

/* ---- values ----------------------------------------------------------------------------------------------------- */

static void values_go_to_text_and_back(void **state) {
    (void)state;
    static const struct {
        const char *name, *text, *again;
    } rows[] = {
        {"num_frames", "14", "14"},
        {"noise_aug_strength", "1e-3", "0.001"},
        {"noise_aug_strength", "0.1", "0.1"},
        {"seed", "18446744073709551615", "18446744073709551615"},
        {"max_memory", "1.5GiB", "1610612736"},
        {"max_memory", "6", "6"},
        {"fit", "comfyui", "comfyui"},
        {"loop", "1", "true"},
        {"loop", "false", "false"},
        {"unet", "a b", "a b"},
        {"playback_fps", "23.976", "23.976"},
        {"alpha", "drop", "drop"},
        {"connections", "16", "16"},
        {"guidance_shape", "triangle", "triangle"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const i2v_parameter *parameter = named(rows[i].name);
        any_struct values;
        i2v_error error = {0};
        set_defaults(&values, parameter->settings);
        if (i2v_set(parameter->settings, &values, rows[i].name, rows[i].text, &error)) fail_msg("%s", error.message);
        assert_string_equal(text_of(parameter, &values), rows[i].again);
    }
    i2v_params params;
    i2v_params_default(&params);
    assert_string_equal(text_of(named("width"), &params), ""); /* the model's own */
    assert_string_equal(text_of(named("video_index"), &params), "");
}

static void lists_are_made_and_freed(void **state) {
    (void)state;
    i2v_params params;
    i2v_options options;
    i2v_params_default(&params);
    i2v_options_default(&options);
    assert_int_equal(i2v_set(I2V_STRUCT_PARAMS, &params, "sigmas", "9,3,0", NULL), I2V_OK);
    assert_int_equal(i2v_set(I2V_STRUCT_PARAMS, &params, "sigmas", "8,0.1", NULL), I2V_OK);
    assert_int_equal(i2v_set(I2V_STRUCT_PARAMS, &params, "sigmas", "8,x", NULL), I2V_ERROR_FORMAT);
    assert_int_equal(params.sigmas_count, 2);
    assert_string_equal(text_of(named("sigmas"), &params), "8,0.1");
    assert_int_equal(i2v_set(I2V_STRUCT_OPTIONS, &options, "lora", "a.safetensors:0.5", NULL), I2V_OK);
    assert_int_equal(i2v_set(I2V_STRUCT_OPTIONS, &options, "lora", "b:c", NULL), I2V_OK);
    assert_int_equal(i2v_set(I2V_STRUCT_OPTIONS, &options, "lora", "b:nan", NULL), I2V_ERROR_FORMAT);
    assert_int_equal(options.loras_count, 2);
    assert_string_equal(text_of(named("lora"), &options), "a.safetensors:0.5\nb:c:1");
    assert_int_equal(i2v_set(I2V_STRUCT_PARAMS, &params, "sigmas", NULL, NULL), I2V_OK);
    assert_int_equal(i2v_set(I2V_STRUCT_OPTIONS, &options, "lora", NULL, NULL), I2V_OK);
    assert_null(params.sigmas);
    assert_null(options.loras);
    assert_int_equal(params.sigmas_count + options.loras_count, 0);
}

/* ---- messages --------------------------------------------------------------------------------------------------- */

/* The message's names, with '|' between. */
static const char *names_in(const i2v_error *error) {
    static char text[400];
    size_t used = 0;
    *text = '\0';
    for (int i = 0; i < error->names_count; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%.*s", i ? "|" : "", error->names[i].length,
                                 error->message + error->names[i].begin);
    return text;
}

static void wrong_values_are_refused(void **state) {
    (void)state;
    static const struct {
        const char *name, *text;
        i2v_status status;
        const char *message;
    } rows[] = {
        {"width", "0", I2V_ERROR_PARAMETER, "width is 0; it must be between 1 and 8192"},
        {"extend", "4097", I2V_ERROR_PARAMETER, "extend is 4097; it must be between 0 and 4096"},
        {"num_frames", "many", I2V_ERROR_FORMAT, "num_frames takes a whole number, not 'many'"},
        {"num_frames", "3 ", I2V_ERROR_FORMAT, "num_frames takes a whole number, not '3 '"},
        {"num_frames", "", I2V_ERROR_FORMAT, "num_frames takes a whole number, not ''"},
        {"num_frames", "1e3", I2V_ERROR_FORMAT, "num_frames takes a whole number, not '1e3'"},
        {"num_frames", "2147483648", I2V_ERROR_PARAMETER, "num_frames is 2147483648; it must be between 1 and 4096"},
        {"width", "-99999999999999999999", I2V_ERROR_PARAMETER,
         "width is -99999999999999999999; it must be between 1 and 8192"},
        {"decode_chunk_size", "2147483648", I2V_ERROR_PARAMETER,
         "decode_chunk_size is 2147483648; it must be between 0 and 2147483647"},
        {"decode_chunk_size", "-1000000", I2V_ERROR_PARAMETER, "decode_chunk_size is -1000000; it must be at least 0"},
        {"decode_chunk_size", "-1", I2V_ERROR_PARAMETER, "decode_chunk_size is -1; it must be at least 0"},
        {"noise_aug_strength", "100.5", I2V_ERROR_PARAMETER,
         "noise_aug_strength is 100.5; it must be between 0 and 100"},
        {"noise_aug_strength", "1e999", I2V_ERROR_PARAMETER,
         "noise_aug_strength is 1e999; it must be between 0 and 100"},
        {"noise_aug_strength", "-1e999", I2V_ERROR_PARAMETER,
         "noise_aug_strength is -1e999; it must be between 0 and 100"},
        {"sigmas", "9,1e999,0", I2V_ERROR_PARAMETER,
         "sigmas is 9,1e999,0; each number must be between -1.7e308 and 1.7e308"},
        {"sigmas", "1e999,x", I2V_ERROR_FORMAT, "sigmas takes numbers with commas between, not '1e999,x'"},
        {"noise_aug_strength", "nan", I2V_ERROR_FORMAT, "noise_aug_strength takes a number, not 'nan'"},
        {"rng", "mt19937", I2V_ERROR_FORMAT, "rng takes numpy|torch, not 'mt19937'"},
        {"seed", "-1", I2V_ERROR_PARAMETER, "seed is -1; it must be between 0 and 18446744073709551615"},
        {"seed", "18446744073709551616", I2V_ERROR_PARAMETER,
         "seed is 18446744073709551616; it must be between 0 and 18446744073709551615"},
        {"seed", "1.5", I2V_ERROR_FORMAT, "seed takes a whole number, not '1.5'"},
        {"seed", "+1", I2V_ERROR_FORMAT, "seed takes a whole number, not '+1'"},
        {"num_frame", "3", I2V_ERROR_PARAMETER, "there is no parameter 'num_frame'; did you mean num_frames?"},
        {"num-videos", "3", I2V_ERROR_PARAMETER, "there is no parameter 'num-videos'; did you mean num_videos?"},
        {"xyzzy", "3", I2V_ERROR_PARAMETER, "there is no parameter 'xyzzy'"},
        {"crf", "3", I2V_ERROR_PARAMETER, "crf is a parameter of i2v_output, not of i2v_params"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        i2v_params params, before;
        i2v_error error = {0};
        i2v_params_default(&params);
        before = params;
        assert_int_equal(i2v_set(I2V_STRUCT_PARAMS, &params, rows[i].name, rows[i].text, &error), rows[i].status);
        assert_string_equal(error.message, rows[i].message);
        assert_int_equal(error.status, rows[i].status);
        assert_memory_equal(&params, &before, sizeof params);
    }
}

/* Of the other structs' types. */
static void wrong_sizes_and_rates_are_refused(void **state) {
    (void)state;
    i2v_options options;
    i2v_output output;
    i2v_error error = {0};
    i2v_options_default(&options);
    i2v_output_default(&output);
    assert_int_equal(i2v_set(I2V_STRUCT_OPTIONS, &options, "max_memory", "16777216T", &error), I2V_ERROR_PARAMETER);
    assert_string_equal(error.message, "max_memory is 16777216T; it must be less than 16777216T, which is 2^64 bytes");
    assert_int_equal(i2v_set(I2V_STRUCT_OPTIONS, &options, "max_memory", "1.2.3", &error), I2V_ERROR_FORMAT);
    assert_int_equal(i2v_set(I2V_STRUCT_OPTIONS, &options, "max_memory", "0x10", &error), I2V_ERROR_FORMAT);
    assert_int_equal(i2v_set(I2V_STRUCT_OPTIONS, &options, "max_memory", ".", &error), I2V_ERROR_FORMAT);
    assert_int_equal(i2v_set(I2V_STRUCT_OPTIONS, &options, "lora", "a:1e999", &error), I2V_ERROR_PARAMETER);
    assert_string_equal(error.message, "lora is a:1e999; SCALE must be between -1.7e308 and 1.7e308");
    assert_true(options.max_memory == 0 && options.loras_count == 0);
    static const char *const rates[] = {"0", "100000000001", "18446744073709551616"};
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
        char expected[100];
        assert_int_equal(i2v_set(I2V_STRUCT_OUTPUT, &output, "bitrate", rates[i], &error), I2V_ERROR_PARAMETER);
        snprintf(expected, sizeof expected, "bitrate is %s; it must be between 1 and 100000000000", rates[i]);
        assert_string_equal(error.message, expected);
    }
    assert_int_equal(output.bitrate, 0);
    assert_string_equal(text_of(named("bitrate"), &output), ""); /* crf or quality counts */
    assert_int_equal(i2v_set(I2V_STRUCT_OUTPUT, &output, "bitrate", "100000000000", &error), I2V_OK);
    assert_string_equal(text_of(named("bitrate"), &output), "100000000000");
    output.bitrate++;
    assert_int_equal(i2v_parameters_check(I2V_STRUCT_OUTPUT, ~0U, &output, &error), I2V_ERROR_PARAMETER);
    assert_string_equal(error.message, "bitrate is 100000000001; it must be between 1 and 100000000000");
}

/* What is wrong in a struct is refused by the call that takes it, in the same words. */
static void wrong_structs_are_refused(void **state) {
    (void)state;
    i2v_params params;
    i2v_error error = {0};
    i2v_params_default(&params);
    params.fit = (i2v_fit)9;
    assert_int_equal(i2v_parameters_check(I2V_STRUCT_PARAMS, I2V_FOR_GENERATE, &params, &error), I2V_ERROR_PARAMETER);
    assert_string_equal(error.message, "fit is 9, which is the number of none of crop|pad|stretch|diffusers|comfyui");
    assert_int_equal(i2v_parameters_check(I2V_STRUCT_PARAMS, I2V_FOR_DECODE, &params, &error), I2V_OK);
    params.fps = 0;
    assert_int_equal(i2v_parameters_check(I2V_STRUCT_PARAMS, I2V_FOR_DECODE, &params, &error), I2V_ERROR_PARAMETER);
    assert_string_equal(names_in(&error), "fps");
}

static void names_are_told_and_not_marked(void **state) {
    (void)state;
    i2v_error error = {0};
    i2v_fail(&error, I2V_ERROR_MEMORY, "%s\x01: " I2V_NAME("max_memory") " or " I2V_NAME("%s"), "\xc3\xa4\n", "width");
    assert_string_equal(error.message, "\xc3\xa4??: max_memory or width");
    assert_string_equal(names_in(&error), "max_memory|width");
    i2v_fail(&error, I2V_ERROR_MEMORY, "nothing");
    assert_int_equal(error.names_count, 0);
    for (int length = 1015; length < 1030; length++) { /* cut in a name, a mark, or before */
        char text[1100];
        memset(text, 'a', sizeof text);
        i2v_fail(&error, I2V_ERROR_MEMORY, "%.*s" I2V_NAME("fps"), length, text);
        assert_true(strlen(error.message) <= sizeof error.message - 1);
        assert_null(strpbrk(error.message, I2V_NAME("")));
        if (error.names_count) assert_string_equal(names_in(&error), "fps");
    }
    i2v_fail(&error, I2V_ERROR_IO, "%s",
             I2V_NAME("") I2V_NAME("a") I2V_NAME("b") I2V_NAME("c") I2V_NAME("d") I2V_NAME("e") I2V_NAME("f")
                 I2V_NAME("g") I2V_NAME("h") I2V_NAME("i"));
    assert_int_equal(error.names_count, I2V_ERROR_NAMES);
    assert_string_equal(error.message, "abcdefghi");
}

static void engines_tell_names(void **state) {
    (void)state;
    i2v_engine *engine = NULL;
    i2v_options options;
    i2v_params params;
    i2v_memory_plan plan;
    i2v_error error = {0};
    i2v_options_default(&options);
    options.max_memory = 1 << 20;
    i2v_params_default(&params);
    assert_int_equal(i2v_open(&engine, i2v_reference_at(0).model, &options), I2V_OK);
    assert_int_equal(i2v_plan_generate(engine, &params, &plan), I2V_ERROR_MEMORY);
    i2v_get_error(engine, &error);
    assert_string_equal(error.message, i2v_error_message(engine));
    assert_int_equal(error.status, I2V_ERROR_MEMORY);
    assert_non_null(strstr(error.message, "but max_memory allows 1 MiB"));
    assert_null(strstr(error.message, "--"));
    assert_true(error.names_count >= 2);
    for (int i = 0; i < error.names_count; i++) {
        char name[64];
        snprintf(name, sizeof name, "%.*s", error.names[i].length, error.message + error.names[i].begin);
        named(name);
    }
    i2v_close(engine);
}

/* ---- presets ---------------------------------------------------------------------------------------------------- */

static void presets_say_what_they_set(void **state) {
    (void)state;
    assert_true(i2v_preset_sets("sgm", named("fps")));
    assert_true(i2v_preset_sets("comfyui", named("rng")));
    assert_false(i2v_preset_sets("sgm", named("rng")));
    assert_false(i2v_preset_sets("sgm", named("seed")));
    assert_false(i2v_preset_sets("sgm", named("crf")));
    assert_false(i2v_preset_sets("none", named("fps")));
    assert_int_equal(i2v_unlikeness("fps", "fps"), 0);
    assert_int_equal(i2v_unlikeness("num", "num_frames"), 1);
    assert_int_equal(i2v_unlikeness("wdith", "width"), 2);
    assert_int_equal(i2v_unlikeness("height", "width"), I2V_UNLIKE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_is_what_its_row_says),
        cmocka_unit_test(defaults_are_the_tables),
        cmocka_unit_test(parts_are_parameters),
        cmocka_unit_test(values_go_to_text_and_back),
        cmocka_unit_test(lists_are_made_and_freed),
        cmocka_unit_test(wrong_values_are_refused),
        cmocka_unit_test(wrong_sizes_and_rates_are_refused),
        cmocka_unit_test(wrong_structs_are_refused),
        cmocka_unit_test(names_are_told_and_not_marked),
        cmocka_unit_test(engines_tell_names),
        cmocka_unit_test(presets_say_what_they_set),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
