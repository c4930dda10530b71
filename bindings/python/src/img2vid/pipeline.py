"""``StableVideoDiffusionPipeline``, with the arguments of diffusers' and mindone's class of that name."""

from __future__ import annotations

import operator
import os
import secrets
import warnings
from dataclasses import dataclass
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple, Union

import numpy as np

from . import _ffi, hub
from ._library import library
from ._progress import Progress
from .arrays import copy_floats, list_pictures, to_float32, to_numpy, to_pil
from .engine import Engine, Video, default_params
from .errors import CancelledError, ModelError, check
from .noise import NoiseSource, seeded

OUTPUT_TYPES = ("pil", "np", "pt", "latent")

# arguments of other libraries' from_pretrained that choose how they load, not what
IGNORED = ("use_safetensors", "low_cpu_mem_usage", "device_map", "torch_dtype", "mindspore_dtype")

# fields of i2v_params that the call's own arguments set
RESERVED = ("num_videos", "seed", "sigmas_count", "video_index")


@dataclass
class StableVideoDiffusionPipelineOutput:
    """frames: a list of videos, each a list of Pillow images, or an array [B, F, H, W, C].

    Like diffusers' outputs it can also be indexed: ``output[0]`` and ``output["frames"]`` are ``output.frames``.
    """

    frames: Any

    def to_tuple(self) -> Tuple[Any, ...]:
        return (self.frames,)

    def __getitem__(self, key: Union[int, slice, str]) -> Any:
        return {"frames": self.frames}[key] if isinstance(key, str) else self.to_tuple()[key]

    def keys(self) -> List[str]:
        return ["frames"]


# what i2v_params_preset sets
PRESET = ("num_inference_steps", "scheduler", "sigma_schedule", "min_guidance_scale", "max_guidance_scale",
          "guidance_shape", "fps", "motion_bucket_id", "noise_aug_strength", "noise_aug", "decode_chunk_size")
# what it sets for some programs and leaves alone for others
PRESET_OF_SOME = ("fit", "rng")


def preset(name: str) -> Dict[str, Any]:
    """Another program's defaults ("diffusers", "sgm", "sgm-xt", "comfyui", "animatelcm"), as arguments of a pipeline's
    call: ``pipe(image, **img2vid.preset("sgm"))``."""
    before, params, error = default_params({}), default_params({}), _ffi.i2v_error()
    check(library.i2v_params_preset(params, _ffi.encode("name", name), error), error)
    values = {key: getattr(params, key) for key in PRESET}
    values.update((key, getattr(params, key)) for key in PRESET_OF_SOME
                  if getattr(params, key).value != getattr(before, key).value)
    return {key: value.name if isinstance(value, _ffi.Enum) else value for key, value in values.items()}


class Part:
    """Stands for a part of the model, for programs that configure it."""

    def enable_forward_chunking(self, chunk_size: Optional[int] = None, dim: int = 0) -> None:
        """Accepted without effect: the feed-forward layers always run in pieces, of a size that fits the memory. The
        size never changes a result; ``forward_chunk_size`` of the pipeline's call sets it."""

    def disable_forward_chunking(self) -> None:
        """Accepted without effect, as ``enable_forward_chunking``."""


def dtype_name(dtype: Any) -> str:
    """"float16", "bfloat16", "float32" or "auto", of a dtype of NumPy, PyTorch or MindSpore, or of text."""
    text = dtype.lower() if isinstance(dtype, str) else getattr(dtype, "__name__", str(dtype)).lower()
    text = text.rsplit(".", 1)[-1]
    names = {"auto": "auto", "bfloat16": "bfloat16", "bf16": "bfloat16", "float16": "float16", "fp16": "float16",
             "f16": "float16", "half": "float16", "float32": "float32", "fp32": "float32", "f32": "float32",
             "float": "float32"}
    if text not in names:
        raise ValueError(f"dtype is {dtype!r}; it must be float32, bfloat16 or float16")
    return names[text]


class StableVideoDiffusionPipeline:
    """Makes videos of pictures. Open one with ``from_pretrained``; close it, use it in a with statement, or let it go.

    One pipeline makes one call at a time; several pipelines may work at the same time in several threads.
    """

    def __init__(self, engine: Engine, torch_dtype: Optional[Any] = None) -> None:
        self._engine = engine
        self._torch_dtype = torch_dtype
        self._progress_disabled = False
        self.unet, self.vae, self.image_encoder = Part(), Part(), Part()

    # ---- opening and closing ----

    @classmethod
    def from_pretrained(cls, pretrained_model_name_or_path: Union[str, "os.PathLike[str]"],
                        variant: Optional[str] = None, dtype: Any = None, torch_dtype: Any = None,
                        mindspore_dtype: Any = None, revision: Optional[str] = None,
                        cache_dir: Union[str, "os.PathLike[str]", None] = None,
                        token: Union[str, bool, None] = None, local_files_only: bool = False,
                        **options: Any) -> "StableVideoDiffusionPipeline":
        """Opens a model; its weights are read when a call needs them.

        pretrained_model_name_or_path: a folder in diffusers' layout, a file of Stability AI, or the id of a model on the
            Hugging Face hub, "org/name": what the hub's cache lacks of it is downloaded, as by diffusers.
        variant: "fp16" takes the files of that variant; None the full ones if there, else fp16. A folder that has
            files of no such name is read without it, after a warning: weights keep their precision in any case.
        dtype, torch_dtype, mindspore_dtype: what the values between operations are stored as, a dtype of NumPy,
            PyTorch or MindSpore, or its name. float32 is the default, bfloat16 takes half the memory; float16 means
            float32 here. Weights keep the precision of their file in any case.
        revision, cache_dir, token, local_files_only: for the hub, as in diffusers. token=False sends none.
        options: the other fields of the library's i2v_options: threads, max_memory (bytes), unet, vae, keep_loaded and
            so on; loras is a list of LoRA files, each a path or (path, scale).
            use_safetensors, low_cpu_mem_usage and device_map are accepted and mean nothing here.
        """
        asked = next((each for each in (dtype, torch_dtype, mindspore_dtype) if each is not None), None)
        name = dtype_name(asked) if asked is not None else "auto"
        options = {key: value for key, value in options.items() if key not in IGNORED}
        model = pretrained_model_name_or_path
        if hub.is_id(model):
            token = {True: None, False: ""}[token] if isinstance(token, bool) else token
            model = hub.pull(str(model), Progress(), revision=revision, variant=variant, cache=cache_dir, token=token,
                             offline=int(local_files_only))
        options["dtype"] = {"float32": "f32", "bfloat16": "bf16"}.get(name, "auto")
        try:
            engine = Engine(model, variant=variant, **options)
        except ModelError as error:
            if variant is None or "choose another variant" not in str(error):
                raise
            engine = Engine(model, **options)
            warnings.warn(f"{error}; what is there is taken", stacklevel=2)
        return cls(engine, asked if str(asked) in ("torch.float16", "torch.bfloat16") else None)

    def close(self) -> None:
        """Frees the model's memory."""
        self._engine.close()

    def unload(self) -> None:
        """Frees the parts that ``keep_loaded=True`` of ``from_pretrained`` keeps between calls."""
        self._engine.unload()

    def __enter__(self) -> "StableVideoDiffusionPipeline":
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    # ---- accepted from programs for GPUs and NPUs ----

    def to(self, *_: Any, **__: Any) -> "StableVideoDiffusionPipeline":
        """Accepted without effect: the CPU computes, in the dtype of ``from_pretrained``."""
        return self

    def enable_model_cpu_offload(self, *_: Any, **__: Any) -> None:
        """Accepted without effect: the parts of the model are in memory one at a time anyway."""

    def enable_sequential_cpu_offload(self, *_: Any, **__: Any) -> None:
        """Accepted without effect: ``max_memory`` of ``from_pretrained`` makes a run fit, whatever that takes."""

    def set_progress_bar_config(self, disable: bool = False, **_: Any) -> None:
        """disable=True: no line of progress. Without it there is one where standard error is a terminal."""
        self._progress_disabled = disable

    # ---- what the model is ----

    @property
    def vae_scale_factor(self) -> int:
        """Pixels of a latent on a side."""
        return self._engine.vae_scale_factor

    # ---- generating ----

    def __call__(
        self,
        image: Any,
        height: Optional[int] = None,
        width: Optional[int] = None,
        num_frames: Optional[int] = None,
        num_inference_steps: int = 25,
        sigmas: Optional[Sequence[float]] = None,
        min_guidance_scale: float = 1.0,
        max_guidance_scale: float = 3.0,
        fps: int = 7,
        motion_bucket_id: int = 127,
        noise_aug_strength: float = 0.02,
        decode_chunk_size: Optional[int] = None,
        num_videos_per_prompt: Optional[int] = 1,
        generator: Any = None,
        latents: Any = None,
        output_type: str = "pil",
        callback_on_step_end: Optional[Callable[..., Optional[Dict[str, Any]]]] = None,
        callback_on_step_end_tensor_inputs: Sequence[str] = ("latents",),
        return_dict: bool = True,
        **settings: Any,
    ) -> Any:
        """Makes videos, with the names, meanings and defaults of diffusers.

        image: a Pillow image, a path or address, an array [H, W, 3] (uint8, or floats 0..1), a tensor [B, 3, H, W] of floats 0..1,
            or a list of these. A picture of another size than width x height is fitted as ``fit`` says.
        height, width: in pixels, multiples of 8. None: the model's own (diffusers always takes 576 x 1024).
        num_frames: None: the model's own.
        sigmas: noise levels to step through, one more than there are steps, each less than the one before;
            num_inference_steps does not count then.
        decode_chunk_size: frames decoded together; None: all. Changes the frames slightly.
        generator: a whole number is a seed of NumPy's random numbers (of PyTorch's, with ``rng="torch"``). A
            numpy.random.Generator or a CPU torch.Generator is drawn from as mindone and diffusers do, and is left as
            they leave it. A list has one generator for each video. None: another seed each time.
        latents: noise [B * num_videos_per_prompt, F, C, h, w] to start from, instead of drawn.
        output_type: "pil", "np" ([B, F, H, W, 3]), "pt" ([B, F, 3, H, W]) or "latent" (not decoded).
        callback_on_step_end: called as callback(pipe, step, timestep, {"latents": array}) after each step, on the
            calling thread. Videos are denoised one after the other: the array is [1, F, C, h, w]. It may be changed, or
            another returned as {"latents": array}. An exception ends the call and is raised here, and so is Ctrl-C.
        return_dict: False: the frames themselves, of which [0] is the first video.
        settings: other fields of the library's i2v_params: fit ("diffusers", the default, or "crop",
            "pad", "stretch", "comfyui"), rng ("numpy", "torch"), noise_aug
            ("diffusers", "comfyui"), scheduler, sigma_schedule, guidance_shape, extend,
            forward_chunk_size. Enums are given by their name.
        """
        if output_type == "latent" and settings.get("extend"):
            raise ValueError("extend goes on from decoded frames; output_type \"latent\" has none")
        if output_type not in OUTPUT_TYPES:
            raise ValueError(f"output_type is {output_type!r}; it must be one of {', '.join(OUTPUT_TYPES)}")
        unknown = set(callback_on_step_end_tensor_inputs) - {"latents"}
        if unknown:
            raise ValueError(f"callback_on_step_end_tensor_inputs has {sorted(unknown)}; there is only 'latents'")
        pictures = list_pictures(image)
        values = dict(settings, height=height, width=width, num_frames=num_frames,
                      num_inference_steps=num_inference_steps, min_guidance_scale=min_guidance_scale,
                      max_guidance_scale=max_guidance_scale, fps=fps, motion_bucket_id=motion_bucket_id,
                      noise_aug_strength=noise_aug_strength, decode_chunk_size=decode_chunk_size)
        run = Run(self, values, len(pictures), num_videos_per_prompt or 1)
        run.set_sigmas(sigmas)
        run.set_noise(generator, latents)
        run.callback = callback_on_step_end
        run.denoise_only = output_type == "latent"
        frames = run.make(pictures, output_type)
        return StableVideoDiffusionPipelineOutput(frames=frames) if return_dict else frames

    def decode(self, latents: Any, decode_chunk_size: Optional[int] = None, output_type: str = "pil") -> Any:
        """Frames of latents [B, F, C, h, w], as ``output_type="latent"`` gives them."""
        array = to_numpy(latents)
        if array.ndim != 5:
            raise ValueError(f"latents have shape {list(array.shape)}; it must be [videos, frames, channels, h, w]")
        shape = (array.shape[0], array.shape[1], self._engine.latent_channels) + array.shape[3:]
        array = to_float32(array, shape, "latents")
        params = default_params(dict(decode_chunk_size=decode_chunk_size))
        progress = Progress(self._progress_disabled)
        try:
            videos = [self._engine.decode(each, params, progress.show if progress.shown else None) for each in array]
        finally:
            progress.end()
        return as_output(np.concatenate([video.frames for video in videos]), output_type)


def as_output(frames: np.ndarray, output_type: str) -> Any:
    """[B, F, H, W, 3] in the form that was asked for."""
    if output_type == "pil":
        return to_pil(frames)
    if output_type == "pt":
        import torch

        return torch.from_numpy(np.moveaxis(frames, -1, 2).copy())
    return frames


class Run:
    """One call of a pipeline: its parameters, and what goes on while it runs."""

    def __init__(self, pipe: StableVideoDiffusionPipeline, values: Dict[str, Any], pictures: int, videos: int) -> None:
        self.pipe, self.engine = pipe, pipe._engine
        self.pictures, self.videos = pictures, videos
        values.setdefault("fit", "diffusers")
        self.params = default_params(values, RESERVED)
        self.params.num_videos = _ffi.convert("num_videos_per_prompt", _ffi.c_int, videos)
        self.noise: Optional[NoiseSource] = None
        self.latents: Optional[np.ndarray] = None
        self.callback: Optional[Callable[..., Optional[Dict[str, Any]]]] = None
        self.denoise_only = False
        self.denoised: List[np.ndarray] = []
        self.progress = Progress(pipe._progress_disabled)

    def latents_shape(self) -> Tuple[int, ...]:
        """[F, C, h, w]"""
        scale = self.engine.vae_scale_factor
        return (self.params.num_frames or self.engine.num_frames, self.engine.latent_channels,
                (self.params.height or self.engine.height) // scale,
                (self.params.width or self.engine.width) // scale)

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
        steps = self.params.num_inference_steps
        return (self.latents is None) + (steps if self.params.scheduler.name == "animatelcm" and steps > 1 else 0)

    # ---- running ----

    def make(self, pictures: Sequence[Any], output_type: str) -> Any:
        made: List[Video] = []
        try:
            for index, picture in enumerate(pictures):
                made += self.make_picture(index, picture)
        finally:
            self.progress.end()
        if self.denoise_only:
            return np.stack(self.denoised)
        return as_output(np.concatenate([video.frames for video in made]), output_type)

    def make_picture(self, index: int, picture: Any) -> List[Video]:
        if self.latents is not None:
            self.params.latents = _ffi.as_floats(self.latents[index * self.videos:])
        draws = iter(range(1 << 30))
        noise = self.noise
        random = (lambda count: noise.take(index, next(draws), count)) if noise else None
        wanted = self.callback or self.denoise_only or self.progress.shown
        try:
            return [self.engine.generate(picture, self.params, self.on_event if wanted else None, random)]
        except CancelledError:
            if self.denoise_only and len(self.denoised) == (index + 1) * self.videos:
                return []
            raise

    def on_event(self, event: _ffi.i2v_event) -> bool:
        """True to cancel."""
        self.progress.show(event)
        if event.latents:
            self.on_step(event)
        return self.denoise_only and event.phase.name == "decode"

    def on_step(self, event: _ffi.i2v_event) -> None:
        shape = (1,) + self.latents_shape()
        latents = copy_floats(event.latents, shape)
        if self.callback:
            changed = self.callback(self.pipe, event.step - 1, event.timestep, {"latents": latents})
            latents = to_float32((changed or {}).get("latents", latents), shape, "the callback's latents")
            np.copyto(np.ctypeslib.as_array(event.latents, shape), latents)
        if self.denoise_only and event.step == event.steps:
            self.denoised.append(latents[0])
