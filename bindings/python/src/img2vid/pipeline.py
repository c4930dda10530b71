"""``StableVideoDiffusionPipeline``, with the arguments of diffusers' and mindone's class of that name."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple, Union

import numpy as np

from . import _ffi, bundled, hub
from ._library import library
from ._progress import Progress, find_tqdm
from .accepted import OF_PIPELINES, accept
from .arrays import are_tensors, list_pictures, to_float32, to_numpy
from .assembly import Assembly
from .checkpoints import Checkpoints
from .devices import dtype_name
from .engine import default_params
from .errors import check
from .keywords import without_meaning
from .origin import Origin, absolute
from .parameters import set_fields
from .parts import KINDS, check_dtype
from .run import Run, as_output, torch_of

OUTPUT_TYPES = ("pil", "np", "pt", "latent")

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


def absolute_loras(loras: Any) -> List[Any]:
    listed = [loras] if isinstance(loras, (str, os.PathLike)) else list(loras)
    return [absolute(lora) if isinstance(lora, (str, os.PathLike)) else (absolute(lora[0]), *lora[1:]) for lora in listed]


# PyTorch's names, and the library's
DTYPES = {"float32": "f32", "bfloat16": "bf16", "int8": "int8"}


def a_name(what: str, name: Any, at: Callable[[int], Any]) -> Any:
    """name for C. at: i2v_preset_at and the like, which has all that there are."""
    if not isinstance(name, str):
        known, index = [], 0
        while row := at(index):
            known.append(row.contents.name.decode())
            index += 1
        raise TypeError(f"a {what} is a name, not {name!r}; there are {', '.join(known)}")
    return _ffi.encode("name", name)


def preset(name: str) -> Dict[str, Any]:
    """Another program's defaults ("diffusers", "sgm", "sgm-xt", "comfyui", "animatelcm"), as arguments of a pipeline's
    call: ``pipe(image, **img2vid.preset("sgm"))``."""
    params, error, encoded = default_params({}), _ffi.i2v_error(), a_name("preset", name, library.i2v_preset_at)
    check(library.i2v_params_preset(params, encoded, error), error)
    return set_fields(library.i2v_preset_sets, encoded, params)


def speed(name: str) -> Dict[str, Any]:
    """A rung of the ladder from what is exact to what is fast ("exact", "balanced", "fast", "draft"), as arguments of a
    pipeline's call: ``pipe(image, **img2vid.speed("fast"))``. docs/SPEED.md has their time and loss."""
    params, error, encoded = default_params({}), _ffi.i2v_error(), a_name("speed", name, library.i2v_speed_at)
    check(library.i2v_speed_set(encoded, None, params, error), error)
    return set_fields(library.i2v_speed_sets, encoded, params)


def speed_options(name: str) -> Dict[str, Any]:
    """The same for ``from_pretrained``: the dtype in which this CPU is fast, and tiny_decoder, which "draft" takes from the
    model's folder if one is there."""
    options, error, encoded = _ffi.i2v_options(), _ffi.i2v_error(), a_name("speed", name, library.i2v_speed_at)
    library.i2v_options_default(options)
    check(library.i2v_speed_set(encoded, options, None, error), error)
    found = set_fields(library.i2v_speed_sets, encoded, options)
    found["dtype"] = next((name for name, ours in DTYPES.items() if ours == found["dtype"]), None)
    return found


class StableVideoDiffusionPipeline(Assembly):
    """Makes videos of pictures. Open one with ``from_pretrained``; close it, use it in a with statement, or let it go.

    One pipeline makes one call at a time; several pipelines may work at the same time in several threads.
    """

    # ---- opening and closing ----

    @classmethod
    def from_pretrained(cls, pretrained_model_name_or_path: Union[str, "os.PathLike[str]"],
                        variant: Optional[str] = None, dtype: Any = None, torch_dtype: Any = None,
                        mindspore_dtype: Any = None, revision: Optional[str] = None,
                        cache_dir: Union[str, "os.PathLike[str]", None] = None,
                        token: Union[str, bool, None] = None, local_files_only: Optional[bool] = False,
                        unet: Any = None, vae: Any = None, image_encoder: Any = None, scheduler: Any = None,
                        feature_extractor: Any = None, **options: Any) -> "StableVideoDiffusionPipeline":
        """Opens a model; its weights are read when a call needs them.

        pretrained_model_name_or_path: a folder in diffusers' layout, a file of Stability AI, or the id of a model on the
            Hugging Face hub, "org/name": what the hub's cache lacks of it is downloaded, as by diffusers. "small" is the
            small model that comes with img2vid.
        variant: "fp16" takes the files of that variant; None the full ones if there, else fp16. A folder that has
            files of no such name is read without it, after a warning: weights keep their precision in any case.
        dtype, torch_dtype, mindspore_dtype: what the values between operations are stored as, a dtype of NumPy,
            PyTorch or MindSpore, or its name. float32 is the default, bfloat16 takes half the memory; float16 means
            float32 here. Weights keep the precision of their file in any case.
        revision, cache_dir, token, local_files_only: for the hub, as in diffusers. token=False sends none.
        unet, vae, image_encoder: in place of the model's own: a module of diffusers or transformers, the part of another
            pipeline, or the path of the part's folder or file.
        scheduler, feature_extractor: likewise, an EulerDiscreteScheduler and a CLIPImageProcessor.
        options: the other fields of the library's i2v_options: threads, max_memory (bytes), keep_loaded and so on; loras
            is a list of LoRA files, each a path or (path, scale).
            Keywords of diffusers that only say how a model is loaded are accepted and mean nothing here; those that would
            change frames are a TypeError.
        """
        token = options.pop("use_auth_token", None) if token is None else token  # its name of old
        options = without_meaning(options)
        asked = next((each for each in (dtype, torch_dtype, mindspore_dtype) if each is not None), None)
        name = check_dtype(asked) if asked is not None else "auto"
        model = pretrained_model_name_or_path
        if bundled.is_name(model):
            model = bundled.bundled_model()
        elif hub.is_id(model):
            model = hub.pull(str(model), Progress(), revision=revision, variant=variant, cache=cache_dir,
                             token=hub.token_text(token), offline=int(bool(local_files_only)))
        options["dtype"] = DTYPES.get(name, "auto")
        drawn = asked if str(asked) in ("torch.float16", "torch.bfloat16") else None
        options.update({key: absolute(options[key]) for key in ("frame_decoder", "tiny_decoder")
                        if options.get(key) not in (None, "auto", "none")})
        if "loras" in options:
            options["loras"] = absolute_loras(options["loras"])
        origin = Origin(absolute(os.fspath(model)), {**options, "variant": variant}, drawn)
        given = {"unet": unet, "vae": vae, "image_encoder": image_encoder}
        parts = {key: KINDS[key](origin) if value is None else value for key, value in given.items()}
        pipe = cls.__new__(cls)
        pipe._set(_origin=origin)
        pipe.__init__(**parts, scheduler=scheduler, feature_extractor=feature_extractor)  # type: ignore[misc]
        return pipe

    @classmethod
    def from_single_file(cls, pretrained_model_link_or_path: Union[str, "os.PathLike[str]"],
                         **options: Any) -> "StableVideoDiffusionPipeline":
        """Opens a file of Stability AI, as ``from_pretrained`` does: its path, "org/name/FILE", or its address on the
        Hugging Face hub."""
        model, revision = hub.id_of_address(os.fspath(pretrained_model_link_or_path))
        return cls.from_pretrained(model, **{"revision": revision, **options})

    @classmethod
    def from_pipe(cls, pipeline: "StableVideoDiffusionPipeline", torch_dtype: Any = None,
                  **parts: Any) -> "StableVideoDiffusionPipeline":
        """Another pipeline with the parts of one, but for those that are given, and with its dtype. Where none is given,
        both may work at the same time, in two threads, with the same weights in memory."""
        if torch_dtype is not None and check_dtype(torch_dtype) == "bfloat16" != dtype_name(pipeline.dtype):
            raise TypeError("torch_dtype is the one of the pipeline; open the model with from_pretrained(dtype=\"bfloat16\")")
        components = pipeline.components
        if pipeline._chosen is None:  # the model's own, which it has opened
            components["scheduler"] = None
        return cls(**{**components, **without_meaning(parts)})

    def save_pretrained(self, save_directory: Any, *_: Any, **__: Any) -> None:
        """Not implemented: copy the model's folder."""
        raise NotImplementedError(f"img2vid does not write models; copy {self._origin.model} to {save_directory}, or save "
                                  "the pipeline with diffusers")

    # ---- accepted from programs for GPUs and NPUs ----

    def to(self, *_: Any, **__: Any) -> "StableVideoDiffusionPipeline":
        """Accepted without effect: the CPU computes, in the dtype of ``from_pretrained``."""
        return self

    # ---- progress ----

    def set_progress_bar_config(self, **config: Any) -> None:
        """Arguments for the bar of tqdm, as in diffusers; disable=True: none. Without tqdm, disable and desc count."""
        self._set(_progress_bar_config=config)

    def progress_bar(self, iterable: Optional[Sequence[Any]] = None, total: Optional[int] = None) -> Any:
        """A bar of tqdm, as in diffusers, for loops of the program's own."""
        tqdm = find_tqdm()
        if tqdm is None:
            raise ImportError("progress_bar needs tqdm (pip install tqdm)")
        if (iterable is None) == (total is None):
            raise ValueError("progress_bar takes either iterable or total")
        return tqdm(iterable, total=total, **self._progress_bar_config)

    # ---- the call that runs, or ran last ----

    @property
    def _interrupt(self) -> bool:
        """A callback that sets it to True ends the call after this step: what there is of the video is decoded. Videos
        that have not begun are left out."""
        return self._interrupted

    @_interrupt.setter
    def _interrupt(self, value: bool) -> None:
        self._set(_interrupted=bool(value))

    @property
    def interrupt(self) -> bool:
        return self._interrupted

    @property
    def num_timesteps(self) -> int:
        """Steps of the last call."""
        return self._last_call()["num_timesteps"]

    @property
    def guidance_scale(self) -> Any:
        """Of the last call, [videos, frames, 1, 1, 1]."""
        return self._last_call()["guidance_scale"]

    @property
    def do_classifier_free_guidance(self) -> bool:
        return bool(self._last_call()["guidance_scale"].max() > 1)

    def _last_call(self) -> Dict[str, Any]:
        if self._last is None:
            raise AttributeError("no call has been made yet")
        return self._last

    # ---- what the model is ----

    @property
    def tiny_decoder(self) -> Optional[str]:
        """The tiny decoder that makes the frames: as it was given, or where "auto" found it; None: the VAE makes them."""
        return self._engine.tiny_decoder

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
        callback_on_preview: Optional[Callable[..., Any]] = None,
        checkpoint: Any = None,
        resume_from: Any = None,
        keep_checkpoint: bool = False,
        **settings: Any,
    ) -> Any:
        """Makes videos, with the names, meanings and defaults of diffusers.

        image: a Pillow image, a path or address, an array [H, W, 3] (uint8, or floats 0..1), a tensor [B, 3, H, W] of
            floats 0..1, or a list of these. A picture of another size than width x height is fitted as ``fit`` says. A
            tensor, without ``fit``, is of 224 x 224, as in diffusers, or of the video's size.
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
        callback_on_preview: called as callback(pipe, step, timestep, frames) after each step, or with ``preview_every``
            after every so many and the last, before callback_on_step_end. frames is what the step takes the clip to be,
            an array [F, h, w, 3] of uint8 of the latents' size; the video is the same with it and without.
        checkpoint: a path where the call's state is kept after each step and each decoded chunk, so that whatever ends the
            process loses no more than a step. It is removed when the call has ended well; after an exception it stays.
            Of several pictures each has a file, path-1, path-2 and so on.
        resume_from: the path of such a file, from which the call goes on to the same frames. All other arguments must be
            those of that call, a generator in the state that it had when that call began. It is written on, unless
            ``checkpoint`` names another. Of several pictures, those without a file begin anew.
        keep_checkpoint: True: the state stays when the call has ended well, for a program that writes the video then, and
            is to be removed by it.
        settings: other fields of the library's i2v_params: fit ("diffusers", the default, or "crop",
            "pad", "stretch", "comfyui"), rng ("numpy", "torch"), noise_aug
            ("diffusers", "comfyui"), scheduler, sigma_schedule, guidance_shape, guidance_interval ((0.1, 100) or
            "0.1:100": the noise levels with guidance), guidance_every, forecast_every, extend, cache_interval and cache_branch (DeepCache: the
            UNet's deep blocks are computed in every cache_interval-th step, as DeepCache's own pipeline for Stable Video
            Diffusion does by these names), forward_chunk_size (accepted, and without effect: the feed-forward works in
            tiles that fit the cache, at any setting). Enums are given by their name.
        """
        if output_type == "latent" and settings.get("extend"):
            raise ValueError("extend goes on from decoded frames; output_type \"latent\" has none")
        if output_type not in OUTPUT_TYPES:
            raise ValueError(f"output_type is {output_type!r}; it must be one of {', '.join(OUTPUT_TYPES)}")
        unknown = set(callback_on_step_end_tensor_inputs) - {"latents"}
        if unknown:
            raise ValueError(f"callback_on_step_end_tensor_inputs has {sorted(unknown)}; there is only 'latents'")
        pictures = list_pictures(image)
        self._refresh()
        if self._chosen:
            settings.setdefault("scheduler", self._chosen.name)
        values = dict(settings, height=height, width=width, num_frames=num_frames,
                      num_inference_steps=num_inference_steps, min_guidance_scale=min_guidance_scale,
                      max_guidance_scale=max_guidance_scale, fps=fps, motion_bucket_id=motion_bucket_id,
                      noise_aug_strength=noise_aug_strength, decode_chunk_size=decode_chunk_size)
        run = Run(self, values, len(pictures), num_videos_per_prompt or 1, torch_of(generator, latents, image))
        run.set_sigmas(sigmas)
        run.set_noise(generator, latents)
        run.callback = callback_on_step_end
        run.set_preview(callback_on_preview)
        if checkpoint is not None or resume_from is not None:
            run.checkpoints = Checkpoints(checkpoint, resume_from, len(pictures))
        run.denoise_only = output_type == "latent"
        run.as_tensors = are_tensors(image) and "fit" not in settings
        self._set(_interrupted=False, _last=run.summary())
        frames = run.make(pictures, output_type)
        if run.checkpoints and not keep_checkpoint:
            run.checkpoints.remove()
        return StableVideoDiffusionPipelineOutput(frames=frames) if return_dict else frames

    def decode(self, latents: Any, decode_chunk_size: Optional[int] = None, output_type: str = "pil") -> Any:
        """Frames of latents [B, F, C, h, w], as ``output_type="latent"`` gives them."""
        array = to_numpy(latents)
        if array.ndim != 5:
            raise ValueError(f"latents have shape {list(array.shape)}; it must be [videos, frames, channels, h, w]")
        shape = (array.shape[0], array.shape[1], self._engine.latent_channels) + array.shape[3:]
        array = to_float32(array, shape, "latents")
        params = default_params(dict(decode_chunk_size=decode_chunk_size))
        progress = Progress(self._progress_bar_config)
        try:
            videos = [self._engine.decode(each, params, progress.show if progress.shown else None) for each in array]
        finally:
            progress.end()
        return as_output(np.concatenate([video.frames for video in videos]), output_type)


accept(StableVideoDiffusionPipeline, OF_PIPELINES)
