/* Sizes of the model parts, from their config.json; names are diffusers' and transformers'. */
#ifndef I2V_MODEL_CONFIG_H
#define I2V_MODEL_CONFIG_H

#include "base/error.h"

#define I2V_MAX_LEVELS 8
#define I2V_MAX_LAYERS 8
/* ResnetBlock2D, TransformerSpatioTemporalModel and the VAE fix their group norms to this number of groups. */
#define I2V_NORM_GROUPS 32

typedef struct i2v_unet_config {
    int levels;
    int in_channels, out_channels;
    int block_out_channels[I2V_MAX_LEVELS];
    int down_attention[I2V_MAX_LEVELS]; /* 1: CrossAttnDownBlockSpatioTemporal, 0: DownBlockSpatioTemporal */
    int up_attention[I2V_MAX_LEVELS];
    int layers_per_block[I2V_MAX_LEVELS];
    int transformer_layers_per_block[I2V_MAX_LEVELS];
    int num_attention_heads[I2V_MAX_LEVELS];
    int cross_attention_dim;
    int addition_time_embed_dim;
    int projection_class_embeddings_input_dim;
    int num_frames;
    int sample_height, sample_width; /* a [h, w] pair in latent units; 0: none */
} i2v_unet_config;

typedef struct i2v_vae_config {
    int levels;
    int block_out_channels[I2V_MAX_LEVELS];
    int layers_per_block;
    int latent_channels;
    double scaling_factor;
    int temporal_decoder;      /* AutoencoderKLTemporalDecoder's, else AutoencoderKL's: frame by frame */
    int decoder_mid_attention; /* attention and the second resnet run in the decoder's middle */
    int has_quant_conv;        /* after the encoder; without it, that is part of the encoder's last convolution */
    int has_post_quant_conv;   /* before the decoder */
} i2v_vae_config;

typedef struct i2v_clip_config {
    int hidden_size, intermediate_size;
    int num_hidden_layers, num_attention_heads;
    int image_size, patch_size;
    int projection_dim;
    int quick_gelu; /* hidden_act: 1 "quick_gelu", 0 "gelu" */
    double layer_norm_eps;
} i2v_clip_config;

/* Mean and deviation that CLIP's pixels are normalized with, per colour. */
typedef struct i2v_normalization {
    double mean[3], deviation[3];
} i2v_normalization;

/* Each reads one file; a missing key takes the class's default; what is not implemented is refused by name. */
i2v_status i2v_unet_config_read(i2v_unet_config *config, const char *path, i2v_error *error);
i2v_status i2v_vae_config_read(i2v_vae_config *config, const char *path, i2v_error *error);
i2v_status i2v_clip_config_read(i2v_clip_config *config, const char *path, i2v_error *error);
/* The same from the text of such a file; source says in messages where it is from. */
i2v_status i2v_unet_config_read_text(i2v_unet_config *config, const char *text, const char *source, i2v_error *error);
i2v_status i2v_vae_config_read_text(i2v_vae_config *config, const char *text, const char *source, i2v_error *error);
i2v_status i2v_clip_config_read_text(i2v_clip_config *config, const char *text, const char *source, i2v_error *error);

/* Whether sizes found otherwise are ones that are implemented; file is for messages. */
i2v_status i2v_unet_config_check(const i2v_unet_config *config, const char *file, i2v_error *error);
i2v_status i2v_vae_config_check(const i2v_vae_config *config, const char *file, i2v_error *error);
i2v_status i2v_clip_config_check(const i2v_clip_config *config, const char *file, i2v_error *error);

/* CLIPImageProcessor's defaults, which are SVD's. */
void i2v_normalization_default(i2v_normalization *normalization);
/* preprocessor_config.json. */
i2v_status i2v_normalization_read(i2v_normalization *normalization, const char *path, i2v_error *error);

#endif
