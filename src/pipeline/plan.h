/* The memory of a run, known before it starts: each stage's weights are bound and its forward pass is run dry. */
#ifndef I2V_PIPELINE_PLAN_H
#define I2V_PIPELINE_PLAN_H

#include "pipeline/sizes.h"
#include "pipeline/stage.h"

typedef struct i2v_plan {
    uint64_t weights[I2V_STAGES_COUNT], tensors[I2V_STAGES_COUNT]; /* bytes; 0 for stages left out */
    uint64_t held;                                                 /* frames, latents, noise */
    uint64_t peak;
    i2v_stage_kind largest; /* the stage of the peak */
} i2v_plan;

/* Plans the stages from `first` to I2V_STAGE_DECODER. I2V_ERROR_MEMORY if the peak is over the engine's budget, which
 * is options.max_memory or what the machine has free; the message says which option lowers it. */
i2v_status i2v_plan_make(i2v_plan *plan, i2v_engine *engine, const i2v_sizes *sizes, i2v_stage_kind first);

#endif
