/* What the stages of a call will cost, beside one another, before it begins. */
#ifndef I2V_PIPELINE_EXPECT_H
#define I2V_PIPELINE_EXPECT_H

#include "pipeline/plan.h"

/* What a stage will cost, and that its work, of `steps` whole steps of its events, is to be told of by call. times: how
 * often it begins, and is loaded unless its weights stay. */
void i2v_expect(i2v_call *call, i2v_stage_kind kind, const i2v_plan *plan, const i2v_sizes *sizes, double steps,
                int times);

/* All stages of i2v_generate, or of i2v_decode. */
void i2v_expect_clips(i2v_call *call, const i2v_plan *plan, const i2v_sizes *sizes);
void i2v_expect_decoding(i2v_call *call, const i2v_plan *plan, const i2v_sizes *sizes);

/* All that is expected of a stage, its loading included, in multiply-adds or as long as those. */
double i2v_expected_cost(const i2v_call *call, i2v_stage_kind kind);

#endif
