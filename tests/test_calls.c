/* What holds for each public call on an engine: how it is cancelled, before it and from within. */
#include "reference.h"

#include "pipeline/engine.h"

#include <stdlib.h>
#include <string.h>

static i2v_engine *engine;
static i2v_image *picture;

static i2v_params small_params(void) {
    i2v_params params;
    i2v_params_default(&params);
    params.width = 16;
    params.height = 8;
    params.num_frames = 2;
    params.num_inference_steps = 1;
    return params;
}

/* ---- the calls that compute ------------------------------------------------------------------------------------- */

static i2v_status generate(const i2v_params *params) {
    i2v_video *video = NULL;
    i2v_status status = i2v_generate(engine, picture, params, &video);
    assert_true((status == I2V_OK) == (video != NULL));
    i2v_video_free(video);
    return status;
}

static i2v_status decode(const i2v_params *params) {
    static const float latents[2 * 4 * 1 * 2];
    i2v_video *video = NULL;
    i2v_status status = i2v_decode(engine, latents, 2, 1, 2, params, &video);
    assert_true((status == I2V_OK) == (video != NULL));
    i2v_video_free(video);
    return status;
}

static i2v_status plan_generate(const i2v_params *params) {
    i2v_memory_plan plan;
    return i2v_plan_generate(engine, params, &plan);
}

static i2v_status plan_decode(const i2v_params *params) {
    i2v_memory_plan plan;
    return i2v_plan_decode(engine, 2, 1, 2, params, &plan);
}

static i2v_status bench(const i2v_params *params) {
    i2v_bench_report *report = NULL;
    i2v_status status = i2v_bench(engine, params, 1, &report);
    assert_true((status == I2V_OK) == (report != NULL));
    i2v_bench_report_free(report);
    return status;
}

static const struct {
    const char *name;
    i2v_status (*run)(const i2v_params *params);
} calls[] = {{"i2v_generate", generate},
             {"i2v_decode", decode},
             {"i2v_plan_generate", plan_generate},
             {"i2v_plan_decode", plan_decode},
             {"i2v_bench", bench}};
#define CALLS (sizeof calls / sizeof *calls)

static void expect(size_t call, const i2v_params *params, i2v_status wanted) {
    i2v_status status = calls[call].run(params);
    const char *message = i2v_error_message(engine);
    if (status != wanted) fail_msg("%s: %s, '%s'", calls[call].name, i2v_status_name(status), message);
    if (status == I2V_OK) assert_string_equal(message, "");
    if (status == I2V_CANCELLED) assert_string_equal(message, "cancelled");
}

/* ---- the calls that only ask, which cancel nothing and are not cancelled ---------------------------------------- */

static void ask_all(void) {
    i2v_model_info info;
    char hex[I2V_SHA256_SIZE];
    assert_int_equal(i2v_get_model_info(engine, &info), I2V_OK);
    assert_int_equal(i2v_model_hash(engine, hex), I2V_OK);
    assert_true(i2v_memory_left(engine) >= 1);
    assert_non_null(i2v_error_message(engine));
    i2v_unload(engine);
}

/* ---- sequences -------------------------------------------------------------------------------------------------- */

/* A cancel before a call is that call's, whichever it is, and no other's. */
static void a_cancel_is_for_one_call(void **state) {
    (void)state;
    i2v_params params = small_params();
    for (size_t first = 0; first < CALLS; first++) {
        for (size_t next = 0; next < CALLS; next++) {
            if (calls[next].run == bench && next != first) continue; /* it takes its time */
            i2v_cancel(engine);
            expect(first, &params, I2V_CANCELLED);
            expect(next, &params, I2V_OK);
        }
    }
}

static void asking_takes_no_cancel(void **state) {
    (void)state;
    i2v_params params = small_params();
    for (size_t call = 0; call < CALLS; call++) {
        i2v_cancel(engine);
        ask_all();
        expect(call, &params, I2V_CANCELLED);
        ask_all();
        expect(call, &params, I2V_OK);
    }
}

/* One that would have failed is cancelled all the same; and one that fails leaves nothing behind. */
static void a_call_that_fails_takes_a_cancel(void **state) {
    (void)state;
    i2v_params params = small_params(), wrong = params;
    wrong.width = 13;
    wrong.fps = 0;
    for (size_t call = 0; call < CALLS; call++) {
        i2v_cancel(engine);
        expect(call, &wrong, I2V_CANCELLED);
        if (calls[call].run != bench) expect(call, &wrong, I2V_ERROR_PARAMETER);
        expect(call, &params, I2V_OK);
    }
}

/* In an event: of those that tell, the call ends there, and the next is whole. */
static int cancel_at_event(const i2v_event *event, void *user) {
    int *left = user;
    (void)event;
    if (--*left == 0) i2v_cancel(engine);
    return 0;
}

static void a_cancel_within_a_call_ends_it(void **state) {
    (void)state;
    for (size_t call = 0; call < CALLS; call++) {
        if (calls[call].run == plan_generate || calls[call].run == plan_decode) continue;
        for (int at = 1; at <= 3; at++) {
            i2v_params params = small_params();
            int left = at;
            params.on_event = cancel_at_event;
            params.user = &left;
            expect(call, &params, I2V_CANCELLED);
            assert_int_equal(left, 0);
        }
        i2v_params quiet = small_params();
        expect(call, &quiet, I2V_OK);
    }
}

/* A call that a callback makes on the engine is refused, and takes no cancel that is meant for the one that runs. */
static int cancel_and_call(const i2v_event *event, void *user) {
    (void)event;
    i2v_params params = small_params();
    i2v_cancel(engine);
    for (size_t call = 0; call < CALLS; call++) {
        if (calls[call].run(&params) != I2V_ERROR_PARAMETER) *(int *)user = 1;
    }
    return 0;
}

static void a_refused_call_takes_no_cancel(void **state) {
    (void)state;
    int wrong = 0;
    i2v_params params = small_params();
    params.on_event = cancel_and_call;
    params.user = &wrong;
    expect(0, &params, I2V_CANCELLED);
    assert_int_equal(wrong, 0);
}

/* ---- latents alone ---------------------------------------------------------------------------------------------- */

static int note_phase(const i2v_event *event, void *user) {
    double *seen = user;
    if (event->phase == I2V_PHASE_DECODE) return 1;
    seen[0] += event->phase == I2V_PHASE_LOAD && event->step == 0;
    seen[1] = event->fraction;
    seen[2] = event->memory > seen[2] ? (double)event->memory : seen[2];
    return 0;
}

/* The latents of a run that goes on to frames; no decoder is loaded, planned or counted. */
static void latents_alone(void **state) {
    (void)state;
    i2v_params params = small_params();
    i2v_video *whole = NULL, *latents = NULL;
    i2v_memory_plan plan, less;
    double seen[3] = {0};
    params.num_videos = 2;
    assert_int_equal(i2v_generate(engine, picture, &params, &whole), I2V_OK);
    assert_int_equal(i2v_plan_generate(engine, &params, &plan), I2V_OK);
    params.latents_only = 1;
    params.on_event = note_phase;
    params.user = seen;
    if (i2v_generate(engine, picture, &params, &latents)) fail_msg("%s", i2v_error_message(engine));
    assert_null(latents->frames);
    assert_int_equal(latents->num_frames, 2);
    assert_int_equal(latents->width, 16);
    assert_memory_equal(latents->latents, whole->latents, sizeof(float) * 2 * 2 * 4 * 1 * 2);
    assert_true(seen[0] == 3 && seen[1] == 1);
    assert_int_equal(i2v_plan_generate(engine, &params, &less), I2V_OK);
    assert_int_equal(plan.stages_count, 4);
    /* timed once, so that plans differ by what they are of and not by what else the machine does */
    for (size_t i = 0; i < 3; i++) assert_true(less.stages[i].run_seconds == plan.stages[i].run_seconds);
    assert_int_equal(less.stages_count, 3);
    for (size_t i = 0; i < 3; i++) assert_int_equal(less.stages[i].peak, plan.stages[i].peak);
    assert_true((double)less.peak == seen[2]);
    i2v_error error;
    assert_int_equal(i2v_video_save(latents, "/tmp/i2v-calls-not-written.png", NULL, &error), I2V_ERROR_PARAMETER);
    assert_non_null(strstr(error.message, "no frames"));
    params.extend = 1;
    assert_int_equal(plan_generate(&params), I2V_ERROR_PARAMETER);
    assert_non_null(strstr(i2v_error_message(engine), "latents_only and extend"));
    params.extend = 0;
    params.latents_only = 2;
    assert_int_equal(plan_generate(&params), I2V_ERROR_PARAMETER);
    assert_non_null(strstr(i2v_error_message(engine), "latents_only is 2; it must be 0 or 1"));
    i2v_video_free(latents);
    i2v_video_free(whole);
}

static int set_up(void **state) {
    (void)state;
    engine = i2v_reference_engine(&(i2v_reference){.model = i2v_reference_at(0).model}, 2);
    engine->max_memory = (uint64_t)128 << 20; /* which bounds what i2v_bench measures with */
    if (i2v_image_new(&picture, 16, 8, NULL)) return -1;
    memset(picture->pixels, 100, 16 * 8 * 3);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    i2v_image_free(picture);
    i2v_close(engine);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cancel_is_for_one_call),         cmocka_unit_test(asking_takes_no_cancel),
        cmocka_unit_test(a_call_that_fails_takes_a_cancel), cmocka_unit_test(a_cancel_within_a_call_ends_it),
        cmocka_unit_test(a_refused_call_takes_no_cancel),   cmocka_unit_test(latents_alone),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
