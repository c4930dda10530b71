/* Tiny decoders of latents: TAESD (diffusers' AutoencoderTiny), which decodes each frame by itself, and TAESDV, whose
 * blocks also see what they saw of the frame before. Source: madebyollin/taesd and madebyollin/taesdv. */
#ifndef I2V_MODEL_TINY_DECODER_H
#define I2V_MODEL_TINY_DECODER_H

#include "model/loader.h"

enum { I2V_TINY_MAX_STAGES = 6, I2V_TINY_STAGE_BLOCKS = 3 };

/* For messages: what may be given. */
#define I2V_TINY_FILES                                                                                                 \
    "the decoder's file, such as taesd_decoder or taesdv, .safetensors or .pth (github.com/madebyollin/taesd and "     \
    "taesdv have them), or the folder of an AutoencoderTiny of diffusers'"

typedef struct i2v_tiny_config {
    int latent_channels;
    int channels; /* of all layers between; 0: there is no such decoder */
    int stages;   /* each doubles the size */
    int temporal; /* 1: TAESDV */
    int first;    /* the number of the first convolution: TAESD's own names begin with 1, diffusers' with 0 */
} i2v_tiny_config;

/* Finds the decoder in a file or a folder's file, whatever the prefix of its names; *part has its tensors alone,
 * without the prefix. Its sizes are read off their shapes. */
i2v_status i2v_tiny_config_find(i2v_tiny_config *config, i2v_weights **part, i2v_weights *file, i2v_error *error);

typedef struct i2v_tiny_block {
    i2v_conv conv[3];
} i2v_tiny_block;

typedef struct i2v_tiny_decoder {
    i2v_tiny_config config;
    i2v_conv conv_in, conv_out;
    struct {
        i2v_tiny_block blocks[I2V_TINY_STAGE_BLOCKS];
        i2v_conv upsampler; /* without bias */
    } stages[I2V_TINY_MAX_STAGES];
    i2v_tiny_block last;
} i2v_tiny_decoder;

void i2v_tiny_decoder_load(i2v_loader *loader, i2v_tiny_decoder *decoder, const i2v_tiny_config *config);

/* What the blocks of a temporal decoder saw of the frame before: zeros before the first. Of others, nothing. */
typedef struct i2v_tiny_memory {
    i2v_tensor blocks[I2V_TINY_MAX_STAGES * I2V_TINY_STAGE_BLOCKS + 1];
    int count;
} i2v_tiny_memory;

/* For latents of that size; in the run's pool, to be given back with end, after a failure, too. */
void i2v_tiny_memory_begin(i2v_run *run, i2v_tiny_memory *memory, const i2v_tiny_decoder *decoder, int height,
                           int width);
void i2v_tiny_memory_end(i2v_run *run, i2v_tiny_memory *memory);

/* How many frames before one have a part in it. */
int i2v_tiny_decoder_reach(const i2v_tiny_config *config);

/* latents [frames, h, w, latent_channels] of f32, as the UNet has them (not divided by the VAE's scaling factor), each
 * within -3..3, as 3 tanh(x / 3) makes them -> out [frames, H, W, 3] of f32, about 0..1. The frames follow those that
 * memory is of, and memory is of them then. */
void i2v_tiny_decode(i2v_run *run, const i2v_tiny_decoder *decoder, i2v_tiny_memory *memory, i2v_tensor out,
                     i2v_tensor latents);

#endif
