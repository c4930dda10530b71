"""Opened models, and the library's engines, which make calls on them."""

from __future__ import annotations

import ctypes
import os
import threading
import weakref
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Union

import numpy as np

from . import _ffi
from ._call import Call
from ._library import library
from .arrays import Picture, copy_floats
from .errors import Img2VidError, check, make, warn
from .memory import MemoryPart
from .parameters import fill


class Video:
    """What a call made, as NumPy arrays: frames [videos, F, H, W, 3] of 0..1, or None with latents_only, and latents
    [videos, clips, F of a clip, C, h, w]."""

    def __init__(self, video: _ffi.i2v_video) -> None:
        self.fps: int = video.fps
        shape = (video.num_videos, video.num_frames, video.height, video.width, 3)
        self.frames: Any = copy_floats(video.frames, shape) if video.frames else None
        self.latents = copy_floats(video.latents, (video.num_videos, video.num_clips, video.clip_frames,
                                                   video.latent_channels, video.latent_height, video.latent_width))


def default_params(values: Dict[str, Any], reserved: Any = ()) -> _ffi.i2v_params:
    """The library's defaults with these values in their place; None leaves a default."""
    params = _ffi.i2v_params()
    library.i2v_params_default(params)
    fill(params, values, reserved)
    return params


def set_loras(settings: _ffi.i2v_options, loras: Sequence[Any]) -> None:
    if isinstance(loras, (str, os.PathLike)):
        loras = [loras]
    files = (_ffi.i2v_lora * len(loras))()
    for file, lora in zip(files, loras):
        path, scale = (lora, 1) if isinstance(lora, (str, os.PathLike)) else lora
        _ffi.fill(file, dict(path=path, scale=scale))
    if len(loras):
        settings.loras, settings.loras_count = files, len(loras)


def set_parts(settings: _ffi.i2v_options, parts: Mapping[str, MemoryPart]) -> None:
    for name, part in parts.items():
        if not hasattr(type(settings), name + "_memory"):
            raise TypeError(f"memory has {name!r}, which is no part of the model")
        setattr(settings, name + "_memory", ctypes.pointer(part.struct))


def default_options(values: Mapping[str, Any]) -> _ffi.i2v_options:
    options = _ffi.i2v_options()
    library.i2v_options_default(options)
    fill(options, values)
    return options


def close(function: Callable[[Any], None], handle: Any, memory: Any) -> None:
    """memory: what the library reads until then."""
    function(handle)
    del memory


# fields of i2v_options that each engine has its own of
OF_ENGINE = ("threads", "max_memory")


class Model:
    """An opened model. Its engines share its weights; it lives as long as they do.

    path: a folder in diffusers' layout, or a file of Stability AI. loras: LoRA files or folders, each a path or
    (path, scale).
    memory: parts in place of the model's own by their names ("unet", "vae", "image_encoder", "frame_decoder"). options:
    the other fields of the library's i2v_options, of which threads and max_memory mean nothing here.
    """

    def __init__(self, path: Union[str, "os.PathLike[str]"], loras: Sequence[Any] = (),
                 memory: Optional[Mapping[str, MemoryPart]] = None, **options: Any) -> None:
        settings = default_options(options)
        set_loras(settings, loras)
        self.memory = dict(memory or {})
        set_parts(settings, self.memory)
        self.handle, error = _ffi.model(), _ffi.i2v_error()
        check(library.i2v_model_open(self.handle, _ffi.encode("model", path), settings, error), error)
        self._opened_with = opened_with(path, loras, self.memory, options)
        weakref.finalize(self, close, library.i2v_model_close, self.handle, self.memory)

    def is_opened_with(self, path: Union[str, "os.PathLike[str]"], loras: Sequence[Any] = (),
                       memory: Optional[Mapping[str, MemoryPart]] = None, **options: Any) -> bool:
        """True if these arguments would open the same."""
        return self._opened_with == opened_with(path, loras, dict(memory or {}), options)


def opened_with(path: Any, loras: Sequence[Any], memory: Dict[str, MemoryPart], options: Mapping[str, Any]) -> Any:
    """What compares equal for the same model; parts in memory are the same only where they are the same object."""
    of_model = {key: value for key, value in options.items() if key not in OF_ENGINE and value is not None}
    return os.fspath(path), loras if isinstance(loras, (str, os.PathLike)) else list(loras), memory, of_model


class Engine:
    """Makes calls on a model, one at a time. Close it, use it in a with statement, or let it go: its memory is then freed.

    model: an opened Model, of which there may be several engines, or what a Model is opened with, and then the other
    arguments likewise. options: threads and max_memory.
    """

    def __init__(self, model: Union[str, "os.PathLike[str]", Model], loras: Sequence[Any] = (),
                 memory: Optional[Mapping[str, MemoryPart]] = None, **options: Any) -> None:
        if not isinstance(model, Model):
            model = Model(model, loras, memory, **options)
        elif loras or memory or set(options) - set(OF_ENGINE):
            raise TypeError("the model is opened already; an engine of it takes " + " and ".join(OF_ENGINE))
        settings = default_options({key: options[key] for key in OF_ENGINE if key in options})
        handle = _ffi.engine()
        self._busy = threading.Lock()
        status = library.i2v_open_model(handle, model.handle, settings)
        self._handle = handle
        self.model: Optional[Model] = model
        self._closing: Any = weakref.finalize(self, close, library.i2v_close, handle, model.memory)
        try:
            self._check(status)
            info = _ffi.i2v_model_info()
            self._check(library.i2v_get_model_info(handle, info))
        except Img2VidError:
            self.close()
            raise
        for index in range(info.warnings_count):
            warn(info.warnings[index].decode())
        self.width: int = info.width
        self.height: int = info.height
        self.num_frames: int = info.num_frames
        self.latent_channels: int = info.latent_channels
        self.vae_scale_factor: int = info.vae_scale_factor
        self.sampler: str = info.sampler.name  # the scheduler that is meant by "auto"
        self.tiny_decoder: Optional[str] = os.fsdecode(info.tiny_decoder) if info.tiny_decoder else None

    def close(self) -> None:
        """Frees its memory, and the model's if it was the last of it. Closing again does nothing; other calls raise
        ValueError from then on."""
        if not self._busy.acquire(blocking=False):
            raise RuntimeError("the model is at work; it can be closed after that")
        try:
            self._closing()
            self.model = None
        finally:
            self._busy.release()

    def unload(self) -> None:
        """Frees the parts that keep_loaded keeps, but for those that another engine of the model uses; the next call loads
        them again."""
        if not self._busy.acquire(blocking=False):
            raise RuntimeError("the model is at work")
        try:
            if not self.closed:
                library.i2v_unload(self._handle)
        finally:
            self._busy.release()

    @property
    def closed(self) -> bool:
        return not self._closing.alive

    def __enter__(self) -> "Engine":
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def generate(self, image: Any, params: _ffi.i2v_params,
                 on_event: Optional[Callable[[_ffi.i2v_event], Any]] = None,
                 random: Optional[Callable[[int], np.ndarray]] = None) -> Video:
        """Videos of one picture (path, Pillow image or array).

        on_event is called with each event; what it returns, if true, cancels. random is called with a count and returns
        as many standard normals.
        """
        self._warn_of(params)
        with Picture(image) as picture:
            return self._run(params, on_event, random, lambda video: library.i2v_generate(
                self._handle, picture.pointer, params, video))

    def decode(self, latents: np.ndarray, params: _ffi.i2v_params,
               on_event: Optional[Callable[[_ffi.i2v_event], Any]] = None) -> Video:
        """The video of latents [F, C, h, w]."""
        latents = np.asarray(latents)
        if latents.ndim != 4 or latents.shape[1] != self.latent_channels:
            raise ValueError(f"latents must be [frames, {self.latent_channels}, height, width], not of the shape "
                             f"{list(latents.shape)}")
        if not np.issubdtype(latents.dtype, np.floating):
            raise TypeError(f"latents must be floats, not {latents.dtype}")
        latents = np.ascontiguousarray(latents, dtype=np.float32)
        frames, _, height, width = latents.shape
        return self._run(params, on_event, None, lambda video: library.i2v_decode(
            self._handle, _ffi.as_floats(latents), frames, height, width, params, video))

    def _run(self, params: _ffi.i2v_params, on_event: Optional[Callable[[_ffi.i2v_event], Any]],
             random: Optional[Callable[[int], np.ndarray]], function: Callable[[Any], int]) -> Video:
        if not self._busy.acquire(blocking=False):
            raise RuntimeError("the model is at work; for a second call at the same time make another pipeline of it, with "
                               "from_pipe")
        try:
            if self.closed:
                raise ValueError("the model is closed")
            call = Call(lambda: library.i2v_cancel(self._handle))
            keep = connect(params, call, on_event, random)
            video = _ffi.video_pointer()
            try:
                self._check(call.run(lambda: function(video)))
                if video.contents.warning:
                    warn(video.contents.warning.decode())
                return Video(video.contents)
            finally:
                library.i2v_video_free(video)
                if call.stopped():
                    self._clear_cancel()
                del keep
        finally:
            self._busy.release()

    def _warn_of(self, params: _ffi.i2v_params) -> None:
        """Warns of parameters that are likely to disappoint. Wrong ones are for the call to refuse."""
        text = ctypes.create_string_buffer(_ffi.WARNING_SIZE)
        if self._busy.acquire(blocking=False):
            try:
                if not self.closed and not library.i2v_params_warning(self._handle, params, text) and text.value:
                    warn(text.value.decode())
            finally:
                self._busy.release()

    def _clear_cancel(self) -> None:
        """A cancel that came when the call had just ended would hit the next one; a call that fails at once takes it."""
        video = _ffi.video_pointer()
        library.i2v_decode(self._handle, None, 0, 0, 0, default_params({}), video)

    def _check(self, status: int) -> None:
        if status:
            message = library.i2v_error_message(self._handle) if self._handle else b"no memory for a model"
            raise make(status, message)


def connect(params: _ffi.i2v_params, call: Call, on_event: Optional[Callable[[_ffi.i2v_event], Any]],
            random: Optional[Callable[[int], np.ndarray]]) -> List[Any]:
    """Sets the callbacks; they live as long as what is returned."""
    keep: List[Any] = [params]
    if on_event is not None:
        def tell(event: Any, _: Any) -> int:
            return 1 if on_event(event.contents) else 0
        params.on_event = _ffi.i2v_event_callback(call.callback(tell))
        keep.append(params.on_event)
    if random is not None:
        def fill(values: Any, count: int, _: Any) -> int:
            np.copyto(np.ctypeslib.as_array(values, (count,)), random(count))
            return 0
        params.random = _ffi.i2v_normal_source(call.callback(fill))
        keep.append(params.random)
    return keep
