/* The rungs of --speed in the library: what they set, and what they leave. */
#include "backend/backend.h"
#include "base/parameters.h"
#include "reference.h"

#include <string.h>

static i2v_params defaults(void) {
    i2v_params params;
    i2v_params_default(&params);
    return params;
}

/* Whatever was set before. */
static void exact_undoes_the_others(void **state) {
    (void)state;
    i2v_params params = defaults(), wanted = params;
    i2v_options options;
    i2v_options_default(&options);
    assert_int_equal(i2v_speed_set("fast", &options, &params, NULL), I2V_OK);
    assert_memory_not_equal(&params, &wanted, sizeof params);
    assert_int_equal(i2v_speed_set("exact", &options, &params, NULL), I2V_OK);
    assert_memory_equal(&params, &wanted, sizeof params);
    assert_int_equal(options.dtype, I2V_DTYPE_AUTO);
}

/* "exact" is what is made without a speed. */
static void exact_changes_nothing(void **state) {
    (void)state;
    i2v_params params = defaults(), before = params;
    i2v_options options, options_before;
    i2v_options_default(&options);
    options_before = options;
    assert_int_equal(i2v_speed_set("exact", &options, &params, NULL), I2V_OK);
    assert_memory_equal(&params, &before, sizeof params);
    assert_memory_equal(&options, &options_before, sizeof options);
}

/* Each takes less work than the one before, of values in their ranges. */
static void each_is_faster_than_the_one_before(void **state) {
    (void)state;
    const i2v_speed *speed;
    i2v_params before = defaults();
    for (size_t i = 0; (speed = i2v_speed_at(i)); i++) {
        i2v_params params = defaults();
        assert_int_equal(i2v_speed_set(speed->name, NULL, &params, NULL), I2V_OK);
        assert_int_equal(i2v_parameters_check(I2V_STRUCT_PARAMS, I2V_FOR_GENERATE, &params, NULL), I2V_OK);
        if (i > 0) assert_true(params.num_inference_steps < before.num_inference_steps);
        assert_true(*speed->summary);
        before = params;
    }
}

static void dtype_is_what_the_cpu_multiplies(void **state) {
    (void)state;
    i2v_options options;
    i2v_options_default(&options);
    assert_int_equal(i2v_speed_set("fast", &options, NULL, NULL), I2V_OK);
    assert_int_equal(options.dtype, i2v_backend_cpu()->multiplies_bf16 ? I2V_DTYPE_BF16 : I2V_DTYPE_AUTO);
    assert_int_equal(i2v_speed_set("exact", &options, NULL, NULL), I2V_OK);
    assert_int_equal(options.dtype, I2V_DTYPE_AUTO);
}

static void refused(const char *name, const i2v_params *given, const char *why) {
    i2v_params params = *given;
    i2v_error error = {0};
    assert_int_equal(i2v_speed_set(name, NULL, &params, &error), I2V_ERROR_PARAMETER);
    assert_non_null(strstr(error.message, why));
    assert_memory_equal(&params, given, sizeof params);
}

static void what_does_not_go_is_refused(void **state) {
    (void)state;
    i2v_params params = defaults();
    refused("quick", &params, "there is no speed 'quick'; there are exact, balanced, fast and draft");
    params.scheduler = I2V_SCHEDULER_ANIMATELCM;
    refused("fast", &params, "AnimateLCM");
    params.num_inference_steps = 4;
    assert_int_equal(i2v_speed_set("exact", NULL, &params, NULL), I2V_OK);
    assert_true(params.scheduler == I2V_SCHEDULER_ANIMATELCM && params.num_inference_steps == 4);
}

static void rungs_say_what_they_set(void **state) {
    (void)state;
    assert_true(i2v_speed_sets("fast", i2v_parameter_find("num_inference_steps")));
    assert_true(i2v_speed_sets("fast", i2v_parameter_find("dtype")));
    assert_true(i2v_speed_sets("fast", i2v_parameter_find("guidance_interval")));
    assert_true(i2v_speed_sets("exact", i2v_parameter_find("guidance_interval")));
    assert_true(i2v_speed_sets("exact", i2v_parameter_find("dtype")));
    assert_true(i2v_speed_sets("exact", i2v_parameter_find("num_inference_steps")));
    assert_false(i2v_speed_sets("fast", i2v_parameter_find("fps")));
    assert_false(i2v_speed_sets("fast", i2v_parameter_find("threads")));
    assert_false(i2v_speed_sets("fast", i2v_parameter_find("crf")));
    assert_false(i2v_speed_sets("none", i2v_parameter_find("dtype")));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exact_undoes_the_others),
        cmocka_unit_test(exact_changes_nothing),
        cmocka_unit_test(each_is_faster_than_the_one_before),
        cmocka_unit_test(dtype_is_what_the_cpu_multiplies),
        cmocka_unit_test(what_does_not_go_is_refused),
        cmocka_unit_test(rungs_say_what_they_set),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
