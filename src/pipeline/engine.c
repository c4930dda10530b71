#include "pipeline/engine.h"

#include "base/file.h"
#include "base/parallel.h"
#include "pipeline/stage.h"
#include "weights/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *i2v_version(void) {
    return I2V_VERSION;
}

void i2v_options_default(i2v_options *options) {
    *options = (i2v_options){.dtype = I2V_DTYPE_AUTO};
}

const char *i2v_error_message(const i2v_engine *engine) {
    return engine ? engine->error.message : "not enough memory";
}

void i2v_cancel(i2v_engine *engine) {
    if (engine) atomic_store(&engine->cancel, 1);
}

i2v_status i2v_engine_check_opened(i2v_engine *engine) {
    if (engine->opened) return I2V_OK;
    return i2v_fail(&engine->error, I2V_ERROR_MODEL, "the model could not be opened");
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

/* Reads one file of the model, folder/name, with a reader of the form all of them have. */
#define READ_CONFIG(reader, out, name)                                                                                 \
    do {                                                                                                               \
        char *path = status ? NULL : i2v_path_join(engine->path, name);                                                \
        if (!status && !path) status = i2v_fail_memory(&engine->error, name, 0);                                       \
        if (!status) status = reader(out, path, &engine->error);                                                       \
        free(path);                                                                                                    \
    } while (0)

static i2v_status check_pipeline(void *unused, const char *path, i2v_error *error) {
    (void)unused;
    i2v_config *c = NULL;
    i2v_status status = i2v_config_open(&c, path, error);
    if (status) return status;
    char name[128];
    i2v_config_string(c, "_class_name", "", name, sizeof name);
    if (strcmp(name, "StableVideoDiffusionPipeline") != 0) {
        i2v_config_fail(c, "this is a %s; only a StableVideoDiffusionPipeline makes videos here",
                        name[0] ? name : "model without a class");
    }
    return i2v_config_close(c, error);
}

static i2v_status read_configs(i2v_engine *engine) {
    i2v_status status = I2V_OK;
    READ_CONFIG(check_pipeline, NULL, "model_index.json");
    READ_CONFIG(i2v_unet_config_read, &engine->unet, "unet/config.json");
    READ_CONFIG(i2v_vae_config_read, &engine->vae, "vae/config.json");
    READ_CONFIG(i2v_clip_config_read, &engine->clip, "image_encoder/config.json");
    READ_CONFIG(i2v_normalization_read, &engine->normalization, "feature_extractor/preprocessor_config.json");
    READ_CONFIG(i2v_scheduler_config_read, &engine->scheduler, "scheduler/scheduler_config.json");
    return status;
}

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
    return I2V_OK;
}

static i2v_status open_weights(i2v_engine *engine) {
    static const struct {
        const char *folder, *stem;
    } parts[I2V_PARTS_COUNT] = {[I2V_PART_UNET] = {"unet", "diffusion_pytorch_model"},
                                [I2V_PART_VAE] = {"vae", "diffusion_pytorch_model"},
                                [I2V_PART_IMAGE_ENCODER] = {"image_encoder", "model"}};
    for (int i = 0; i < I2V_PARTS_COUNT; i++) {
        char *folder = i2v_path_join(engine->path, parts[i].folder);
        if (!folder) return i2v_fail_memory(&engine->error, "the model's path", 0);
        i2v_status status =
            i2v_weights_open(&engine->weights[i], folder, parts[i].stem, engine->options.variant, &engine->error);
        free(folder);
        if (status) return status;
    }
    return I2V_OK;
}

static i2v_status open_loras(i2v_engine *engine) {
    const i2v_options *options = &engine->options;
    return i2v_lora_open(&engine->lora, options->loras, options->loras_count, engine->weights[I2V_PART_UNET],
                         &engine->error);
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

static i2v_status check_path(i2v_engine *engine) {
    const char *path = engine->path;
    if (i2v_is_folder(path)) return I2V_OK;
    if (i2v_is_file(path)) {
        return i2v_fail(&engine->error, I2V_ERROR_UNSUPPORTED,
                        "%s is a file; a model is opened from its folder in diffusers' layout (with model_index.json)",
                        path);
    }
    return i2v_fail(&engine->error, I2V_ERROR_IO,
                    "'%s': there is no such folder; a model is a folder in diffusers' layout (with model_index.json)",
                    path);
}

i2v_status i2v_open(i2v_engine **out, const char *model, const i2v_options *options) {
    i2v_engine *engine = calloc(1, sizeof *engine);
    *out = engine;
    if (!engine) return I2V_ERROR_MEMORY;
    atomic_init(&engine->cancel, 0);
    i2v_options_default(&engine->options);
    if (options) engine->options = *options;
    engine->path = strdup(model);
    if (!engine->path) return i2v_fail_memory(&engine->error, "the model's path", 0);
    /* "model/" and "model" are the same folder, and messages join paths with a slash */
    size_t length = strlen(engine->path);
    while (length > 1 && engine->path[length - 1] == '/') engine->path[--length] = '\0';

    i2v_status status = check_options(engine);
    if (!status) status = check_path(engine);
    if (!status) status = read_configs(engine);
    if (!status) status = check_parts(engine);
    if (!status) status = open_weights(engine);
    if (!status) status = open_loras(engine);
    if (!status) status = check_weights(engine);
    engine->options.variant = NULL; /* the caller's string; used up */
    engine->options.loras = NULL;
    engine->options.loras_count = 0;
    engine->opened = !status;
    return status;
}

void i2v_close(i2v_engine *engine) {
    if (!engine) return;
    i2v_lora_close(engine->lora);
    for (int i = 0; i < I2V_PARTS_COUNT; i++) i2v_weights_close(engine->weights[i]);
    i2v_team_delete(engine->device.team);
    free(engine->path);
    free(engine);
}
