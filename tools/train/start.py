"""How the UNet starts: as the first frame, still, whatever the noise, with everything else free to learn.

A picture passes GroupNorm and SiLU unharmed where each group holds z, -z and a constant K far above it: the group's mean
and deviation then do not depend on the picture, and silu(z) - silu(-z) = z. conv_in makes such groups from the image
latents, the last residual block's shortcut takes them from the skip connection, and conv_out gives -z, which is about
the v whose clean estimate is z. Nothing else reaches the result at first: a deep network does not have to find out
first how a picture gets from one end to the other, which takes most of a short training.
"""

import math

import torch

K = 30.0


@torch.no_grad()
def start(unet):
    n = unet.config.out_channels
    rows, last = slice(0, 3 * n), unet.up_blocks[-1].resnets[-1].spatial_res_block
    skip = last.conv1.in_channels - unet.conv_in.out_channels  # the skip's first channel in the block's input
    temporal = unet.up_blocks[-1].resnets[-1].temporal_res_block
    for layer in (unet.conv_in, last.conv_shortcut, last.conv2, temporal.conv2):
        layer.weight[rows] = 0
        layer.bias[rows] = 0
    for k in range(n):
        row = 3 * k
        for place, sign in ((row, 1.0), (row + 1, -1.0)):
            unet.conv_in.weight[place, n + k, 1, 1] = sign
        unet.conv_in.bias[row + 2] = K
        for place in range(row, row + 3):
            last.conv_shortcut.weight[place, skip + place] = 1
        unet.conv_norm_out.weight[row:row + 2] = K * math.sqrt(2) / 3
        unet.conv_norm_out.bias[row:row + 2] = K / 3
        unet.conv_norm_out.weight[row + 2] = unet.conv_norm_out.bias[row + 2] = 0
    unet.conv_out.weight.mul_(0.02)
    unet.conv_out.weight[:, rows] = 0
    unet.conv_out.bias.zero_()
    for k in range(n):
        unet.conv_out.weight[k, 3 * k, 1, 1], unet.conv_out.weight[k, 3 * k + 1, 1, 1] = -1, 1
