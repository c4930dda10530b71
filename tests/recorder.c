/* Events of a small run, and a run that is refused. */
#include "recorder.h"

#include <stdio.h>
#include <string.h>

int record(const i2v_event *event, void *user) {
    recorder *r = user;
    if (event->steps_done > event->step) return 0; /* of a slow machine; test_progress.c */
    assert_true(r->count < MAX_EVENTS);
    r->events[r->count++] = *event;
    if (r->clear_latents_at && event->latents && event->step == r->clear_latents_at) {
        memset(event->latents, 0, event->latents_count * sizeof *event->latents);
    }
    if (r->count - 1 != r->cancel_at) return 0;
    if (!r->cancel) return 1;
    i2v_cancel(r->cancel);
    return 0;
}

i2v_params recorded_params(recorder *r, int cancel_at) {
    *r = (recorder){.cancel_at = cancel_at};
    i2v_params params = small_params();
    params.num_videos = 2;
    params.on_event = record;
    params.user = r;
    return params;
}

void write_events(const recorder *r, char *text, size_t size) {
    size_t used = 0;
    text[0] = '\0';
    for (int i = 0; i < r->count && used < size; i++) {
        const i2v_event *e = &r->events[i];
        if (e->phase == I2V_PHASE_LOAD) {
            if (e->step == 0) used += (size_t)snprintf(text + used, size - used, "L ");
            continue;
        }
        const char *phase = e->phase == I2V_PHASE_ENCODE ? "E" : e->phase == I2V_PHASE_DENOISE ? "N" : "D";
        used += (size_t)snprintf(text + used, size - used, "%s%d:%d/%d ", phase, e->video, e->step, e->steps);
    }
}

void expect_refused(const i2v_params *params, const char *name) {
    i2v_video *video = (i2v_video *)&video;
    recorder r;
    recorded_params(&r, -1);
    i2v_params with_events = *params;
    with_events.on_event = record;
    with_events.user = &r;
    i2v_status status = i2v_generate(shared[0], picture, &with_events, &video);
    const char *message = i2v_error_message(shared[0]);
    if (status != I2V_ERROR_PARAMETER || !strstr(message, name)) fail_msg("%s: %d, \"%s\"", name, status, message);
    assert_null(video);
    assert_int_equal(r.count, 0); /* before any work */
}
