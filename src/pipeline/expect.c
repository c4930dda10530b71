/* What the stages of a call will cost: the work that their dry runs counted, and their weights. */
#include "pipeline/expect.h"

#include "pipeline/kept.h"

/* Multiply-adds of the product that take as long as a byte of weights: to read and pack it, and to widen it once a
 * pass, which counts where latents are few. Measured with SVD-XT's sizes in float16 at 64x64 (AVX-512). */
static const double LOAD_OF_BYTE = 100, PASS_OF_BYTE = 35;

/* The bytes of a stage's weights; both halves of a VAE are in one file. */
static double bytes_of(const i2v_engine *engine, i2v_stage_kind kind) {
    double bytes = (double)i2v_weights_bytes(i2v_model_weights(engine->model, kind));
    return i2v_model_part(engine->model, kind) == I2V_PART_VAE ? bytes / 2 : bytes;
}

/* Weights that are streamed are read and packed in each pass. */
static i2v_stage_cost cost_of(const i2v_engine *engine, i2v_stage_kind kind, const i2v_stage_plan *plan,
                              const i2v_sizes *sizes) {
    double bytes = bytes_of(engine, kind), streamed = plan->trades.stream ? LOAD_OF_BYTE : 0;
    double passes = kind == I2V_STAGE_UNET && sizes->guidance ? 2 : 1;
    double steps = kind == I2V_STAGE_DECODER ? sizes->decode_chunk_size : 1; /* that they make */
    double weights = passes * bytes * (PASS_OF_BYTE + streamed), cost = plan->work + weights;
    return (i2v_stage_cost){.halves = (int)passes,
                            .passes = kind == I2V_STAGE_UNET ? sizes->passes : (i2v_passes){0},
                            .load = (LOAD_OF_BYTE - streamed) * bytes,
                            .step = cost / steps,
                            .work = plan->work / steps,
                            .interval = plan->cached_work > 0 ? sizes->cache_interval : 1,
                            .cached = (plan->cached_work * plan->work + plan->cached_weights * weights) / cost,
                            .cached_work = plan->cached_work};
}

void i2v_expect(i2v_call *call, i2v_stage_kind kind, const i2v_plan *plan, const i2v_sizes *sizes, double steps,
                int times) {
    i2v_stage_cost cost = cost_of(call->engine, kind, &plan->stages[kind], sizes);
    int loads = i2v_kept_kind_bytes(call->engine->model->kept, kind) ? 0 : plan->stays[kind] ? 1 : times;
    i2v_call_expect(call, kind, &cost, steps, loads);
}

/* The first clips of all videos are made in one go, each later one in its own. */
void i2v_expect_clips(i2v_call *call, const i2v_plan *plan, const i2v_sizes *sizes) {
    int clips = sizes->num_clips * sizes->num_videos, times = 1 + clips - sizes->num_videos;
    i2v_expect(call, I2V_STAGE_CLIP, plan, sizes, times, times);
    i2v_expect(call, I2V_STAGE_ENCODER, plan, sizes, times, times);
    i2v_stage_cost unet = cost_of(call->engine, I2V_STAGE_UNET, &plan->stages[I2V_STAGE_UNET], sizes);
    i2v_expect(call, I2V_STAGE_UNET, plan, sizes, clips * i2v_whole_steps(&unet, sizes->steps), times);
    if (sizes->latents_only) return;
    i2v_expect(call, I2V_STAGE_DECODER, plan, sizes, (double)clips * sizes->num_frames, times);
}

void i2v_expect_decoding(i2v_call *call, const i2v_plan *plan, const i2v_sizes *sizes) {
    i2v_expect(call, I2V_STAGE_DECODER, plan, sizes, (double)sizes->num_clips * sizes->num_frames, 1);
}

double i2v_expected_cost(const i2v_call *call, i2v_stage_kind kind) {
    return call->course.kinds[kind].expected + call->loads[kind] * call->costs[kind].load;
}
