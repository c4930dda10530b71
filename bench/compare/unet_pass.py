#!/usr/bin/env python3
"""One UNet pass beside PyTorch's, torch.compile's and OpenVINO's, in turn, in one run: times, rates and results.

    unet_pass.py MODEL --dtype bf16 --peers eager,compile --width 448 --height 256 --num-frames 14 --rounds 3

bench/compare/README.md says what is needed. One denoising step without guidance from sigma s to 0 gives
x / (s^2 + 1) - v s / sqrt(s^2 + 1): the latents that img2vid saves tell the UNet's output v, which is what is compared.
s is 2, where x and v are of one order: from the usual 700 the step itself would round more than the UNet does.
Its time is the denoising phase, loading left out; the others' that of one call, after one to warm up.
"""
import tempfile

import numpy as np
import torch
from PIL import Image

import peers
from peers import reference


SIGMA = 2.0


class Captured(Exception):
    """Carries the UNet's inputs out of the pipeline."""


def capture_inputs(args, pipe):
    """What diffusers' pipeline gives its UNet in the one step, in float32."""
    def capture(sample, timestep, **keywords):
        raise Captured({"sample": sample, "timestep": timestep, "encoder_hidden_states":
                        keywords["encoder_hidden_states"], "added_time_ids": keywords["added_time_ids"]})

    picture = Image.open(args.picture).convert("RGB").resize((args.width, args.height))
    forward, pipe.unet.forward = pipe.unet.forward, capture
    try:
        reference.run_pipeline(pipe, picture, width=args.width, height=args.height, num_frames=args.num_frames,
                               sigmas=[SIGMA, 0.0], min_guidance_scale=1.0, max_guidance_scale=1.0)
    except Captured as captured:
        return captured.args[0]
    finally:
        pipe.unet.forward = forward


def run_ours(args, model, folder, sample):
    """(seconds, v) of one step of img2vid."""
    report = peers.call(args, "generate", args.picture, "-o", f"{folder}/frames.npy", "--save-latents",
                        f"{folder}/latents.npy", "--model", model, "--width", args.width, "--height", args.height,
                        "--num-frames", args.num_frames, "--sigmas", f"{SIGMA},0", "--min-guidance-scale", 1,
                        "--max-guidance-scale", 1, "--decode-chunk-size", 1, "--seed", 0, "--fit", "stretch")
    latents = np.load(f"{folder}/latents.npy").astype(np.float64)
    scaled = sample[0, :, :latents.shape[1]].numpy().astype(np.float64)  # x / sqrt(s^2 + 1)
    length = np.sqrt(SIGMA ** 2 + 1)
    return report["seconds"]["denoise"], ((scaled / length - latents) * length / SIGMA).astype(np.float32)


def main():
    parser = peers.make_parser(__doc__, 14)
    parser.add_argument("--picture", default=str(peers.ROOT / "examples/rocket.jpg"))
    args = parser.parse_args()
    peers.prepare(args)
    with tempfile.TemporaryDirectory() as folder:
        model = peers.folder_with_small_vae(args.model, f"{folder}/model")
        operations, peaks = peers.measure_peaks(args, model, "unet", 1)
        pipe = reference.load_pipeline(model)
        inputs = capture_inputs(args, pipe)
        sample = inputs["sample"]
        part = peers.UNetPass(pipe.unet).eval()
        del pipe  # the other parts' memory
        expected = peers.float32_result(args, part, inputs)
        part, inputs = peers.in_dtype(part, inputs, args)
        others = peers.prepare_peers(part, inputs, args, "unet")
        seconds, results = peers.run_rounds(args, lambda: run_ours(args, model, folder, sample), others)
    peers.report(args, seconds, results, expected, operations, peaks, ("rms error", peers.rms, ".1e"))


if __name__ == "__main__":
    with torch.no_grad():
        main()
