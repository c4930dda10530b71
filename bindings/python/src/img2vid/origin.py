"""Where a pipeline comes from: the model that was opened, and the options that it was opened with."""

from __future__ import annotations

import os
import pathlib
from dataclasses import dataclass, field
from typing import Any, Dict, Optional

from .config import Config, read_config

# of files of Stability AI, which carry no configuration
SCALING_FACTOR = 0.18215


@dataclass
class Origin:
    """model: a folder or a file; options: fields of the library's i2v_options. Parts of one pipeline share one."""

    model: str
    options: Dict[str, Any] = field(default_factory=dict)
    torch_dtype: Any = None

    def config(self, *names: str) -> Optional[Config]:
        """A JSON file of the model's folder."""
        return read_config(pathlib.Path(self.model, *names))


def absolute(path: Any) -> Any:
    """A path that stays good when the program goes to another folder; what does not exist is left as it is."""
    return os.path.abspath(path) if isinstance(path, (str, os.PathLike)) and os.path.exists(path) else path


def part_config(path: str, part: str) -> Optional[Config]:
    """The config.json of a part: in its own folder, in the model's, or beside its file."""
    place = pathlib.Path(path)
    folders = [place / part, place] if place.is_dir() else [place.parent]
    return next((config for config in (read_config(folder / "config.json") for folder in folders) if config), None)


def config_of_engine(part: str, engine: Any) -> Config:
    """What is known of a part without a config.json."""
    channels = engine.latent_channels
    if part == "unet":
        scale = engine.vae_scale_factor
        return Config(in_channels=2 * channels, out_channels=channels, num_frames=engine.num_frames,
                      sample_size=(engine.height // scale, engine.width // scale))
    return Config(latent_channels=channels, scaling_factor=SCALING_FACTOR) if part == "vae" else Config()
