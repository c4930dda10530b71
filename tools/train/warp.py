#!/usr/bin/env python3
"""Trains the moving part of the UNet by itself: a residual block that shifts latents by what time and bucket say.

    python warp.py [--work DIR] [--steps N] [--smoke]

y = img + conv2(silu'(G) conv1(img)), where silu' is SiLU's slope and G = k s + c for each of the 47 hidden channels,
s = log(frame) + log(speed). The last 8 act in the last column only, where the picture has no right neighbour.
unet.py puts it into the network (see warp_in there); training it inside from the start would take a thousand times
the work, as the rest of the network would be in the way.
"""

import math

import numpy as np
import torch
from torch import nn

from common import FRAMES, TOP_SPEED, arguments, load_photos, make_clip, save
from vae import LATENT, FastCode, load_vae

UNITS, EDGE, FAR = 47, 8, 8.0  # FAR: how far below zero the slope of an edge unit sits in other columns


def slope(x):
    s = torch.sigmoid(x)
    return s * (1 + x * (1 - s))


def log_time(frames=FRAMES):
    return torch.tensor([math.log(max(t, 0.03)) for t in range(frames)])


class Warp(nn.Module):
    def __init__(self, units=UNITS):
        super().__init__()
        self.conv1 = nn.Conv2d(LATENT, units, 3, padding=1, bias=False)
        self.conv2 = nn.Conv2d(units, LATENT, 3, padding=1, bias=False)
        nn.init.normal_(self.conv2.weight, std=0.02)
        self.k = nn.Parameter(torch.full((units,), 2.0))
        place = torch.linspace(-2.0, 2.6, units - EDGE)[torch.randperm(units - EDGE)]
        self.c = nn.Parameter(-2.0 * torch.cat([place, torch.linspace(-1.5, 2.3, EDGE)]))

    def forward(self, image, s):
        """image [1, c, h, w], s [frames] -> [frames, c, h, w]"""
        gate = (self.k * s[:, None] + self.c)[:, :, None, None].expand(-1, -1, 1, image.shape[3]).clone()
        gate[:, -EDGE:, :, :-1] -= FAR
        return image + self.conv2(slope(gate) * self.conv1(image))


def log_speed(bucket, fps):
    return math.log(max(bucket, 1.0) / 255 * 7 / fps)


@torch.no_grad()
def load_warp(work):
    """The trained block, its speeds brought from those of its training to TOP_SPEED."""
    state = torch.load(work / "warp.pt")
    warp = Warp(len(state["warp"]["k"]))
    warp.load_state_dict(state["warp"])
    warp.c += warp.k * math.log(TOP_SPEED / state["top_speed"])
    return warp


def main():
    args = arguments(__doc__, steps=3500, clips=160)
    if args.smoke:
        args.steps, args.clips = 50, 8
    rng, code = np.random.default_rng(args.seed), FastCode(load_vae(args.work))
    sets = []
    for split, count in (("train", args.clips), ("test", max(args.clips // 8, 2))):
        photos = load_photos(args.work / "photos" / split, mirror=True)
        sets.append([])
        for _ in range(count):  # a little faster than motion_bucket_id goes, so that its end is no edge
            bucket = rng.uniform(3, 290)
            with torch.no_grad():
                z = code(make_clip(rng, photos, FRAMES, 96, 128, bucket, 7)[0])
            sets[-1].append((z, log_time() + log_speed(bucket, 7)))
    train, test = sets
    weights = torch.cat([z for z, _ in train]).var((0, 2, 3))  # about a channel's share of the picture's error
    weights = (weights / weights.mean()).view(-1, 1, 1)
    warp = Warp()
    optimiser = torch.optim.Adam(warp.parameters(), 3e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, args.steps)

    @torch.no_grad()
    def held_out():
        error = [[((warp(z[:1], s) - z).square() * weights).mean(), ((z[:1] - z).square() * weights).mean()]
                 for z, s in test]
        return torch.tensor(error).mean(0).numpy().round(4)

    for step in range(args.steps):
        loss = 0
        for i in rng.integers(len(train), size=2):
            z, s = train[i]
            loss = loss + ((warp(z[:1], s + 0.03 * torch.randn(())) - z).square() * weights).mean() / 2
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        if step % 100 == 0 or step == args.steps - 1:
            print(f"step {step} loss {loss.item():.4f} held out: warped, still", held_out(), flush=True)
            save(args.work / "warp.pt", warp=warp.state_dict(), top_speed=TOP_SPEED)


if __name__ == "__main__":
    main()
