#!/usr/bin/env python3
"""Writes the model folder in diffusers' layout, f16, from WORK/vae.pt and WORK/unet.pt.

    python export.py --out models/small [--work DIR]

The README.md, NOTICE and LICENSE beside it are written by hand and stay.
"""

from pathlib import Path

import torch
from diffusers import EulerDiscreteScheduler, StableVideoDiffusionPipeline
from transformers import CLIPImageProcessorPil

from common import arguments
from unet import SIGMA_MAX, SIGMA_MIN, new_clip, new_unet
from vae import new_vae


def scheduler():
    return EulerDiscreteScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", prediction_type="v_prediction",
        timestep_type="continuous", timestep_spacing="leading", steps_offset=1, use_karras_sigmas=True,
        sigma_min=SIGMA_MIN, sigma_max=SIGMA_MAX, interpolation_type="linear", rescale_betas_zero_snr=False)


def load_pipeline(work, dtype=torch.float32):
    vae, unet = new_vae(), new_unet()
    vae.load_state_dict(torch.load(work / "vae.pt")["vae"])
    unet.load_state_dict(torch.load(work / "unet.pt")["average"])
    return StableVideoDiffusionPipeline(
        vae=vae.to(dtype), unet=unet.to(dtype), image_encoder=new_clip().to(dtype), scheduler=scheduler(),
        feature_extractor=CLIPImageProcessorPil(size={"shortest_edge": 224}, crop_size={"height": 224, "width": 224}))


def load_pipeline_parts(folder):
    """The networks of a model folder in f32."""
    pipeline = StableVideoDiffusionPipeline.from_pretrained(folder, torch_dtype=torch.float32)
    return pipeline.vae, pipeline.unet.eval(), pipeline.image_encoder


def main():
    args = arguments(__doc__, out="models/small")
    load_pipeline(args.work, torch.float16).save_pretrained(args.out, safe_serialization=True)
    # by the name that every version of transformers has
    for name in ("model_index.json", "feature_extractor/preprocessor_config.json"):
        path = Path(args.out) / name
        path.write_text(path.read_text().replace("CLIPImageProcessorPil", "CLIPImageProcessor"))
    for path in Path(args.out).rglob("*.safetensors"):
        path.chmod(0o644)


if __name__ == "__main__":
    main()
