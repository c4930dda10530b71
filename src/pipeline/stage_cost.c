/* What steps cost, of which some take features from others, and some have fewer passes. */
#include "pipeline/stage_cost.h"

#include "pipeline/deep_cache.h"

enum { HALVES = 2 };

static int all_are_whole(const i2v_stage_cost *cost) {
    return cost->interval < 2 && !cost->passes.is_sparse;
}

/* The first `steps` of them, where a cached pass has that share of a full one. */
static double cost_of(const i2v_stage_cost *cost, double steps, double cached) {
    int kept[HALVES] = {0}, halves = cost->halves == HALVES ? HALVES : 1;
    double sum = 0;
    for (int i = 0; i < steps; i++) {
        i2v_evaluation kind = i2v_passes_of(&cost->passes, i);
        int passes = kind == I2V_EVALUATION_WHOLE ? halves : kind == I2V_EVALUATION_FORECAST ? 0 : 1;
        double done = steps - i < 1 ? steps - i : 1;
        for (int half = 0; half < passes; half++) {
            double share = i2v_deep_cache_note(&kept[half], cost->interval, i) ? cached : 1;
            sum += done * share / halves;
        }
    }
    return sum;
}

double i2v_whole_steps(const i2v_stage_cost *cost, double steps) {
    if (all_are_whole(cost)) return steps;
    return cost_of(cost, steps, cost->cached);
}

double i2v_step_work(const i2v_stage_cost *cost, int done) {
    if (all_are_whole(cost)) return cost->work;
    return cost->work * (cost_of(cost, done + 1, cost->cached_work) - cost_of(cost, done, cost->cached_work));
}
