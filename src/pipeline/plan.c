#include "pipeline/plan.h"

#include "base/free_memory.h"
#include "pipeline/conditioning.h"
#include "pipeline/decode.h"
#include "pipeline/denoise.h"

#include <inttypes.h>

/* What a process takes beside what is planned: code, stacks, FFmpeg. */
#define OVERHEAD ((uint64_t)64 << 20)
/* Of what is free, the part that is left to others. */
#define MARGIN 16

static const struct {
    i2v_trades trades;
    const char *name;
} levels[I2V_TRADES_LEVELS] = {
    /* 64 MiB of f32: work enough for all threads, so that larger groups are no faster */
    {{.together = (int64_t)1 << 24}, NULL},
    {{.together = (int64_t)1 << 22}, "fewer frames and pixels together"},
    {{.together = (int64_t)1 << 22, .twice = 1}, "fewer together, and temporal convolutions twice"},
    {{.together = (int64_t)1 << 22, .stream = 1}, "fewer together, and weights read from the file at each use"},
    {{.together = (int64_t)1 << 22, .twice = 1, .stream = 1},
     "fewer together, temporal convolutions twice, and weights read from the file at each use"},
};

i2v_trades i2v_trades_at(int level) {
    return levels[level].trades;
}

const char *i2v_trades_name(int level) {
    return levels[level].name;
}

const char *i2v_stage_name(i2v_stage_kind kind) {
    static const char *const names[] = {"image encoder", "VAE encoder", "UNet", "VAE decoder"};
    return names[kind];
}

/* ---- one stage ---- */

/* A run of one step takes as much as one of many. */
static i2v_status denoise_dry(i2v_run *run, const i2v_unet *unet, const i2v_sizes *sizes) {
    i2v_condition condition = {0};
    i2v_denoiser denoiser;
    i2v_status status = i2v_denoiser_begin(&denoiser, run, unet, sizes, &condition);
    if (!status) status = i2v_denoise_step(&denoiser, &(i2v_step){.sigma = 1}, NULL);
    i2v_denoiser_end(&denoiser);
    return status;
}

static i2v_status run_dry(i2v_stage *stage, const i2v_sizes *sizes) {
    i2v_run *run = &stage->run;
    switch (stage->kind) {
    case I2V_STAGE_CLIP:
        return i2v_embed_pixels(run, stage->model.clip, NULL, NULL);
    case I2V_STAGE_ENCODER:
        return i2v_encode_pixels(run, stage->model.encoder, sizes, NULL, NULL);
    case I2V_STAGE_UNET:
        return denoise_dry(run, stage->model.unet, sizes);
    default:
        return i2v_decode_chunk(run, stage->model.decoder, sizes, sizes->decode_chunk_size, NULL, NULL);
    }
}

/* What is held beside a stage: latents and noise of all videos and the picture (as pixels, with noise, as floats) from
 * the start; frames join for decoding, and the steps' noise is gone by then. */
static uint64_t held_beside(i2v_stage_kind kind, const i2v_sizes *sizes) {
    uint64_t videos = (uint64_t)sizes->num_videos;
    uint64_t noises = sizes->num_noises > sizes->num_videos ? (uint64_t)sizes->num_noises : videos;
    uint64_t latents = (videos + noises) * i2v_sizes_latents(sizes) * sizeof(float);
    uint64_t picture = (uint64_t)sizes->width * (uint64_t)sizes->height * 3 * (1 + 2 * sizeof(float));
    uint64_t frames = videos * i2v_sizes_pixels(sizes) * sizeof(float);
    uint64_t step_noise = (uint64_t)i2v_sizes_step_noise(sizes) * sizeof(float);
    return OVERHEAD + latents + picture + (kind == I2V_STAGE_DECODER ? frames : step_noise);
}

i2v_status i2v_plan_stage(i2v_stage_plan *plan, i2v_stage_kind kind, i2v_engine *engine, const i2v_sizes *sizes,
                          int level) {
    i2v_stage stage;
    *plan = (i2v_stage_plan){.trades = i2v_trades_at(level), .level = level, .held = held_beside(kind, sizes)};
    i2v_status status = i2v_stage_begin(&stage, kind, engine, sizes, NULL, plan);
    if (!status) status = run_dry(&stage, sizes);
    if (!status) {
        plan->weights = stage.store.bytes;
        plan->tensors = i2v_pool_peak(stage.run.pool);
    }
    i2v_stage_end(&stage);
    return status;
}

/* ---- all of them ---- */

/* The plan of least memory, of those that do not fit; the first that does. */
static i2v_status choose_level(i2v_stage_plan *plan, i2v_stage_kind kind, i2v_engine *engine, const i2v_sizes *sizes,
                               uint64_t budget) {
    i2v_status status = i2v_plan_stage(plan, kind, engine, sizes, 0);
    for (int level = 1; !status && i2v_stage_peak(plan) > budget && level < I2V_TRADES_LEVELS; level++) {
        i2v_stage_plan next;
        status = i2v_plan_stage(&next, kind, engine, sizes, level);
        if (!status && i2v_stage_peak(&next) < i2v_stage_peak(plan)) *plan = next;
    }
    return status;
}

static i2v_status check_budget(const i2v_plan *plan, i2v_engine *engine, const i2v_sizes *sizes) {
    if (plan->peak <= plan->budget) return I2V_OK;
    int chunked = plan->largest == I2V_STAGE_DECODER && sizes->decode_chunk_size > 1;
    int half = plan->largest >= I2V_STAGE_UNET && engine->element == I2V_ELEMENT_F32;
    return i2v_fail(&engine->error, I2V_ERROR_MEMORY,
                    "the %s needs %" PRIu64 " MiB at the least, but %s %" PRIu64 " MiB: %s%s lowers it%s",
                    i2v_stage_name(plan->largest), (plan->peak >> 20) + 1,
                    plan->budget_given ? "max_memory (--max-memory) allows" : "the system has free for it",
                    plan->budget >> 20,
                    chunked ? "a smaller decode_chunk_size (--decode-chunk-size)"
                            : "a smaller width, height or num_frames (--width, --height, --num-frames)",
                    half ? " or dtype bf16 (--dtype)" : "", plan->budget_given ? ", or allow more" : "");
}

i2v_status i2v_plan_make(i2v_plan *plan, i2v_engine *engine, const i2v_sizes *sizes, i2v_stage_kind first) {
    uint64_t given = engine->options.max_memory, available = given ? given : i2v_free_memory();
    *plan = (i2v_plan){.first = first,
                       .largest = first,
                       .budget = given ? given : available - available / MARGIN,
                       .budget_given = given != 0};
    for (i2v_stage_kind kind = first; kind < I2V_STAGES_COUNT; kind++) {
        i2v_status status = choose_level(&plan->stages[kind], kind, engine, sizes, plan->budget);
        if (status) return status;
        if (i2v_stage_peak(&plan->stages[kind]) <= plan->peak) continue;
        plan->peak = i2v_stage_peak(&plan->stages[kind]);
        plan->largest = kind;
    }
    return check_budget(plan, engine, sizes);
}
