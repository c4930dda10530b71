/* The VAE's decoder: latents to frames. */
#include "model/vae_attention.h"

#include <string.h>

/* Number i of the block that the loader is in. Without time, the spatial half is all there is. */
static void load_resnet(i2v_loader *loader, const i2v_vae_config *config, i2v_spatio_temporal_resnet *resnet, int i,
                        int in, int out) {
    i2v_spatio_temporal_resnet_sizes sizes = {
        .in = in, .out = out, .epsilon = 1e-6, .temporal_epsilon = 1e-5, .switched = 1};
    i2v_loader_enter(loader, "resnets.%d", i);
    if (config->temporal_decoder) {
        i2v_spatio_temporal_resnet_load(loader, resnet, &sizes);
    } else {
        i2v_resnet_load(loader, &resnet->spatial, in, out, 0, sizes.epsilon);
    }
    i2v_loader_leave(loader);
}

/* index counts from the deepest level. */
static void load_up_block(i2v_loader *loader, i2v_vae_decoder_block *block, const i2v_vae_config *config, int index) {
    int level = config->levels - 1 - index;
    int out = config->block_out_channels[level];
    for (int i = 0; i <= config->layers_per_block; i++) {
        int in = i > 0 || level + 1 == config->levels ? out : config->block_out_channels[level + 1];
        load_resnet(loader, config, &block->resnets[i], i, in, out);
    }
    if (level == 0) return;
    block->upsampler = i2v_conv_3x3(out, out);
    block->upsampler.doubles = 1;
    i2v_load_conv(loader, &block->upsampler, 1, "upsamplers.0.conv");
}

/* diffusers' temporal decoder may have a middle that never runs as a whole: what is left over is in the file. */
static void load_mid_block(i2v_loader *loader, i2v_vae_decoder *decoder, const i2v_vae_config *config, int channels) {
    load_resnet(loader, config, &decoder->mid_resnets[0], 0, channels, channels);
    if (config->decoder_mid_attention) {
        i2v_loader_enter(loader, "attentions.0");
        i2v_vae_attention_load(loader, &decoder->mid_attention, channels);
        i2v_loader_leave(loader);
        load_resnet(loader, config, &decoder->mid_resnets[1], 1, channels, channels);
    } else {
        i2v_load_ignore(loader, "attentions.0");
    }
    if (!config->temporal_decoder) return;
    for (int i = 2; i < config->layers_per_block; i++) {
        i2v_loader_enter(loader, "resnets.%d", i);
        i2v_load_ignore(loader, "");
        i2v_loader_leave(loader);
    }
}

static void load_decoder(i2v_loader *loader, i2v_vae_decoder *decoder, const i2v_vae_config *config) {
    int first = config->block_out_channels[0];
    int last = config->block_out_channels[config->levels - 1];
    decoder->conv_in = i2v_conv_3x3(config->latent_channels, last);
    decoder->conv_out = i2v_conv_3x3(first, 3);
    i2v_load_conv(loader, &decoder->conv_in, 1, "conv_in");
    i2v_loader_enter(loader, "mid_block");
    load_mid_block(loader, decoder, config, last);
    i2v_loader_leave(loader);
    for (int i = 0; i < config->levels; i++) {
        i2v_loader_enter(loader, "up_blocks.%d", i);
        load_up_block(loader, &decoder->up_blocks[i], config, i);
        i2v_loader_leave(loader);
    }
    i2v_load_norm(loader, &decoder->conv_norm_out, first, I2V_NORM_GROUPS, 1e-6, "conv_norm_out");
    i2v_load_conv(loader, &decoder->conv_out, 1, "conv_out");
    if (config->temporal_decoder) i2v_load_temporal_conv(loader, &decoder->time_conv_out, 3, 3, "time_conv_out");
}

void i2v_vae_decoder_load(i2v_loader *loader, i2v_vae_decoder *decoder, const i2v_vae_config *config) {
    memset(decoder, 0, sizeof *decoder);
    decoder->config = *config;
    i2v_loader_enter(loader, "decoder");
    load_decoder(loader, decoder, config);
    i2v_loader_leave(loader);
    if (config->has_post_quant_conv) {
        i2v_load_linear_1x1_f32(loader, &decoder->post_quant_conv, config->latent_channels, config->latent_channels,
                                "post_quant_conv");
    }
    i2v_load_ignore(loader, "encoder");
    i2v_load_ignore(loader, "quant_conv");
}

/* Into x itself if it can be; else frees x. */
static i2v_tensor resnet(i2v_run *run, const i2v_vae_decoder *decoder, const i2v_spatio_temporal_resnet *weights,
                         i2v_tensor x) {
    i2v_tensor none = {0}, out = x;
    if (weights->spatial.has_shortcut) {
        out = i2v_resnet_forward(run, &weights->spatial, x, none, none);
        i2v_tensor_free(run, &x);
    } else {
        i2v_resnet_into(run, &weights->spatial, x, x, none, none);
    }
    if (decoder->config.temporal_decoder) i2v_temporal_resnet_blend(run, weights, out, none);
    return out;
}

/* Doubles some frames and takes them through the spatial block; out may lie over x. */
static void upsample_frames(i2v_run *run, const i2v_conv *conv, const i2v_resnet *spatial, i2v_tensor out,
                            i2v_tensor x) {
    i2v_tensor none = {0}, large = i2v_tensor_new(run, out.frames, out.height, out.width, conv->out);
    i2v_op_conv(run, large, x, conv, i2v_epilogue_plain());
    i2v_resnet_into(run, spatial, out, large, none, none);
    i2v_tensor_free(run, &large);
}

/* The upsampler, and the first resnet after it, which often has fewer channels: the large tensor with more of them is
 * only made of a batch of frames, and the result grows over x, which it frees. */
static i2v_tensor upsample(i2v_run *run, const i2v_vae_decoder *decoder, const i2v_conv *conv,
                           const i2v_spatio_temporal_resnet *weights, i2v_tensor x) {
    i2v_tensor out = i2v_tensor_new_over(run, &x, 2 * x.height, 2 * x.width, weights->spatial.conv2.out);
    int batch = i2v_run_batch(run, x.frames, (int64_t)out.height * out.width * conv->out);
    for (int first = 0; first < x.frames; first += batch) {
        upsample_frames(run, conv, &weights->spatial, i2v_tensor_frames(&out, first, batch),
                        i2v_tensor_frames(&x, first, batch));
    }
    if (decoder->config.temporal_decoder) i2v_temporal_resnet_blend(run, weights, out, (i2v_tensor){0});
    return out;
}

static i2v_tensor convolve_in(i2v_run *run, const i2v_vae_decoder *decoder, i2v_tensor latents) {
    i2v_tensor x = i2v_tensor_new(run, latents.frames, latents.height, latents.width, decoder->conv_in.out);
    if (!decoder->config.has_post_quant_conv) {
        i2v_op_conv(run, x, latents, &decoder->conv_in, i2v_epilogue_plain());
        return x;
    }
    i2v_tensor mixed = i2v_tensor_new_f32(run, latents.frames, latents.height, latents.width, latents.channels);
    i2v_op_linear(run, mixed, latents, NULL, &decoder->post_quant_conv, i2v_epilogue_plain());
    i2v_op_conv(run, x, mixed, &decoder->conv_in, i2v_epilogue_plain());
    i2v_tensor_free(run, &mixed);
    return x;
}

/* Frees x. */
static void convolve_out(i2v_run *run, const i2v_vae_decoder *decoder, i2v_tensor out, i2v_tensor x) {
    i2v_tensor none = {0};
    i2v_group_norm norm = i2v_group_norm_of(run, x, none, &decoder->conv_norm_out, 0, I2V_ACTIVATION_SILU);
    i2v_op_conv_normed(run, out, x, none, &norm, &decoder->conv_out, i2v_epilogue_plain());
    i2v_group_norm_free(run, &norm);
    i2v_tensor_free(run, &x);
}

void i2v_vae_decode(i2v_run *run, const i2v_vae_decoder *decoder, i2v_tensor out, i2v_tensor latents) {
    i2v_tensor x = convolve_in(run, decoder, latents);
    x = resnet(run, decoder, &decoder->mid_resnets[0], x);
    if (decoder->config.decoder_mid_attention) {
        x = i2v_vae_attention_forward(run, &decoder->mid_attention, x);
        x = resnet(run, decoder, &decoder->mid_resnets[1], x);
    }
    for (int i = 0; i < decoder->config.levels; i++) {
        const i2v_spatio_temporal_resnet *resnets = decoder->up_blocks[i].resnets;
        x = i == 0 ? resnet(run, decoder, resnets, x)
                   : upsample(run, decoder, &decoder->up_blocks[i - 1].upsampler, resnets, x);
        for (int k = 1; k <= decoder->config.layers_per_block; k++) x = resnet(run, decoder, &resnets[k], x);
    }
    if (!decoder->config.temporal_decoder) {
        convolve_out(run, decoder, out, x);
        return;
    }
    i2v_tensor frames = i2v_tensor_new_f32(run, x.frames, x.height, x.width, 3);
    convolve_out(run, decoder, frames, x);
    i2v_op_temporal_conv(run, out, frames, NULL, &decoder->time_conv_out, i2v_epilogue_plain());
    i2v_tensor_free(run, &frames);
}
