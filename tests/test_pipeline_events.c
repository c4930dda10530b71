/* Events of a run: their order, what they hold, and latents that the caller changes in them. */
#include "recorder.h"

static void events_come_in_order(void **state) {
    (void)state;
    recorder r;
    i2v_params params = recorded_params(&r, -1);
    i2v_video *video = generate(shared[0], picture, &params);
    char text[1024];
    write_events(&r, text, sizeof text);
    assert_string_equal(text, "L E0:0/2 E0:1/2 L E0:1/2 E0:2/2 L N0:0/2 N0:1/2 N0:2/2 N1:0/2 N1:1/2 N1:2/2 "
                              "L D0:0/3 D0:2/3 D0:3/3 D1:0/3 D1:2/3 D1:3/3 ");
    for (int i = 0; i < r.count; i++) {
        const i2v_event *e = &r.events[i];
        int is_step = e->phase == I2V_PHASE_DENOISE && e->step > 0;
        assert_int_equal(e->num_videos, 2);
        assert_true(e->seconds >= 0 && e->seconds < 600);
        assert_true(e->step >= 0 && e->step <= e->steps);
        assert_true(e->memory < (uint64_t)1 << 30);
        if (e->phase != I2V_PHASE_LOAD) assert_true(e->memory > 500000); /* a part's weights and tensors */
        assert_int_equal(e->latents != NULL, is_step);
        assert_int_equal(e->latents_count, is_step ? latents_count(video) / 2 : 0);
    }
    i2v_video_free(video);
}

static void changed_latents_have_effect(void **state) {
    (void)state;
    recorder r;
    i2v_params params = recorded_params(&r, -1);
    i2v_video *untouched = generate(shared[0], picture, &params);
    params = recorded_params(&r, -1);
    r.clear_latents_at = 1;
    i2v_video *early = generate(shared[0], picture, &params);
    assert_false(same_bits(early, untouched));
    params = recorded_params(&r, -1);
    r.clear_latents_at = 2;
    i2v_video *last = generate(shared[0], picture, &params), *zero = NULL;
    for (size_t i = 0; i < latents_count(last); i++) assert_true(last->latents[i] == 0);
    params.on_event = NULL;
    assert_int_equal(decode(shared[0], last, 1, &params, &zero), I2V_OK);
    assert_memory_equal(zero->frames, last->frames, frames_count(zero) * sizeof(float));
    i2v_video_free(untouched);
    i2v_video_free(early);
    i2v_video_free(last);
    i2v_video_free(zero);
}

typedef struct {
    double done[16]; /* after each evaluation, which has latents */
    int steps[16], count;
} evaluations;

static int note_evaluation(const i2v_event *event, void *user) {
    evaluations *seen = user;
    if (!event->latents) return 0;
    assert_true(seen->count < 16);
    assert_int_equal(event->steps, 3);
    seen->done[seen->count] = event->steps_done;
    seen->steps[seen->count++] = event->step;
    return 0;
}

/* As diffusers' progress bar does, whose scheduler has the order 2: 3 steps, in 5 evaluations. */
static void heuns_steps_are_told_not_its_evaluations(void **state) {
    (void)state;
    static const double done[] = {0.5, 1, 1.5, 2, 3};
    static const int steps[] = {0, 1, 1, 2, 3};
    evaluations seen = {0};
    i2v_params params = small_params();
    params.scheduler = I2V_SCHEDULER_HEUN;
    params.num_inference_steps = 3;
    params.on_event = note_evaluation;
    params.user = &seen;
    i2v_video_free(generate(shared[0], picture, &params));
    assert_int_equal(seen.count, 5);
    assert_memory_equal(seen.done, done, sizeof done);
    assert_memory_equal(seen.steps, steps, sizeof steps);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_come_in_order),
        cmocka_unit_test(changed_latents_have_effect),
        cmocka_unit_test(heuns_steps_are_told_not_its_evaluations),
    };
    return cmocka_run_group_tests_name("pipeline_events", tests, open_shared, close_shared);
}
