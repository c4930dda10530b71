"""The small model that comes with img2vid."""

from __future__ import annotations

import pathlib
from typing import Any, List

NAME = "small"
HERE = pathlib.Path(__file__).resolve().parent


def places() -> List[pathlib.Path]:
    """In the package (a wheel has it), in the repository that this file is in, or where the program is installed."""
    repository = [HERE.parents[3]] if len(HERE.parents) > 3 else []
    shared = [pathlib.Path(prefix, "share", "img2vid") for prefix in ("/usr/local", "/usr")]
    return [folder / "models" / NAME for folder in [HERE, *repository, *shared]]


def bundled_model() -> str:
    """The folder of the small model that comes with img2vid: for trying things out, not Stable Video Diffusion."""
    for folder in places():
        if (folder / "model_index.json").is_file():
            return str(folder)
    raise FileNotFoundError("the small model is not installed; a wheel of img2vid brings it, and so does make install")


def is_name(model: Any) -> bool:
    """True for "small", if there is no such file or folder."""
    return model == NAME and not pathlib.Path(NAME).exists()
