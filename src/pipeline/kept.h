/* Parts that stay in memory between the stages and calls of an engine that was opened with keep_loaded. */
#ifndef I2V_PIPELINE_KEPT_H
#define I2V_PIPELINE_KEPT_H

#include "pipeline/plan.h"

/* For i2v_open and i2v_close. */
i2v_status i2v_kept_new(i2v_engine *engine);
void i2v_kept_delete(i2v_engine *engine);

/* Bytes of weights that are kept, of one part or of all. */
uint64_t i2v_kept_part_bytes(const i2v_engine *engine, i2v_stage_kind kind);
uint64_t i2v_kept_bytes(const i2v_engine *engine);

/* Frees what does not stay by the plan, or was loaded for other sizes or in another form. Before the plan's run. */
void i2v_kept_trim(i2v_engine *engine, const i2v_plan *plan, const i2v_sizes *sizes);

/* Moves a kept part into the stage; 0 if there is none. */
int i2v_kept_take(i2v_engine *engine, i2v_stage *stage);
/* Moves the stage's part out of it. */
void i2v_kept_put(i2v_engine *engine, i2v_stage *stage);

#endif
