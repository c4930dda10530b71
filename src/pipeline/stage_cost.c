/* What steps cost, of which some take features from others. */
#include "pipeline/stage_cost.h"

static int is_whole(const i2v_stage_cost *cost, int step) {
    return cost->interval < 2 || step % cost->interval == 0;
}

double i2v_whole_steps(const i2v_stage_cost *cost, double steps) {
    if (cost->interval < 2) return steps;
    int done = (int)steps, whole = (done + cost->interval - 1) / cost->interval;
    double next = is_whole(cost, done) ? 1 : cost->cached;
    return whole + (done - whole) * cost->cached + (steps - done) * next;
}

double i2v_step_work(const i2v_stage_cost *cost, int done) {
    return is_whole(cost, done) ? cost->work : cost->cached_work * cost->work;
}
