#!/usr/bin/env python3
"""Trains the UNet. Continues from WORK/unet.pt where that exists.

    python unet.py [--work DIR] [--minutes M] [--height H] [--width W] [--batch B] [--rate LR] [--smoke]

The network starts as "the first frame, held still" (see `hold_still`) and learns what moves from there. Training is
SVD's: v-prediction in EDM's form, image latents beside the noisy ones and dropped at times, noise on the picture, fps,
motion bucket and that noise as numbers. Noise levels are log-uniform between those that the sampler visits only.
"""

import math
import time

import numpy as np
import torch
from diffusers import UNetSpatioTemporalConditionModel
from diffusers.pipelines.stable_video_diffusion.pipeline_stable_video_diffusion import _resize_with_antialiasing
from torch import nn
from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection

from common import FRAMES, HEIGHT, WIDTH, Muon, arguments, load_photos, make_clip, save, update_ema
from vae import LATENT, FastCode, encode, load_vae

SIGMA_MIN, SIGMA_MAX = 1.0, 20.0  # of the sampler: its last step goes from SIGMA_MIN to the clean estimate
WIDTHS = (96, 64, 96)
CLIP_MEAN = torch.tensor([0.48145466, 0.4578275, 0.40821073]).view(3, 1, 1)
CLIP_STD = torch.tensor([0.26862954, 0.26130258, 0.27577711]).view(3, 1, 1)


def new_unet():
    return UNetSpatioTemporalConditionModel(
        sample_size=(HEIGHT // 8, WIDTH // 8), in_channels=2 * LATENT, out_channels=LATENT,
        down_block_types=("DownBlockSpatioTemporal",) * 3, up_block_types=("UpBlockSpatioTemporal",) * 3,
        block_out_channels=WIDTHS, addition_time_embed_dim=32, projection_class_embeddings_input_dim=96,
        layers_per_block=1, cross_attention_dim=32, num_attention_heads=(3, 2, 3), num_frames=FRAMES)


def new_clip():
    """A small CLIP image encoder, random and frozen: a fixed, rough hash of the picture."""
    torch.manual_seed(1)
    return CLIPVisionModelWithProjection(CLIPVisionConfig(
        hidden_size=64, intermediate_size=128, projection_dim=32, num_hidden_layers=2, num_attention_heads=2,
        image_size=224, patch_size=32, initializer_factor=3.0)).eval()


@torch.no_grad()
def clip_embedding(clip, pictures):
    """As StableVideoDiffusionPipeline makes it from pictures in -1..1: [batch, 1, 32]."""
    small = (_resize_with_antialiasing(pictures, (224, 224)) + 1) / 2
    return clip((small - CLIP_MEAN) / CLIP_STD).image_embeds[:, None]


@torch.no_grad()
def hold_still(unet):
    """Sets the last residual block and what follows so that F = h(sigma) (x - 0.35 img) - img, with h = 1/sigma: about
    the v of the first frame repeated. As in vae.between_norm a linear channel shares its group with constants; h is
    the slope of SiLU at a point that the time embedding sets, where x passes scaled by M. K is far above all values."""
    n, K, M, mix = LATENT, 40.0, 0.15, 0.35
    for p in (unet.conv_in.bias, unet.conv_out.bias):
        p.zero_()
    # conv_in: groups of six channels: z, -z, w, -w, K and one left free; z from x and w from img
    for k in range(n):
        g = 6 * k
        unet.conv_in.weight[g:g + 5] = 0
        for place, (source, sign) in enumerate([(k, 1), (k, -1), (n + k, 1), (n + k, -1)]):
            unet.conv_in.weight[g + place, source, 1, 1] = sign
        unet.conv_in.bias[g + 4] = K
    block = unet.up_blocks[-1].resnets[-1].spatial_res_block
    zero_branch(unet.up_blocks[-1].resnets[-1].temporal_res_block)
    top = WIDTHS[0]  # the skip connection's channels come after these in the concatenation
    block.conv1.bias.zero_()
    block.conv2.weight.mul_(0.05)
    block.conv2.bias.zero_()
    block.conv_shortcut.weight[:, :top].mul_(0.05)
    block.conv_shortcut.weight[:, top:] = 0
    block.conv_shortcut.bias.zero_()
    spread = K * math.sqrt(1 / 6 - 1 / 36)
    for k in range(n):
        g, out = top + 6 * k, 3 * k
        block.norm1.weight[g:g + 4], block.norm1.bias[g:g + 4] = spread, K / 6
        block.norm1.weight[g + 4], block.norm1.bias[g + 4] = 0.1, 0
        # the carrier: t + M (x - mix img), beside K and -K
        block.conv1.weight[out:out + 3] = 0
        for place, weight in enumerate([M, -M, -mix * M, mix * M]):
            block.conv1.weight[out, g + place, 1, 1] = weight
    m = 3 * n  # one more carrier, of t alone
    block.conv1.weight[m:m + 3] = 0
    carriers = list(range(0, m + 1, 3))
    block.time_emb_proj.weight[:m + 3], block.time_emb_proj.bias[:m + 3] = 0, 0
    for c in carriers:
        block.conv1.bias[c + 1], block.conv1.bias[c + 2] = K, -K
        block.norm2.weight[c:c + 3] = torch.tensor([K * math.sqrt(2 / 3) * 1.5, 0.1, 0.1])
        block.norm2.bias[c:c + 3] = 0
    # after norm2 a carrier is t + 1.5 M z
    block.conv2.weight[:, carriers] = 0
    for k in range(n):
        out = 3 * k
        block.conv2.weight[out:out + 3] = 0
        block.conv_shortcut.weight[out:out + 3] = 0
        for place, sign in ((0, 1), (1, -1)):
            block.conv2.weight[out + place, out, 1, 1] = sign / (1.5 * M)
            block.conv2.weight[out + place, m, 1, 1] = -sign / (1.5 * M)
            block.conv_shortcut.weight[out + place, top + 6 * k + 2] = -sign
        block.conv_shortcut.bias[out + 2] = K
    unet.conv_out.weight.mul_(0.05)
    for k in range(n):
        out = 3 * k
        unet.conv_norm_out.weight[out:out + 3] = torch.tensor([K * math.sqrt(2) / 3] * 2 + [0.0])
        unet.conv_norm_out.bias[out:out + 3] = torch.tensor([K / 3] * 2 + [0.0])
        unet.conv_out.weight[:, out:out + 3] = 0
        unet.conv_out.weight[k, out, 1, 1], unet.conv_out.weight[k, out + 1, 1, 1] = 1, -1
    fit_slope(unet, block, carriers)


def zero_branch(block):
    nn.init.zeros_(block.conv2.weight)
    nn.init.zeros_(block.conv2.bias)


@torch.no_grad()
def fit_slope(unet, block, carriers):
    """Sets the carriers' time projection so that SiLU's slope at t(sigma) is 1/sigma. The embeddings stay as they are
    drawn, features that every block projects for itself: sigma's in the first half, the other numbers' in the second,
    so that what a block learns about motion leaves t alone."""
    half = unet.time_embedding.linear_2.out_features // 2
    for embedding, own in ((unet.time_embedding, slice(0, half)), (unet.add_embedding, slice(half, 2 * half))):
        embedding.requires_grad_(False)
        nn.init.normal_(embedding.linear_1.weight, std=2 / embedding.linear_1.in_features ** 0.5)
        nn.init.normal_(embedding.linear_1.bias, std=1)
        keep = torch.randn(half, embedding.linear_2.in_features) * 2 / embedding.linear_2.in_features ** 0.5
        embedding.linear_2.weight.zero_()
        embedding.linear_2.weight[own] = keep
        embedding.linear_2.bias.zero_()
    sigma = torch.logspace(math.log10(SIGMA_MIN * 0.7), math.log10(SIGMA_MAX * 1.5), 60)
    t = torch.linspace(-1.27, 2.3, 2000)
    slope = torch.sigmoid(t) * (1 + t * (1 - torch.sigmoid(t)))
    want = t[(slope[None] - (1 / sigma).clamp(max=1.05)[:, None]).abs().argmin(1)]
    features = torch.nn.functional.silu(unet.time_embedding(unet.time_proj(0.25 * sigma.log())))[:, :half]
    a = torch.cat([features, torch.ones(len(sigma), 1)], 1).double()
    solution = torch.linalg.solve(a.T @ a + 1e-4 * torch.eye(a.shape[1]), a.T @ want.double()).float()
    print("slope fitted with error", (a.float() @ solution - want).abs().max().item(), "norm", solution.norm().item())
    block.time_emb_proj.weight[carriers] = 0
    for c in carriers:
        block.time_emb_proj.weight[c, :half] = solution[:-1]
    block.time_emb_proj.bias[carriers] = solution[-1]


def make_batch(rng, photos, code, clip, batch, frames, height, width, shots):
    """Latents [b, f, c, h, w], image latents [b, c, h, w] of the noised first frame, its embedding, the numbers."""
    clips, numbers = [], []
    for _ in range(batch):
        shot, bucket, fps = make_clip(rng, photos, frames, height, width, shots=shots)
        clips.append(shot)
        noise = min(1.0, math.exp(rng.normal(-3, 0.5))) if rng.random() < 0.5 else 0.0
        numbers.append([fps - 1, bucket, noise])
    clips, numbers = torch.stack(clips), torch.tensor(numbers, dtype=torch.float32)
    with torch.no_grad():
        latents = code(clips.flatten(0, 1)).view(batch, frames, LATENT, height // 8, width // 8)
        first = clips[:, 0] + numbers[:, 2].view(-1, 1, 1, 1) * torch.randn_like(clips[:, 0])
        return latents, code(first), clip_embedding(clip, clips[:, 0]), numbers


def v_loss(unet, latents, image, embedding, numbers, sigma, keep=None, weights=None):
    """SVD's objective. keep [b]: 0 where the picture is dropped; weights: of the channels."""
    s = sigma.view(-1, 1, 1, 1, 1)
    noisy = latents + s * torch.randn_like(latents)
    target = (noisy / (s * s + 1) - latents) * (s * s + 1).sqrt() / s
    if keep is not None:
        image, embedding = image * keep.view(-1, 1, 1, 1), embedding * keep.view(-1, 1, 1)
    beside = image[:, None].expand(-1, latents.shape[1], -1, -1, -1)
    out = unet(torch.cat([noisy / (s * s + 1).sqrt(), beside], 2), 0.25 * sigma.log(), embedding, numbers).sample
    error = (out - target).square()
    if weights is not None:
        error = error * weights.view(-1, 1, 1)
    return error.mean((1, 2, 3, 4))


@torch.no_grad()
def held_out_losses(unet, batches, sigmas=(1.0, 2.0, 5.0, 15.0)):
    losses = []
    for sigma in sigmas:
        torch.manual_seed(5)
        losses.append(np.mean([v_loss(unet, *b, torch.full((len(b[0]),), sigma)).mean().item() for b in batches]))
    return losses


def main():
    args = arguments(__doc__, minutes=30.0, height=HEIGHT, width=WIDTH, batch=2, rate=1e-3, final_rate=0.02, shots="right")
    if args.smoke:
        args.minutes, args.height, args.width = 0.5, 64, 96
    rng = np.random.default_rng(args.seed + int(time.time()) % 100000 * (not args.smoke))
    photos, tests = load_photos(args.work / "photos/train", mirror=True), load_photos(args.work / "photos/test")
    vae, clip = load_vae(args.work), new_clip()
    code = FastCode(vae)
    with torch.no_grad():
        probe = tests[0][-1][None, :, :96, :96]
        print("fast code is off by", (code(probe) - encode(vae, probe)).abs().max().item())
    torch.manual_seed(args.seed)
    unet, average = new_unet(), new_unet()
    path, done = args.work / "unet.pt", 0
    if path.exists():
        state = torch.load(path)
        unet.load_state_dict(state["unet"])
        average.load_state_dict(state["average"])
        done = state["clips"]
    else:
        hold_still(unet)
        average.load_state_dict(unet.state_dict())
    test_rng = np.random.default_rng(7)
    size = (FRAMES, args.height, args.width, args.shots)
    batches = [make_batch(test_rng, tests, code, clip, 4, *size) for _ in range(1)]
    print("parameters", sum(p.numel() for p in unet.parameters()), "held-out v-loss at 1 2 5 15:",
          np.round(held_out_losses(average, batches), 4), flush=True)
    for embedding in (unet.time_embedding, unet.add_embedding):
        embedding.requires_grad_(False)
    optimiser = Muon(unet.parameters(), args.rate)
    # a channel counts by its deviation, between alike (1) and by its share of the picture's error (deviation squared)
    weights = batches[0][0].std((0, 1, 3, 4))
    weights = weights / weights.mean()
    start, step, losses = time.time(), 0, []
    while (share := (time.time() - start) / 60 / args.minutes) < 1:
        rate = args.rate * min(1, (step + 1) / 20) * (args.final_rate + (1 - args.final_rate) * (1 - share))
        for group in optimiser.param_groups:
            group["lr"] = rate
        data = make_batch(rng, photos, code, clip, args.batch, *size)
        u = (torch.arange(args.batch) + torch.rand(1)) / args.batch
        sigma = SIGMA_MIN * 0.8 * (1.25 * SIGMA_MAX / (SIGMA_MIN * 0.8)) ** u
        loss = v_loss(unet, *data, sigma, (torch.rand(args.batch) > 0.08).float(), weights).mean()
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(unet.parameters(), 1.0)
        optimiser.step()
        step, done = step + 1, done + args.batch
        update_ema(average, unet, min(0.995, step / (step + 9)))
        losses.append(loss.item())
        if step % 50 == 0:
            print(f"step {step} clips {done} {time.time() - start:.0f} s loss {np.mean(losses[-100:]):.4f} held out",
                  np.round(held_out_losses(average, batches), 4), flush=True)
            save(path, unet=unet.state_dict(), average=average.state_dict(), clips=done)
    print("held out", np.round(held_out_losses(average, batches), 4), flush=True)
    save(path, unet=unet.state_dict(), average=average.state_dict(), clips=done)


if __name__ == "__main__":
    main()
