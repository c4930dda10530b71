#!/usr/bin/env python3
"""Trains the UNet. Continues from WORK/unet.pt where that exists.

    python unet.py [--work DIR] [--minutes M] [--height H] [--width W] [--batch B] [--rate LR] [--final-rate SHARE]
                   [--clips N] [--steady WEIGHT] [--smoke]

The network starts as the first frame, still (see start.py), and learns to move it. Training is
SVD's: v-prediction in EDM's form, image latents beside the noisy ones and dropped at times, noise on the picture, fps,
motion bucket and that noise as numbers. Noise levels are log-uniform, and high only.
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
from vae import LATENT, FastCode, load_vae

SIGMA_MIN, SIGMA_MAX = 8.0, 20.0  # of the sampler: its last step goes from SIGMA_MIN to the clean estimate
LEAST_SIGMA, MOST_SIGMA = 3.2, 25.0  # of training
SIGMAS = (4.0, 7.0, 12.0, 20.0)  # where the held-out loss is taken
WIDTHS = (96, 96, 96)
CLIP_MEAN = torch.tensor([0.48145466, 0.4578275, 0.40821073]).view(3, 1, 1)
CLIP_STD = torch.tensor([0.26862954, 0.26130258, 0.27577711]).view(3, 1, 1)


def new_unet():
    return UNetSpatioTemporalConditionModel(
        sample_size=(HEIGHT // 8, WIDTH // 8), in_channels=2 * LATENT, out_channels=LATENT,
        down_block_types=("DownBlockSpatioTemporal", "DownBlockSpatioTemporal", "CrossAttnDownBlockSpatioTemporal"),
        up_block_types=("CrossAttnUpBlockSpatioTemporal", "UpBlockSpatioTemporal", "UpBlockSpatioTemporal"),
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


class Clips:
    """The latest `capacity` random shots as latents: encoding one costs as much as a training step on it, so each is used
    for a number of steps, with another noise, noise on the picture and cut each time."""

    def __init__(self, rng, photos, code, clip, capacity, **how):
        self.rng, self.photos, self.code, self.clip, self.capacity, self.how = rng, photos, code, clip, capacity, how
        self.clips, self.next = [], 0

    @torch.no_grad()
    def add(self):
        shot, bucket, fps = make_clip(self.rng, self.photos, **self.how)
        made = (self.code(shot), shot[0], clip_embedding(self.clip, shot[:1])[0], bucket, fps)
        self.clips[self.next:self.next + 1] = [made]
        self.next = (self.next + 1) % self.capacity

    @torch.no_grad()
    def batch(self, count, height, width, noisy=True):
        """Latents [b, f, c, h, w] of the size of height x width pixels, image latents [b, c, h, w] of the noised first
        frame, its embedding, the numbers."""
        parts = []
        for i in self.rng.integers(len(self.clips), size=count):
            latents, first, embedding, bucket, fps = self.clips[i]
            noise = min(1.0, math.exp(self.rng.normal(-3, 0.5))) if noisy and self.rng.random() < 0.5 else 0.0
            image = self.code((first + noise * torch.randn_like(first))[None])[0] if noise else latents[0]
            y, x = (self.rng.integers(have - want // 8 + 1) for have, want in zip(image.shape[1:], (height, width)))
            cut = (..., slice(y, y + height // 8), slice(x, x + width // 8))
            parts.append((latents[cut], image[cut], embedding, torch.tensor([fps - 1, bucket, noise])))
        return [torch.stack(part).float() for part in zip(*parts)]


def v_loss(unet, latents, image, embedding, numbers, sigma, keep=None, weights=None, steady=0.0):
    """SVD's objective. keep [b]: 0 where the picture is dropped; weights: of the channels; steady: weight of the
    error's second difference in time, which is what flickers."""
    s = sigma.view(-1, 1, 1, 1, 1)
    noisy = latents + s * torch.randn_like(latents)
    target = (noisy / (s * s + 1) - latents) * (s * s + 1).sqrt() / s
    if keep is not None:
        image, embedding = image * keep.view(-1, 1, 1, 1), embedding * keep.view(-1, 1, 1)
    beside = image[:, None].expand(-1, latents.shape[1], -1, -1, -1)
    out = unet(torch.cat([noisy / (s * s + 1).sqrt(), beside], 2), 0.25 * sigma.log(), embedding, numbers).sample
    error = out - target
    bend = error[:, 2:] - 2 * error[:, 1:-1] + error[:, :-2]
    weights = 1.0 if weights is None else weights.view(-1, 1, 1)
    return (error.square() * weights).mean((1, 2, 3, 4)) + steady * (bend.square() * weights).mean((1, 2, 3, 4))


@torch.no_grad()
def held_out_losses(unet, batch, sigmas=SIGMAS):
    losses = []
    for sigma in sigmas:
        torch.manual_seed(5)
        losses.append(v_loss(unet, *batch, torch.full((len(batch[0]),), sigma)).mean().item())
    return np.round(losses, 4)


def resume(path, seed):
    """The network, its average, the optimiser's state and the clips seen so far."""
    torch.manual_seed(seed)
    unet, average = new_unet(), new_unet()
    start(unet)
    state = torch.load(path) if path.exists() else {"unet": unet.state_dict(), "average": unet.state_dict()}
    unet.load_state_dict(state["unet"])
    average.load_state_dict(state["average"])
    return unet, average, state.get("optimiser"), state.get("seen", 0)


def main():
    args = arguments(__doc__, minutes=30.0, height=HEIGHT, width=WIDTH, batch=3, rate=2.5e-3, final_rate=0.02, clips=400,
                     steady=1.0)
    if args.smoke:
        args.minutes, args.height, args.width, args.clips = 0.5, 64, 96, 4
    path = args.work / "unet.pt"
    unet, average, momentum, seen = resume(path, args.seed)
    rng = np.random.default_rng([args.seed, seen])
    vae, clip = load_vae(args.work), new_clip()
    code = FastCode(vae)
    tests = Clips(np.random.default_rng(7), load_photos(args.work / "photos/test"), code, clip, 6, vary=False)
    clips = Clips(rng, load_photos(args.work / "photos/train", mirror=True), code, clip, args.clips)
    for _ in range(tests.capacity):
        tests.add()
    held_out = tests.batch(6, args.height, args.width, noisy=False)
    for _ in range(max(args.clips // 4, 1)):
        clips.add()
    print("parameters", sum(p.numel() for p in unet.parameters()), "held-out v-loss at", SIGMAS,
          held_out_losses(average, held_out), flush=True)
    optimiser = Muon(unet.parameters(), args.rate)
    if momentum:
        optimiser.load_state_dict(momentum)
    # a channel counts by its deviation, between alike (1) and by its share of the picture's error (deviation squared)
    weights = held_out[0].std((0, 1, 3, 4))
    weights = weights / weights.mean()
    clock = lambda: time.process_time() / torch.get_num_threads()
    began, step, losses = clock(), 0, []

    def report():
        print(f"step {step} clips {seen} {clock() - began:.0f} s loss {np.mean(losses[-100:]):.4f} held out",
              held_out_losses(average, held_out), flush=True)
        save(path, unet=unet.state_dict(), average=average.state_dict(), optimiser=optimiser.state_dict(), seen=seen)

    while (share := (clock() - began) / 60 / args.minutes) < 1:
        for group in optimiser.param_groups:
            group["lr"] = args.rate * min(1, (step + 1) / 20) * (args.final_rate + (1 - args.final_rate) * (1 - share))
        if step % 2 == 0 or len(clips.clips) < args.clips:
            clips.add()
        # noise levels spread over the batch
        u = (torch.arange(args.batch) + torch.rand(1)) / args.batch
        sigma = LEAST_SIGMA * (MOST_SIGMA / LEAST_SIGMA) ** u
        keep = (torch.rand(args.batch) > 0.08).float()
        loss = v_loss(unet, *clips.batch(args.batch, args.height, args.width), sigma, keep, weights, args.steady).mean()
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(unet.parameters(), 1.0)
        optimiser.step()
        step, seen = step + 1, seen + args.batch
        update_ema(average, unet, min(0.999, step / (step + 9)))
        losses.append(loss.item())
        if step % 100 == 0:
            report()
    report()


if __name__ == "__main__":
    main()
