#include "pipeline/engine.h"

#include "base/parallel.h"
#include "model/stability.h"
#include "pipeline/kept.h"
#include "pipeline/model_place.h"
#include "pipeline/parts.h"
#include "pipeline/stage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_LORAS 1000

const char *i2v_version(void) {
    return I2V_VERSION;
}

void i2v_options_default(i2v_options *options) {
    if (options) *options = (i2v_options){.dtype = I2V_DTYPE_AUTO};
}

const char *i2v_error_message(const i2v_engine *engine) {
    return engine ? engine->error.message : "there is no engine: not enough memory for one, or it is NULL";
}

void i2v_cancel(i2v_engine *engine) {
    if (engine) atomic_store(&engine->cancel, 1);
}

i2v_status i2v_engine_check_opened(i2v_engine *engine) {
    if (!engine) return I2V_ERROR_PARAMETER;
    if (engine->opened) return I2V_OK;
    return i2v_fail(&engine->error, I2V_ERROR_MODEL, "the model could not be opened");
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
    i2v_team_delete(*team);
    *team = made;
    return I2V_OK;
}

i2v_status i2v_engine_begin(i2v_engine *engine) {
    if (engine) engine->error = (i2v_error){0};
    i2v_status status = i2v_engine_check_opened(engine);
    if (!status) status = wake_team(engine);
    if (!status) engine->begun = 1;
    return status;
}

void i2v_engine_end(i2v_engine *engine) {
    if (i2v_team_is_here(engine->device.team)) engine->begun = 0;
}

/* ---- sizes ---- */

int i2v_engine_scale(const i2v_engine *engine) {
    return 1 << (engine->vae.levels - 1);
}

int i2v_engine_size_step(const i2v_engine *engine) {
    int scale = i2v_engine_scale(engine);
    return scale > 8 ? scale : 8;
}

void i2v_engine_default_size(const i2v_engine *engine, int *width, int *height) {
    *width = 1024;
    *height = 576;
    if (engine->unet.sample_height == 0) return;
    int step = i2v_engine_size_step(engine), scale = i2v_engine_scale(engine);
    *width = (engine->unet.sample_width * scale + step - 1) / step * step;
    *height = (engine->unet.sample_height * scale + step - 1) / step * step;
}

/* ---- opening ---- */

/* The parts must fit together. */
static i2v_status check_parts(i2v_engine *engine) {
    if (engine->vae.latent_channels != engine->unet.out_channels) {
        return i2v_fail(&engine->error, I2V_ERROR_MODEL,
                        "%s: the VAE has %d latent_channels but the UNet %d out_channels; they are not of one model",
                        engine->path, engine->vae.latent_channels, engine->unet.out_channels);
    }
    if (engine->clip.projection_dim != engine->unet.cross_attention_dim) {
        return i2v_fail(&engine->error, I2V_ERROR_MODEL,
                        "%s: the image encoder has projection_dim %d but the UNet cross_attention_dim %d; they are "
                        "not of one model",
                        engine->path, engine->clip.projection_dim, engine->unet.cross_attention_dim);
    }
    const i2v_vae_config *vae = &engine->vae, *decoder = &engine->decoder;
    if (decoder->latent_channels != vae->latent_channels || decoder->levels != vae->levels ||
        decoder->scaling_factor != vae->scaling_factor) {
        return i2v_fail(
            &engine->error, I2V_ERROR_MODEL,
            "%s: the decoder of frames is for other latents than the VAE's (%d channels, %d levels, scaled "
            "by %g, not %d, %d, %g)",
            i2v_weights_path(
                engine->weights[engine->weights[I2V_PART_FRAME_DECODER] ? I2V_PART_FRAME_DECODER : I2V_PART_VAE]),
            decoder->latent_channels, decoder->levels, decoder->scaling_factor, vae->latent_channels, vae->levels,
            vae->scaling_factor);
    }
    return I2V_OK;
}

static i2v_status add_loras(i2v_engine *engine, const i2v_lora *loras, size_t count) {
    i2v_name_map stability = {0};
    i2v_stability_unet_names(&stability, &engine->unet, "");
    i2v_status status = stability.status ? i2v_fail_memory(&engine->error, "the names of the model's layers", 0)
                                         : i2v_lora_open(&engine->lora, loras, count, engine->weights[I2V_PART_UNET],
                                                         &stability, &engine->error);
    i2v_name_map_free(&stability);
    return status;
}

/* With their paths as files, however they were named. */
static i2v_status open_loras(i2v_engine *engine) {
    const i2v_options *options = &engine->options;
    size_t count = options->loras_count;
    if (count == 0) return I2V_OK;
    if (!options->loras)
        return i2v_fail(&engine->error, I2V_ERROR_PARAMETER, "loras is NULL, but loras_count is %zu", count);
    if (count > MAX_LORAS)
        return i2v_fail(&engine->error, I2V_ERROR_PARAMETER, "loras_count is %zu; it may be up to %d", count,
                        MAX_LORAS);
    i2v_lora *loras = calloc(count, sizeof *loras);
    char **paths = calloc(count, sizeof *paths);
    i2v_status status = loras && paths ? I2V_OK : i2v_fail_memory(&engine->error, "the LoRA files", 0);
    for (size_t i = 0; !status && i < count; i++) {
        loras[i] = options->loras[i];
        if (!loras[i].path) continue;
        status = i2v_model_place(&paths[i], loras[i].path, NULL, &engine->error);
        loras[i].path = paths[i];
    }
    if (!status) status = add_loras(engine, loras, count);
    for (size_t i = 0; paths && i < count; i++) free(paths[i]);
    free(paths);
    free(loras);
    return status;
}

/* Names and shapes of all tensors, before anything is computed. */
static i2v_status check_weights(i2v_engine *engine) {
    for (i2v_stage_kind kind = 0; kind < I2V_STAGES_COUNT; kind++) {
        i2v_stage stage;
        i2v_status status = i2v_stage_begin(&stage, kind, engine, NULL, NULL, &(i2v_stage_plan){0});
        i2v_stage_end(&stage);
        if (status) return status;
    }
    return I2V_OK;
}

static i2v_status check_options(i2v_engine *engine) {
    i2v_options *options = &engine->options;
    if (options->dtype < I2V_DTYPE_AUTO || options->dtype > I2V_DTYPE_BF16) {
        return i2v_fail(&engine->error, I2V_ERROR_PARAMETER,
                        "dtype is not one this version computes in (auto, f32, bf16)");
    }
    if (options->threads < 0 || options->threads > 1024) {
        return i2v_fail(&engine->error, I2V_ERROR_PARAMETER, "threads is %d; it must be between 0 and 1024",
                        options->threads);
    }
    engine->device.cancel = &engine->cancel;
    engine->backend = i2v_backend_cpu();
    engine->element = options->dtype == I2V_DTYPE_BF16 ? I2V_ELEMENT_BF16 : I2V_ELEMENT_F32;
    int threads = options->threads ? options->threads : i2v_core_count();
    return i2v_team_new(&engine->device.team, threads, &engine->error);
}

/* What the caller's memory holds is used up. */
static void forget_given(i2v_options *options) {
    i2v_options kept = {.dtype = options->dtype,
                        .threads = options->threads,
                        .max_memory = options->max_memory,
                        .keep_loaded = options->keep_loaded};
    *options = kept;
}

i2v_status i2v_open(i2v_engine **out, const char *model, const i2v_options *options) {
    if (!out) return I2V_ERROR_PARAMETER;
    i2v_engine *engine = calloc(1, sizeof *engine);
    *out = engine;
    if (!engine) return I2V_ERROR_MEMORY;
    atomic_init(&engine->cancel, 0);
    engine->tick_pause = 0.1;
    i2v_options_default(&engine->options);
    if (options) engine->options = *options;
    i2v_status status = i2v_require(&engine->error, "model", model, NULL);
    if (!status) status = i2v_model_place(&engine->path, model, engine->options.variant, &engine->error);
    if (!status) status = check_options(engine);
    if (!status) status = i2v_parts_open(engine);
    if (!status) status = check_parts(engine);
    if (!status) status = open_loras(engine);
    if (!status) status = check_weights(engine);
    if (!status && engine->options.keep_loaded) status = i2v_kept_new(engine);
    forget_given(&engine->options);
    engine->opened = !status;
    return status;
}

void i2v_close(i2v_engine *engine) {
    if (!engine) return;
    i2v_kept_delete(engine);
    i2v_lora_close(engine->lora);
    for (int i = 0; i < I2V_PARTS_COUNT; i++) i2v_weights_close(engine->weights[i]);
    i2v_team_delete(engine->device.team);
    free(engine->path);
    free(engine);
}
