/* A session on a model: what its calls, one at a time, need beside that. */
#ifndef I2V_PIPELINE_ENGINE_H
#define I2V_PIPELINE_ENGINE_H

#include "pipeline/model.h"

struct i2v_engine {
    i2v_error error;
    i2v_model *model;    /* NULL: it could not be opened, and error says why */
    uint64_t max_memory; /* options.max_memory */
    i2v_device device;
    atomic_int cancel;
    int begun;         /* calls that compute: 0 or 1 */
    double tick_pause; /* least seconds from one event to one within a step; tests have less */
    struct {
        double cost_a_second; /* 0: was not measured */
        double at;            /* when, by i2v_now */
        int rows;             /* of the product that was timed */
    } rate;                   /* how fast it works (estimate.h) */
};

/* Every public call on an engine that has a status begins with one of these two, and computes only if that went well.
 *
 * A call that only asks, which a callback may do in the middle of another. It fails on an engine without a model, with
 * the status and the message of the failed i2v_open or i2v_open_model, and on NULL, without a message. It has no end.
 */
i2v_status i2v_engine_ask(i2v_engine *engine);
/* A call that computes begins, with an empty message: the same, the engine has its threads, no call on it has begun
 * that is not ended, as where a callback makes one, and it was not cancelled before. What begins well is to be ended,
 * and nothing else. */
i2v_status i2v_engine_begin(i2v_engine *engine);
/* Ends it, with its status, which is returned: a cancel does not reach into the next call. */
i2v_status i2v_engine_end(i2v_engine *engine, i2v_status status);
/* 1: between the two, in this process. */
int i2v_engine_is_busy(const i2v_engine *engine);

#endif
