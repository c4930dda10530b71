"""Pictures and arrays in and out."""

from __future__ import annotations

import ctypes
import os
from typing import Any, List, Optional, Sequence, Tuple

import numpy as np

from . import _ffi
from ._call import Call
from ._library import library
from .errors import check


def to_numpy(values: Any) -> np.ndarray:
    """A NumPy array of an array, or of a tensor of PyTorch or MindSpore."""
    if hasattr(values, "detach"):
        values = values.detach().cpu()
        if str(values.dtype) == "torch.bfloat16":
            values = values.float()
        return values.numpy()
    if hasattr(values, "asnumpy"):
        return values.asnumpy()
    return np.asarray(values)


def to_float32(values: Any, shape: Sequence[int], name: str) -> np.ndarray:
    """C-contiguous float32 of that shape; ValueError for another."""
    array = np.ascontiguousarray(to_numpy(values), dtype=np.float32)
    if array.shape != tuple(shape):
        raise ValueError(f"{name} has shape {list(array.shape)}; it must be {list(shape)}")
    return array


def is_pillow(image: Any) -> bool:
    return type(image).__module__.split(".")[0] == "PIL" or hasattr(image, "convert") and hasattr(image, "getbands")


def is_address(path: Any) -> bool:
    return isinstance(path, str) and path.lower().startswith(("http://", "https://"))


def is_tensor(image: Any) -> bool:
    return hasattr(image, "detach") or hasattr(image, "asnumpy")


def to_uint8(pixels: np.ndarray) -> np.ndarray:
    """[..., H, W, 3] of 8 bits, from 8 bits or from floats 0..1."""
    if pixels.dtype == np.uint8:
        return pixels
    if not np.issubdtype(pixels.dtype, np.floating):
        raise TypeError(f"a picture's values must be uint8 or floats, not {pixels.dtype}")
    # NaN is out of range, too
    if pixels.size and not (pixels.min() >= 0 and pixels.max() <= 1):
        raise ValueError("a picture's floats must be between 0 and 1")
    return (pixels * 255).round().astype(np.uint8)


def pixels_of(image: Any) -> np.ndarray:
    """[H, W, 3] uint8 of a Pillow image or of an array [H, W], [H, W, 1], [H, W, 3] or [H, W, 4]."""
    if is_pillow(image):
        return np.asarray(image.convert("RGB"))
    pixels = to_uint8(np.asarray(image))
    if pixels.ndim == 2:
        pixels = pixels[:, :, None]
    if pixels.ndim != 3 or pixels.shape[2] not in (1, 3, 4) or 0 in pixels.shape:
        raise ValueError(f"a picture must have the shape [height, width, 3], not {list(np.shape(image))}")
    return np.broadcast_to(pixels, pixels.shape[:2] + (3,)) if pixels.shape[2] == 1 else pixels[:, :, :3]


def list_pictures(image: Any) -> List[Any]:
    """The pictures in what a pipeline is given: one, a list of them, an array [B, H, W, 3] or a tensor [B, 3, H, W] or
    [3, H, W]."""
    if isinstance(image, (list, tuple)):
        pictures = [picture for each in image for picture in list_pictures(each)]
        if not pictures:
            raise ValueError("there is no picture in the list")
        return pictures
    if is_tensor(image):
        array = to_numpy(image)
        if array.ndim not in (3, 4) or array.shape[-3] not in (1, 3, 4):
            raise ValueError(f"a picture's tensor must have the shape [batch, 3, height, width], not "
                             f"{list(array.shape)}")
        image = np.moveaxis(array, -3, -1)
    if isinstance(image, np.ndarray) and image.ndim == 4:
        return list(image)
    return [image]


CLIP_SIDE = 224


def are_tensors(image: Any) -> bool:
    """True for a tensor, and for a list of them."""
    return is_tensor(image) or isinstance(image, (list, tuple)) and bool(image) and all(map(is_tensor, image))


def seen(pixels: np.ndarray, size: Tuple[int, int]) -> Tuple[Optional[np.ndarray], np.ndarray]:
    """What the image encoder and the VAE see of a tensor, [3, height, width] each, as in diffusers: the one the tensor
    itself, which must be 224 x 224 there, the other the tensor resized to the video's height and width by the nearest
    pixel. None for the first of another size, which then sees what a picture of these pixels looks like to it.
    ValueError where both sizes are others."""
    height, width = pixels.shape[:2]
    values = pixels.astype(np.float32) / np.float32(255 if pixels.dtype == np.uint8 else 1)
    planes = np.ascontiguousarray(np.moveaxis(np.broadcast_to(values[:, :, :3], (height, width, 3)), -1, 0))
    own = (height, width) == (CLIP_SIDE, CLIP_SIDE)
    if not own and (height, width) != size:
        raise ValueError(f"the picture's tensor is {width} x {height} and the video {size[1]} x {size[0]}; resize it to the "
                         "video's size, give a Pillow image, or choose a fit (\"stretch\", \"crop\", \"pad\")")
    return planes if own else None, nearest(planes, size)


def nearest(planes: np.ndarray, size: Tuple[int, int]) -> np.ndarray:
    """As PyTorch's interpolate with mode "nearest", whose places are products in float32."""
    rows, columns = ((np.arange(new, dtype=np.float32) * np.float32(np.float32(old) / np.float32(new))).astype(np.intp)
                     for new, old in zip(size, planes.shape[1:]))
    rows, columns = np.minimum(rows, planes.shape[1] - 1), np.minimum(columns, planes.shape[2] - 1)
    return np.ascontiguousarray(planes[:, rows[:, None], columns])


class Picture:
    """A picture in the library's memory, for use in a with statement."""

    def __init__(self, image: Any, alpha: str = "drop") -> None:
        """alpha: "drop", as diffusers' load_image does, or "white"."""
        self._error = _ffi.i2v_error()
        self.pointer = _ffi.image_pointer()
        if isinstance(image, (str, os.PathLike)):
            self._load(image, _ffi.i2v_alpha.number(alpha))
        else:
            self._copy(pixels_of(image))

    def _load(self, path: Any, drop: int) -> None:
        name = _ffi.encode("image", path)
        if not is_address(path):
            check(library.i2v_image_load(self.pointer, name, drop, self._error), self._error)
            return
        call = Call()
        stopped = _ffi.cancelled_callback(call.stopped)
        try:
            status = call.run(lambda: library.i2v_image_load_url(self.pointer, name, drop, stopped, None, self._error))
        except BaseException:
            self.__exit__()
            raise
        check(status, self._error)

    def _copy(self, pixels: np.ndarray) -> None:
        height, width, _ = pixels.shape
        check(library.i2v_image_new(self.pointer, width, height, self._error), self._error)
        np.copyto(self.pixels(), pixels)

    def pixels(self) -> np.ndarray:
        """[H, W, 3], a view that lives as long as the picture."""
        image = self.pointer.contents
        return np.ctypeslib.as_array(image.pixels, (image.height, image.width, 3))

    def resized(self, width: int, height: int) -> np.ndarray:
        """[height, width, 3], by Pillow's bicubic filter."""
        pointer = _ffi.image_pointer()
        stretch = _ffi.i2v_fit.number("stretch")
        check(library.i2v_image_resize(pointer, self.pointer, width, height, stretch, self._error), self._error)
        try:
            return np.ctypeslib.as_array(pointer.contents.pixels, (height, width, 3)).copy()
        finally:
            library.i2v_image_free(pointer)

    def __enter__(self) -> "Picture":
        return self

    def __exit__(self, *_: Any) -> None:
        library.i2v_image_free(self.pointer)
        self.pointer = _ffi.image_pointer()


def copy_images(images: Any, count: int) -> np.ndarray:
    """[count, H, W, 3] of 8 bits, of so many pictures of one size behind a pointer."""
    return np.stack([np.ctypeslib.as_array(image.pixels, (image.height, image.width, 3)) for image in images[:count]])


def copy_floats(pointer: Any, shape: Sequence[int]) -> np.ndarray:
    """A copy of the library's array."""
    values = np.empty(shape, dtype=np.float32)
    ctypes.memmove(values.ctypes.data, pointer, values.nbytes)
    return values


def import_pillow() -> Any:
    try:
        import PIL.Image
    except ImportError:
        raise ImportError("this needs Pillow (pip install pillow); output_type=\"np\" and arrays do without") from None
    return PIL.Image


def to_pil(frames: np.ndarray) -> List[List[Any]]:
    """[videos, F, H, W, 3] as lists of Pillow images, rounded as diffusers rounds."""
    pillow = import_pillow()
    pixels = (frames * 255).round().astype(np.uint8)
    return [[pillow.fromarray(frame) for frame in video] for video in pixels]
