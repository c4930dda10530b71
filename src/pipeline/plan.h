/* The memory of a call, known before it starts: each stage's weights are bound and its forward pass is run dry. Where
 * that is more than may be used, the plan gives up what costs least until it fits. */
#ifndef I2V_PIPELINE_PLAN_H
#define I2V_PIPELINE_PLAN_H

#include "pipeline/sizes.h"
#include "pipeline/stage.h"

typedef struct i2v_plan {
    i2v_stage_kind first, last;
    i2v_stage_plan stages[I2V_STAGES_COUNT]; /* from first to last */
    uint64_t peak;
    i2v_stage_kind largest; /* the stage of the peak */
    uint64_t budget;
    int budget_given;            /* options.max_memory; else the machine's */
    int stays[I2V_STAGES_COUNT]; /* weights that stay loaded, also of other stages that are */
} i2v_plan;

/* What is given up at each rung; the first is that of a plan that fits as it is, the last takes the least memory.
 * Whether one between takes less than those before depends on what a stage has most of. Results are the same to the bit
 * at all. */
#define I2V_TRADES_RUNGS 5
i2v_trades i2v_trades_at(int rung);
/* In words; NULL at the first. */
const char *i2v_trades_name(int rung);

/* Plans the stages from `first` to the last of a call of these sizes, each at the first rung that fits the engine's
 * budget, which is options.max_memory or what i2v_free_memory says, less a margin. I2V_ERROR_MEMORY if a stage does not
 * fit at the last; the message names the least that does and which option lowers it, and *plan is whole. With
 * options.keep_loaded, as many parts stay loaded as fit beside every stage, the largest first: no rung is given up for
 * it. */
i2v_status i2v_plan_make(i2v_plan *plan, i2v_engine *engine, const i2v_sizes *sizes, i2v_stage_kind first);

/* The stage as it is at one rung, whatever the budget. */
i2v_status i2v_plan_stage(i2v_stage_plan *plan, i2v_stage_kind kind, i2v_engine *engine, const i2v_sizes *sizes,
                          int rung);

/* Frees loaded parts that do not stay by the plan and that no other engine uses. Before the plan's call. */
void i2v_plan_free_others(const i2v_plan *plan, i2v_engine *engine, const i2v_sizes *sizes);

#endif
