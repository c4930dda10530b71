/* Whole calls with a tiny decoder: ended and gone on with, on any number of threads, and what plans and messages call
 * it. */
#include "small_run.h"
#include "temporary_folder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TAESD I2V_TEST_DATA "/tiny/taesd_decoder.pth"
#define TAESDV I2V_TEST_DATA "/tiny/taesdv.pth"

static i2v_engine *open_with(const char *tiny, int threads) {
    i2v_engine *engine;
    i2v_options options;
    i2v_options_default(&options);
    options.tiny_decoder = tiny;
    options.threads = threads;
    if (i2v_open(&engine, i2v_reference_at(0).model, &options)) fail_msg("%s", i2v_error_message(engine));
    return engine;
}

/* More frames than one of TAESDV's has a part of, in chunks that do not fit them. */
static i2v_params run_params(void) {
    i2v_params params = small_params();
    params.num_frames = 15;
    params.num_inference_steps = 1;
    params.decode_chunk_size = 2;
    params.extend = 1;
    return params;
}

/* ---- ended, and gone on with ------------------------------------------------------------------------------------ */

typedef struct caller {
    int end_at;      /* the chunk, from 0, whose event cancels; -1: none */
    int seen;        /* chunks */
    int phase, clip; /* of the event before */
} caller;

static int on_event(const i2v_event *event, void *user) {
    caller *c = user;
    int begins = (int)event->phase != c->phase || event->clip != c->clip;
    c->phase = (int)event->phase;
    c->clip = event->clip;
    if (begins || event->phase != I2V_PHASE_DECODE || event->steps_done > event->step) return 0;
    return c->seen++ == c->end_at;
}

/* One call, from the state if resumes is 1; NULL: it was cancelled, as it should be. */
static i2v_video *call(i2v_engine *engine, i2v_params params, int resumes, int end_at, int *seen) {
    char path[600];
    caller c = {.end_at = end_at};
    i2v_video *video = NULL;
    snprintf(path, sizeof path, "%s", in_folder("state"));
    params.on_event = on_event;
    params.user = &c;
    params.checkpoint = path;
    params.resume_from = resumes ? path : NULL;
    i2v_status status = i2v_generate(engine, picture, &params, &video);
    *seen = c.seen;
    if (status == I2V_CANCELLED && end_at >= 0) return NULL;
    if (status) fail_msg("status %d: %s", status, i2v_error_message(engine));
    return video;
}

/* In both clips: the frames before that have a part in the next are remembered. */
static void goes_on_to_the_same_bits(void **state) {
    (void)state;
    static const char *const files[] = {TAESD, TAESDV};
    for (int i = 0; i < 2; i++) {
        i2v_engine *engine = open_with(files[i], 2);
        int all, seen;
        i2v_video *wanted = call(engine, run_params(), 0, -1, &all);
        assert_in_range(all, 16, 17);
        for (int k = 0; k < all; k += 3) {
            assert_null(call(engine, run_params(), 0, k, &seen));
            i2v_video *video = call(engine, run_params(), 1, -1, &seen);
            assert_int_equal(seen, all - k); /* nothing that was done is made again */
            assert_true(same_bits(video, wanted));
            i2v_video_free(video);
        }
        i2v_video_free(wanted);
        i2v_close(engine);
    }
}

static void refuses_to_go_on_with(const char *tiny, const char *one, const char *two) {
    i2v_engine *engine = open_with(tiny, 1);
    i2v_params params = run_params();
    i2v_video *video = NULL;
    char path[600];
    snprintf(path, sizeof path, "%s", in_folder("state"));
    params.checkpoint = params.resume_from = path;
    assert_int_equal(i2v_generate(engine, picture, &params, &video), I2V_ERROR_PARAMETER);
    assert_null(video);
    const char *message = i2v_error_message(engine);
    if (!strstr(message, one) || !strstr(message, two)) fail_msg("'%s' lacks '%s' or '%s'", message, one, two);
    i2v_close(engine);
}

static void goes_on_with_no_other_decoder(void **state) {
    (void)state;
    int seen;
    i2v_engine *engine = open_with(TAESDV, 1);
    assert_null(call(engine, run_params(), 0, 3, &seen));
    refuses_to_go_on_with(NULL, "tiny_decoder is ", " there and not set here; give the same, or remove the file");
    refuses_to_go_on_with(TAESD, "tiny_decoder is ", " here; give the same, or remove the file");
    i2v_close(engine);
    engine = open_with(NULL, 1);
    assert_null(call(engine, run_params(), 0, 3, &seen));
    refuses_to_go_on_with(TAESDV, "tiny_decoder is not set there and ", "give the same, or remove the file");
    i2v_close(engine);
}

/* ---- threads, plans --------------------------------------------------------------------------------------------- */

static void threads_change_no_bit(void **state) {
    (void)state;
    static const char *const files[] = {TAESD, TAESDV};
    i2v_params params = run_params();
    params.extend = 0;
    params.width = 72;
    params.height = 56;
    for (int i = 0; i < 2; i++) {
        i2v_video *first = NULL;
        for (int threads = 1; threads <= 3; threads++) {
            i2v_engine *engine = open_with(files[i], threads);
            i2v_video *video = generate(engine, picture, &params);
            if (first) assert_true(same_bits(video, first));
            if (first) i2v_video_free(video);
            if (!first) first = video;
            i2v_close(engine);
        }
        i2v_video_free(first);
    }
}

static void plans_name_it(void **state) {
    (void)state;
    static const char *const files[] = {NULL, TAESD, TAESDV};
    uint64_t weights[3];
    i2v_params params = run_params();
    for (int i = 0; i < 3; i++) {
        i2v_engine *engine = open_with(files[i], 1);
        i2v_memory_plan plan;
        assert_int_equal(i2v_plan_generate(engine, &params, &plan), I2V_OK);
        assert_int_equal(plan.stages_count, 4);
        assert_string_equal(plan.stages[3].name, i ? "tiny decoder" : "VAE decoder");
        weights[i] = plan.stages[3].weights;
        i2v_close(engine);
    }
    assert_true(weights[1] < weights[2] && weights[2] < weights[0] / 4);
}

static void messages_name_it(void **state) {
    (void)state;
    i2v_params params = small_params();
    i2v_video *made = generate(shared[0], picture, &params), *video = NULL;
    i2v_engine *engine;
    i2v_options options;
    i2v_options_default(&options);
    options.tiny_decoder = TAESDV;
    options.max_memory = 1 << 20;
    assert_int_equal(i2v_open(&engine, i2v_reference_at(0).model, &options), I2V_OK);
    assert_int_equal(decode(engine, made, 0, &params, &video), I2V_ERROR_MEMORY);
    assert_ptr_equal(strstr(i2v_error_message(engine), "the tiny decoder needs "), i2v_error_message(engine));
    i2v_close(engine);
    i2v_video_free(made);
}

#define WITH_STATE(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_STATE(goes_on_to_the_same_bits),    WITH_STATE(goes_on_with_no_other_decoder),
        cmocka_unit_test(threads_change_no_bit), cmocka_unit_test(plans_name_it),
        cmocka_unit_test(messages_name_it),
    };
    return cmocka_run_group_tests_name("tiny_runs", tests, open_shared, close_shared);
}
