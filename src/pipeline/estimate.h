/* How long a run takes, told before it starts; and what its stages cost beside one another. */
#ifndef I2V_PIPELINE_ESTIMATE_H
#define I2V_PIPELINE_ESTIMATE_H

#include "pipeline/plan.h"

/* About how many seconds the stages of a plan compute, without loading: the UNet for one step, the others for one clip.
 * A product of the engine's own backend and threads is timed for it, which takes a tenth of a second at most where the
 * processor has vectors. */
i2v_status i2v_estimate(double seconds[I2V_STAGES_COUNT], const i2v_plan *plan, const i2v_engine *engine,
                        const i2v_sizes *sizes, i2v_error *error);

/* What a stage will cost, and that its work, of `steps` steps of its events, is to be told of by call. times: how often
 * it begins, and is loaded unless its weights stay. */
void i2v_expect(i2v_call *call, i2v_stage_kind kind, const i2v_plan *plan, const i2v_sizes *sizes, double steps,
                int times);

#endif
