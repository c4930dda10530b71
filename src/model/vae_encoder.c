/* The VAE's encoder: a picture to latents. */
#include "model/vae_attention.h"

#include "tensor/values.h"

#include <string.h>

/* Number i of the block that the loader is in. */
static void load_resnet(i2v_loader *loader, i2v_resnet *resnet, int i, int in, int out) {
    i2v_loader_enter(loader, "resnets.%d", i);
    i2v_resnet_load(loader, resnet, in, out, 0, 1e-6);
    i2v_loader_leave(loader);
}

static void load_down_block(i2v_loader *loader, i2v_vae_encoder_block *block, const i2v_vae_config *config, int level) {
    int out = config->block_out_channels[level];
    for (int i = 0; i < config->layers_per_block; i++) {
        int in = i > 0 ? out : config->block_out_channels[level > 0 ? level - 1 : 0];
        load_resnet(loader, &block->resnets[i], i, in, out);
    }
    block->has_downsampler = level + 1 < config->levels;
    if (!block->has_downsampler) return;
    /* pads right and bottom only */
    block->downsampler = (i2v_conv){.in = out, .out = out, .kernel = 3, .stride = 2, .pad_before = 0, .pad_after = 1};
    i2v_load_conv(loader, &block->downsampler, 1, "downsamplers.0.conv");
}

static void load_mid_block(i2v_loader *loader, i2v_vae_encoder *encoder, int channels) {
    for (int i = 0; i < 2; i++) load_resnet(loader, &encoder->mid_resnets[i], i, channels, channels);
    i2v_loader_enter(loader, "attentions.0");
    i2v_vae_attention_load(loader, &encoder->mid_attention, channels);
    i2v_loader_leave(loader);
}

static void load_encoder(i2v_loader *loader, i2v_vae_encoder *encoder, const i2v_vae_config *config) {
    int first = config->block_out_channels[0];
    int last = config->block_out_channels[config->levels - 1];
    encoder->conv_in = i2v_conv_3x3(3, first);
    encoder->conv_out = i2v_conv_3x3(last, 2 * config->latent_channels);
    i2v_load_conv(loader, &encoder->conv_in, 1, "conv_in");
    for (int i = 0; i < config->levels; i++) {
        i2v_loader_enter(loader, "down_blocks.%d", i);
        load_down_block(loader, &encoder->down_blocks[i], config, i);
        i2v_loader_leave(loader);
    }
    i2v_loader_enter(loader, "mid_block");
    load_mid_block(loader, encoder, last);
    i2v_loader_leave(loader);
    i2v_load_norm(loader, &encoder->conv_norm_out, last, I2V_NORM_GROUPS, 1e-6, "conv_norm_out");
    i2v_load_conv(loader, &encoder->conv_out, 1, "conv_out");
}

void i2v_vae_encoder_load(i2v_loader *loader, i2v_vae_encoder *encoder, const i2v_vae_config *config) {
    int moments = 2 * config->latent_channels;
    memset(encoder, 0, sizeof *encoder);
    encoder->config = *config;
    i2v_loader_enter(loader, "encoder");
    load_encoder(loader, encoder, config);
    i2v_loader_leave(loader);
    if (config->has_quant_conv) i2v_load_linear_1x1_f32(loader, &encoder->quant_conv, moments, moments, "quant_conv");
    i2v_load_ignore(loader, "decoder");
    i2v_load_ignore(loader, "post_quant_conv");
}

/* Frees x. */
static i2v_tensor convolve(i2v_run *run, const i2v_conv *conv, i2v_tensor x) {
    i2v_tensor out =
        i2v_tensor_new(run, x.frames, i2v_conv_size(conv, x.height), i2v_conv_size(conv, x.width), conv->out);
    i2v_op_conv(run, out, x, conv, i2v_epilogue_plain());
    i2v_tensor_free(run, &x);
    return out;
}

/* Frees x. */
static i2v_tensor resnet(i2v_run *run, const i2v_resnet *weights, i2v_tensor x) {
    i2v_tensor out = i2v_resnet_forward(run, weights, x, (i2v_tensor){0}, (i2v_tensor){0});
    i2v_tensor_free(run, &x);
    return out;
}

/* Frees x. */
static i2v_tensor apply_quant_conv(i2v_run *run, const i2v_linear *quant_conv, i2v_tensor x) {
    i2v_tensor moments = i2v_tensor_new_f32(run, x.frames, x.height, x.width, quant_conv->out);
    i2v_op_linear(run, moments, x, NULL, quant_conv, i2v_epilogue_plain());
    i2v_tensor_free(run, &x);
    return moments;
}

void i2v_vae_encode(i2v_run *run, const i2v_vae_encoder *encoder, i2v_tensor out, i2v_tensor pixels) {
    i2v_tensor x = i2v_tensor_new(run, pixels.frames, pixels.height, pixels.width, encoder->conv_in.out);
    i2v_op_conv(run, x, pixels, &encoder->conv_in, i2v_epilogue_plain());
    for (int i = 0; i < encoder->config.levels; i++) {
        const i2v_vae_encoder_block *block = &encoder->down_blocks[i];
        for (int k = 0; k < encoder->config.layers_per_block; k++) x = resnet(run, &block->resnets[k], x);
        if (block->has_downsampler) x = convolve(run, &block->downsampler, x);
    }
    x = resnet(run, &encoder->mid_resnets[0], x);
    x = i2v_vae_attention_forward(run, &encoder->mid_attention, x);
    x = resnet(run, &encoder->mid_resnets[1], x);
    i2v_tensor convolved = i2v_tensor_new_f32(run, x.frames, x.height, x.width, encoder->conv_out.out), none = {0};
    i2v_group_norm norm = i2v_group_norm_of(run, x, none, &encoder->conv_norm_out, 0, I2V_ACTIVATION_SILU);
    i2v_op_conv_normed(run, convolved, x, none, &norm, &encoder->conv_out, i2v_epilogue_plain());
    i2v_group_norm_free(run, &norm);
    i2v_tensor_free(run, &x);
    if (encoder->config.has_quant_conv) convolved = apply_quant_conv(run, &encoder->quant_conv, convolved);
    /* the means are the first half of the moments' channels */
    i2v_tensor_copy_channels(run, out, convolved, 0);
    i2v_tensor_free(run, &convolved);
}
