#!/usr/bin/env python3
"""One UNet pass beside PyTorch's, in turn, in one run: the ratio of their times and the difference of their results.

    unet_pass.py MODEL --program build/cli/img2vid --width 448 --height 256 --num-frames 14 --rounds 3

Needs the packages of tools/requirements.txt. One denoising step without guidance from sigma s to 0 gives
x / (s^2 + 1) - v s / sqrt(s^2 + 1): the saved latents are the UNet's output v, which is what is compared.
"""
import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np
import torch
from PIL import Image

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools"))
import reference  # noqa: E402


def run_ours(args, picture, folder):
    command = [args.program, "generate", picture, "-o", f"{folder}/ours.npy", "--save-latents", f"{folder}/latents.npy",
               "--model", args.model, "--width", str(args.width), "--height", str(args.height), "--num-frames",
               str(args.num_frames), "--num-inference-steps", "1", "--min-guidance-scale", "1",
               "--max-guidance-scale", "1", "--decode-chunk-size", "1", "--seed", "0", "--fit", "stretch", "--json",
               "--quiet"]
    report = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return report, np.load(f"{folder}/latents.npy")


class Watch:
    """Times the UNet's passes inside diffusers' pipeline."""

    def __init__(self, unet):
        self.seconds = []
        self.forward = unet.forward
        unet.forward = self.timed

    def timed(self, *arguments, **keywords):
        start = time.perf_counter()
        result = self.forward(*arguments, **keywords)
        self.seconds.append(time.perf_counter() - start)
        return result


def run_torch(args, pipe, picture):
    last = {}

    def step_end(_, index, timestep, tensors):
        last["latents"] = tensors["latents"]
        return {}

    reference.svd_module.randn_tensor = reference.Noise("numpy", 0)
    pipe(Image.open(picture).convert("RGB").resize((args.width, args.height)), width=args.width, height=args.height,
         num_frames=args.num_frames, num_inference_steps=1, min_guidance_scale=1.0, max_guidance_scale=1.0,
         output_type="latent", callback_on_step_end=step_end)
    return last["latents"][0].numpy()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("--program", default="build/cli/img2vid")
    parser.add_argument("--picture", default=str(pathlib.Path(__file__).resolve().parents[2] / "examples/rocket.jpg"))
    parser.add_argument("--width", type=int, default=448)
    parser.add_argument("--height", type=int, default=256)
    parser.add_argument("--num-frames", type=int, default=14)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()

    pipe = reference.load_pipeline(args.model)
    watch = Watch(pipe.unet)
    ours = []
    with tempfile.TemporaryDirectory() as folder:
        for round_number in range(args.rounds):
            report, latents = run_ours(args, args.picture, folder)
            ours.append(report["seconds"]["denoise"])
            expected = run_torch(args, pipe, args.picture)
            print(f"round {round_number + 1}: img2vid {ours[-1]:.2f} s, PyTorch {watch.seconds[-1]:.2f} s, "
                  f"ratio {watch.seconds[-1] / ours[-1]:.2f}", flush=True)
    error = np.abs(latents - expected).max() / np.abs(expected).max()
    print(f"median ratio {statistics.median(t / o for t, o in zip(watch.seconds, ours)):.2f} "
          f"(above 1: img2vid is faster); largest difference {error:.1e} of the largest value; "
          f"img2vid's peak memory {report['peak_memory'] / 2**30:.2f} GiB")


if __name__ == "__main__":
    with torch.no_grad():
        main()
