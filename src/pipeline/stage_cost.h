/* What a stage's work is expected to take, in multiply-adds, or as long as those (i2v_course). */
#ifndef I2V_PIPELINE_STAGE_COST_H
#define I2V_PIPELINE_STAGE_COST_H

#include "pipeline/passes.h"

typedef struct i2v_stage_cost {
    double load; /* of its weights, once */
    double step; /* of one of its events' steps, a whole one */
    double work; /* that the run counts in it */
    int halves;  /* passes of a whole step: 2 with guidance, else 0 or 1 */
    i2v_passes passes; /* those that steps have */
    /* Of every `interval` steps from a video's first on, passes after the first of their half have this share of the
     * cost, and of the work (DeepCache). 0 or 1: all are whole. */
    int interval;
    double cached, cached_work;
} i2v_stage_cost;

/* What the first `steps` steps of a video cost, as so many whole ones; a step that is done in part counts in
 * proportion. */
double i2v_whole_steps(const i2v_stage_cost *cost, double steps);

/* The work that the run counts in the step after the first `done`. */
double i2v_step_work(const i2v_stage_cost *cost, int done);

#endif
