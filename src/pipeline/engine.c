/* A session on a model: what its calls, one at a time, need beside it. */
#include "pipeline/engine.h"

#include "base/parallel.h"
#include "base/parameters.h"

#include <stdlib.h>

const char *i2v_version(void) {
    return I2V_VERSION;
}

void i2v_options_default(i2v_options *options) {
    if (!options) return;
    *options = (i2v_options){0};
    i2v_parameters_default(I2V_STRUCT_OPTIONS, options);
}

const char *i2v_error_message(const i2v_engine *engine) {
    return engine ? engine->error.message : "there is no engine: not enough memory for one, or it is NULL";
}

void i2v_get_error(const i2v_engine *engine, i2v_error *error) {
    if (!error) return;
    *error = (i2v_error){0};
    if (engine)
        *error = engine->error;
    else
        i2v_fail(error, I2V_ERROR_MEMORY, "%s", i2v_error_message(NULL));
}

void i2v_cancel(i2v_engine *engine) {
    if (engine) atomic_store(&engine->cancel, 1);
}

/* ---- calls ---- */

i2v_status i2v_engine_ask(i2v_engine *engine) {
    if (!engine) return I2V_ERROR_PARAMETER;
    return engine->model ? I2V_OK : engine->error.status; /* with the sentence of the call that opened no model */
}

int i2v_engine_is_busy(const i2v_engine *engine) {
    return engine->begun && i2v_team_is_here(engine->device.team);
}

/* A process that was forked has the engine, but not its threads; nor the thread that was in a call, which has left the
 * engine half done. */
static i2v_status wake_team(i2v_engine *engine) {
    i2v_team **team = &engine->device.team;
    if (i2v_engine_is_busy(engine)) {
        return i2v_fail(&engine->error, I2V_ERROR_PARAMETER,
                        "a call on this engine is running: a callback may not begin another on it, only i2v_cancel it");
    }
    if (i2v_team_is_here(*team)) return I2V_OK;
    if (engine->begun) {
        return i2v_fail(&engine->error, I2V_ERROR_UNSUPPORTED,
                        "this process was forked while another thread was in a call on this engine; open another "
                        "engine here, or fork between calls");
    }
    i2v_team *made = NULL;
    i2v_status status = i2v_team_new(&made, i2v_team_size(*team), &engine->error);
    if (status) return status;
    i2v_team_free(*team);
    *team = made;
    return I2V_OK;
}

i2v_status i2v_engine_begin(i2v_engine *engine) {
    i2v_status status = i2v_engine_ask(engine);
    if (status) return status;
    engine->error = (i2v_error){0};
    status = wake_team(engine);
    if (status) return status;
    engine->begun = 1;
    if (!atomic_load(&engine->cancel)) return I2V_OK;
    return i2v_engine_end(engine, i2v_fail(&engine->error, I2V_CANCELLED, "cancelled"));
}

i2v_status i2v_engine_end(i2v_engine *engine, i2v_status status) {
    atomic_store(&engine->cancel, 0);
    if (i2v_team_is_here(engine->device.team)) engine->begun = 0;
    return status;
}

/* ---- opening and closing ---- */

/* An engine that has its threads, but no model yet. */
static i2v_status set_up(i2v_engine *engine, const i2v_options *options) {
    engine->tick_pause = 0.1;
    engine->device.cancel = &engine->cancel;
    atomic_init(&engine->cancel, 0);
    int threads = options ? options->threads : 0;
    engine->max_memory = options ? options->max_memory : 0;
    i2v_status status = I2V_OK;
    if (options) status = i2v_parameters_check(I2V_STRUCT_OPTIONS, I2V_FOR_GENERATE, options, &engine->error);
    return status ? status : i2v_team_new(&engine->device.team, threads ? threads : i2v_core_count(), &engine->error);
}

i2v_status i2v_open_model(i2v_engine **out, i2v_model *model, const i2v_options *options) {
    if (!out) return I2V_ERROR_PARAMETER;
    i2v_engine *engine = *out = calloc(1, sizeof *engine);
    if (!engine) return I2V_ERROR_MEMORY;
    i2v_status status = set_up(engine, options);
    if (!status) status = i2v_require(&engine->error, "model", model, NULL);
    if (status) return status;
    i2v_model_hold(model);
    engine->model = model;
    engine->device.kernels = model->backend->kernels;
    return I2V_OK;
}

i2v_status i2v_open(i2v_engine **out, const char *path, const i2v_options *options) {
    if (!out) return I2V_ERROR_PARAMETER;
    i2v_engine *engine = *out = calloc(1, sizeof *engine);
    if (!engine) return I2V_ERROR_MEMORY;
    i2v_status status = set_up(engine, options);
    if (!status) status = i2v_require(&engine->error, "model", path, NULL);
    if (!status) status = i2v_model_open(&engine->model, path, options, &engine->error);
    if (!status) engine->device.kernels = engine->model->backend->kernels;
    return status;
}

void i2v_close(i2v_engine *engine) {
    if (!engine) return;
    i2v_model_close(engine->model);
    i2v_team_free(engine->device.team);
    free(engine);
}

void i2v_unload(i2v_engine *engine) {
    /* the plan of a call that runs counts on them */
    if (engine && engine->model && !i2v_engine_is_busy(engine)) i2v_kept_unload(engine->model->kept, NULL, NULL);
}
