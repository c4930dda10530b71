#!/usr/bin/env python3
"""Writes the model folder in diffusers' layout, f16, from WORK/vae_*.pt and WORK/unet.pt.

    python export.py [--out out/small] [--work DIR]

models/small is a copy of such a folder, once it is better than what lies there; the README.md, NOTICE and LICENSE beside it
are written by hand.
"""

from pathlib import Path

import torch
from diffusers import StableVideoDiffusionPipeline
from transformers import CLIPImageProcessorPil

from common import arguments
from sample import new_scheduler
from unet import new_clip, new_unet
from vae import load_vae


def load_pipeline(work, dtype=torch.float32):
    unet = new_unet()
    unet.load_state_dict(torch.load(work / "unet.pt")["average"])
    return StableVideoDiffusionPipeline(
        vae=load_vae(work).to(dtype), unet=unet.to(dtype), image_encoder=new_clip().to(dtype), scheduler=new_scheduler(),
        feature_extractor=CLIPImageProcessorPil(size={"shortest_edge": 224}, crop_size={"height": 224, "width": 224}))


def load_pipeline_parts(folder):
    """The networks of a model folder in f32."""
    pipeline = StableVideoDiffusionPipeline.from_pretrained(folder, torch_dtype=torch.float32)
    return pipeline.vae, pipeline.unet.eval(), pipeline.image_encoder


def main():
    args = arguments(__doc__, out="out/small")
    load_pipeline(args.work, torch.float16).save_pretrained(args.out, safe_serialization=True)
    # by the name that every version of transformers has
    for name in ("model_index.json", "feature_extractor/preprocessor_config.json"):
        path = Path(args.out) / name
        path.write_text(path.read_text().replace("CLIPImageProcessorPil", "CLIPImageProcessor"))
    for path in Path(args.out).rglob("*.safetensors"):
        path.chmod(0o644)


if __name__ == "__main__":
    main()
