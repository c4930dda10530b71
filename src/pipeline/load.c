/* Loads what a stage computes with. */
#include "pipeline/load.h"

#include "model/clip.h"
#include "model/tiny_decoder.h"
#include "model/unet.h"
#include "model/vae.h"

i2v_element i2v_load_element(const i2v_model *model, i2v_stage_kind kind) {
    return i2v_stage_runs_once(kind) ? I2V_ELEMENT_F32 : model->element;
}

static size_t model_size(const i2v_model *model, i2v_stage_kind kind) {
    switch (kind) {
    case I2V_STAGE_CLIP:
        return sizeof(i2v_clip);
    case I2V_STAGE_ENCODER:
        return sizeof(i2v_vae_encoder);
    case I2V_STAGE_UNET:
        return sizeof(i2v_unet);
    default:
        return model->tiny.channels ? sizeof(i2v_tiny_decoder) : sizeof(i2v_vae_decoder);
    }
}

static void load_model(i2v_loaded *part, i2v_loader *loader, const i2v_model *model) {
    const i2v_form *form = &part->form;
    part->model = i2v_load_array(loader, 1, model_size(model, form->kind));
    if (!part->model) return;
    switch (form->kind) {
    case I2V_STAGE_CLIP:
        i2v_clip_load(loader, part->model, &model->clip);
        break;
    case I2V_STAGE_ENCODER:
        i2v_vae_encoder_load(loader, part->model, &model->vae);
        break;
    case I2V_STAGE_UNET:
        i2v_unet_load(loader, part->model, &model->unet, form->latent_height, form->latent_width);
        break;
    default:
        if (model->tiny.channels)
            i2v_tiny_decoder_load(loader, part->model, &model->tiny);
        else
            i2v_vae_decoder_load(loader, part->model, &model->decoder);
        break;
    }
}

i2v_status i2v_load(i2v_loaded *part, const i2v_model *model, i2v_loader *loader) {
    i2v_stage_kind kind = part->form.kind;
    loader->store = &part->store;
    loader->backend = model->backend;
    loader->device.kernels = model->backend->kernels;
    loader->element = i2v_load_element(model, kind);
    loader->int8 = model->dtype == I2V_DTYPE_INT8 && kind == I2V_STAGE_UNET;
    loader->lora = kind == I2V_STAGE_UNET ? model->lora : NULL;
    loader->streams = part->form.streams;
    i2v_loader_begin(loader, i2v_model_weights(model, kind));
    if (!loader->status) load_model(part, loader, model);
    return i2v_loader_end(loader);
}
