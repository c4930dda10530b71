#!/usr/bin/env python3
"""The VAE decoder beside PyTorch's, torch.compile's and OpenVINO's, in turn, in one run: times, rates and frames.

    vae_decode.py MODEL --dtype bf16 --width 448 --height 256 --num-frames 8 --rounds 3

bench/compare/README.md says what is needed. Latents are random unless --latents has some; all frames are decoded at
once. Frames are compared as 0 ... 1, clipped: errors and PSNR are from diffusers' float32 frames. Our time is the
decoding phase, loading left out; the others' that of one call of the decoder, after one to warm up.
"""
import pathlib
import tempfile

import numpy as np
import torch
from diffusers import AutoencoderKLTemporalDecoder

import peers


def make_latents(args, vae):
    """[F, C, h, w] in float32; those of a file set the size."""
    shrink = 2 ** (len(vae.config.block_out_channels) - 1)
    if args.latents:
        latents = np.load(args.latents).astype(np.float32)
        args.num_frames = latents.shape[0]
        args.height, args.width = shrink * latents.shape[2], shrink * latents.shape[3]
        return latents
    shape = args.num_frames, vae.config.latent_channels, args.height // shrink, args.width // shrink
    return np.random.Generator(np.random.PCG64(0)).standard_normal(shape, dtype=np.float32)


def run_ours(args, folder):
    """(seconds, frames) of img2vid."""
    report = peers.call(args, "decode", f"{folder}/latents.npy", "-o", f"{folder}/frames.npy", "--model", args.model)
    return report["seconds"]["decode"], np.load(f"{folder}/frames.npy")


def to_frames(decoded):
    """[F, 3, H, W] in -1 ... 1 -> [F, H, W, 3] in 0 ... 1"""
    return (decoded / 2 + 0.5).clip(0, 1).transpose(0, 2, 3, 1)


def main():
    parser = peers.make_parser(__doc__, 8)
    parser.add_argument("--latents", type=pathlib.Path, help="of generate --save-latents; they say the size too")
    args = parser.parse_args()
    peers.prepare(args)
    vae = peers.load_part(args.model, "vae", AutoencoderKLTemporalDecoder)
    latents = make_latents(args, vae)
    operations, peaks = peers.measure_peaks(args, args.model, "decoder", args.num_frames)
    inputs = {"latents": torch.from_numpy(latents) / vae.config.scaling_factor}
    part = peers.DecoderPass(vae).eval()
    expected = to_frames(peers.float32_result(args, part, inputs))
    part, inputs = peers.in_dtype(part, inputs, args)
    others = peers.prepare_peers(part, inputs, args, "vae_decoder")
    with tempfile.TemporaryDirectory() as folder:
        np.save(f"{folder}/latents.npy", latents)
        seconds, results = peers.run_rounds(args, lambda: run_ours(args, folder), others, to_frames)
    peers.report(args, seconds, results, expected, operations, peaks, ("PSNR, dB", peers.psnr, ".1f"))


if __name__ == "__main__":
    with torch.no_grad():
        main()
