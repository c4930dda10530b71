"""``load_image`` and ``export_to_video``, as in ``diffusers.utils`` and ``mindone.diffusers.utils``."""

from __future__ import annotations

import ctypes
import json
import os
from typing import Any, Dict, Optional, Union

import numpy as np

from . import _ffi
from ._call import Call
from ._library import library
from .arrays import Picture, import_pillow, is_pillow, list_pictures, pixels_of, to_numpy
from .errors import FormatError, check


def load_image(image: Any) -> Any:
    """A picture as a Pillow image in RGB: EXIF orientation applied, transparency dropped.

    image: path or http(s) address of a picture (PNG, JPEG, WebP, AVIF, TIFF, GIF, BMP and others; of an animation, the
        first frame), or a Pillow image.
    """
    pillow = import_pillow()
    if is_pillow(image):
        from PIL import ImageOps

        return ImageOps.exif_transpose(image).convert("RGB")
    with Picture(image) as picture:
        return pillow.fromarray(picture.pixels().copy())


def frames_of(video_frames: Any) -> np.ndarray:
    """[F, H, W, 3] float32 of one video in any of the forms that a pipeline returns."""
    if isinstance(video_frames, np.ndarray) or hasattr(video_frames, "detach"):
        array = to_numpy(video_frames)
        if hasattr(video_frames, "detach") and array.ndim in (4, 5) and array.shape[-3] == 3:
            array = np.moveaxis(array, -3, -1)
        video_frames = list(array)
    frames = list(video_frames)
    if frames and (isinstance(frames[0], (list, tuple)) or np.ndim(frames[0]) == 4):
        if len(frames) != 1:
            raise ValueError(f"these are {len(frames)} videos; give one of them, for instance frames[0]")
        return frames_of(frames[0])
    if not frames:
        raise ValueError("there are no frames")
    if not all(is_pillow(frame) for frame in frames):
        array = np.asarray(frames)
        if np.issubdtype(array.dtype, np.floating) and array.ndim == 4 and array.shape[3] == 3:
            return np.ascontiguousarray(np.nan_to_num(array), dtype=np.float32)
    pixels = [pixels_of(frame) for each in frames for frame in list_pictures(each)]
    if len({frame.shape for frame in pixels}) != 1:
        raise ValueError("the frames are of several sizes")
    return np.stack(pixels).astype(np.float32) / np.float32(255)


def export_to_video(video_frames: Any, output_video_path: Union[str, "os.PathLike[str]"], fps: float = 7,
                    **output: Any) -> str:
    """Writes one video, and returns its path. The file appears whole or not at all.

    video_frames: a list of Pillow images, a list or array [F, H, W, 3] of uint8 or of floats 0..1, or a list of one such
    video, which is what a pipeline's call returns.
    output_video_path: its ending chooses the kind: .mp4 .mkv .webm .mov .gif .webp .png (animated), a pattern such as
    dir/%04d.png, .npy.
    output: the other fields of the library's i2v_output: crf (0, best, to 51), quality (0 to 100, best), codec ("h264",
    "h265", ...), loop. metadata, a dict, is kept in the file for ``read_metadata``.
    """
    path, error = os.fspath(output_video_path), _ffi.i2v_error()
    encoded = _ffi.encode("output_video_path", path)
    settings = _ffi.i2v_output()
    library.i2v_output_default(settings)
    if isinstance(output.get("metadata"), dict):
        output["metadata"] = json.dumps(output["metadata"])
    _ffi.fill(settings, dict(output, fps=fps), reserved=("index",))
    check(library.i2v_video_check_output(encoded, settings, error), error)
    frames = frames_of(video_frames)
    count, height, width, _ = frames.shape
    video = _ffi.i2v_video(num_videos=1, num_frames=count, height=height, width=width, frames=_ffi.as_floats(frames),
                           fps=7, num_clips=1, clip_frames=count)
    call = Call()
    settings.cancelled = _ffi.cancelled_callback(call.stopped)
    check(call.run(lambda: library.i2v_video_save(video, encoded, settings, error)), error)
    return path


def read_metadata(path: Union[str, "os.PathLike[str]"]) -> Optional[Dict[str, Any]]:
    """What ``export_to_video``, or the program img2vid, kept in a file; None if there is nothing. It may come from
    anybody: check what is in it before use."""
    text, error = ctypes.c_void_p(), _ffi.i2v_error()
    check(library.i2v_metadata_load(_ffi.encode("path", path), text, error), error)
    if text.value is None:
        return None
    try:
        return json.loads(ctypes.string_at(text.value).decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        raise FormatError(f"{os.fspath(path)}: its metadata are no JSON") from None
    finally:
        library.i2v_metadata_free(text)
