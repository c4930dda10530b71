/* Plans as the public header tells them. */
#include "pipeline/estimate.h"
#include "pipeline/expect.h"

static void tell_memory(i2v_stage_memory *stage, const i2v_stage_plan *plan, const i2v_model *model,
                        i2v_stage_kind kind) {
    *stage = (i2v_stage_memory){.name = i2v_stage_name(model, kind),
                                .weights = plan->weights,
                                .tensors = plan->tensors,
                                .held = plan->held,
                                .others = plan->others,
                                .peak = i2v_stage_peak(plan),
                                .traded = i2v_trades_name(plan->rung),
                                .stays = plan->stays};
}

/* rate: of cost, a second. */
static void tell_seconds(i2v_stage_memory *stage, const i2v_call *call, i2v_stage_kind kind, const i2v_sizes *sizes,
                         double rate) {
    const i2v_stage_cost *cost = &call->costs[kind];
    double steps = kind == I2V_STAGE_DECODER ? sizes->num_frames : 1;
    stage->seconds = steps * cost->step / rate;
    stage->load_seconds = call->loads[kind] > 0 ? cost->load / rate : 0;
    stage->run_seconds = i2v_expected_cost(call, kind) / rate;
}

static double all_cost(const i2v_call *call) {
    double cost = 0;
    for (i2v_stage_kind kind = 0; kind < I2V_STAGES_COUNT; kind++) cost += i2v_expected_cost(call, kind);
    return cost;
}

static i2v_status make(i2v_engine *engine, const i2v_sizes *sizes, i2v_stage_kind first, i2v_memory_plan *told) {
    i2v_plan plan;
    i2v_call call = {.engine = engine};
    double rate = 0;
    i2v_status status = i2v_plan_make(&plan, engine, sizes, first);
    if (status && status != I2V_ERROR_MEMORY) return status;
    if (!status) {
        if (first == I2V_STAGE_CLIP)
            i2v_expect_clips(&call, &plan, sizes);
        else
            i2v_expect_decoding(&call, &plan, sizes);
        status = i2v_estimate_rate(&rate, engine, all_cost(&call), &engine->error);
    }
    told->peak = plan.peak;
    told->budget = plan.budget;
    told->budget_given = plan.budget_given;
    for (i2v_stage_kind kind = first; kind <= plan.last; kind++) {
        i2v_stage_memory *stage = &told->stages[told->stages_count++];
        tell_memory(stage, &plan.stages[kind], engine->model, kind);
        if (rate > 0) tell_seconds(stage, &call, kind, sizes, rate);
        told->seconds += stage->run_seconds;
    }
    return status;
}

i2v_status i2v_plan_generate(i2v_engine *engine, const i2v_params *params, i2v_memory_plan *plan) {
    i2v_sizes sizes;
    if (plan) *plan = (i2v_memory_plan){0};
    i2v_status status = i2v_engine_begin(engine);
    if (status) return status;
    status = i2v_require(&engine->error, "params", params, "plan", plan, NULL);
    if (!status) status = i2v_sizes_of_params(&sizes, engine, params);
    if (!status) status = make(engine, &sizes, I2V_STAGE_CLIP, plan);
    return i2v_engine_end(engine, status);
}

i2v_status i2v_plan_decode(i2v_engine *engine, int num_frames, int latent_height, int latent_width,
                           const i2v_params *params, i2v_memory_plan *plan) {
    i2v_sizes sizes;
    if (plan) *plan = (i2v_memory_plan){0};
    i2v_status status = i2v_engine_begin(engine);
    if (status) return status;
    status = i2v_require(&engine->error, "params", params, "plan", plan, NULL);
    if (!status) status = i2v_sizes_of_latents(&sizes, engine, params, num_frames, latent_height, latent_width);
    if (!status) status = make(engine, &sizes, I2V_STAGE_DECODER, plan);
    return i2v_engine_end(engine, status);
}
