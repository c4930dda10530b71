/* diffusers' AutoencoderKLTemporalDecoder: a picture to latents frame by frame, latents to frames in time; and
 * AutoencoderKL, which has the same encoder and, in the decoder, the same blocks without time. */
#ifndef I2V_MODEL_VAE_H
#define I2V_MODEL_VAE_H

#include "model/config.h"
#include "model/resnet.h"

/* Attention over a frame's pixels, one head. */
typedef struct i2v_vae_attention {
    i2v_norm group_norm;
    i2v_linear qkv, to_out;
} i2v_vae_attention;

typedef struct i2v_vae_encoder_block {
    i2v_resnet resnets[I2V_MAX_LAYERS];
    i2v_conv downsampler;
    int has_downsampler;
} i2v_vae_encoder_block;

typedef struct i2v_vae_encoder {
    i2v_vae_config config;
    i2v_conv conv_in, conv_out;
    i2v_vae_encoder_block down_blocks[I2V_MAX_LEVELS];
    i2v_resnet mid_resnets[2];
    i2v_vae_attention mid_attention;
    i2v_norm conv_norm_out;
    i2v_linear quant_conv; /* if the configuration has it */
} i2v_vae_encoder;

typedef struct i2v_vae_decoder_block {
    i2v_spatio_temporal_resnet resnets[I2V_MAX_LAYERS];
    i2v_conv upsampler; /* of all but the last */
} i2v_vae_decoder_block;

typedef struct i2v_vae_decoder {
    i2v_vae_config config;
    i2v_conv conv_in, conv_out;
    i2v_spatio_temporal_resnet mid_resnets[2];
    i2v_vae_attention mid_attention;
    i2v_vae_decoder_block up_blocks[I2V_MAX_LEVELS];
    i2v_norm conv_norm_out;
    i2v_temporal_conv time_conv_out; /* of a temporal decoder */
    i2v_linear post_quant_conv;      /* if the configuration has it */
} i2v_vae_decoder;

/* Each binds its half of the part and marks the other half as known. */
void i2v_vae_encoder_load(i2v_loader *loader, i2v_vae_encoder *encoder, const i2v_vae_config *config);
void i2v_vae_decoder_load(i2v_loader *loader, i2v_vae_decoder *decoder, const i2v_vae_config *config);

/* pixels [frames, H, W, 3] in -1..1 -> the mean of the latents' distribution, not scaled: out [frames, h, w,
 * latent_channels], h and w being H and W over 2^(levels - 1), rounded down. */
void i2v_vae_encode(i2v_run *run, const i2v_vae_encoder *encoder, i2v_tensor out, i2v_tensor pixels);

/* latents [frames, h, w, latent_channels], divided by the scaling factor before -> out [frames, H, W, 3], about -1..1.
 * The frames are decoded in one pass; by AutoencoderKL's decoder, each as if it were alone. */
void i2v_vae_decode(i2v_run *run, const i2v_vae_decoder *decoder, i2v_tensor out, i2v_tensor latents);

#endif
