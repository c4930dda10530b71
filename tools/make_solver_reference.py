#!/usr/bin/env python3
"""Makes tests/data/solvers.safetensors: diffusers' DPM-Solver++, UniPC and Heun, evaluation by evaluation on Stable Video
Diffusion's v-prediction and noise levels, and in whole runs. Run from the repository's root, with the packages of
tools/requirements.txt:

    python tools/make_solver_reference.py [OUT]

The classes compute as they are. They are given levels, and 0.25 ln sigma as timesteps, after set_timesteps: made from the
configuration of Stable Video Diffusion, all but EDMDPMSolverMultistepScheduler would tell its UNet of timesteps up to 999.
Those with latents of deviation 1 at each level (VP) get them over sqrt(sigma^2 + 1).
"""

import sys
from pathlib import Path

import numpy as np
import torch
from diffusers import (DPMSolverMultistepScheduler, EDMDPMSolverMultistepScheduler, EulerDiscreteScheduler,
                       HeunDiscreteScheduler, StableVideoDiffusionPipeline, UniPCMultistepScheduler)
from diffusers.schedulers.scheduling_utils import AysSchedules
from PIL import Image
from safetensors.torch import load_file, save_file

from make_scheduler_reference import DATA, SVD

SHAPE = (1, 2, 2, 2, 3)
MOST = 25
SDE = "sde-dpmsolver++"
# what the test calls them, class, settings, whether latents are VP
SOLVERS = [
    ("dpmpp_2m.vp", DPMSolverMultistepScheduler, {}, True),
    ("dpmpp_2m.edm", EDMDPMSolverMultistepScheduler, {"sigma_data": 1.0}, False),
    ("dpmpp_2m_sde.vp", DPMSolverMultistepScheduler, {"algorithm_type": SDE}, True),
    ("dpmpp_2m_sde.edm", EDMDPMSolverMultistepScheduler, {"sigma_data": 1.0, "algorithm_type": SDE}, False),
    ("unipc.vp", UniPCMultistepScheduler, {}, True),
    ("heun.heun", HeunDiscreteScheduler, {}, False),
]


def karras():
    return EulerDiscreteScheduler.from_config(dict(SVD, use_karras_sigmas=True))


def levels():
    """Those of runs of as many steps as matter, of other lists, and lists that end above 0."""
    found = {}

    def of_euler(name, steps, **settings):
        scheduler = EulerDiscreteScheduler(**{**SVD, **settings})
        scheduler.set_timesteps(steps)
        found[f"{name}.{steps}"] = scheduler.sigmas.float()

    for steps in (1, 2, 3, 5, 8, 14, 15, 16, 25):
        of_euler("karras", steps, use_karras_sigmas=True)
    of_euler("exponential", 12, use_exponential_sigmas=True)
    of_euler("uniform", 9)
    found["ays.10"] = torch.tensor(AysSchedules["StableDiffusionVideoSigmas"]).float()
    for steps in (14, 15):
        found[f"ends.{steps}"] = torch.tensor(np.geomspace(80, 0.05, steps + 1)).float()
    found["ends.3"] = torch.tensor([80, 10, 1.5, 0.25])
    found["ends.17"] = torch.tensor(np.geomspace(80, 0.05, 18)).float()
    return found


class Fed:
    """A scheduler of a class, fed with levels: latents go in and come out as EulerDiscreteScheduler has them."""

    def __init__(self, cls, settings, vp, sigmas):
        end = {"final_sigmas_type": "sigma_min"} if sigmas[-1] > 0 and cls is not HeunDiscreteScheduler else {}
        self.scheduler, self.vp = cls.from_config(karras().config, **settings, **end), vp
        self.scheduler.set_timesteps(len(sigmas) - 1)
        feed(self.scheduler, sigmas)

    def scale(self, sigma):
        return torch.sqrt(sigma.double() ** 2 + 1) if self.vp else torch.tensor(1.0)

    def run(self, first, velocities, generator):
        """All latents, after each evaluation."""
        scheduler, sample, samples = self.scheduler, first, []
        noisy = {"generator": generator} if scheduler.config.get("algorithm_type") == SDE else {}
        for i, t in enumerate(scheduler.timesteps):
            here, there = scheduler.sigmas[i], scheduler.sigmas[i + 1]
            given = (sample / self.scale(here)).float()
            scheduler.scale_model_input(given, t)
            made = scheduler.step(velocities[i], t, given, **noisy).prev_sample
            sample = (made * self.scale(there)).float()
            samples.append(sample)
        return torch.stack(samples)


def feed(scheduler, sigmas):
    timesteps = 0.25 * torch.log(sigmas[:-1])
    if scheduler.order == 2:
        sigmas = torch.cat([sigmas[:1], sigmas[1:-1].repeat_interleave(2), sigmas[-1:]])
        timesteps = torch.cat([timesteps[:1], timesteps[1:].repeat_interleave(2)])
    scheduler.sigmas, scheduler.timesteps = sigmas, timesteps


def steps(out):
    """The same random predictions and noise in all."""
    source = torch.Generator().manual_seed(1)
    out["first"] = torch.randn(SHAPE, generator=source)
    out["velocities"] = torch.randn((2 * MOST - 1, *SHAPE), generator=source)
    generator = torch.Generator().manual_seed(2)
    out["noise"] = torch.stack([torch.randn(SHAPE, generator=generator) for _ in range(MOST)])
    for list_name, sigmas in levels().items():
        out[f"levels.{list_name}"] = sigmas
        for name, cls, settings, vp in SOLVERS:
            fed = Fed(cls, settings, vp, sigmas)
            first = out["first"] * torch.sqrt(sigmas[0] ** 2 + 1)
            out[f"{name}.{list_name}"] = fed.run(first, out["velocities"], torch.Generator().manual_seed(2))


def fed_in_pipeline(cls, **settings):
    """One that a pipeline calls: set_timesteps gives Stable Video Diffusion's levels and timesteps."""
    class InPipeline(cls):
        def set_timesteps(self, *args, **kwargs):
            super().set_timesteps(*args, **kwargs)
            euler = karras()
            euler.set_timesteps(self.num_inference_steps)
            feed(self, euler.sigmas.float())

    return InPipeline.from_config(karras().config, **settings)


def runs(out):
    """Whole runs of a small model in diffusers' pipeline. Its schedulers' noise is from torch's default generator, which
    torch.manual_seed returns."""
    picture = load_file(DATA / "reference" / "attention_top.safetensors")["picture"].numpy()
    pipe = StableVideoDiffusionPipeline.from_pretrained(DATA / "reference" / "attention_top", torch_dtype=torch.float32)
    pipe.set_progress_bar_config(disable=True)
    edm = lambda **settings: EDMDPMSolverMultistepScheduler.from_config(karras().config, sigma_data=1.0, **settings)
    for name, scheduler, videos in (("dpmpp_2m", edm(), 1), ("dpmpp_2m_sde", edm(algorithm_type=SDE), 2),
                                    ("unipc", fed_in_pipeline(UniPCMultistepScheduler), 1),
                                    ("heun", fed_in_pipeline(HeunDiscreteScheduler), 1)):
        pipe.scheduler, latents = scheduler, []

        def keep(pipe, i, t, tensors):
            scale = torch.sqrt(scheduler.sigmas[i + 1] ** 2 + 1) if name == "unipc" else 1
            latents.append(tensors["latents"] * scale)
            return {}

        pipe(Image.fromarray(picture), height=24, width=40, num_frames=3, num_inference_steps=4,
             num_videos_per_prompt=videos, generator=torch.manual_seed(42), decode_chunk_size=3, output_type="latent",
             callback_on_step_end=keep)
        out[f"run.{name}"] = torch.stack(latents)


def main():
    torch.set_grad_enabled(False)
    out = {}
    steps(out)
    runs(out)
    path = sys.argv[1] if len(sys.argv) > 1 else str(DATA / "solvers.safetensors")
    save_file({name: tensor.float().contiguous() for name, tensor in out.items()}, path)


if __name__ == "__main__":
    main()
