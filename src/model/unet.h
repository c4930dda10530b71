/* diffusers' UNetSpatioTemporalConditionModel: predicts the velocity of noisy latents, all frames at once. */
#ifndef I2V_MODEL_UNET_H
#define I2V_MODEL_UNET_H

#include "model/config.h"
#include "model/resnet.h"
#include "model/transformer.h"
#include "model/unet_cut.h"

/* Down or up block: resnets, each followed by a transformer where the block has attention, then the resampler. */
typedef struct i2v_unet_block {
    int layers;
    int has_attention, has_resampler;
    i2v_spatio_temporal_resnet resnets[I2V_MAX_LAYERS + 1];
    i2v_transformer attentions[I2V_MAX_LAYERS + 1];
    i2v_conv resampler; /* down: stride 2; up: after doubling */
} i2v_unet_block;

/* Resnets of all blocks, or transformers. */
#define I2V_UNET_MAX_LAYERS (2 * I2V_MAX_LEVELS * (I2V_MAX_LAYERS + 1) + 2)

typedef struct i2v_unet {
    i2v_unet_config config;
    i2v_conv conv_in, conv_out;
    i2v_timestep_embedding time_embedding, add_embedding;
    i2v_unet_block down_blocks[I2V_MAX_LEVELS], up_blocks[I2V_MAX_LEVELS];
    i2v_spatio_temporal_resnet mid_resnets[2];
    i2v_transformer mid_attention;
    i2v_norm conv_norm_out;
    /* those of the blocks, in the order of a pass */
    int resnets_count, transformers_count;
    const i2v_spatio_temporal_resnet *resnets[I2V_UNET_MAX_LAYERS];
    const i2v_transformer *transformers[I2V_UNET_MAX_LAYERS];
} i2v_unet;

/* Binds all tensors of the part. height and width are those of the latents that it will see, or 0 where they are not
 * known. Known sizes make it faster: where a level is exactly twice the one below, its upsampling and the convolution
 * after it are packed as one. The caller begins the loader and ends it. */
void i2v_unet_load(i2v_loader *loader, i2v_unet *unet, const i2v_unet_config *config, int height, int width);

/* What does not depend on a pass' sample is computed once, before the passes that need it: a tensor for each resnet or
 * transformer, in the order in which a pass comes to them. Zero-initialized is empty. */
typedef struct i2v_unet_tensors {
    int count;
    i2v_tensor tensors[I2V_UNET_MAX_LAYERS];
} i2v_unet_tensors;

/* The three below fill what the caller has, which is too large to be returned: it is on the stack of a caller's thread.
 *
 * Frame positions, for each transformer. */
void i2v_unet_positions(i2v_unet_tensors *out, i2v_run *run, const i2v_unet *unet, int frames);
/* What cross-attention adds, for each transformer. context is the picture's vector [1, 1, 1, cross_attention_dim];
 * context.channels 0 stands for a vector of zeros, as the pass without the picture has it. */
void i2v_unet_cross_attention(i2v_unet_tensors *out, i2v_run *run, const i2v_unet *unet, i2v_tensor context);
/* The time embedding, for each resnet. timestep: 0.25 ln sigma; time_ids: fps - 1, motion_bucket_id,
 * noise_aug_strength. */
void i2v_unet_time(i2v_unet_tensors *out, i2v_run *run, const i2v_unet *unet, float timestep, const float time_ids[3]);
/* The same for cached passes alone: nothing for the resnets that these leave out. */
void i2v_unet_time_cached(i2v_unet_tensors *out, i2v_run *run, const i2v_unet *unet, const i2v_unet_cut *cut,
                          float timestep, const float time_ids[3]);
void i2v_unet_tensors_free(i2v_run *run, i2v_unet_tensors *tensors);

typedef struct i2v_unet_input {
    i2v_tensor sample; /* [frames, height, width, in_channels] */
    const i2v_unet_tensors *positions, *cross_attention, *time;
} i2v_unet_input;

/* Told of a module's output ("conv_in", "down_blocks.0", "mid_block", "up_blocks.0", ...). */
typedef void (*i2v_unet_probe)(void *user, const char *module, i2v_tensor output);

/* Writes the prediction into out [frames, height, width, out_channels]. probe may be NULL. */
void i2v_unet_forward(i2v_run *run, const i2v_unet *unet, i2v_tensor out, const i2v_unet_input *input,
                      i2v_unet_probe probe, void *user);

/* What passes keep for passes after them. */
typedef struct i2v_unet_features {
    const i2v_unet_cut *cut;
    i2v_tensor kept; /* i2v_unet_features_new's */
    int is_cached;   /* 0: a full pass, which writes kept; 1: a cached pass, which goes on from it */
} i2v_unet_features;

/* Room for what is kept of passes over `frames` frames of latents [height, width], in the run's pool; to be freed with
 * i2v_tensor_free. */
i2v_tensor i2v_unet_features_new(i2v_run *run, const i2v_unet_cut *cut, int frames, int height, int width);

/* A pass that keeps features, or is made of them. NULL: neither. A full pass has the bits of i2v_unet_forward. Tensors
 * of the input that belong to layers that a cached pass leaves out are not read. */
void i2v_unet_forward_keeping(i2v_run *run, const i2v_unet *unet, i2v_tensor out, const i2v_unet_input *input,
                              const i2v_unet_features *features);

#endif
