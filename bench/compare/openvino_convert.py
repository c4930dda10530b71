#!/usr/bin/env python3
"""Converts the UNet and the VAE decoder of a model to OpenVINO's files, once for all sizes.

    openvino_convert.py MODEL [--part unet|vae_decoder] [--out FOLDER]

The other scripts find them in the cache, or by --openvino FOLDER. The model is traced on a small video, and given its
real size when it is timed. Weights become float16 where that loses nothing, which is all of them if the model's files
are float16. The real UNet needs about 24 GiB of memory for this.
"""
import argparse
import pathlib
import warnings

import numpy as np
import openvino as ov
import openvino.opset13 as opset
import torch
from diffusers import AutoencoderKLTemporalDecoder, UNetSpatioTemporalConditionModel

import peers

FRAMES, HEIGHT, WIDTH = 3, 16, 24  # of the latents traced; multiples of 8, as no size may be 1 at any level of the UNet


def load_unet(model):
    unet = peers.load_part(model, "unet", UNetSpatioTemporalConditionModel)
    width = unet.config.cross_attention_dim
    inputs = {"sample": torch.randn(1, FRAMES, unet.config.in_channels, HEIGHT, WIDTH), "timestep": torch.tensor(1.0),
              "encoder_hidden_states": torch.randn(1, 1, width if isinstance(width, int) else width[0]),
              "added_time_ids": torch.tensor([[6.0, 127.0, 0.02]])}
    return peers.UNetPass(unet), inputs


def load_decoder(model):
    vae = peers.load_part(model, "vae", AutoencoderKLTemporalDecoder)
    return peers.DecoderPass(vae), {"latents": torch.randn(FRAMES, vae.config.latent_channels, HEIGHT, WIDTH)}


PARTS = {"unet": load_unet, "vae_decoder": load_decoder}


def halve_constants(model):
    """OpenVINO's own compress_to_fp16 also rounds the frequencies of sinusoids, which costs two digits in the end."""
    for constant in [op for op in model.get_ops() if op.get_type_name() == "Constant"]:
        if constant.get_element_type() == ov.Type.f32:
            with np.errstate(over="ignore"):
                half = constant.data.astype(np.float16)
            if half.size > 1 and np.array_equal(half, constant.data):
                widened = opset.convert(opset.constant(half, ov.Type.f16), "f32")
                constant.output(0).replace(widened.output(0))


def convert(model, part, out):
    module, inputs = PARTS[part](model)
    shapes = [(name, ov.PartialShape([-1] * value.dim())) for name, value in inputs.items()]
    converted = ov.convert_model(module.eval(), example_input=inputs, input=shapes)
    halve_constants(converted)
    out.mkdir(parents=True, exist_ok=True)
    ov.save_model(converted, out / f"{part}.xml", compress_to_fp16=False)
    print(f"{out / part}.xml, .bin: {(out / f'{part}.bin').stat().st_size / 1e6:.1f} MB", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("--part", choices=PARTS, action="append", help="only this one")
    parser.add_argument("--out", type=pathlib.Path, help="default: the model's folder in the cache")
    args = parser.parse_args()
    peers.reference.prepare_libraries()
    warnings.filterwarnings("ignore", category=torch.jit.TracerWarning)
    for part in args.part or PARTS:
        convert(args.model, part, args.out or peers.openvino_folder(args.model))


if __name__ == "__main__":
    with torch.no_grad():
        main()
