#!/usr/bin/env python3
"""Trains the UNet. Continues from WORK/unet.pt where that exists.

    python unet.py [--work DIR] [--minutes M] [--height H] [--width W] [--batch B] [--rate LR] [--smoke]

The network starts as warp.py's moving picture (see start.py) and learns the rest from there. Training is
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
from start import start
from vae import LATENT, FastCode, encode, load_vae
from warp import load_warp

SIGMA_MIN, SIGMA_MAX = 1.0, 20.0  # of the sampler: its last step goes from SIGMA_MIN to the clean estimate
WIDTHS = (96, 96, 96)
CLIP_MEAN = torch.tensor([0.48145466, 0.4578275, 0.40821073]).view(3, 1, 1)
CLIP_STD = torch.tensor([0.26862954, 0.26130258, 0.27577711]).view(3, 1, 1)


def new_unet():
    return UNetSpatioTemporalConditionModel(
        sample_size=(HEIGHT // 8, WIDTH // 8), in_channels=2 * LATENT, out_channels=LATENT,
        down_block_types=("DownBlockSpatioTemporal",) * 3, up_block_types=("UpBlockSpatioTemporal",) * 3,
        block_out_channels=WIDTHS, addition_time_embed_dim=32, projection_class_embeddings_input_dim=96,
        layers_per_block=1, cross_attention_dim=32, num_attention_heads=(3, 3, 3), num_frames=FRAMES)


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
        start(unet, load_warp(args.work), SIGMA_MIN, SIGMA_MAX)
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
    clock = lambda: time.process_time() / torch.get_num_threads()
    began, step, losses = clock(), 0, []
    while (share := (clock() - began) / 60 / max(args.minutes, 1e-9)) < 1:
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
            print(f"step {step} clips {done} {clock() - began:.0f} s loss {np.mean(losses[-100:]):.4f} held out",
                  np.round(held_out_losses(average, batches), 4), flush=True)
            save(path, unet=unet.state_dict(), average=average.state_dict(), clips=done)
    print("held out", np.round(held_out_losses(average, batches), 4), flush=True)
    save(path, unet=unet.state_dict(), average=average.state_dict(), clips=done)


if __name__ == "__main__":
    main()
