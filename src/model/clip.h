/* transformers' CLIPVisionModelWithProjection: a picture as one vector. */
#ifndef I2V_MODEL_CLIP_H
#define I2V_MODEL_CLIP_H

#include "model/config.h"
#include "model/loader.h"
#include "tensor/ops.h"

typedef struct i2v_clip_layer {
    i2v_norm layer_norm1, layer_norm2;
    i2v_linear qkv, out_proj, fc1, fc2;
} i2v_clip_layer;

typedef struct i2v_clip {
    i2v_clip_config config;
    i2v_conv patch_embedding;
    i2v_tensor class_embedding;    /* [1, 1, 1, hidden_size] */
    i2v_tensor position_embedding; /* [1 + patches, 1, 1, hidden_size] */
    i2v_norm pre_layernorm, post_layernorm;
    i2v_clip_layer *layers; /* [num_hidden_layers] */
    i2v_linear visual_projection;
} i2v_clip;

void i2v_clip_load(i2v_loader *loader, i2v_clip *clip, const i2v_clip_config *config);

/* pixels [1, image_size, image_size, 3], normalized -> out [1, 1, 1, projection_dim]. */
void i2v_clip_forward(i2v_run *run, const i2v_clip *clip, i2v_tensor out, i2v_tensor pixels);

#endif
