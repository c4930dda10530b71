#!/usr/bin/env bash
# DeepCache 0.1.1: its two ways to Stable Video Diffusion, DeepCacheSDHelper with cache_branch_id and its own pipeline with
# cache_branch, count the same skip branches from different places. The helper's 0 is conv_in's alone, the pipeline's 0 goes
# down one layer more; so the same number is another trade of time for likeness, and the helper's id is one more than the
# pipeline's for the same latents. The pipeline's last number, 11 of Stable Video Diffusion, and any above it keep nothing,
# without a word: every pass is full. Counts the residual blocks that a cached pass computes, of 22. DeepCache is installed
# without what it depends on, for which it has no versions.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" -q install torch==2.13.0 diffusers==0.42.1 transformers==5.23.0 numpy==2.4.6
"$folder/venv/bin/pip" -q install --no-deps DeepCache==0.1.1
cd "$folder"
"$folder/venv/bin/python" - 2> log <<'PYTHON' || { tail -n 20 log; exit 1; }
import importlib.metadata
import sys
from types import SimpleNamespace
import torch
from diffusers import UNetSpatioTemporalConditionModel
from diffusers.models.resnet import SpatioTemporalResBlock
from diffusers.models.transformers import dual_transformer_2d, transformer_2d, transformer_temporal
for module in (dual_transformer_2d, transformer_2d, transformer_temporal):  # where DeepCache looks for them
    sys.modules["diffusers.models." + module.__name__.rsplit(".", 1)[1]] = module
from DeepCache import DeepCacheSDHelper
from DeepCache.svd.unet_spatio_temporal_condition import UNetSpatioTemporalConditionModel as DeepCacheUNet

names = ("DeepCache", "diffusers", "torch", "transformers")
print(*[f"{name} {importlib.metadata.version(name)}" for name in names])
config = dict(block_out_channels=(32,) * 4, num_attention_heads=(2,) * 4, cross_attention_dim=8, sample_size=8,
              addition_time_embed_dim=32, projection_class_embeddings_input_dim=96, num_frames=2)
inputs = (torch.zeros(1, 2, 8, 8, 8), torch.zeros(1, 1, 8), torch.zeros(1, 3))
timesteps = torch.tensor([1.0, 0.5])


def count(unet, call):
    """The residual blocks of the second call."""
    computed = []
    for module in unet.modules():
        if isinstance(module, SpatioTemporalResBlock):
            module.spatial_res_block.register_forward_hook(lambda *_: computed.append(1))
    with torch.no_grad():
        call(timesteps[0])
        computed.clear()
        call(timesteps[1])
    return len(computed)


def by_helper(branch):
    unet = UNetSpatioTemporalConditionModel(**config).eval()
    helper = DeepCacheSDHelper(SimpleNamespace(unet=unet, scheduler=SimpleNamespace(timesteps=timesteps)))
    helper.set_params(cache_interval=2, cache_branch_id=branch)
    helper.enable()
    return count(unet, lambda t: unet(inputs[0], t, *inputs[1:]))


def by_pipeline(branch):
    unet, kept = DeepCacheUNet(**config).eval(), [None]

    def call(t):
        kept[0] = unet(inputs[0], t, *inputs[1:], cache_features=kept[0], cache_branch=branch, return_dict=False)[1]
    return count(unet, call)


print("expected: the same number keeps the same: helper and pipeline compute as many residual blocks")
pairs = {branch: (by_helper(branch), by_pipeline(branch)) for branch in (0, 1, 2, 3, 10, 11)}
for branch, (helper, pipeline) in pairs.items():
    print(f"seen: {branch}: the helper computes {helper} of 22, the pipeline {pipeline}")
raise SystemExit(not all(helper < pipeline for helper, pipeline in pairs.values()) or pairs[11][1] != 22)
PYTHON
