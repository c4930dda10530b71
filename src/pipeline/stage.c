#include "pipeline/stage.h"

#include "pipeline/kept.h"

i2v_part i2v_stage_part(const i2v_engine *engine, i2v_stage_kind kind) {
    switch (kind) {
    case I2V_STAGE_CLIP:
        return I2V_PART_IMAGE_ENCODER;
    case I2V_STAGE_UNET:
        return I2V_PART_UNET;
    case I2V_STAGE_DECODER:
        return engine->weights[I2V_PART_FRAME_DECODER] ? I2V_PART_FRAME_DECODER : I2V_PART_VAE;
    default:
        return I2V_PART_VAE;
    }
}

static size_t model_size(i2v_stage_kind kind) {
    switch (kind) {
    case I2V_STAGE_CLIP:
        return sizeof(i2v_clip);
    case I2V_STAGE_ENCODER:
        return sizeof(i2v_vae_encoder);
    case I2V_STAGE_UNET:
        return sizeof(i2v_unet);
    default:
        return sizeof(i2v_vae_decoder);
    }
}

static void load_model(i2v_stage *stage, i2v_loader *loader, const i2v_engine *engine, const i2v_sizes *sizes) {
    stage->model.any = i2v_load_array(loader, 1, model_size(stage->kind));
    if (!stage->model.any) return;
    switch (stage->kind) {
    case I2V_STAGE_CLIP:
        i2v_clip_load(loader, stage->model.clip, &engine->clip);
        break;
    case I2V_STAGE_ENCODER:
        i2v_vae_encoder_load(loader, stage->model.encoder, &engine->vae);
        break;
    case I2V_STAGE_UNET:
        i2v_unet_load(loader, stage->model.unet, &engine->unet, sizes ? sizes->latent_height : 0,
                      sizes ? sizes->latent_width : 0);
        break;
    default:
        i2v_vae_decoder_load(loader, stage->model.decoder, &engine->decoder);
        break;
    }
}

static int on_loaded(void *user, uint64_t bytes) {
    i2v_call *call = user;
    int step = (int)(bytes >> 20);
    if (step == call->event.step) return 0;
    return i2v_call_step(call, step, NULL, 0) != I2V_OK;
}

/* Reads the stage's weights, telling of it unless it is dry. */
static i2v_status load(i2v_stage *stage, i2v_engine *engine, const i2v_sizes *sizes, i2v_element element) {
    i2v_call *call = stage->call;
    const i2v_weights *weights = engine->weights[i2v_stage_part(engine, stage->kind)];
    i2v_loader loader = {.store = &stage->store,
                         .backend = engine->backend,
                         .device = engine->device,
                         .element = element,
                         .lora = stage->kind == I2V_STAGE_UNET ? engine->lora : NULL,
                         .streams = stage->streams,
                         .dry = call == NULL,
                         .error = &engine->error,
                         .progress = call ? on_loaded : NULL,
                         .user = call};
    if (call) {
        int megabytes = (int)(i2v_weights_bytes(weights) >> 20);
        i2v_status status = i2v_call_begin_phase(call, I2V_PHASE_LOAD, stage->kind, call->event.video, megabytes);
        if (status) return status;
    }
    i2v_loader_begin(&loader, weights);
    if (!loader.status) load_model(stage, &loader, engine, sizes);
    return i2v_loader_finish(&loader);
}

i2v_status i2v_stage_begin(i2v_stage *stage, i2v_stage_kind kind, i2v_engine *engine, const i2v_sizes *sizes,
                           i2v_call *call, const i2v_stage_plan *plan) {
    /* what runs once, before the loop, takes little memory and keeps all digits */
    i2v_element element = i2v_stage_runs_once(kind) ? I2V_ELEMENT_F32 : engine->element;
    *stage = (i2v_stage){.kind = kind,
                         .call = call,
                         .held = plan->held,
                         .streams = plan->trades.stream,
                         .latent_height = sizes ? sizes->latent_height : 0,
                         .latent_width = sizes ? sizes->latent_width : 0};
    if (!call || !i2v_kept_take(engine, stage)) {
        i2v_status status = load(stage, engine, sizes, element);
        if (status) return status;
    }
    stage->stays = call && plan->stays;
    stage->run = (i2v_run){.backend = engine->backend,
                           .device = engine->device,
                           .element = element,
                           .trades = plan->trades,
                           .error = &engine->error,
                           .tick = call && call->on_event ? i2v_call_tick : NULL,
                           .tick_user = call};
    if (call) call->event.memory = plan->held + i2v_kept_bytes(engine) + stage->store.bytes + plan->tensors;
    return i2v_pool_new(&stage->run.pool, engine->backend, &engine->device, call ? plan->tensors : 0, &engine->error);
}

void i2v_stage_end(i2v_stage *stage) {
    i2v_call *call = stage->call;
    i2v_pool_delete(stage->run.pool);
    if (stage->stays) i2v_kept_put(call->engine, stage);
    i2v_store_free(&stage->store);
    if (call) call->event.memory = stage->held + i2v_kept_bytes(call->engine);
    *stage = (i2v_stage){0};
}
