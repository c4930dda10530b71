"""What scripts import from ``diffusers.utils`` and ``mindone.diffusers.utils``."""

from __future__ import annotations

import ctypes
import json
import os
from typing import Any, Callable, Dict, Optional, Sequence, Union

import numpy as np

from . import _ffi
from ._library import library
from .arrays import Picture, import_pillow, is_address, is_pillow
from .errors import FormatError, check
from .export import export_to_gif, export_to_video

__all__ = ["export_to_gif", "export_to_video", "load_image", "make_image_grid", "read_metadata"]


def load_image(image: Any, convert_method: Optional[Callable[[Any], Any]] = None) -> Any:
    """A picture as a Pillow image in RGB: EXIF orientation applied, transparency dropped.

    image: path or http(s) address of a picture (PNG, JPEG, WebP, AVIF, TIFF, GIF, BMP and others; of an animation, the
        first frame), or a Pillow image.
    convert_method: called with the Pillow image, upright and otherwise as it is; its result is returned in place of RGB.
        Pictures of addresses, and of kinds that Pillow does not read, are in RGB when it is called; transparent ones
        among them are a ValueError.
    """
    if is_pillow(image):
        return converted(image, convert_method)
    if convert_method is None:
        return opaque(image, "drop")
    opened = None if is_address(image) else open_with_pillow(image)
    if opened is not None:
        return converted(opened, convert_method)
    pixels = opaque(image, "drop")
    if not np.array_equal(pixels, opaque(image, "white")):
        raise ValueError(f"{os.fspath(image)} has transparent pixels, which convert_method would not see; download it, "
                         "convert it to PNG, and give the path")
    return convert_method(pixels)


def opaque(image: Any, alpha: str) -> Any:
    with Picture(image, alpha) as picture:
        return import_pillow().fromarray(picture.pixels().copy())


def open_with_pillow(path: Any) -> Any:
    """None if there is such a file, but Pillow does not know its kind."""
    try:
        return import_pillow().open(path)
    except OSError:
        return None


def converted(image: Any, convert_method: Optional[Callable[[Any], Any]]) -> Any:
    from PIL import ImageOps

    upright = ImageOps.exif_transpose(image)
    return convert_method(upright) if convert_method else upright.convert("RGB")


def make_image_grid(images: Sequence[Any], rows: int, cols: int, resize: Optional[int] = None) -> Any:
    """rows x cols Pillow images of one size in one picture, row by row; resize: the side of each, first made square."""
    if len(images) != rows * cols:
        raise ValueError(f"there are {len(images)} pictures for {rows} rows of {cols}")
    if resize is not None:
        images = [image.resize((resize, resize)) for image in images]
    width, height = images[0].size
    grid = import_pillow().new("RGB", (cols * width, rows * height))
    for index, image in enumerate(images):
        grid.paste(image, (index % cols * width, index // cols * height))
    return grid


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
