"""``export_to_video`` and ``export_to_gif``, with the arguments and defaults of ``diffusers.utils``."""

from __future__ import annotations

import json
import os
import tempfile
from typing import Any, Dict, Optional, Union

import numpy as np

from . import _ffi
from ._call import Call
from ._library import library
from .arrays import Picture, is_pillow, list_pictures, pixels_of, to_numpy
from .errors import check, warn
from .parameters import fill

Path = Union[str, "os.PathLike[str]"]

# endings of the files that diffusers writes through FFmpeg
VIDEO_ENDINGS = (".mp4", ".mkv", ".mov", ".webm")
# diffusers' default, and the one of x264, which diffusers leaves alone with quality=None
QUALITY, CRF_OF_X264 = 5.0, 23


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
        if all(hasattr(frame, "detach") for frame in frames):
            return frames_of([np.moveaxis(to_numpy(frame), -3, -1) for frame in frames])
        array = np.asarray(frames)
        if np.issubdtype(array.dtype, np.floating) and array.ndim == 4 and array.shape[3] == 3:
            return np.ascontiguousarray(np.nan_to_num(array), dtype=np.float32)
    pixels = [pixels_of(frame) for each in frames for frame in list_pictures(each)]
    if len({frame.shape for frame in pixels}) != 1:
        raise ValueError("the frames are of several sizes")
    return np.stack(pixels).astype(np.float32) / np.float32(255)


def temporary(ending: str) -> str:
    """The path of a new file, which stays until somebody removes it."""
    handle, path = tempfile.mkstemp(suffix=ending)
    os.close(handle)
    return path


def is_video(path: str) -> bool:
    return path.lower().endswith(VIDEO_ENDINGS)


def quality_fields(path: str, codec: str, quality: Optional[float]) -> Dict[str, int]:
    """Fields of i2v_output for diffusers' quality, 0 to 10, as imageio-ffmpeg translates it: to the crf of x264,
    int((1 - quality / 10) 51). Other codecs count otherwise, so they get the tenfold as the library's quality."""
    if quality is None:
        return {"crf": CRF_OF_X264} if is_video(path) and not codec else {}
    if isinstance(quality, bool) or not isinstance(quality, (int, float)):
        raise TypeError(f"quality must be a number from 0 to 10, not {quality!r}")
    if not 0 <= quality <= 10:
        raise ValueError(f"quality is {quality:g}; it must be from 0 to 10 (best), as in diffusers; "
                         "lossy_quality is from 0 to 100")
    if path.lower().endswith((".mp4", ".mkv", ".mov")) and codec in ("", "auto", "h264"):
        # crf 0 would be a lossless kind of H.264, which browsers do not play
        return {"crf": max(1, int((1 - quality / 10) * 51))}
    return {"quality": round(quality * 10)} if is_video(path) or quality != QUALITY else {}


def enlarged(frames: np.ndarray, block: Optional[int]) -> np.ndarray:
    """Frames whose sides are multiples of block, resized where they are not, as imageio has FFmpeg do it."""
    block = _ffi.convert("macro_block_size", _ffi.c_int, 1 if block is None else block)
    if block < 1:
        raise ValueError(f"macro_block_size is {block}; it must be 1 or more, or None")
    _, height, width, _ = frames.shape
    wide, high = -(-width // block) * block, -(-height // block) * block
    if (wide, high) == (width, height):
        return frames
    warn(f"the frames are {width} x {height}, no multiples of macro_block_size={block}: resized to {wide} x "
         f"{high}; macro_block_size=1 keeps their size")
    pixels = (np.clip(frames, 0, 1) * 255).round().astype(np.uint8)
    return np.stack([resized(frame, wide, high) for frame in pixels]).astype(np.float32) / np.float32(255)


def resized(pixels: np.ndarray, width: int, height: int) -> np.ndarray:
    with Picture(pixels) as source:
        return source.resized(width, height)


def export_to_video(video_frames: Any, output_video_path: Optional[Path] = None, fps: float = 10,
                    quality: Optional[float] = QUALITY, bitrate: Optional[int] = None,
                    macro_block_size: Optional[int] = 16, *, lossy_quality: Optional[int] = None,
                    **output: Any) -> str:
    """Writes one video, and returns its path. The file appears whole or not at all.

    video_frames: a list of Pillow images, a list or array [F, H, W, 3] of uint8 or of floats 0..1, tensors [F, 3, H, W],
        or a list of one such video, which is what a pipeline's call returns.
    output_video_path: its ending chooses the kind: .mp4 .mkv .webm .mov .gif .webp .png (animated), a pattern such as
        dir/%04d.png, .npy. None: a new .mp4 in the folder for temporary files.
    fps, quality (0 to 10, best), bitrate (bits a second, in place of quality) and macro_block_size: as in diffusers.
        Of videos whose sides are no multiples of macro_block_size the frames are resized to the next ones above, with a
        warning; 1 or None leaves them as they are. Other kinds of files are never resized.
    lossy_quality (0 to 100, best, alike for all codecs), crf (0, best, to 51): in place of quality.
    output: the other fields of the library's i2v_output: codec ("h264", "h265", ...), loop. metadata, a dict, is kept in
        the file for ``read_metadata``.
    """
    path = os.fspath(temporary(".mp4") if output_video_path is None else output_video_path)
    if bitrate is None and lossy_quality is None and output.get("crf") is None:
        output.update(quality_fields(path, output.get("codec") or "", quality))
    elif lossy_quality is not None:
        output["quality"] = lossy_quality
    if isinstance(output.get("metadata"), dict):
        output["metadata"] = json.dumps(output["metadata"])
    encoded, settings, error = _ffi.encode("output_video_path", path), _ffi.i2v_output(), _ffi.i2v_error()
    library.i2v_output_default(settings)
    fill(settings, dict(output, fps=fps, bitrate=bitrate), reserved=("index",))
    check(library.i2v_video_check_output(encoded, settings, error), error)
    frames = frames_of(video_frames)
    if is_video(path):
        frames = enlarged(frames, macro_block_size)
    count, height, width, _ = frames.shape
    video = _ffi.i2v_video(num_videos=1, num_frames=count, height=height, width=width, frames=_ffi.as_floats(frames),
                           fps=7, num_clips=1, clip_frames=count)
    call = Call()
    settings.cancelled = _ffi.cancelled_callback(call.stopped)
    check(call.run(lambda: library.i2v_video_save(video, encoded, settings, error)), error)
    return path


def export_to_gif(image: Any, output_gif_path: Optional[Path] = None, fps: float = 10) -> str:
    """Writes an animated GIF that repeats for ever, and returns its path; None: a new one in the folder for temporary
    files. image: frames as for ``export_to_video``. One palette serves all frames, where diffusers makes one a frame."""
    path = os.fspath(temporary(".gif") if output_gif_path is None else output_gif_path)
    if not path.lower().endswith(".gif"):
        raise ValueError(f"{path}: a GIF's name ends in .gif; export_to_video writes the other kinds")
    return export_to_video(image, path, fps=fps)
