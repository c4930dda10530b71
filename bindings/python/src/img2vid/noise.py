"""Random numbers from the caller's own generators, drawn as diffusers and mindone draw them.

Both draw twice in a call: the picture's noise [pictures, 3, height, width] in float32, then, unless latents are given,
the latents [pictures * videos, frames, channels, h, w] in the model's dtype. A list of generators draws one row each.
"""

from __future__ import annotations

from typing import Any, Dict, List, Optional

import numpy as np


def is_of_torch(thing: Any) -> bool:
    return type(thing).__module__.split(".")[0] == "torch"


def is_torch_generator(generator: Any) -> bool:
    return is_of_torch(generator) and hasattr(generator, "manual_seed")


def check_generator(generator: Any) -> None:
    if not (is_torch_generator(generator) or hasattr(generator, "standard_normal")):
        raise TypeError("generator must be a whole number (a seed), a numpy.random.Generator, a torch.Generator or a "
                        f"list of generators, not {type(generator).__name__}")


def draw(generator: Any, count: int, torch_dtype: Optional[Any] = None) -> np.ndarray:
    """count standard normals as float32. torch_dtype: the dtype that PyTorch draws in, which decides the values."""
    if is_torch_generator(generator):
        import torch

        values = torch.randn(count, generator=generator, device=generator.device, dtype=torch_dtype or torch.float32)
        return values.to(torch.float32).cpu().numpy()
    # float64 first, as mindone does: in float32 NumPy would take other bits from the generator
    return np.asarray(generator.standard_normal(count), dtype=np.float32)


def seeded(rng: str, seed: int) -> Any:
    """The generator that the library has of its own for that seed."""
    if rng == "torch":
        import torch

        return torch.Generator().manual_seed(seed)
    return np.random.Generator(np.random.PCG64(seed))


class NoiseSource:
    """Serves the library, which makes one picture's videos after another's, from draws for all pictures at once."""

    def __init__(self, generator: Any, pictures: int, videos: int, torch_dtype: Optional[Any] = None,
                 picture_draw: int = 0) -> None:
        self.generators: List[Any] = list(generator) if isinstance(generator, (list, tuple)) else [generator]
        for each in self.generators:
            check_generator(each)
        if len(self.generators) not in (1, pictures * videos):
            raise ValueError(f"there are {len(self.generators)} generators for {pictures * videos} videos; give one, or "
                             "one for each video")
        self.pictures, self.videos, self.torch_dtype = pictures, videos, torch_dtype
        self.picture_draw = picture_draw  # the number of the draw that is the picture's noise
        self.drawn: Dict[int, np.ndarray] = {}

    def draw_rows(self, rows: int, count: int, torch_dtype: Optional[Any]) -> np.ndarray:
        if len(self.generators) == 1:
            return draw(self.generators[0], rows * count, torch_dtype)
        return np.concatenate([draw(each, count, torch_dtype) for each in self.generators[:rows]])

    def take(self, picture: int, index: int, count: int) -> np.ndarray:
        """What the library asks for with its draw number index for that picture."""
        if index not in self.drawn:
            of_picture = index == self.picture_draw
            rows = self.pictures if of_picture else self.pictures * self.videos
            values = self.draw_rows(rows, self.pictures * count // rows, None if of_picture else self.torch_dtype)
            self.drawn[index] = values.reshape(self.pictures, count)
        values = self.drawn[index][picture]
        if picture == self.pictures - 1:
            del self.drawn[index]
        return values
