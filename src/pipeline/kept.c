#include "pipeline/kept.h"

#include <stdlib.h>

/* A loaded part. */
typedef struct {
    void *model; /* belongs to the store; NULL: none */
    i2v_store store;
    int streams, latent_height, latent_width; /* as in the stage that loaded it */
} kept_part;

struct i2v_kept {
    kept_part parts[I2V_STAGES_COUNT];
};

i2v_status i2v_kept_new(i2v_engine *engine) {
    engine->kept = calloc(1, sizeof *engine->kept);
    return engine->kept ? I2V_OK : i2v_fail_memory(&engine->error, "the list of loaded parts", sizeof *engine->kept);
}

static void drop(kept_part *part) {
    i2v_store_free(&part->store);
    *part = (kept_part){0};
}

static void drop_all(i2v_engine *engine) {
    if (!engine->kept) return;
    for (i2v_stage_kind kind = 0; kind < I2V_STAGES_COUNT; kind++) drop(&engine->kept->parts[kind]);
}

void i2v_kept_delete(i2v_engine *engine) {
    drop_all(engine);
    free(engine->kept);
    engine->kept = NULL;
}

void i2v_unload(i2v_engine *engine) {
    /* the plan of a call that runs counts on them */
    if (engine && !i2v_engine_is_busy(engine)) drop_all(engine);
}

uint64_t i2v_kept_part_bytes(const i2v_engine *engine, i2v_stage_kind kind) {
    return engine->kept ? engine->kept->parts[kind].store.bytes : 0;
}

uint64_t i2v_kept_bytes(const i2v_engine *engine) {
    uint64_t bytes = 0;
    for (i2v_stage_kind kind = 0; kind < I2V_STAGES_COUNT; kind++) bytes += i2v_kept_part_bytes(engine, kind);
    return bytes;
}

void i2v_kept_trim(i2v_engine *engine, const i2v_plan *plan, const i2v_sizes *sizes) {
    if (!engine->kept) return;
    for (i2v_stage_kind kind = 0; kind < I2V_STAGES_COUNT; kind++) {
        kept_part *part = &engine->kept->parts[kind];
        /* what a UNet's upsampling convolutions are folded to depends on the size */
        int other_size = kind == I2V_STAGE_UNET &&
                         (part->latent_height != sizes->latent_height || part->latent_width != sizes->latent_width);
        int other_form = kind >= plan->first && (part->store.bytes != plan->stages[kind].weights ||
                                                 part->streams != plan->stages[kind].trades.stream);
        if (!plan->stays[kind] || (kind >= plan->first && other_size) || other_form) drop(part);
    }
}

int i2v_kept_take(i2v_engine *engine, i2v_stage *stage) {
    kept_part *part = engine->kept ? &engine->kept->parts[stage->kind] : NULL;
    if (!part || !part->model) return 0;
    stage->model.any = part->model;
    stage->store = part->store;
    *part = (kept_part){0};
    return 1;
}

void i2v_kept_put(i2v_engine *engine, i2v_stage *stage) {
    kept_part *part = &engine->kept->parts[stage->kind];
    drop(part);
    *part = (kept_part){.model = stage->model.any,
                        .store = stage->store,
                        .streams = stage->streams,
                        .latent_height = stage->latent_height,
                        .latent_width = stage->latent_width};
    stage->store = (i2v_store){0};
    stage->model.any = NULL;
}
