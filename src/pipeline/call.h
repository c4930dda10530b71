/* One call of the library, and what it tells its callback. */
#ifndef I2V_PIPELINE_CALL_H
#define I2V_PIPELINE_CALL_H

#include "pipeline/course.h"
#include "pipeline/engine.h"
#include "pipeline/stage_cost.h"

/* What one call of the library carries through its stages. */
typedef struct i2v_call {
    i2v_engine *engine;
    i2v_event_callback on_event; /* may be NULL */
    void *user;
    int num_videos, num_clips;
    int first_video, clip; /* of all, those that are worked on */
    i2v_event event;       /* the event being told; phase, video, steps kept between tellings. While it denoises, its
                              steps are evaluations, and told in steps of the scheduler. */
    i2v_scheduler scheduler; /* of its denoising; AUTO: evaluations are steps */
    int scheduler_steps;
    double phase_began, told;
    i2v_stage_kind kind;
    int first_step, last_step; /* of the event's steps, those that the phase begins and ends with */
    i2v_stage_cost costs[I2V_STAGES_COUNT];
    int loads[I2V_STAGES_COUNT]; /* of its weights, that are expected yet */
    i2v_course course;
    double pass_began; /* work of the run before its pass */
    int pass_steps;      /* that the pass makes; 0: none runs */
    struct i2v_checkpoint *checkpoint; /* NULL: none */
} i2v_call;

/* What a stage's work will cost, before the first phase: all its steps, in whole ones (i2v_whole_steps), and loading it
 * so many times. */
void i2v_call_expect(i2v_call *call, i2v_stage_kind kind, const i2v_stage_cost *cost, double steps, int loads);

/* So much of what was expected was done before the call, in whole steps. */
void i2v_call_skip(i2v_call *call, i2v_stage_kind kind, double steps);

/* A stage's weights are loaded, whether that was expected or another engine of the model has seen to it. */
void i2v_call_spare_load(i2v_call *call, i2v_stage_kind kind);

/* Begins a phase of `steps` steps of a stage and tells of it. I2V_CANCELLED if the callback says so. */
i2v_status i2v_call_begin_phase(i2v_call *call, i2v_phase phase, i2v_stage_kind kind, int video, int steps);
/* The same of one whose first `done` steps were done before the call. */
i2v_status i2v_call_go_on_phase(i2v_call *call, i2v_phase phase, i2v_stage_kind kind, int video, int done, int steps);
/* What run does until i2v_call_step are the phase's next `steps` steps. */
void i2v_call_begin_pass(i2v_call *call, const i2v_run *run, int steps);
/* Tells that `step` of the phase's steps are done. latents as in i2v_event. */
i2v_status i2v_call_step(i2v_call *call, int step, float *latents, size_t latents_count);

/* An i2v_run's tick; user is the i2v_call. Tells of the pass that runs, if the last event was long ago. */
i2v_status i2v_call_tick(void *user, double work);

#endif
