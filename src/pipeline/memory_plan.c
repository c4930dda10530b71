/* Plans as the public header tells them. */
#include "pipeline/estimate.h"

static void tell_stage(i2v_stage_memory *stage, const i2v_stage_plan *plan, i2v_stage_kind kind, double seconds) {
    *stage = (i2v_stage_memory){.name = i2v_stage_name(kind),
                                .weights = plan->weights,
                                .tensors = plan->tensors,
                                .held = plan->held,
                                .others = plan->others,
                                .peak = i2v_stage_peak(plan),
                                .traded = i2v_trades_name(plan->level),
                                .stays = plan->stays,
                                .seconds = seconds};
}

/* Of all stages: the first two once for each clip, the others also for each video. */
static double total(const double *seconds, const i2v_sizes *sizes) {
    double video = sizes->steps * seconds[I2V_STAGE_UNET] + seconds[I2V_STAGE_DECODER];
    return sizes->num_clips * (seconds[I2V_STAGE_CLIP] + seconds[I2V_STAGE_ENCODER] + sizes->num_videos * video);
}

static i2v_status make(i2v_engine *engine, const i2v_sizes *sizes, i2v_stage_kind first, i2v_memory_plan *told) {
    i2v_plan plan;
    double seconds[I2V_STAGES_COUNT] = {0};
    i2v_status status = i2v_plan_make(&plan, engine, sizes, first);
    if (status && status != I2V_ERROR_MEMORY) return status;
    if (!status) status = i2v_estimate(seconds, &plan, engine, sizes, &engine->error);
    told->peak = plan.peak;
    told->budget = plan.budget;
    told->budget_given = plan.budget_given;
    told->seconds = total(seconds, sizes);
    for (i2v_stage_kind kind = first; kind <= plan.last; kind++) {
        tell_stage(&told->stages[told->stages_count++], &plan.stages[kind], kind, seconds[kind]);
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
