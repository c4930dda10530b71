/* Residual blocks: diffusers' ResnetBlock2D, TemporalResnetBlock, and both blended as SpatioTemporalResBlock. */
#ifndef I2V_MODEL_RESNET_H
#define I2V_MODEL_RESNET_H

#include "model/config.h"
#include "model/loader.h"
#include "tensor/ops.h"

typedef struct i2v_resnet {
    i2v_norm norm1, norm2;
    i2v_conv conv1, conv2;
    i2v_linear time_emb_proj; /* empty without a time embedding */
    i2v_linear conv_shortcut;
    int has_shortcut;
} i2v_resnet;

typedef struct i2v_temporal_resnet {
    i2v_norm norm1, norm2;
    i2v_temporal_conv conv1, conv2;
    i2v_linear time_emb_proj;
} i2v_temporal_resnet;

typedef struct i2v_spatio_temporal_resnet {
    i2v_resnet spatial;
    i2v_temporal_resnet temporal;
    float temporal_weight; /* share of the temporal block's output in the blend */
} i2v_spatio_temporal_resnet;

/* Of the module that the loader is in, as all of its kind. time_channels 0: no time embedding. */
void i2v_resnet_load(i2v_loader *loader, i2v_resnet *resnet, int in, int out, int time_channels, double epsilon);

/* A new tensor [frames, height, width, out] from x's channels and skip's (skip.channels 0: none) side by side.
 * time: time_emb_proj of the time embedding [1, 1, 1, out], which conv1 adds to every pixel; {0} without one. */
i2v_tensor i2v_resnet_forward(i2v_run *run, const i2v_resnet *resnet, i2v_tensor x, i2v_tensor skip, i2v_tensor time);
/* The same into out, which may be x where the block has no shortcut. */
void i2v_resnet_into(i2v_run *run, const i2v_resnet *resnet, i2v_tensor out, i2v_tensor x, i2v_tensor skip,
                     i2v_tensor time);

typedef struct i2v_spatio_temporal_resnet_sizes {
    int in, out, time_channels;
    double epsilon, temporal_epsilon;
    int switched; /* 1: the VAE decoder, where mix_factor weighs the temporal block and not the spatial one */
} i2v_spatio_temporal_resnet_sizes;

void i2v_spatio_temporal_resnet_load(i2v_loader *loader, i2v_spatio_temporal_resnet *resnet,
                                     const i2v_spatio_temporal_resnet_sizes *sizes);

/* What the two blocks add of a time embedding, for as many passes as share it: time_emb_proj of each of them, a new
 * tensor [2, 1, 1, out]. time: silu of the embedding [1, 1, 1, time_channels]. */
i2v_tensor i2v_spatio_temporal_resnet_time(i2v_run *run, const i2v_spatio_temporal_resnet *resnet, i2v_tensor time);

/* The spatial block, then the temporal one. time: of both, as above. */
i2v_tensor i2v_spatio_temporal_resnet_forward(i2v_run *run, const i2v_spatio_temporal_resnet *resnet, i2v_tensor x,
                                              i2v_tensor skip, i2v_tensor time);
/* The temporal block alone, on the spatial one's output: x becomes (1 - w) x + w (x + h) = x + w h, h being its branch.
 * time: its own. */
void i2v_temporal_resnet_blend(i2v_run *run, const i2v_spatio_temporal_resnet *blended, i2v_tensor x, i2v_tensor time);

#endif
