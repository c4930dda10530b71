#!/usr/bin/env python3
"""Runs img2vid and diffusers on the same pictures, models and settings, and compares their frames and latents.

  compare.py [--program build/cli/img2vid] [--quick] [--case PART] ...

Frames must agree within 1e-4, the last latents within 1e-4 of their largest value. Where a case says so, the program is
run again in another way that must give the same bits. tools/README.md says more.
"""
import argparse
import dataclasses
import hashlib
import itertools
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import numpy as np
import torch
from PIL import Image

import reference

# ---- cases -----------------------------------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class Case:
    name: str
    model: str = "svd_one_layer"
    width: int = 64
    height: int = 64
    num_frames: int = 3
    num_inference_steps: int = 3
    min_guidance_scale: float = 1.0
    max_guidance_scale: float = 3.0
    fps: int = 7
    motion_bucket_id: int = 127
    noise_aug_strength: float = 0.02
    seed: int = 42
    rng: str = "numpy"
    decode_chunk_size: int = 0  # all frames
    sigmas: tuple = ()
    picture: tuple = (96, 80)
    fit: str = "stretch"
    same_bits: bool = False  # also run in the ways of SAME_BITS
    quick: bool = False


def off(weight=1.0):
    return dict(min_guidance_scale=weight, max_guidance_scale=weight)


SIZES = ((64, 64), (72, 40), (104, 88), (200, 136))
ARCHITECTURES = ("svd", "svd_one_layer", "wide", "three_levels", "lists", "attention_top", "plain_top")
FILES = ("svd_f16", "svd_fp16_variant", "svd_bf16", "svd_shards", "svd_fp16_shards")
SEEDS = (0, 1, 2**32 + 5, 2**63 + 1, 2**64 - 1)


def make_cases():
    yield Case("smallest", model="attention_top", num_frames=2, num_inference_steps=1, quick=True)
    for model in ARCHITECTURES:
        yield Case(f"model-{model}", model=model, width=72, height=40, num_frames=5, decode_chunk_size=2,
                   same_bits=model in ("svd", "three_levels"), quick=True)
        yield Case(f"model-{model}-25-steps", model=model, num_frames=2, num_inference_steps=25)
        yield Case(f"model-{model}-torch", model=model, width=88, height=72, num_frames=4, num_inference_steps=2,
                   rng="torch", decode_chunk_size=3)
    for model in FILES:
        yield Case(f"files-{model}", model=model, num_frames=2, num_inference_steps=2, quick=model == "svd_fp16_shards")
    for model, frames in itertools.product(("svd", "svd_one_layer", "three_levels"), (1, 2, 5, 14, 25)):
        guidance = off(2.0) if frames == 1 else {}
        yield Case(f"frames-{frames}-{model}", model=model, num_frames=frames, num_inference_steps=2, **guidance,
                   quick=model == "svd_one_layer" and frames in (1, 14))
    yield Case("frames-1-guidance-off", num_frames=1, **off())
    for model, (width, height) in itertools.product(("svd", "three_levels", "wide"), SIZES):
        yield Case(f"size-{width}x{height}-{model}", model=model, width=width, height=height, num_frames=2,
                   num_inference_steps=1, quick=model == "svd" and width == 104)
    for steps in (1, 3, 25):
        yield Case(f"steps-{steps}", num_inference_steps=steps)
        yield Case(f"steps-{steps}-guidance-off", num_inference_steps=steps, **off())
    for chunk, frames in itertools.product((1, 2, 7, 0), (2, 5, 14)):
        yield Case(f"chunk-{chunk or 'all'}-of-{frames}", num_frames=frames, num_inference_steps=1,
                   decode_chunk_size=chunk, quick=(chunk, frames) == (7, 14))
    yield Case("guidance-off", num_frames=5, **off(), quick=True)
    yield Case("guidance-flat", num_frames=5, **off(2.5))
    yield Case("guidance-1-3", num_frames=5)
    yield Case("guidance-falling", num_frames=5, min_guidance_scale=0.5, max_guidance_scale=1.8)
    for fps, bucket, noise in itertools.product((1, 60), (0, 255), (0.0, 1.0)):
        yield Case(f"fps-{fps}-bucket-{bucket}-noise-{noise:g}", fps=fps, motion_bucket_id=bucket,
                   noise_aug_strength=noise, quick=(fps, bucket, noise) == (60, 0, 1.0))
    for rng, seed in itertools.product(("numpy", "torch"), SEEDS):
        yield Case(f"seed-{seed}-{rng}", seed=seed, rng=rng, num_inference_steps=1, num_frames=2,
                   quick=seed == 2**63 + 1)
    yield Case("sigmas", sigmas=(500.0, 60.0, 5.5, 0.25, 0.0), quick=True)
    yield Case("sigmas-end-above-zero", sigmas=(80.0, 3.0, 0.5))
    for picture in ((640, 480), (33, 47), (64, 300), (5, 3), (1, 1), (64, 64)):
        yield Case(f"picture-{picture[0]}x{picture[1]}", picture=picture, num_inference_steps=1, num_frames=2,
                   quick=picture == (640, 480))
        if min(picture) < 2:
            continue  # diffusers cannot blur a line of one pixel
        yield Case(f"unresized-{picture[0]}x{picture[1]}", picture=picture, fit="diffusers", num_inference_steps=1,
                   num_frames=2, quick=picture == (640, 480))


# ---- the reference, kept on disk -------------------------------------------------------------------------------------


def folder_digest(folder):
    digest = hashlib.blake2b(digest_size=8)
    for file in sorted(f for f in folder.rglob("*") if f.is_file()):
        digest.update(str(file.relative_to(folder)).encode() + file.read_bytes())
    return digest.hexdigest()


class Reference:
    """diffusers' results, computed once."""

    def __init__(self, cache):
        self.results, self.models = cache / "results", cache / "models"
        self.results.mkdir(parents=True, exist_ok=True)
        self.loaded = None, None
        self.digests = {}

    def model(self, name):
        folder = self.models / name
        if not (folder / "model_index.json").exists():
            reference.make_models(self.models, [name])
        if name not in self.digests:
            self.digests[name] = folder_digest(folder)
        return folder

    def pipeline(self, name, dtype):
        if self.loaded[0] != (name, dtype):
            self.loaded = (name, dtype), reference.load_pipeline(self.model(name)).to(dtype=dtype)
        return self.loaded[1]

    def run(self, case, picture, dtype=torch.float32):
        settings = {k: getattr(case, k) for k in ("width", "height", "num_frames", "num_inference_steps", "fps",
                                                  "min_guidance_scale", "max_guidance_scale", "motion_bucket_id",
                                                  "noise_aug_strength")}
        settings["decode_chunk_size"] = case.decode_chunk_size or case.num_frames
        if case.sigmas:
            settings["sigmas"] = list(case.sigmas)
        frames, latents, noise = reference.run_pipeline(
            self.pipeline(case.model, dtype),
            picture if case.fit == "diffusers" else picture.resize((case.width, case.height)), case.rng, case.seed,
            **settings)
        return dict(frames=frames, latents=latents, noise=noise[1][0].numpy())

    def get(self, case, picture):
        self.model(case.model)
        key = [self.digests[case.model], {k: v for k, v in dataclasses.asdict(case).items()
                                          if k not in ("name", "model", "same_bits", "quick")
                                          and (k, v) != ("fit", "stretch")}]
        file = self.results / (hashlib.blake2b(json.dumps(key).encode(), digest_size=12).hexdigest() + ".npz")
        if file.exists():
            return dict(np.load(file))
        result = self.run(case, picture)
        partial = file.with_suffix(".part.npz")
        np.savez(partial, **result)
        partial.rename(file)
        return result


# ---- the program -----------------------------------------------------------------------------------------------------


class Failure(Exception):
    pass


def call(program, arguments, environment=None):
    done = subprocess.run([program, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          env=environment)
    if done.returncode:
        raise Failure(f"exit status {done.returncode}: {done.stderr.strip() or '(stderr is empty)'}")


def generate_options(case, model):
    options = ["--model", model, "--width", case.width, "--height", case.height, "--fit", case.fit, "--dtype", "f32",
               "--num-frames", case.num_frames, "--min-guidance-scale", case.min_guidance_scale,
               "--max-guidance-scale", case.max_guidance_scale, "--fps", case.fps,
               "--motion-bucket-id", case.motion_bucket_id, "--noise-aug-strength", case.noise_aug_strength,
               "--seed", case.seed, "--rng", case.rng, "--decode-chunk-size", case.decode_chunk_size or case.num_frames,
               "--quiet"]
    if case.sigmas:
        return options + ["--sigmas", ",".join(map(repr, case.sigmas))]
    return options + ["--num-inference-steps", case.num_inference_steps]


def generate(program, case, model, folder, more=()):
    frames, latents = folder / "frames.npy", folder / "latents.npy"
    for file in (frames, latents):
        file.unlink(missing_ok=True)
    call(program, ["generate", folder / "picture.png", "-o", frames, "--save-latents", latents,
                   *generate_options(case, model), *more])
    return np.load(frames), np.load(latents)


def decode(program, case, model, folder, latents):
    np.save(folder / "in.npy", latents)
    call(program, ["decode", folder / "in.npy", "-o", folder / "decoded.npy", "--model", model, "--dtype", "f32",
                   "--decode-chunk-size", case.decode_chunk_size or case.num_frames, "--quiet"])
    return np.load(folder / "decoded.npy")


SAME_BITS = {"one thread": ("--threads", 1), "three threads": ("--threads", 3)}


def check_same_bits(program, case, model, folder, result, noise):
    """The ways of running that must not change a bit."""
    frames, latents = result
    np.save(folder / "noise.npy", noise)
    ways = SAME_BITS | ({"noise from a file": ("--latents", folder / "noise.npy")} if case.rng == "numpy" else {})
    for name, more in ways.items():
        other = generate(program, case, model, folder, more)
        if not (np.array_equal(other[0], frames) and np.array_equal(other[1], latents)):
            raise Failure(f"other bits with {name} (frames differ by {np.abs(other[0] - frames).max():.1e})")
    if not np.array_equal(decode(program, case, model, folder, latents), frames):
        raise Failure("other bits from the decode subcommand")


# ---- comparing -------------------------------------------------------------------------------------------------------


def differences(frames, latents, expected):
    """(largest difference of frames, largest difference of latents over their largest value)"""
    for name, ours in (("frames", frames), ("latents", latents)):
        if ours.shape != expected[name].shape:
            raise Failure(f"{name} have shape {ours.shape}, not {expected[name].shape}")
        if ours.dtype != np.float32 or not np.isfinite(ours).all():
            raise Failure(f"{name} are not finite float32")
    return (float(np.abs(frames - expected["frames"]).max()),
            float(np.abs(latents - expected["latents"]).max() / np.abs(expected["latents"]).max()))


def explain(truth, case, picture, result, expected):
    """For whoever looks into a failure: is float64 nearer to us or to the reference? It stays a failure."""
    precise = truth.run(case, picture, torch.float64)["frames"]
    return (f"too far; from float64, frames: ours {np.abs(result[0] - precise).max():.1e}, "
            f"diffusers in float32 {np.abs(expected['frames'] - precise).max():.1e}")


def compare(args, truth, case, folder):
    """A row of the table: (passed, frames' difference, latents' difference, seconds, remark)."""
    picture = reference.make_picture(*case.picture)
    picture.save(folder / "picture.png")
    expected = truth.get(case, picture)
    model = truth.model(case.model)
    begin = time.monotonic()
    try:
        result = generate(args.program, case, model, folder)
        seconds = time.monotonic() - begin
        in_frames, in_latents = differences(*result, expected)
        passed = in_frames <= args.frames_tolerance and in_latents <= args.latents_tolerance
        if case.same_bits:
            check_same_bits(args.program, case, model, folder, result, expected["noise"])
        return passed, in_frames, in_latents, seconds, "" if passed else explain(truth, case, picture, result, expected)
    except (Failure, OSError, ValueError) as error:
        return False, float("nan"), float("nan"), time.monotonic() - begin, str(error).replace("\n", " ")[:300]


def compare_with_itself(args, truth, case, folder):
    """No program: float32 twice, which must give the same bits, and float64, which shows float32's own error."""
    picture = reference.make_picture(*case.picture)
    expected = truth.get(case, picture)
    begin = time.monotonic()
    again = truth.run(case, picture)
    seconds = time.monotonic() - begin
    same = all(np.array_equal(again[k], expected[k]) for k in expected)
    precise = truth.run(case, picture, torch.float64)
    in_frames, in_latents = differences(precise["frames"].astype(np.float32), precise["latents"].astype(np.float32),
                                        expected)
    spread = expected["frames"].std()
    clipped = ((expected["frames"] <= 0) | (expected["frames"] >= 1)).mean()
    remark = f"frames: deviation {spread:.3f}, {100 * clipped:.1f} % clipped" + ("" if same else "; NOT the same bits")
    passed = (same and in_frames <= args.frames_tolerance and in_latents <= args.latents_tolerance and spread > 0.05
              and clipped < 0.25)
    return passed, in_frames, in_latents, seconds, remark


def parse_arguments():
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "img2vid-reference"
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default="build/cli/img2vid", help="the img2vid to test")
    parser.add_argument("--cache", type=pathlib.Path, default=cache, help="folder of models and diffusers' results")
    parser.add_argument("--quick", action="store_true", help="one case of each kind")
    parser.add_argument("--case", action="append", help="only cases with this in their name; may be given again")
    parser.add_argument("--list", action="store_true", help="list the cases")
    parser.add_argument("--reference-only", action="store_true",
                        help="no program: compare diffusers with itself and with float64")
    parser.add_argument("--stop", action="store_true", help="stop at the first failure")
    parser.add_argument("--frames-tolerance", type=float, default=1e-4)
    parser.add_argument("--latents-tolerance", type=float, default=1e-4)
    return parser.parse_args()


def main():
    reference.prepare_libraries()
    args = parse_arguments()
    cases = [c for c in make_cases() if (c.quick or not args.quick)
             and (not args.case or any(part in c.name for part in args.case))]
    if args.list:
        print(*(c.name for c in cases), sep="\n")
        return 0
    if not cases:
        sys.exit("compare.py: no case has that in its name; --list shows them")
    truth = Reference(args.cache)
    run = compare_with_itself if args.reference_only else compare
    failed = 0
    print(f"{'case':34} {'frames':>8} {'latents':>8} {'seconds':>8}")
    with tempfile.TemporaryDirectory() as folder:
        # sorted by model, which is loaded once
        for case in sorted(cases, key=lambda c: c.model):
            passed, in_frames, in_latents, seconds, remark = run(args, truth, case, pathlib.Path(folder))
            failed += not passed
            print(f"{case.name:34} {in_frames:8.1e} {in_latents:8.1e} {seconds:8.2f}  {'ok' if passed else 'FAILED'}"
                  f"  {remark}", flush=True)
            if failed and args.stop:
                break
    print(f"{len(cases) - failed} of {len(cases)} cases passed" if not (failed and args.stop) else "stopped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
