/* Where DeepCache (Ma et al. 2024, arXiv 2312.00858) cuts the UNet in two: a full pass keeps what comes to one layer of
 * the way up, its features, and cached passes after it compute the layers around alone.
 *
 * The UNet's way down leaves skips: the output of conv_in, then that of each layer and of each resampler. Each is taken
 * by a layer of the way up, the last one first. Each has a branch: conv_in's is -1, that after it 0, and so on, as
 * DeepCache's code for Stable Video Diffusion counts (cache_branch; it has not -1), and one less than its
 * DeepCacheSDHelper does (cache_branch_id). A cached pass goes down to the branch's skip, and goes on from the
 * features, which are what that skip is joined to. So a higher branch computes more. With Stable Video Diffusion's four
 * levels of two layers:
 *
 *     branch  the last layer of the way down    the first layer of the way up
 *     -1      conv_in                           up_blocks.3.resnets.2
 *     0       down_blocks.0.resnets.0           up_blocks.3.resnets.1
 *     1       down_blocks.0.resnets.1           up_blocks.3.resnets.0
 *     2       down_blocks.0.downsamplers.0      up_blocks.2.resnets.2
 *     3       down_blocks.1.resnets.0           up_blocks.2.resnets.1
 *     10      down_blocks.3.resnets.1           up_blocks.0.resnets.0
 *
 * DeepCache's code pairs them so for blocks of two layers; here the same is done for any number. */
#ifndef I2V_MODEL_UNET_CUT_H
#define I2V_MODEL_UNET_CUT_H

#include "model/config.h"

/* Layers from `first` on and before `end`, in the order of a pass. */
typedef struct i2v_unet_span {
    int first, end;
} i2v_unet_span;

typedef struct i2v_unet_cut {
    int skips;                           /* of a cached pass */
    int layers_out;                      /* layers of the way up that it leaves out */
    i2v_unet_span resnets, transformers; /* that it leaves out, of the whole UNet's */
    int level, channels;                 /* of the features */
} i2v_unet_cut;

/* Each branch of a UNet is -1 or more, and less than this. 11 of Stable Video Diffusion. */
int i2v_unet_branches_end(const i2v_unet_config *config);

/* branch: one of the UNet's. */
i2v_unet_cut i2v_unet_cut_at(const i2v_unet_config *config, int branch);

#endif
