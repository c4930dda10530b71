#!/usr/bin/env python3
"""Makes tests/data/schedulers.safetensors: noise levels, guidance weights, and AnimateLCM-SVD's scheduler step by step
and in a whole run. Run from the repository's root, with the packages of tools/requirements.txt:

    python tools/make_scheduler_reference.py [--animatelcm FILE] [OUT]

AnimateLCM-SVD's scheduler is its authors' file, fetched at a pinned commit (or FILE), checked by its hash and run as it
is.
"""

import argparse
import contextlib
import hashlib
import importlib.util
import io
import sys
import tempfile
import urllib.request
from pathlib import Path

import numpy as np
import torch
from diffusers import EulerDiscreteScheduler, StableVideoDiffusionPipeline
from diffusers.schedulers.scheduling_utils import AysSchedules
from PIL import Image
from safetensors.torch import load_file, save_file

COMMIT = "f873122358c101cd191533adb9cd517899fbfb01"
SOURCE = f"https://raw.githubusercontent.com/G-U-N/AnimateLCM/{COMMIT}/animatelcm_svd/animatelcm_scheduler.py"
SHA256 = "a913a270336ba57d3de3f366bf9aba034fcd32d08a7a72c8b10f24af128d5490"
DATA = Path("tests/data")

SVD = dict(beta_end=0.012, beta_schedule="scaled_linear", beta_start=0.00085, num_train_timesteps=1000,
           prediction_type="v_prediction", sigma_max=700.0, sigma_min=0.002, steps_offset=1,
           timestep_spacing="leading", timestep_type="continuous")
NO_RANGE = dict(SVD, sigma_max=None, sigma_min=None)
LINEAR = dict(SVD, beta_schedule="linear", beta_start=0.0001, beta_end=0.02, num_train_timesteps=600, steps_offset=0)
# what the test calls them, settings, steps
LEVELS = [
    ("karras", dict(SVD, use_karras_sigmas=True), (1, 2, 7, 25)),
    ("exponential", dict(SVD, use_exponential_sigmas=True), (1, 2, 7, 25)),
    ("uniform", SVD, (1, 2, 7, 25, 333)),
    ("uniform_linspace", dict(SVD, timestep_spacing="linspace"), (1, 2, 7, 25)),
    ("uniform_trailing", dict(SVD, timestep_spacing="trailing"), (1, 2, 7, 25)),
    ("linear_betas", LINEAR, (7, 600)),
    ("karras_betas", dict(NO_RANGE, use_karras_sigmas=True), (2, 7)),
    ("exponential_betas", dict(NO_RANGE, use_exponential_sigmas=True), (2, 7)),
]


def noise_levels(out):
    for name, settings, counts in LEVELS:
        for steps in counts:
            scheduler = EulerDiscreteScheduler(**settings)
            scheduler.set_timesteps(steps)
            add_schedule(out, f"{name}.{steps}", scheduler)


def align_your_steps(out):
    """diffusers' list for 10 steps, as its sigmas argument takes it. Other numbers of steps: NVIDIA's
    loglinear_interp of the published list, whose last value is 0.002, with 0 in that value's place afterwards."""
    listed = AysSchedules["StableDiffusionVideoSigmas"]
    published = listed[:-1] + [0.002]
    for steps in (1, 2, 5, 10, 11, 25):
        xs, ys = np.linspace(0, 1, len(published)), np.log(published[::-1])
        sigmas = np.exp(np.interp(np.linspace(0, 1, steps + 1), xs, ys))[::-1].copy()
        sigmas[-1] = 0
        if steps == 10:
            assert np.allclose(sigmas, listed, rtol=1e-12, atol=0)
            sigmas = listed
        scheduler = EulerDiscreteScheduler(**SVD)
        scheduler.set_timesteps(sigmas=list(sigmas))
        add_schedule(out, f"ays.{steps}", scheduler)


def add_schedule(out, name, scheduler):
    out[f"{name}.sigmas"] = scheduler.sigmas.float()
    # a 0-dim tensor or a float64 step of time is cast to float32 by the UNet's sinusoids
    out[f"{name}.timesteps"] = scheduler.timesteps.float()
    out[f"{name}.initial"] = torch.tensor([float(scheduler.init_noise_sigma)])


def triangles(out):
    """The expression of ComfyUI's VideoTriangleCFGGuidance."""
    for count in (1, 2, 3, 4, 14, 25):
        for min_cfg, cond_scale in ((1.0, 3.0), (1.5, 2.7), (3.0, 1.0)):
            values = torch.linspace(0, 1, count)
            values = 2 * (values / 1.0 - torch.floor(values / 1.0 + 0.5)).abs()
            out[f"triangle.{count}.{min_cfg:g}.{cond_scale:g}"] = values * (cond_scale - min_cfg) + min_cfg


def animatelcm_class(path):
    text = Path(path).read_bytes() if path else urllib.request.urlopen(SOURCE).read()
    if hashlib.sha256(text).hexdigest() != SHA256:
        sys.exit("AnimateLCM-SVD's scheduler is not the file that is expected")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "animatelcm_scheduler.py"
        file.write_bytes(text)
        spec = importlib.util.spec_from_file_location("animatelcm_scheduler", file)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return module.AnimateLCMSVDStochasticIterativeScheduler


def animatelcm_scheduler(cls):
    """As app.py and batch_inference.py make it."""
    return cls(num_train_timesteps=40, sigma_min=0.002, sigma_max=700.0, sigma_data=1.0, s_noise=1.0, rho=7,
               clip_denoised=False)


def animatelcm_steps(out, cls):
    """Random predictions in place of a UNet: [1, 2, 2, 2, 3]."""
    shape = (1, 2, 2, 2, 3)
    for steps in (1, 2, 3, 4, 8, 40):
        scheduler = animatelcm_scheduler(cls)
        scheduler.set_timesteps(steps, device="cpu")
        name = f"animatelcm.{steps}"
        add_schedule(out, name, scheduler)
        source = torch.Generator().manual_seed(steps)
        sample = torch.randn(shape, generator=source) * scheduler.init_noise_sigma
        out[f"{name}.first"] = sample
        velocities = torch.randn((steps, *shape), generator=source)
        inputs, samples = [], []
        state = source.get_state()
        for i, t in enumerate(scheduler.timesteps):
            inputs.append(scheduler.scale_model_input(sample, t))
            sample = scheduler.step(velocities[i], t, sample, generator=source).prev_sample
            samples.append(sample)
        source.set_state(state)  # the step's own draws once more
        noise = [torch.randn(shape, generator=source) if steps > 1 else torch.zeros(shape) for _ in range(steps)]
        out[f"{name}.velocities"] = velocities
        out[f"{name}.noise"] = torch.stack(noise)
        out[f"{name}.inputs"] = torch.stack(inputs)
        out[f"{name}.samples"] = torch.stack(samples)


def animatelcm_runs(out, cls):
    """Whole runs of a small model as batch_inference.py does: torch.manual_seed returns the generator that step, which
    is given none, draws from as well."""
    picture = load_file(DATA / "reference" / "attention_top.safetensors")["picture"].numpy()
    pipe = StableVideoDiffusionPipeline.from_pretrained(DATA / "reference" / "attention_top", torch_dtype=torch.float32)
    pipe.set_progress_bar_config(disable=True)
    for name, steps, videos in (("one", 4, 1), ("two", 3, 2), ("single_step", 1, 1)):
        pipe.scheduler = animatelcm_scheduler(cls)
        latents = []
        kept = lambda pipe, i, t, tensors: latents.append(tensors["latents"].clone()) or {}
        frames = pipe(Image.fromarray(picture), height=24, width=40, num_frames=3, num_inference_steps=steps,
                      min_guidance_scale=1.0, max_guidance_scale=1.0, num_videos_per_prompt=videos,
                      generator=torch.manual_seed(42), decode_chunk_size=3, output_type="pt",
                      callback_on_step_end=kept).frames
        out[f"animatelcm.run.{name}.latents"] = torch.stack(latents)
        if name == "one":
            out[f"animatelcm.run.{name}.frames"] = frames.permute(0, 1, 3, 4, 2)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", nargs="?", default=str(DATA / "schedulers.safetensors"))
    parser.add_argument("--animatelcm", metavar="FILE")
    arguments = parser.parse_args()
    torch.set_grad_enabled(False)
    out = {}
    noise_levels(out)
    align_your_steps(out)
    triangles(out)
    cls = animatelcm_class(arguments.animatelcm)
    with contextlib.redirect_stdout(io.StringIO()):  # it prints its levels
        animatelcm_steps(out, cls)
        animatelcm_runs(out, cls)
    save_file({name: tensor.float().contiguous() for name, tensor in out.items()}, arguments.out)


if __name__ == "__main__":
    main()
