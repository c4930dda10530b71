/* i2v_model_open: reads a model's configurations and headers, and checks that all fits together. */
#include "base/parameters.h"
#include "model/stability.h"
#include "pipeline/load.h"
#include "pipeline/model_place.h"
#include "pipeline/parts.h"
#include "pipeline/tiny_open.h"

#include <stdlib.h>

#define MAX_LORAS 1000

/* The parts must fit together. */
static i2v_status check_parts(const i2v_opening *opening) {
    const i2v_model *model = opening->model;
    if (model->vae.latent_channels != model->unet.out_channels) {
        return i2v_fail(opening->error, I2V_ERROR_MODEL,
                        "%s: the VAE has %d latent_channels but the UNet %d out_channels; they are not of one model",
                        model->path, model->vae.latent_channels, model->unet.out_channels);
    }
    if (model->clip.projection_dim != model->unet.cross_attention_dim) {
        return i2v_fail(opening->error, I2V_ERROR_MODEL,
                        "%s: the image encoder has projection_dim %d but the UNet cross_attention_dim %d; they are "
                        "not of one model",
                        model->path, model->clip.projection_dim, model->unet.cross_attention_dim);
    }
    const i2v_vae_config *vae = &model->vae, *decoder = &model->decoder;
    if (decoder->latent_channels != vae->latent_channels || decoder->levels != vae->levels ||
        decoder->scaling_factor != vae->scaling_factor) {
        return i2v_fail(opening->error, I2V_ERROR_MODEL,
                        "%s: the decoder of frames is for other latents than the VAE's (%d channels, %d levels, scaled "
                        "by %g, not %d, %d, %g)",
                        i2v_weights_path(i2v_model_weights(model, I2V_STAGE_DECODER)), decoder->latent_channels,
                        decoder->levels, decoder->scaling_factor, vae->latent_channels, vae->levels,
                        vae->scaling_factor);
    }
    return I2V_OK;
}

static i2v_status add_loras(const i2v_opening *opening, const i2v_lora *loras, size_t count) {
    i2v_model *model = opening->model;
    i2v_name_map stability = {0};
    i2v_stability_unet_names(&stability, &model->unet, "");
    i2v_status status = stability.status ? i2v_fail_memory(opening->error, "the names of the model's layers", 0)
                                         : i2v_lora_open(&model->lora, loras, count, model->weights[I2V_PART_UNET],
                                                         &stability, opening->error);
    i2v_name_map_free(&stability);
    return status;
}

/* With their paths as files, however they were named. */
static i2v_status open_loras(const i2v_opening *opening) {
    const i2v_options *options = opening->options;
    i2v_error *error = opening->error;
    size_t count = options->loras_count;
    if (count == 0) return I2V_OK;
    if (!options->loras) return i2v_fail(error, I2V_ERROR_PARAMETER, "loras is NULL, but loras_count is %zu", count);
    if (count > MAX_LORAS)
        return i2v_fail(error, I2V_ERROR_PARAMETER, "loras_count is %zu; it may be up to %d", count, MAX_LORAS);
    i2v_lora *loras = calloc(count, sizeof *loras);
    char **paths = calloc(count, sizeof *paths);
    i2v_status status = loras && paths ? I2V_OK : i2v_fail_memory(error, "the LoRA files", 0);
    for (size_t i = 0; !status && i < count; i++) {
        loras[i] = options->loras[i];
        if (!loras[i].path) continue;
        status = i2v_model_place(&paths[i], loras[i].path, NULL, error);
        loras[i].path = paths[i];
    }
    if (!status) status = add_loras(opening, loras, count);
    for (size_t i = 0; paths && i < count; i++) free(paths[i]);
    free(paths);
    free(loras);
    return status;
}

/* Names and shapes of all tensors, before anything is computed. */
static i2v_status check_weights(const i2v_opening *opening) {
    for (i2v_stage_kind kind = 0; kind < I2V_STAGES_COUNT; kind++) {
        i2v_loaded part = {.form.kind = kind};
        i2v_loader loader = {.dry = 1, .error = opening->error};
        i2v_status status = i2v_load(&part, opening->model, &loader);
        i2v_store_free(&part.store);
        if (status) return status;
    }
    return I2V_OK;
}

i2v_dtype i2v_native_dtype(void) {
    return i2v_backend_cpu()->multiplies_bf16 ? I2V_DTYPE_BF16 : I2V_DTYPE_AUTO;
}

/* With INT8, activations are as the processor multiplies them fastest: they meet convolutions and attention, too. */
static i2v_element activations_of(const i2v_model *model) {
    int is_bf16 = model->dtype == I2V_DTYPE_INT8 ? model->backend->multiplies_bf16 : model->dtype == I2V_DTYPE_BF16;
    return is_bf16 ? I2V_ELEMENT_BF16 : I2V_ELEMENT_F32;
}

static i2v_status check_options(const i2v_opening *opening) {
    const i2v_options *options = opening->options;
    i2v_model *model = opening->model;
    i2v_status status = i2v_parameters_check(I2V_STRUCT_OPTIONS, I2V_FOR_GENERATE, options, opening->error);
    if (status) return status;
    if (i2v_tiny_is_named(options) && (options->frame_decoder || options->frame_decoder_memory))
        return i2v_fail(opening->error, I2V_ERROR_PARAMETER,
                        I2V_NAME("tiny_decoder") " and " I2V_NAME("frame_decoder") " are both given; one can decode");
    model->backend = i2v_backend_cpu();
    model->dtype = options->dtype == I2V_DTYPE_AUTO ? I2V_DTYPE_F32 : options->dtype;
    model->element = activations_of(model);
    model->keeps_loaded = options->keep_loaded != 0;
    return I2V_OK;
}

static i2v_status open_all(const i2v_opening *opening, const char *path) {
    i2v_model *model = opening->model;
    i2v_status status = check_options(opening);
    if (!status) status = i2v_model_place(&model->path, path, opening->options->variant, opening->error);
    if (!status) status = i2v_parts_open(opening);
    if (!status) status = check_parts(opening);
    if (!status) status = open_loras(opening);
    if (!status) status = check_weights(opening);
    if (!status) status = i2v_kept_new(&model->kept, opening->error);
    if (!status) i2v_model_describe(model);
    return status;
}

i2v_status i2v_model_open(i2v_model **out, const char *path, const i2v_options *options, i2v_error *error) {
    if (out) *out = NULL;
    i2v_options defaults;
    i2v_options_default(&defaults);
    i2v_status status = i2v_require(error, "model", out, "path", path, NULL);
    if (status) return status;
    i2v_model *model = calloc(1, sizeof *model);
    if (!model) return i2v_fail_memory(error, "the model", sizeof *model);
    atomic_init(&model->holders, 1);
    status = open_all(&(i2v_opening){model, options ? options : &defaults, error}, path);
    if (status)
        i2v_model_close(model);
    else
        *out = model;
    return status;
}
