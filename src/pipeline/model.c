/* What an opened model is to those who share it. */
#include "pipeline/model.h"

#include <stdio.h>
#include <stdlib.h>

void i2v_model_hold(i2v_model *model) {
    atomic_fetch_add(&model->holders, 1);
}

void i2v_model_close(i2v_model *model) {
    if (!model || atomic_fetch_sub(&model->holders, 1) > 1) return;
    i2v_kept_free(model->kept);
    i2v_lora_close(model->lora);
    for (int i = 0; i < I2V_PARTS_COUNT; i++) i2v_weights_close(model->weights[i]);
    free(model->tiny_path);
    free(model->path);
    free(model);
}

i2v_part i2v_model_part(const i2v_model *model, i2v_stage_kind kind) {
    switch (kind) {
    case I2V_STAGE_CLIP:
        return I2V_PART_IMAGE_ENCODER;
    case I2V_STAGE_UNET:
        return I2V_PART_UNET;
    case I2V_STAGE_DECODER:
        if (model->weights[I2V_PART_TINY_DECODER]) return I2V_PART_TINY_DECODER;
        return model->weights[I2V_PART_FRAME_DECODER] ? I2V_PART_FRAME_DECODER : I2V_PART_VAE;
    default:
        return I2V_PART_VAE;
    }
}

const i2v_weights *i2v_model_weights(const i2v_model *model, i2v_stage_kind kind) {
    return model->weights[i2v_model_part(model, kind)];
}

const char *i2v_stage_name(const i2v_model *model, i2v_stage_kind kind) {
    static const char *const names[] = {"image encoder", "VAE encoder", "UNet", "VAE decoder"};
    return i2v_model_part(model, kind) == I2V_PART_TINY_DECODER ? "tiny decoder" : names[kind];
}

uint64_t i2v_model_copied(const i2v_model *model) {
    const i2v_weights *origins[I2V_PARTS_COUNT] = {0}; /* of several parts in one file, that file once */
    uint64_t bytes = 0;
    for (int part = 0; part < I2V_PARTS_COUNT; part++) {
        if (!model->weights[part]) continue;
        origins[part] = i2v_weights_origin(model->weights[part]);
        int is_counted = 0;
        for (int before = 0; before < part; before++) is_counted |= origins[before] == origins[part];
        if (!is_counted) bytes += i2v_weights_copied(origins[part]);
    }
    return bytes;
}

int i2v_model_vae_scale_factor(const i2v_model *model) {
    return 1 << (model->vae.levels - 1);
}

int i2v_model_size_step(const i2v_model *model) {
    int factor = i2v_model_vae_scale_factor(model);
    return factor > 8 ? factor : 8;
}

void i2v_model_default_size(const i2v_model *model, int *width, int *height) {
    *width = 1024;
    *height = 576;
    if (model->unet.sample_height == 0) return;
    int step = i2v_model_size_step(model), factor = i2v_model_vae_scale_factor(model);
    *width = (model->unet.sample_width * factor + step - 1) / step * step;
    *height = (model->unet.sample_height * factor + step - 1) / step * step;
}

/* ---- in words ---- */

/* "320, 640, 1280" into text. */
static void list(char *text, size_t size, const int *values, int count) {
    size_t used = 0;
    text[0] = '\0';
    for (int i = 0; i < count && used < size; i++) {
        used += (size_t)snprintf(text + used, size - used, "%s%d", i ? ", " : "", values[i]);
    }
}

void i2v_model_describe(i2v_model *model) {
    char channels[96], heads[48];
    size_t size = sizeof model->sizes[0];
    list(channels, sizeof channels, model->unet.block_out_channels, model->unet.levels);
    list(heads, sizeof heads, model->unet.num_attention_heads, model->unet.levels);
    snprintf(model->sizes[I2V_PART_UNET], size, "channels %s; heads %s; layers %d", channels, heads,
             model->unet.layers_per_block[0]);
    const i2v_vae_config *vaes[] = {&model->vae, &model->decoder};
    for (int i = 0; i < 2; i++) {
        list(channels, sizeof channels, vaes[i]->block_out_channels, vaes[i]->levels);
        snprintf(model->sizes[i == 0 ? I2V_PART_VAE : I2V_PART_FRAME_DECODER], size,
                 "channels %s; latent channels %d; layers %d", channels, vaes[i]->latent_channels,
                 vaes[i]->layers_per_block);
    }
    snprintf(model->sizes[I2V_PART_TINY_DECODER], size, "channels %d; latent channels %d; %s", model->tiny.channels,
             model->tiny.latent_channels, model->tiny.temporal ? "frames remember those before" : "frame by frame");
    snprintf(model->sizes[I2V_PART_IMAGE_ENCODER], size, "hidden %d; layers %d; heads %d; patch %d",
             model->clip.hidden_size, model->clip.num_hidden_layers, model->clip.num_attention_heads,
             model->clip.patch_size);
}
