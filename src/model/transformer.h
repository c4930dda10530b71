/* diffusers' TransformerSpatioTemporalModel: attention over the pixels of a frame, then over the frames of a pixel. */
#ifndef I2V_MODEL_TRANSFORMER_H
#define I2V_MODEL_TRANSFORMER_H

#include "model/embedding.h"

/* The context is one token, over which softmax is 1: cross-attention's output is to_out(to_v(context)), one vector for
 * all rows. Its query, key and norm cancel; their tensors stay in the file. */
typedef struct i2v_cross_attention {
    i2v_linear to_v, to_out;
} i2v_cross_attention;

typedef struct i2v_self_attention {
    i2v_norm norm;
    i2v_linear qkv, to_out;
} i2v_self_attention;

typedef struct i2v_feed_forward {
    i2v_norm norm;
    i2v_linear geglu, output;
} i2v_feed_forward;

/* BasicTransformerBlock; TemporalBasicTransformerBlock has ff_in before. */
typedef struct i2v_transformer_block {
    i2v_feed_forward ff_in;
    i2v_self_attention attn1;
    i2v_cross_attention attn2;
    i2v_feed_forward ff;
} i2v_transformer_block;

typedef struct i2v_transformer {
    int channels, heads, layers;
    i2v_norm norm;
    i2v_linear proj_in, proj_out;
    i2v_timestep_embedding time_pos_embed;
    i2v_transformer_block *spatial, *temporal; /* [layers] each */
    float spatial_weight;                      /* sigmoid(mix_factor) */
} i2v_transformer;

typedef struct i2v_transformer_sizes {
    int channels, heads, layers, context_dim;
} i2v_transformer_sizes;

void i2v_transformer_load(i2v_loader *loader, i2v_transformer *transformer, const i2v_transformer_sizes *sizes);

/* What does not depend on x, for as many passes as share it; new tensors.
 * Of each frame, the vector of its position: [frames, 1, 1, channels]. */
i2v_tensor i2v_transformer_positions(i2v_run *run, const i2v_transformer *transformer, int frames);
/* Of each layer, what cross-attention to context [1, 1, 1, context_dim] adds to every row, in the spatial block and in
 * the temporal one: [2 layers, 1, 1, channels]. context.channels 0: a zero vector, of which only biases are left. */
i2v_tensor i2v_transformer_cross_attention(i2v_run *run, const i2v_transformer *transformer, i2v_tensor context);

/* In place, with the two above. */
void i2v_transformer_forward(i2v_run *run, const i2v_transformer *transformer, i2v_tensor x, i2v_tensor positions,
                             i2v_tensor cross);

#endif
