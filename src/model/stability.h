/* The parts of Stable Video Diffusion as the files of Stability AI name them (the modules of sgm in the repository
 * generative-models): which sizes a part has, read off its shapes, and what diffusers calls its tensors.
 * Prefixes end in a dot or are empty. */
#ifndef I2V_MODEL_STABILITY_H
#define I2V_MODEL_STABILITY_H

#include "model/config.h"
#include "model/shapes.h"
#include "weights/name_map.h"

/* sgm's VideoUNet: prefix + input_blocks, middle_block, output_blocks, time_embed, label_emb, out. Heads are of 64
 * channels (num_head_channels); other numbers of channels fail. num_frames is left 0. */
i2v_status i2v_stability_unet_sizes(i2v_unet_config *config, const i2v_weights *file, const char *prefix,
                                    i2v_error *error);
void i2v_stability_unet_names(i2v_name_map *map, const i2v_unet_config *config, const char *prefix);

/* sgm's Encoder: prefix + encoder and, of an AutoencoderKL (config->has_quant_conv says so), quant_conv. An
 * AutoencodingEngine has none: what the encoder gives are the moments. */
i2v_status i2v_stability_encoder_sizes(i2v_vae_config *config, const i2v_weights *file, const char *prefix,
                                       i2v_error *error);
void i2v_stability_encoder_names(i2v_name_map *map, const i2v_vae_config *config, const char *prefix);

/* sgm's VideoDecoder, or Decoder after post_quant_conv (config->temporal says which): prefix + decoder,
 * post_quant_conv. */
i2v_status i2v_stability_decoder_sizes(i2v_vae_config *config, const i2v_weights *file, const char *prefix,
                                       i2v_error *error);
void i2v_stability_decoder_names(i2v_name_map *map, const i2v_vae_config *config, const char *prefix);

/* open_clip's VisionTransformer: prefix + conv1, class_embedding, transformer.resblocks, ... */
i2v_status i2v_stability_clip_sizes(i2v_clip_config *config, const i2v_weights *file, const char *prefix,
                                    i2v_error *error);
/* The same of CLIP under transformers' names, as ComfyUI saves it: prefix + vision_model, visual_projection. */
i2v_status i2v_transformers_clip_sizes(i2v_clip_config *config, const i2v_weights *file, const char *prefix,
                                       i2v_error *error);
void i2v_stability_clip_names(i2v_name_map *map, const i2v_clip_config *config, const char *prefix);

#endif
