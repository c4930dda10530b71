/* What a small run tells its caller, event by event, and a run that is refused before any. */
#ifndef I2V_TESTS_RECORDER_H
#define I2V_TESTS_RECORDER_H

#include "small_run.h"

#define MAX_EVENTS 400

typedef struct {
    i2v_event events[MAX_EVENTS];
    int count;
    int cancel_at;        /* index of the event that cancels; -1: none */
    i2v_engine *cancel;   /* cancelled with i2v_cancel there, if not NULL */
    int clear_latents_at; /* the denoising step after which latents become zero; 0: none */
} recorder;

/* An i2v_params.on_event; user is the recorder. */
int record(const i2v_event *event, void *user);

/* Parameters of a small run of two videos, whose events *r records from the first on. */
i2v_params recorded_params(recorder *r, int cancel_at);

/* "E0:0/2 E0:1/2 ..." of all events but those of loading, which come as "L" once a part. */
void write_events(const recorder *r, char *text, size_t size);

/* These parameters are refused before any work, with a message that has `name` in it. */
void expect_refused(const i2v_params *params, const char *name);

#define EXPECT_REFUSED(field, value)                                                                                   \
    do {                                                                                                               \
        i2v_params wrong = small_params();                                                                             \
        wrong.field = value;                                                                                           \
        expect_refused(&wrong, #field);                                                                                \
    } while (0)

#endif
