/* One call of the library, and the events that it sends to its callback. */
#include "pipeline/call.h"

#include "base/clock.h"
#include "pipeline/solver.h"

_Static_assert((int)I2V_COURSE_LOADING == (int)I2V_STAGES_COUNT, "each stage is a kind, and then loading");

const char *i2v_phase_name(i2v_phase phase) {
    static const char *const names[] = {"load", "encode", "denoise", "decode"};
    return (unsigned)phase < sizeof names / sizeof *names ? names[phase] : "unknown";
}

/* The first steps of the phase in whole ones; loading has megabytes for steps. */
static double whole_steps(const i2v_call *call, double steps) {
    return call->event.phase == I2V_PHASE_LOAD ? steps : i2v_whole_steps(&call->costs[call->kind], steps);
}

/* The event as the caller counts: in steps of the scheduler, which may have two evaluations. */
static i2v_event in_steps(const i2v_call *call) {
    i2v_event told = call->event;
    if (told.phase != I2V_PHASE_DENOISE || call->scheduler == I2V_SCHEDULER_AUTO) return told;
    told.step = (int)i2v_solver_steps_done(call->scheduler, call->scheduler_steps, told.step);
    told.steps = call->scheduler_steps;
    told.steps_done = i2v_solver_steps_done(call->scheduler, call->scheduler_steps, told.steps_done);
    return told;
}

static i2v_status tell(i2v_call *call) {
    i2v_engine *engine = call->engine;
    i2v_event *event = &call->event;
    double now = i2v_now();
    double first = whole_steps(call, call->first_step), steps = whole_steps(call, call->last_step) - first;
    double done = whole_steps(call, event->steps_done) - first;
    event->seconds = now - call->phase_began;
    i2v_course_move(&call->course, steps > 0 ? done / steps : 0, event->seconds);
    event->fraction = i2v_course_fraction(&call->course);
    event->seconds_left = i2v_course_seconds_left(&call->course);
    i2v_event told = in_steps(call);
    int stop = call->on_event ? call->on_event(&told, call->user) : 0;
    call->told = i2v_now(); /* a slow callback does not take all the time */
    if (stop || atomic_load(&engine->cancel)) return i2v_fail(&engine->error, I2V_CANCELLED, "cancelled");
    return I2V_OK;
}

void i2v_call_expect(i2v_call *call, i2v_stage_kind kind, const i2v_stage_cost *cost, double steps, int loads) {
    call->costs[kind] = *cost;
    call->loads[kind] = loads;
    i2v_course_expect(&call->course, I2V_COURSE_LOADING, loads * cost->load);
    i2v_course_expect(&call->course, (int)kind, steps * cost->step);
}

/* One load more, or less, than was expected. */
static void correct_loads(i2v_call *call, i2v_stage_kind kind, int more) {
    i2v_course_expect(&call->course, I2V_COURSE_LOADING, more * call->costs[kind].load);
}

void i2v_call_spare_load(i2v_call *call, i2v_stage_kind kind) {
    if (call->loads[kind] == 0) return;
    call->loads[kind]--;
    correct_loads(call, kind, -1);
}

static void count_load(i2v_call *call, i2v_stage_kind kind) {
    if (call->loads[kind] > 0)
        call->loads[kind]--;
    else
        correct_loads(call, kind, 1); /* another engine of the model has let go of them */
}

void i2v_call_skip(i2v_call *call, i2v_stage_kind kind, double steps) {
    i2v_course_begin(&call->course, (int)kind, steps * call->costs[kind].step);
}

i2v_status i2v_call_begin_phase(i2v_call *call, i2v_phase phase, i2v_stage_kind kind, int video, int steps) {
    return i2v_call_go_on_phase(call, phase, kind, video, 0, steps);
}

i2v_status i2v_call_go_on_phase(i2v_call *call, i2v_phase phase, i2v_stage_kind kind, int video, int done, int steps) {
    const i2v_stage_cost *cost = &call->costs[kind];
    uint64_t memory = call->event.memory;
    const char *checkpoint_error = call->event.checkpoint_error;
    int loads = phase == I2V_PHASE_LOAD;
    /* CLIP is the first step of encoding, the VAE's encoder the second */
    int first = !loads && kind == I2V_STAGE_ENCODER ? 1 : done, last = !loads && kind == I2V_STAGE_CLIP ? 1 : steps;
    if (loads) {
        count_load(call, kind);
        i2v_course_begin(&call->course, I2V_COURSE_LOADING, cost->load);
    } else {
        double whole = i2v_whole_steps(cost, last) - i2v_whole_steps(cost, first);
        i2v_course_begin(&call->course, (int)kind, whole * cost->step);
    }
    call->phase_began = i2v_now();
    call->kind = kind;
    call->first_step = first;
    call->last_step = last;
    call->pass_steps = 0;
    call->event = (i2v_event){.phase = phase,
                              .video = video,
                              .num_videos = call->num_videos,
                              .clip = call->clip,
                              .num_clips = call->num_clips,
                              .step = first,
                              .steps = steps,
                              .steps_done = first,
                              .memory = memory,
                              .checkpoint_error = checkpoint_error};
    return tell(call);
}

void i2v_call_begin_pass(i2v_call *call, const i2v_run *run, int steps) {
    call->pass_began = run->work;
    call->pass_steps = steps;
}

i2v_status i2v_call_step(i2v_call *call, int step, float *latents, size_t latents_count) {
    call->pass_steps = 0;
    call->event.step = step;
    call->event.steps_done = step;
    call->event.latents = latents;
    call->event.latents_count = latents_count;
    i2v_status status = tell(call);
    call->event.latents = NULL;
    call->event.latents_count = 0;
    call->event.timestep = 0;
    call->event.preview = NULL;
    call->event.preview_count = 0;
    return status;
}

/* Sums that should be equal differ in their last digits. */
static const double ALL_BUT_ROUNDING = 1 - 1e-6;

i2v_status i2v_call_tick(void *user, double work) {
    i2v_call *call = user;
    i2v_event *event = &call->event;
    if (i2v_now() - call->told < call->engine->tick_pause) return I2V_OK;
    double pass = call->pass_steps * i2v_step_work(&call->costs[call->kind], event->step);
    if (pass <= 0) return I2V_OK;
    double share = (work - call->pass_began) / pass;
    double done = event->step + share * call->pass_steps;
    /* of the last ones, that all is done is the step's to say */
    if (done <= event->steps_done || share > ALL_BUT_ROUNDING) return I2V_OK;
    event->steps_done = done;
    return tell(call);
}
