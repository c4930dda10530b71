"""One call of a pipeline: its parameters, and what goes on while it runs."""

from __future__ import annotations

import operator
import secrets
import sys
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple

import numpy as np

from . import _ffi
from ._progress import Progress
from .arrays import copy_floats, copy_images, seen, to_float32, to_numpy, to_pil
from .checkpoints import Checkpoints
from .engine import Video, default_params
from .errors import CancelledError
from .noise import NoiseSource, is_of_torch, seeded

# fields of i2v_params that the call's own arguments set
RESERVED = ("checkpoint", "latents_only", "num_videos", "resume_from", "seed", "sigmas_count", "video_index")


def as_output(frames: np.ndarray, output_type: str) -> Any:
    """[B, F, H, W, 3] in the form that was asked for."""
    if output_type == "pil":
        return to_pil(frames)
    if output_type == "pt":
        import torch

        return torch.from_numpy(np.moveaxis(frames, -1, 2).copy())
    return frames


def torch_of(*given: Any) -> Any:
    """PyTorch, if the caller works in it: one of these is of PyTorch, or it is loaded and none is of NumPy."""
    torch = sys.modules.get("torch")
    flat = [each for thing in given for each in (thing if isinstance(thing, (list, tuple)) else [thing])]
    if torch is None or any(map(is_of_torch, flat)):
        return torch
    return None if any(isinstance(each, (np.random.Generator, np.ndarray)) for each in flat) else torch


class Run:
    """One call. torch: what callbacks and latents are given in; None: NumPy."""

    def __init__(self, pipe: Any, values: Dict[str, Any], pictures: int, videos: int, torch: Any = None) -> None:
        self.pipe, self.engine, self.torch = pipe, pipe._engine, torch
        self.pictures, self.videos = pictures, videos
        values.setdefault("fit", "diffusers")
        self.params = default_params(values, RESERVED)
        self.params.num_videos = _ffi.convert("num_videos_per_prompt", _ffi.c_int, videos)
        self.checkpoints: Optional[Checkpoints] = None
        self.noise: Optional[NoiseSource] = None
        self.latents: Optional[np.ndarray] = None
        self.callback: Optional[Callable[..., Optional[Dict[str, Any]]]] = None
        self.preview: Optional[Callable[..., Any]] = None
        self.denoise_only = self.interrupted = self.as_tensors = False
        self.denoised: List[np.ndarray] = []
        self.progress = Progress(pipe._progress_bar_config, pictures)

    def latents_shape(self) -> Tuple[int, ...]:
        """[F, C, h, w]"""
        scale = self.engine.vae_scale_factor
        return (self.params.num_frames or self.engine.num_frames, self.engine.latent_channels,
                (self.params.height or self.engine.height) // scale,
                (self.params.width or self.engine.width) // scale)

    def size(self) -> Tuple[int, int]:
        """Height and width of the video."""
        return self.params.height or self.engine.height, self.params.width or self.engine.width

    def summary(self) -> Dict[str, Any]:
        """What diffusers' pipelines say of a call."""
        params, frames = self.params, self.latents_shape()[0]
        scale = np.linspace(params.min_guidance_scale, params.max_guidance_scale, frames, dtype=np.float32)
        scale = np.broadcast_to(scale[:, None, None, None], (self.pictures * self.videos, frames, 1, 1, 1)).copy()
        steps = self.steps()
        return {"num_timesteps": 2 * steps - 1 if self.scheduler() == "heun" else steps,
                "guidance_scale": self.caller_s(scale)}

    def steps(self) -> int:
        return self.params.sigmas_count - 1 if self.params.sigmas_count else self.params.num_inference_steps

    def scheduler(self) -> str:
        name: str = self.params.scheduler.name
        return self.engine.sampler if name == "auto" else name

    def set_sigmas(self, sigmas: Optional[Sequence[float]]) -> None:
        if sigmas is None:
            return
        self.sigmas = np.ascontiguousarray(to_numpy(sigmas), dtype=np.float64).ravel()
        self.params.sigmas = self.sigmas.ctypes.data_as(_ffi.POINTER(_ffi.c_double))
        self.params.sigmas_count = self.sigmas.size

    def set_noise(self, generator: Any, latents: Any) -> None:
        if latents is not None:
            shape = (self.pictures * self.videos,) + self.latents_shape()
            self.latents = to_float32(latents, shape, "latents")
        if generator is None:
            generator = secrets.randbits(64)
        if isinstance(generator, (int, np.integer)):
            self.params.seed = _ffi.convert("generator", _ffi.c_uint64, operator.index(generator))
            if self.pictures == 1:
                return
            generator = seeded(self.params.rng.name, self.params.seed)
        self.noise = NoiseSource(generator, self.pictures, self.videos, self.pipe._torch_dtype, self.picture_draw())

    def picture_draw(self) -> int:
        """Which of a run's draws is the picture's noise: the first as in diffusers, the last as in ComfyUI."""
        if self.params.noise_aug.name == "diffusers":
            return 0
        steps, scheduler = self.steps(), self.scheduler()
        draws = scheduler == "dpmpp_2m_sde" or (scheduler == "animatelcm" and steps > 1)
        return (self.latents is None) + (steps if draws else 0)

    def set_preview(self, callback: Optional[Callable[..., Any]]) -> None:
        self.preview = callback
        if callback is None and self.params.preview_every:
            raise ValueError("preview_every needs callback_on_preview, which gets the previews")
        if callback is not None and not self.params.preview_every:
            self.params.preview_every = 1

    # ---- running ----

    def make(self, pictures: Sequence[Any], output_type: str) -> Any:
        made: List[Video] = []
        try:
            for index, picture in enumerate(pictures):
                if self.interrupted:
                    break
                self.progress.picture = index
                made += self.make_picture(index, picture)
        finally:
            self.progress.end()
        if self.denoise_only:
            return self.caller_s(np.stack(self.denoised))
        return as_output(np.concatenate([video.frames for video in made]), output_type)

    def make_picture(self, index: int, picture: Any) -> List[Video]:
        if self.latents is not None:
            self.params.latents = _ffi.as_floats(self.latents[index * self.videos:])
        if self.as_tensors:
            clip, vae = self.seen = seen(picture, self.size())
            self.params.clip_pixels = None if clip is None else _ffi.as_floats(clip)
            self.params.vae_pixels = _ffi.as_floats(vae)
        draws = iter(range(1 << 30))
        noise, before = self.noise, len(self.denoised)
        random = (lambda count: noise.take(index, next(draws), count)) if noise else None
        wanted = self.callback or self.preview or self.progress.shown
        self.params.latents_only = self.denoise_only
        if self.checkpoints:
            self.checkpoints.set(self.params, index)
            wanted = True
        try:
            video = self.engine.generate(picture, self.params, self.on_event if wanted else None, random)
            if self.denoise_only:
                self.denoised[before:] = video.latents[:, 0]
            return [video]
        except CancelledError:
            if not self.interrupted:
                raise
        if self.denoise_only:
            return []
        return [self.engine.decode(latents, self.params, self.show if self.progress.shown else None)
                for latents in self.denoised[before:]]

    def show(self, event: _ffi.i2v_event) -> None:
        self.progress.show(event)

    def on_event(self, event: _ffi.i2v_event) -> bool:
        """True to cancel."""
        self.progress.show(event)
        if self.checkpoints:
            self.checkpoints.show(event)
        if event.preview and self.preview:
            self.preview(self.pipe, self.index(event), self.timestep(event), copy_images(event.preview, event.preview_count))
        if event.latents:
            self.on_step(event)
        return self.interrupted

    def on_step(self, event: _ffi.i2v_event) -> None:
        shape = (1,) + self.latents_shape()
        latents = copy_floats(event.latents, shape)
        if self.callback:
            given = self.caller_s(latents)
            changed = self.callback(self.pipe, self.index(event), self.timestep(event), {"latents": given})
            latents = to_float32((changed or {}).get("latents", given), shape, "the callback's latents")
            np.copyto(np.ctypeslib.as_array(event.latents, shape), latents)
            self.interrupted = self.pipe._interrupt
        if self.interrupted and self.params.extend:
            raise RuntimeError("a call with extend cannot be interrupted by _interrupt; raise an exception to end it")
        if self.interrupted and self.params.resume_from and self.videos > 1:
            raise RuntimeError("of several videos a call with resume_from cannot be interrupted by _interrupt; raise an "
                               "exception to end it")
        if self.callback and (event.step == event.steps or self.interrupted):
            self.denoised.append(latents[0])

    def index(self, event: _ffi.i2v_event) -> int:
        """Of an evaluation of the UNet, from 0, as diffusers' pipelines count for their callbacks: Heun's method has two a
        step, but for the last."""
        done, most = event.steps_done, event.steps - 1
        if self.scheduler() == "heun":
            done = 2 * done if done <= most else 2 * most + 1
        return round(done) - 1

    def timestep(self, event: _ffi.i2v_event) -> Any:
        return event.timestep if self.torch is None else self.torch.tensor(event.timestep)

    def caller_s(self, values: np.ndarray) -> Any:
        """In the kind that the caller works in; a tensor shares the array's memory."""
        return values if self.torch is None else self.torch.from_numpy(values)
