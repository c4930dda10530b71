"""How the UNet starts: not at random, but as warp.py's moving picture, exactly, with everything else free to learn.

The denoiser is F = h(sigma) (x - MIX y) - y with h = 1/sigma: about the v whose clean estimate is y, whatever the
noise; and y is the first frame shifted as warp.py learned. Three devices carry numbers through GroupNorm and SiLU:

- A linear channel z shares its group with -z and a constant K far above it, so that the group's mean and deviation
  do not depend on the picture; and silu(z) - silu(-z) = z.
- In a group of numbers far below sqrt(eps), GroupNorm only takes the mean away and divides by sqrt(eps).
- SiLU's slope is a gate: silu(G + e z) - silu(G - e z) is about 2 e z silu'(G).

Where numbers travel: s = log(frame) comes from the frame embedding of the middle block's transformer into channel 0 and
goes up through shortcuts and the middle taps of upsamplers; log(speed) and log(sigma) come through the time embedding.
"""

import math

import torch
import torch.nn.functional as F
from torch import nn

from warp import EDGE, FAR, log_speed, log_time, slope

K, KT = 60.0, 400.0  # constants: beside latents, beside log(frame)
MIX, M = 0.4, 0.05  # share of y taken from x, see above; how small x is made for a gate
E = 0.1  # how small the latents are made for the warp's gates
RHO, ZETA = 1e-5, 2e-3  # scale of the warp's hidden layer, far below sqrt(eps); of what goes into it
GROUPS = 32  # of GroupNorm
MARK = 0.1  # what the constant channel that tells the last column gives


@torch.no_grad()
def start(unet, warp, sigma_min, sigma_max):
    n = unet.config.out_channels
    embeddings(unet)
    latents_in(unet, n)
    frame_number(unet)
    top = unet.up_blocks[-1]
    for resnet in (unet.down_blocks[0].resnets[0], top.resnets[0], top.resnets[1]):
        zero(resnet.temporal_res_block.conv2)
    zero(unet.down_blocks[0].resnets[0].spatial_res_block.conv2)
    warp_in(unet, top.resnets[0].spatial_res_block, warp, n)
    denoise(unet, top.resnets[1].spatial_res_block, n, sigma_min, sigma_max)
    warp_rest(unet, top.resnets[1].spatial_res_block, warp, n)
    out(unet, n)


def zero(layer, rows=slice(None)):
    layer.weight[rows] = 0
    if layer.bias is not None:
        layer.bias[rows] = 0


def spread(constant, of):
    """The deviation of a group of so many channels, one of them constant and the others small."""
    return constant * math.sqrt(1 / of - 1 / of ** 2)


def embeddings(unet):
    """Random features, not trained: sigma's in the first half, fps', bucket's and noise's in the second, and of these
    only what changes slowly."""
    half = unet.time_embedding.linear_2.out_features // 2
    for embedding, own in ((unet.time_embedding, slice(0, half)), (unet.add_embedding, slice(half, 2 * half))):
        nn.init.normal_(embedding.linear_1.weight, std=2 / embedding.linear_1.in_features ** 0.5)
        nn.init.normal_(embedding.linear_1.bias, std=1)
        zero(embedding.linear_2)
        embedding.linear_2.weight[own] = 2 * torch.randn(half, embedding.linear_2.in_features) \
            / embedding.linear_2.in_features ** 0.5
    each = unet.config.addition_time_embed_dim // 2
    frequency = torch.exp(-math.log(10000.0) * torch.arange(each) / each)
    slow = torch.cat([frequency * top < 2.5 for top in (30, 30, 255, 255, 1e9, 1e9)])  # the noise not at all
    unet.add_embedding.linear_1.weight.mul_(slow * 3.0)


def latents_in(unet, n):
    """conv_in: groups of six channels: x, -x, img, -img, K, one free."""
    unet.conv_in.bias.zero_()
    for k in range(n):
        g = 6 * k
        zero(unet.conv_in, slice(g, g + 5))
        for place, (source, sign) in enumerate([(k, 1), (k, -1), (n + k, 1), (n + k, -1)]):
            unet.conv_in.weight[g + place, source, 1, 1] = sign
        unet.conv_in.bias[g + 4] = K


def frame_number(unet):
    """Channels 0 to 5 of the way up: s, -s, KT, 0, 0, 0. The transformer's inner channel 0 holds s and nothing else."""
    own, mid = slice(0, 6), unet.mid_block
    zero(unet.down_blocks[1].downsamplers[0].conv, own)
    for resnet in (*unet.down_blocks[2].resnets, *mid.resnets, *unet.up_blocks[0].resnets, *unet.up_blocks[1].resnets):
        zero(resnet.spatial_res_block.conv2, own)
        zero(resnet.temporal_res_block.conv2, own)
        if resnet.spatial_res_block.conv_shortcut is not None:
            zero(resnet.spatial_res_block.conv_shortcut, own)
            resnet.spatial_res_block.conv_shortcut.weight[own, own, 0, 0] = torch.eye(6)
    for i in (0, 1):
        conv = unet.up_blocks[i].upsamplers[0].conv
        zero(conv, own)
        conv.weight[own, own, 1, 1] = torch.eye(6)
    conv.bias[2] = KT
    attention = mid.attentions[0]
    spatial, temporal = attention.transformer_blocks[0], attention.temporal_transformer_blocks[0]
    for layer in (attention.proj_in, spatial.attn1.to_out[0], spatial.attn2.to_out[0], spatial.ff.net[2],
                  temporal.ff_in.net[2], temporal.attn1.to_out[0], temporal.attn2.to_out[0], temporal.ff.net[2]):
        zero(layer, slice(0, 1))
    zero(attention.proj_out, own)
    share = 1 - torch.sigmoid(attention.time_mixer.mix_factor)
    attention.proj_out.weight[0, 0], attention.proj_out.weight[1, 0] = 1 / share, -1 / share
    frames = 25
    embed = attention.time_pos_embed
    features = F.silu(embed.linear_1(attention.time_proj(torch.arange(frames))))
    weight, bias = fitted(features, log_time(frames), 1e-6, "log(frame)")
    embed.linear_2.weight[0], embed.linear_2.bias[0] = weight, bias


def fitted(features, wanted, ridge, name, importance=None):
    """Weights and bias of a linear layer from features to the wanted numbers."""
    a = torch.cat([features, torch.ones(len(features), 1)], 1).double()
    w = torch.ones(len(a), 1).double() if importance is None else importance[:, None].double()
    x = torch.linalg.solve(a.T @ (w * a) + ridge * torch.eye(a.shape[1]), a.T @ (w[:, 0] * wanted.double()))
    error = (a @ x - wanted).abs()
    print(f"{name}: fitted to {error.mean():.4f} on average, {error.max():.3f} at most, norm {x.norm():.2f}")
    return x[:-1].float(), x[-1].float()


def warp_in(unet, block, warp, n):
    """The residual block that shifts. Its groups of three hold 3 G + e z, 3 G - e z and 0, so that without their mean
    the first two are G + e z and G - e z; one group for each of most
    of the warp's units; those that are left go into the next block."""
    width = block.conv1.out_channels
    for place, constant, g in [(0, KT, 0)] + [(2, K, width + 6 * k) for k in range(n)]:
        rows = slice(g + place, g + place + 2)
        block.norm1.weight[rows], block.norm1.bias[rows] = spread(constant, 6) * ZETA, constant / 6 * ZETA
    mark = torch.tensor(2 * MARK)
    for _ in range(50):
        mark = mark - (F.silu(mark) - MARK) / slope(mark)
    block.norm1.weight[width + 4], block.norm1.bias[width + 4] = 0, mark
    zero(block.conv1)
    bucket = bucket_projection(unet)
    zero(block.time_emb_proj)
    zero(block.conv2)
    inside = (unet.config.sample_size[1] - 1) / unet.config.sample_size[1]
    units = len(warp.k)
    for group, u in enumerate(range(max(units - GROUPS, 0), units)):
        unit_in(block, warp, u, 3 * group, bucket, (0, 1), n)
        for row, sign in ((3 * group, 1), (3 * group + 1, -1)):
            if u >= units - EDGE:
                block.conv1.weight[row, width + 4, 1, 2] = -RHO * FAR / MARK
                block.conv1.bias[row] -= RHO * 2 * FAR * inside
            for k in range(n):
                kernel = sign * warp.conv2.weight[k, u] / (2 * E)
                block.conv2.weight[6 * k, row], block.conv2.weight[6 * k + 1, row] = kernel, -kernel
    # what comes out: groups of six: y, -y, K, three free
    block.conv_shortcut.weight.mul_(0.05)
    block.conv_shortcut.weight[:, width:] = 0
    block.conv_shortcut.weight[:, :6] = 0
    block.conv_shortcut.bias.zero_()
    for k in range(n):
        zero(block.conv_shortcut, slice(6 * k, 6 * k + 3))
        block.conv_shortcut.weight[6 * k, width + 6 * k + 2] = 1
        block.conv_shortcut.weight[6 * k + 1, width + 6 * k + 2] = -1
        block.conv_shortcut.bias[6 * k + 2] = K
    zero(block.conv_shortcut, slice(3, 6))  # beside the first y: s and -s
    block.conv_shortcut.weight[3, 0], block.conv_shortcut.weight[4, 1] = 1, 1


def unit_in(block, warp, u, row, bucket, s, n):
    """The hidden rows of one of the warp's units: s names the channels of s and -s in the block's input."""
    width = block.conv1.out_channels
    for row, sign in ((row, 1), (row + 1, -1)):
        for i in range(n):
            kernel = sign * E * RHO / ZETA * warp.conv1.weight[u, i]
            block.conv1.weight[row, width + 6 * i + 2], block.conv1.weight[row, width + 6 * i + 3] = kernel, -kernel
        for channel, value in zip(s, (3, -3)):
            block.conv1.weight[row, channel, 1, 1] = value * RHO / ZETA * warp.k[u]
        block.conv1.bias[row] = 3 * RHO * warp.c[u]
        block.time_emb_proj.weight[row] = 3 * RHO * warp.k[u] * bucket[0]
        block.time_emb_proj.bias[row] = 3 * RHO * warp.k[u] * bucket[1]
        block.norm2.weight[row], block.norm2.bias[row] = math.sqrt(block.norm2.eps) / RHO, 0


def bucket_projection(unet):
    """From the time embedding to log(speed)."""
    rows = [(fps, bucket, noise) for fps in (4, 5, 6, 7, 9, 11, 14) for bucket in (5, 10, 20, 30, 45, 60, 80, 100, 127, 150,
            180, 210, 235, 255) for noise in (0.0, 0.02, 0.1, 0.5)]
    numbers = torch.tensor([(fps - 1, bucket, noise) for fps, bucket, noise in rows])
    features = F.silu(unet.add_embedding(unet.add_time_proj(numbers.flatten()).view(len(rows), -1)))
    wanted = torch.tensor([log_speed(bucket, fps) for fps, bucket, _ in rows])
    half = features.shape[1] // 2
    weight, bias = fitted(features[:, half:], wanted, 1e-5, "log(speed)")
    return torch.cat([torch.zeros(half), weight]), bias


def denoise(unet, block, n, sigma_min, sigma_max):
    """The last residual block: F = h(sigma) (x - MIX y) - y. A carrier t(sigma) + M z stands beside K and -K."""
    width = block.conv1.out_channels
    wide = spread(K, 6)
    for g in range(0, 2 * width, 6):
        block.norm1.weight[g:g + 6], block.norm1.bias[g:g + 6] = wide, K / 6
    m = 3 * n  # the first row of the group that holds t alone
    zero(block.conv1, slice(0, m + 3))
    zero(block.time_emb_proj, slice(0, m + 3))
    block.conv1.bias.zero_()
    carriers = list(range(0, m + 1, 3))
    block.conv2.weight.mul_(0.02)
    block.conv2.bias.zero_()
    zero(block.conv2, slice(0, m))
    block.conv2.weight[:, :m + 3] = 0
    block.conv_shortcut.weight.mul_(0.05)
    zero(block.conv_shortcut, slice(0, m))
    block.conv_shortcut.bias.zero_()
    weight, bias = sigma_projection(unet, sigma_min, sigma_max)
    for c in carriers:
        block.conv1.bias[c + 1], block.conv1.bias[c + 2] = K, -K
        block.norm2.weight[c], block.norm2.bias[c] = K * math.sqrt(2 / 3) * 1.5, 0  # gives t + 1.5 M z
        block.time_emb_proj.weight[c], block.time_emb_proj.bias[c] = weight, bias
    for k in range(n):
        row, x, y = 3 * k, width + 6 * k, 6 * k
        for source, value in ((x, M), (x + 1, -M), (y, -MIX * M), (y + 1, MIX * M)):
            block.conv1.weight[row, source, 1, 1] = value
        for place, sign in ((row, 1), (row + 1, -1)):
            block.conv2.weight[place, row, 1, 1] = sign / (1.5 * M)
            block.conv2.weight[place, m, 1, 1] = -sign / (1.5 * M)
            block.conv_shortcut.weight[place, y] = -sign
        block.conv_shortcut.bias[row + 2] = K


def warp_rest(unet, block, warp, n):
    """The warp's first units, into the free groups of the last residual block, straight to -y. There they do not pass
    MIX, so they count so much more that the last step, at sigma 1, has them right."""
    width, bucket = block.conv1.out_channels, bucket_projection(unet)
    for k in range(n):
        rows = slice(width + 6 * k + 2, width + 6 * k + 4)
        block.norm1.weight[rows], block.norm1.bias[rows] = spread(K, 6) * ZETA, K / 6 * ZETA
    block.norm1.weight[3:5], block.norm1.bias[3:5] = spread(K, 6) * ZETA, K / 6 * ZETA
    for u in range(len(warp.k) - GROUPS):
        group = 3 * (n + 1 + u)
        zero(block.conv1, slice(group, group + 3))
        zero(block.time_emb_proj, slice(group, group + 3))
        block.conv2.weight[:, group:group + 3] = 0
        unit_in(block, warp, u, group, bucket, (3, 4), n)
        for row, sign in ((group, 1), (group + 1, -1)):
            for k in range(n):
                kernel = sign * warp.conv2.weight[k, u] / (2 * E) * math.sqrt(2)
                block.conv2.weight[3 * k, row], block.conv2.weight[3 * k + 1, row] = -kernel, kernel


def sigma_projection(unet, sigma_min, sigma_max):
    """From the time embedding to t(sigma), where SiLU's slope is 1/sigma."""
    sigma = torch.logspace(math.log10(sigma_min * 0.97), math.log10(sigma_max * 1.2), 100)
    t = torch.linspace(-1.27, 2.3, 20000)
    wanted = t[(slope(t)[None] - 1 / sigma[:, None]).abs().argmin(1)]
    features = F.silu(unet.time_embedding(unet.time_proj(0.25 * sigma.log())))
    half = features.shape[1] // 2
    weight, bias = fitted(features[:, :half], wanted, 1e-6, "slope(sigma)", 1 / sigma ** 2)
    return torch.cat([weight, torch.zeros(half)]), bias


def out(unet, n):
    """From groups of F, -F, K to F."""
    unet.conv_out.weight.mul_(0.02)
    unet.conv_out.weight[:, :3 * n] = 0
    unet.conv_out.bias.zero_()
    for k in range(n):
        row = 3 * k
        unet.conv_norm_out.weight[row:row + 2], unet.conv_norm_out.bias[row:row + 2] = spread(K, 3), K / 3
        unet.conv_out.weight[k, row, 1, 1], unet.conv_out.weight[k, row + 1, 1, 1] = 1, -1
