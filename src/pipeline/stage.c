/* One part of the model at work: its weights loaded, and a pool for its tensors. */
#include "pipeline/stage.h"

#include "pipeline/load.h"

i2v_form i2v_stage_form(i2v_stage_kind kind, const i2v_sizes *sizes, const i2v_trades *trades) {
    i2v_form form = {.kind = kind, .streams = trades->stream};
    if (kind == I2V_STAGE_UNET && sizes) {
        /* what its upsampling convolutions are folded to depends on it */
        form.latent_height = sizes->latent_height;
        form.latent_width = sizes->latent_width;
    }
    return form;
}

/* ---- telling ---- */

/* A part that is loaded, by this call or by another's. */
typedef struct {
    i2v_call *call;
    i2v_loaded *part; /* by this one */
} loading;

static int tell_loaded(i2v_call *call, uint64_t bytes) {
    int step = (int)(bytes >> 20);
    if (step == call->event.step) return 0;
    return i2v_call_step(call, step, NULL, 0) != I2V_OK;
}

static int on_loaded(void *user, uint64_t bytes) {
    loading *l = user;
    i2v_kept *kept = l->call->engine->model->kept;
    i2v_kept_begin_telling(kept, l->part, bytes);
    int stop = tell_loaded(l->call, bytes);
    i2v_kept_end_telling(kept, l->part);
    return stop;
}

/* While another engine loads the part. */
static int on_waiting(void *user, uint64_t bytes) {
    loading *l = user;
    return atomic_load(&l->call->engine->cancel) || tell_loaded(l->call, bytes);
}

/* ---- weights ---- */

static i2v_status load_dry(i2v_stage *stage, i2v_engine *engine) {
    i2v_loader loader = {.device = engine->device, .error = &engine->error, .dry = 1};
    stage->part = &stage->dry;
    return i2v_load(&stage->dry, engine->model, &loader);
}

static i2v_status load(i2v_loaded *part, i2v_call *call) {
    i2v_engine *engine = call->engine;
    loading l = {call, part};
    i2v_loader loader = {.device = engine->device, .error = &engine->error, .progress = on_loaded, .user = &l};
    i2v_status status = i2v_load(part, engine->model, &loader);
    if (status)
        i2v_kept_drop(engine->model->kept, part);
    else
        i2v_kept_add(engine->model->kept, part);
    return status;
}

/* The part, loaded by this call where no other has done so. */
static i2v_status take_part(i2v_stage *stage, const i2v_form *form, i2v_call *call) {
    const i2v_model *model = call->engine->model;
    stage->part = i2v_kept_find(model->kept, form);
    if (stage->part) {
        i2v_call_spare_load(call, form->kind);
        return I2V_OK;
    }
    int megabytes = (int)(i2v_weights_bytes(i2v_model_weights(model, form->kind)) >> 20), is_new = 0;
    i2v_status status = i2v_call_begin_phase(call, I2V_PHASE_LOAD, form->kind, call->event.video, megabytes);
    if (status) return status;
    i2v_loaded *part = NULL;
    loading l = {call, NULL};
    status = i2v_kept_take(&part, &is_new, model->kept, form, &(i2v_waiter){on_waiting, &l}, &call->engine->error);
    if (is_new) status = load(part, call);
    if (!status) stage->part = part;
    return status;
}

/* ---- stages ---- */

i2v_status i2v_stage_begin(i2v_stage *stage, i2v_stage_kind kind, i2v_engine *engine, const i2v_sizes *sizes,
                           i2v_call *call, const i2v_stage_plan *plan) {
    const i2v_model *model = engine->model;
    i2v_form form = i2v_stage_form(kind, sizes, &plan->trades);
    *stage = (i2v_stage){.kind = kind, .dry.form = form, .call = call, .held = plan->held, .stays = plan->stays};
    i2v_status status = call ? take_part(stage, &form, call) : load_dry(stage, engine);
    if (status) return status;
    stage->model.any = stage->part->model;
    stage->is_tiny = kind == I2V_STAGE_DECODER && model->tiny.channels > 0;
    stage->run = (i2v_run){.backend = model->backend,
                           .device = engine->device,
                           .element = i2v_load_element(model, kind),
                           .trades = plan->trades,
                           .error = &engine->error,
                           .tick = call && call->on_event ? i2v_call_tick : NULL,
                           .tick_user = call};
    if (call) call->event.memory = plan->held + i2v_kept_bytes(model->kept) + plan->tensors;
    return i2v_pool_new(&stage->run.pool, model->backend, &engine->device, call ? plan->tensors : 0, &engine->error);
}

void i2v_stage_end(i2v_stage *stage) {
    i2v_call *call = stage->call;
    i2v_pool_free(stage->run.pool);
    i2v_store_free(&stage->dry.store);
    if (call) {
        i2v_kept *kept = call->engine->model->kept;
        if (stage->part) i2v_kept_give(kept, stage->part, stage->stays);
        call->event.memory = stage->held + i2v_kept_bytes(kept);
    }
    *stage = (i2v_stage){0};
}
