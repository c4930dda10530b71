#!/usr/bin/env python3
"""Makes tests/data/deep_cache.safetensors: latents after each evaluation of a small UNet with DeepCache, by DeepCache's own
code for Stable Video Diffusion, for each of its skip branches; and tests/data/deep_cache.json, the names and shapes of the
UNet's tensors. Run from the repository's root, with the packages of tools/requirements.txt and DeepCache==0.1.1,
installed without what it asks for (pip install --no-deps):

    python tools/make_cache_reference.py [OUT]

DeepCache's UNet (DeepCache.svd, of December 2023) was written for diffusers 0.24. Three modules that it imports have moved
since, and are given here under their old names; nothing else of it is changed. The loop over evaluations is that of its
pipeline. Weights and inputs are made by a formula, which the test (tests/test_deep_cache.c) has, too.

Beside it, DeepCacheSDHelper of the same package on diffusers' own UNet: its cache_branch_id is one more than that code's
cache_branch for the same values, which is checked, and its 0 is kept as branch -1.
"""

import json
import math
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import torch
from diffusers import UNetSpatioTemporalConditionModel
from diffusers.models.transformers import dual_transformer_2d, transformer_2d, transformer_temporal
from safetensors.torch import save_file

for module in (dual_transformer_2d, transformer_2d, transformer_temporal):
    sys.modules["diffusers.models." + module.__name__.rsplit(".", 1)[1]] = module
from DeepCache import DeepCacheSDHelper  # noqa: E402
from DeepCache.svd.unet_spatio_temporal_condition import UNetSpatioTemporalConditionModel as DeepCacheUNet  # noqa: E402

# three levels of two layers, as Stable Video Diffusion's four: its code knows blocks of two layers alone. With fewer
# channels the lowest level's group norms are over two values, which makes of them their signs, and of rounding noise.
CONFIG = dict(sample_size=8, in_channels=8, out_channels=4, block_out_channels=(64, 128, 64), layers_per_block=2,
              down_block_types=("CrossAttnDownBlockSpatioTemporal", "DownBlockSpatioTemporal",
                                "DownBlockSpatioTemporal"),
              up_block_types=("UpBlockSpatioTemporal", "UpBlockSpatioTemporal", "CrossAttnUpBlockSpatioTemporal"),
              cross_attention_dim=48, num_attention_heads=(2, 2, 2), transformer_layers_per_block=1,
              addition_time_embed_dim=32, projection_class_embeddings_input_dim=96, num_frames=2)
FRAMES, CHANNELS, HEIGHT, WIDTH = 2, 4, 4, 8
SIGMAS = np.array([9, 4, 1.7, 0.7, 0.2, 0], np.float32)
TIMESTEPS = torch.tensor(0.25 * np.log(SIGMAS[:-1]))
BRANCHES = 8


def numbers(name, shape):
    """As many of -1..1 as the shape has, of the name alone: exact in float32."""
    seed = 2166136261
    for byte in name.encode():
        seed = (seed ^ byte) * 16777619 % 2**32
    x = np.arange(math.prod(shape), dtype=np.uint32) + np.uint32(seed)
    x = (x ^ x >> 16) * np.uint32(0x7FEB352D)
    x = (x ^ x >> 15) * np.uint32(0x846CA68B)
    x ^= x >> 16
    return ((x >> 8).astype(np.float32) / np.float32(2**23) - 1).reshape(shape)


def weight(name, shape):
    values = numbers(name, shape)
    if len(shape) > 1:
        scale, inputs = 1.0, math.prod(shape[1:])
        while scale * scale * inputs > 3:
            scale /= 2
        return values * np.float32(scale)
    is_norm = name.endswith(".weight")
    return values / 4 + 1 if is_norm else values / 8


def unet_of(kind):
    unet = kind(**CONFIG).eval()
    weights = {name: torch.from_numpy(weight(name, tuple(value.shape))) for name, value in unet.state_dict().items()}
    unet.load_state_dict(weights)
    return unet, weights


def evaluations(predict):
    """Latents after each. predict(evaluation, sample [2, F, 2C, h, w], timestep, vectors, time ids): velocities."""
    latents = torch.from_numpy(numbers("latents", (1, FRAMES, CHANNELS, HEIGHT, WIDTH))) * float(SIGMAS[0])
    picture = torch.from_numpy(numbers("picture", (1, 1, CHANNELS, HEIGHT, WIDTH))).repeat(1, FRAMES, 1, 1, 1)
    vector = torch.from_numpy(numbers("vector", (1, 1, CONFIG["cross_attention_dim"])))
    pictures = torch.cat([torch.zeros_like(picture), picture])
    vectors = torch.cat([torch.zeros_like(vector), vector])
    time_ids = torch.tensor([[6, 127, 0.02]] * 2)
    guidance = torch.linspace(1.0, 3.0, FRAMES).reshape(1, FRAMES, 1, 1, 1)
    made = []
    for i, (sigma, following) in enumerate(zip(SIGMAS[:-1], SIGMAS[1:])):
        sigma, following = torch.tensor(sigma), torch.tensor(following)
        scaled = latents / (sigma**2 + 1) ** 0.5
        sample = torch.cat([torch.cat([scaled] * 2), pictures], dim=2)
        without, of_picture = predict(i, sample, TIMESTEPS[i], vectors, time_ids).chunk(2)
        velocity = without + guidance * (of_picture - without)
        denoised = velocity * (-sigma / (sigma**2 + 1) ** 0.5) + latents / (sigma**2 + 1)
        latents = latents + (latents - denoised) / sigma * (following - sigma)
        made.append(latents[0])
    return torch.stack(made)


def by_own_unet(unet, interval, branch):
    kept = None

    def predict(i, sample, timestep, vectors, time_ids):
        nonlocal kept
        if i % interval == 0:
            kept = None
        velocity, kept = unet(sample, timestep, vectors, time_ids, cache_features=kept, cache_branch=branch,
                              return_dict=False)
        return velocity

    return evaluations(predict)


def by_helper(unet, interval, branch_id):
    helper = DeepCacheSDHelper(SimpleNamespace(unet=unet, scheduler=SimpleNamespace(timesteps=TIMESTEPS)))
    helper.set_params(cache_interval=interval, cache_branch_id=branch_id)
    helper.enable()
    made = evaluations(lambda i, sample, timestep, vectors, time_ids:
                       unet(sample, timestep, vectors, time_ids, return_dict=False)[0])
    helper.disable()
    return made


def main():
    out = Path(sys.argv[1] if len(sys.argv) > 1 else "tests/data")
    plain, weights = unet_of(UNetSpatioTemporalConditionModel)
    own, _ = unet_of(DeepCacheUNet)
    found = {"timesteps": TIMESTEPS, "every": by_own_unet(own, 1, 0)}
    for branch in range(-1, BRANCHES):
        interval = 2 + branch % 2
        helped = by_helper(plain, interval, branch + 1)
        found[f"branch.{branch}"] = helped if branch < 0 else by_own_unet(own, interval, branch)
        apart = (found[f"branch.{branch}"] - helped).abs().max() / helped.abs().max()
        told = (found[f"branch.{branch}"] - found["every"]).abs().max() / helped.abs().max()
        print(f"branch {branch}, interval {interval}: helper's {branch + 1} is {apart:.1e} off, no cache {told:.1e}")
        assert apart < 1e-6
    save_file({name: values.contiguous() for name, values in found.items()}, out / "deep_cache.safetensors")
    shapes = {name: list(value.shape) for name, value in sorted(weights.items())}
    (out / "deep_cache.json").write_text(json.dumps(shapes, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    torch.set_num_threads(1)
    with torch.no_grad():
        main()
