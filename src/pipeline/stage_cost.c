/* What steps cost, of which some take features from others, and some have fewer passes. */
#include "pipeline/stage_cost.h"

enum { HALVES = 2 };

/* One pass of an evaluation, in a cached one's units. of: the interval that its half computed features in last. */
static double pass_cost(const i2v_stage_cost *cost, int evaluation, int *of, double cached) {
    int interval = cost->interval > 1 ? 1 + evaluation / cost->interval : 0;
    int is_cached = interval && *of == interval;
    *of = interval;
    return is_cached ? cached : 1;
}

/* The first `steps` of them, where a cached pass has that share of a full one. A half whose pass is not made where an
 * interval begins is full when it is made (i2v_deep_cache). */
static double cost_of(const i2v_stage_cost *cost, double steps, double cached) {
    int of[HALVES] = {0}, halves = cost->halves == HALVES ? HALVES : 1;
    double sum = 0;
    for (int i = 0; i < steps; i++) {
        i2v_evaluation kind = i2v_passes_of(&cost->passes, i);
        int passes = kind == I2V_EVALUATION_WHOLE ? halves : kind == I2V_EVALUATION_FORECAST ? 0 : 1;
        double done = steps - i < 1 ? steps - i : 1;
        for (int half = 0; half < passes; half++) sum += done * pass_cost(cost, i, &of[half], cached) / halves;
    }
    return sum;
}

double i2v_whole_steps(const i2v_stage_cost *cost, double steps) {
    if (cost->interval < 2 && !cost->passes.is_sparse) return steps;
    return cost_of(cost, steps, cost->cached);
}

double i2v_step_work(const i2v_stage_cost *cost, int done) {
    if (cost->interval < 2 && !cost->passes.is_sparse) return cost->work;
    return cost->work * (cost_of(cost, done + 1, cost->cached_work) - cost_of(cost, done, cost->cached_work));
}
