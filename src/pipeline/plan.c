/* The memory of a call, known before it starts, and the trades that make it fit. */
#include "pipeline/plan.h"

#include "base/free_memory.h"
#include "pipeline/conditioning.h"
#include "pipeline/decode.h"
#include "pipeline/denoise.h"

#include <inttypes.h>

/* What a process takes beside what is planned: code, stacks, FFmpeg. */
#define OVERHEAD ((uint64_t)64 << 20)

static const struct {
    i2v_trades trades;
    const char *name;
} rungs[I2V_TRADES_RUNGS] = {
    /* 64 MiB of f32: work enough for all threads, so that larger batches are no faster */
    {{.batch = (int64_t)1 << 24}, NULL},
    {{.batch = (int64_t)1 << 22}, "operations on fewer frames and pixels at a time"},
    {{.batch = (int64_t)1 << 22, .twice = 1},
     "operations on fewer frames and pixels at a time, temporal convolutions twice"},
    {{.batch = (int64_t)1 << 22, .stream = 1},
     "operations on fewer frames and pixels at a time, weights read from the file at each use"},
    {{.batch = (int64_t)1 << 22, .twice = 1, .stream = 1},
     "operations on fewer frames and pixels at a time, temporal convolutions twice, weights read from the file at each "
     "use"},
};

i2v_trades i2v_trades_at(int rung) {
    return rungs[rung].trades;
}

const char *i2v_trades_name(int rung) {
    return rungs[rung].name;
}

/* ---- one stage ---- */

/* A run of one step takes as much as one of many. */
static i2v_status denoise_dry(i2v_run *run, const i2v_unet *unet, const i2v_sizes *sizes) {
    i2v_condition condition = {0};
    i2v_denoiser denoiser;
    i2v_status status = i2v_denoiser_begin(&denoiser, run, unet, sizes, &condition);
    if (!status) status = i2v_denoise_step(&denoiser, &(i2v_step){.update = i2v_euler_update(1, 0)}, NULL);
    i2v_denoiser_end(&denoiser);
    return status;
}

/* What a cached step takes beside a full one. Both have the same memory: a cached one has fewer tensors of a full one.
 */
static i2v_status count_cached(i2v_stage_plan *plan, i2v_run *run, const i2v_unet *unet, const i2v_sizes *sizes) {
    i2v_condition condition = {0};
    i2v_denoiser denoiser;
    double work[2] = {0}, weights[2] = {0};
    i2v_status status = i2v_denoiser_begin(&denoiser, run, unet, sizes, &condition);
    for (int i = 0; !status && i < 2; i++) {
        double work_before = run->work, weights_before = run->weights;
        i2v_step step = {.index = i, .update = i2v_euler_update(1, 0)};
        status = i2v_denoise_step(&denoiser, &step, NULL);
        work[i] = run->work - work_before;
        weights[i] = run->weights - weights_before;
    }
    i2v_denoiser_end(&denoiser);
    if (status) return status;
    plan->cached_work = work[1] / work[0];
    plan->cached_weights = weights[1] / weights[0];
    return I2V_OK;
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
        return i2v_decode_pass(stage, sizes, NULL, NULL);
    }
}

/* What is held beside a stage's own memory:
 *
 *     the process itself, the caller's picture        in every stage
 *     weights that were put in order                  in every stage
 *     latents and noise of all videos                 in every stage
 *     the picture as pixels, with noise, as floats    in every stage
 *     noise of the steps, and previews                until the VAE decoder
 *     what is remembered between steps of a video     in the UNet's
 *     frames of all videos                            from the VAE decoder on; with several clips in every stage, and
 *                                                     then room for one more frame as a picture and as floats */
static uint64_t held_beside(i2v_stage_kind kind, const i2v_model *model, const i2v_sizes *sizes) {
    uint64_t videos = (uint64_t)sizes->num_videos;
    uint64_t clips = (uint64_t)sizes->num_clips;
    uint64_t noises = sizes->num_noises > sizes->num_videos ? (uint64_t)sizes->num_noises : videos;
    uint64_t latents = (clips * videos + noises) * i2v_sizes_latents(sizes) * sizeof(float);
    uint64_t picture = (uint64_t)sizes->width * (uint64_t)sizes->height * 3 * (1 + 2 * sizeof(float));
    uint64_t frame = i2v_sizes_frame(sizes);
    uint64_t frames = videos * (uint64_t)i2v_sizes_frames(sizes) * frame * sizeof(float);
    uint64_t memory = kind == I2V_STAGE_UNET ? (uint64_t)i2v_sizes_memory(sizes) * sizeof(float) : 0;
    uint64_t steps = (uint64_t)i2v_sizes_step_noise(sizes) * sizeof(float) + i2v_preview_bytes(sizes);
    if (clips > 1) frames += frame * (1 + sizeof(float));
    return OVERHEAD + sizes->picture + i2v_model_copied(model) + latents + picture + memory +
           (kind == I2V_STAGE_DECODER ? 0 : steps) + (kind == I2V_STAGE_DECODER || clips > 1 ? frames : 0);
}

/* A stage that uses each weight once streams its weights at every rung: each is packed for its use, into the same
 * memory. With keep_loaded it streams where the rung says so alone, as packed weights can stay for the next call. */
static i2v_trades trades_of(i2v_stage_kind kind, const i2v_engine *engine, int rung) {
    i2v_trades trades = i2v_trades_at(rung);
    if (i2v_stage_runs_once(kind) && !engine->model->keeps_loaded) trades.stream = 1;
    return trades;
}

i2v_status i2v_plan_stage(i2v_stage_plan *plan, i2v_stage_kind kind, i2v_engine *engine, const i2v_sizes *sizes,
                          int rung) {
    i2v_stage stage;
    *plan = (i2v_stage_plan){
        .trades = trades_of(kind, engine, rung), .rung = rung, .held = held_beside(kind, engine->model, sizes)};
    i2v_status status = i2v_stage_begin(&stage, kind, engine, sizes, NULL, plan);
    if (!status) status = run_dry(&stage, sizes);
    if (!status) {
        plan->weights = stage.part->store.bytes;
        plan->multiplications = stage.run.multiplications;
        plan->work = stage.run.work;
        if (kind == I2V_STAGE_UNET && sizes->cache_interval > 1)
            status = count_cached(plan, &stage.run, stage.model.unet, sizes);
    }
    if (!status) {
        plan->tensors = i2v_pool_peak(stage.run.pool);
        /* what loading takes beside the weights is given back before a pass's tensors are taken */
        if (plan->tensors < stage.part->store.scratch) plan->tensors = stage.part->store.scratch;
    }
    i2v_stage_end(&stage);
    return status;
}

/* ---- all of them ---- */

/* The first rung that fits the budget. If none does, the one that takes the least memory. */
static i2v_status choose_rung(i2v_stage_plan *plan, i2v_stage_kind kind, i2v_engine *engine, const i2v_sizes *sizes,
                              uint64_t budget) {
    i2v_status status = i2v_plan_stage(plan, kind, engine, sizes, 0);
    for (int rung = 1; !status && i2v_stage_peak(plan) > budget && rung < I2V_TRADES_RUNGS; rung++) {
        i2v_stage_plan next;
        status = i2v_plan_stage(&next, kind, engine, sizes, rung);
        if (!status && i2v_stage_peak(&next) < i2v_stage_peak(plan)) *plan = next;
    }
    return status;
}

static const char *bound_name(const i2v_plan *plan) {
    return plan->budget_given ? I2V_NAME("max_memory") " allows" : "the system has free for it";
}

static i2v_status check_budget(const i2v_plan *plan, i2v_engine *engine, const i2v_sizes *sizes) {
    if (plan->peak <= plan->budget) return I2V_OK;
    uint64_t frame = i2v_sizes_frame(sizes);
    if (sizes->picture > frame && plan->peak - (sizes->picture - frame) <= plan->budget) {
        return i2v_fail(&engine->error, I2V_ERROR_MEMORY,
                        "the %s and the picture, which alone takes %" PRIu64 " MiB, need %" PRIu64 " MiB, but %s "
                        "%" PRIu64 " MiB: bring the picture to the video's size first (%d x %d)%s",
                        i2v_stage_name(engine->model, plan->largest), (sizes->picture >> 20) + 1,
                        (plan->peak >> 20) + 1, bound_name(plan), plan->budget >> 20, sizes->width, sizes->height,
                        plan->budget_given ? ", or allow more" : "");
    }
    int chunked = plan->largest == I2V_STAGE_DECODER && sizes->decode_chunk_size > 1;
    int half = plan->largest >= I2V_STAGE_UNET && engine->model->dtype == I2V_DTYPE_F32;
    return i2v_fail(&engine->error, I2V_ERROR_MEMORY,
                    "the %s needs %" PRIu64 " MiB at the least, but %s %" PRIu64 " MiB: %s%s lowers it%s",
                    i2v_stage_name(engine->model, plan->largest), (plan->peak >> 20) + 1, bound_name(plan),
                    plan->budget >> 20,
                    chunked ? "a smaller " I2V_NAME("decode_chunk_size")
                            : "a smaller " I2V_NAME("width") ", " I2V_NAME("height") " or " I2V_NAME("num_frames"),
                    half ? " or " I2V_NAME("dtype") " bf16" : "", plan->budget_given ? ", or allow more" : "");
}

static int is_planned(const i2v_plan *plan, i2v_stage_kind kind) {
    return kind >= plan->first && kind <= plan->last;
}

/* The weights of each stage, and of others that are loaded. */
static uint64_t weights_of(const i2v_plan *plan, const i2v_engine *engine, i2v_stage_kind kind) {
    return is_planned(plan, kind) ? plan->stages[kind].weights : i2v_kept_kind_bytes(engine->model->kept, kind);
}

/* Counts beside each stage the others that stay; the peak with them. */
static uint64_t count_others(i2v_plan *plan, const i2v_engine *engine) {
    uint64_t peak = 0;
    for (i2v_stage_kind kind = plan->first; kind <= plan->last; kind++) {
        i2v_stage_plan *stage = &plan->stages[kind];
        stage->others = 0;
        for (i2v_stage_kind other = 0; other < I2V_STAGES_COUNT; other++) {
            if (other != kind && plan->stays[other]) stage->others += weights_of(plan, engine, other);
        }
        stage->stays = plan->stays[kind];
        if (i2v_stage_peak(stage) > peak) {
            peak = i2v_stage_peak(stage);
            plan->largest = kind;
        }
    }
    return peak;
}

/* As many parts stay as fit, the largest first: it takes longest to load. */
static void choose_kept(i2v_plan *plan, const i2v_engine *engine) {
    int seen[I2V_STAGES_COUNT] = {0};
    for (int i = 0; i < I2V_STAGES_COUNT; i++) {
        int largest = -1;
        for (int kind = 0; kind < I2V_STAGES_COUNT; kind++) {
            if (!seen[kind] && (largest < 0 || weights_of(plan, engine, (i2v_stage_kind)kind) >
                                                   weights_of(plan, engine, (i2v_stage_kind)largest)))
                largest = kind;
        }
        seen[largest] = plan->stays[largest] = 1;
        if (count_others(plan, engine) > plan->budget) plan->stays[largest] = 0;
    }
    plan->peak = count_others(plan, engine);
}

i2v_status i2v_plan_make(i2v_plan *plan, i2v_engine *engine, const i2v_sizes *sizes, i2v_stage_kind first) {
    uint64_t given = engine->max_memory, available = given ? given : i2v_memory_budget();
    /* Parts that are loaded are not free memory, but the call uses them or can free them. It uses what was put in
     * order, too, which is counted as held. */
    uint64_t at_hand = i2v_kept_bytes_at_hand(engine->model->kept, sizes->latent_height, sizes->latent_width) +
                       i2v_model_copied(engine->model);
    if (!given && available <= UINT64_MAX - at_hand) available += at_hand;
    *plan = (i2v_plan){.first = first,
                       .last = sizes->latents_only ? I2V_STAGE_UNET : I2V_STAGE_DECODER,
                       .largest = first,
                       .budget = available,
                       .budget_given = given != 0};
    for (i2v_stage_kind kind = first; kind <= plan->last; kind++) {
        i2v_status status = choose_rung(&plan->stages[kind], kind, engine, sizes, plan->budget);
        if (status) return status;
        if (i2v_stage_peak(&plan->stages[kind]) <= plan->peak) continue;
        plan->peak = i2v_stage_peak(&plan->stages[kind]);
        plan->largest = kind;
    }
    if (engine->model->keeps_loaded && plan->peak <= plan->budget) choose_kept(plan, engine);
    return check_budget(plan, engine, sizes);
}

/* ---- what stays ---- */

typedef struct {
    const i2v_plan *plan;
    const i2v_sizes *sizes;
} planned;

/* What does not stay by the plan, or was loaded for other sizes or in another form. */
static int is_spare(const void *user, const i2v_loaded *part) {
    const planned *p = user;
    i2v_stage_kind kind = part->form.kind;
    if (!p->plan->stays[kind]) return 1;
    if (!is_planned(p->plan, kind)) return 0;
    const i2v_stage_plan *stage = &p->plan->stages[kind];
    i2v_form form = i2v_stage_form(kind, p->sizes, &stage->trades);
    return part->store.bytes != stage->weights || !i2v_form_is_same(&form, &part->form);
}

void i2v_plan_free_others(const i2v_plan *plan, i2v_engine *engine, const i2v_sizes *sizes) {
    i2v_kept_unload(engine->model->kept, is_spare, &(planned){plan, sizes});
}

uint64_t i2v_memory_left(const i2v_engine *engine) {
    uint64_t given = engine ? engine->max_memory : 0, taken = OVERHEAD;
    if (!given) return i2v_memory_budget();
    if (engine->model) taken += i2v_kept_bytes(engine->model->kept) + i2v_model_copied(engine->model);
    return given > taken ? given - taken : 1;
}
