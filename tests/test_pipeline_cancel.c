/* Cancelling a run: at every event, before a call, and from another thread. */
#include "recorder.h"

#include <pthread.h>
#include <time.h>

static void expect_cancelled(i2v_engine *engine, const i2v_params *params) {
    i2v_video *video = (i2v_video *)&video;
    assert_int_equal(i2v_generate(engine, picture, params, &video), I2V_CANCELLED);
    assert_null(video);
    assert_string_equal(i2v_error_message(engine), "cancelled");
}

/* By the callback's answer and by i2v_cancel, at every event there is: nothing comes after it, and the next call, which
 * gets one event further, is not concerned. */
static void cancelling_at_every_event(void **state) {
    (void)state;
    recorder r;
    i2v_params params = recorded_params(&r, -1);
    i2v_video *video = generate(shared[0], picture, &params);
    int events = r.count, phases[4] = {0};
    for (int i = 0; i < events; i++) {
        params = recorded_params(&r, i);
        if (i % 2) r.cancel = shared[0];
        expect_cancelled(shared[0], &params);
        assert_int_equal(r.count, i + 1);
        phases[r.events[i].phase]++;
    }
    for (int phase = 0; phase < 4; phase++) assert_true(phases[phase] >= 2);
    params = recorded_params(&r, -1);
    expect_same(0, &params, video);
    i2v_video_free(video);
}

static void cancelling_before_a_call(void **state) {
    (void)state;
    recorder r;
    i2v_params params = recorded_params(&r, -1);
    i2v_cancel(shared[0]);
    expect_cancelled(shared[0], &params);
    assert_int_equal(r.count, 0);
    i2v_video *video = generate(shared[0], picture, &params), *again = NULL;
    i2v_cancel(shared[0]);
    assert_int_equal(decode(shared[0], video, 0, &params, &again), I2V_CANCELLED);
    assert_null(again);
    assert_int_equal(decode(shared[0], video, 0, &params, &again), I2V_OK);
    i2v_video_free(again);
    i2v_video_free(video);
    i2v_cancel(NULL);
}

static void *cancel_soon(void *engine) {
    struct timespec pause = {.tv_nsec = 100 * 1000 * 1000};
    nanosleep(&pause, NULL);
    i2v_cancel(engine);
    return NULL;
}

static void cancelling_from_another_thread(void **state) {
    (void)state;
    i2v_params params = small_params();
    params.num_inference_steps = 10000;
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, cancel_soon, shared[0]), 0);
    expect_cancelled(shared[0], &params);
    pthread_join(thread, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cancelling_at_every_event),
        cmocka_unit_test(cancelling_before_a_call),
        cmocka_unit_test(cancelling_from_another_thread),
    };
    return cmocka_run_group_tests_name("pipeline_cancel", tests, open_shared, close_shared);
}
