"""Configurations of models and schedulers, as diffusers gives them: dicts that do not change, whose keys are attributes,
too."""

from __future__ import annotations

import json
import math
import os
import pathlib
from typing import Any, Dict, Mapping, Optional

from .errors import ModelError


class Config(Dict[str, Any]):
    """Its keys can be read as attributes. It is not to be changed: nothing would come of it."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"this configuration has no {name!r}; it has {', '.join(sorted(self))}") from None

    def _refuse(self, *_: Any, **__: Any) -> Any:
        raise TypeError("a configuration cannot be changed; make another object, for instance with "
                        "EulerDiscreteScheduler.from_config(pipe.scheduler.config, use_karras_sigmas=False)")

    __setattr__ = __setitem__ = __delitem__ = __delattr__ = _refuse
    update = pop = popitem = clear = setdefault = __ior__ = _refuse

    def __reduce__(self) -> Any:
        return Config, (dict(self),)

    def __deepcopy__(self, _: Any) -> "Config":
        return self


def read_config(path: "os.PathLike[str]") -> Optional[Config]:
    """The JSON object in a file; None if there is no such file."""
    path = pathlib.Path(path)
    if not path.is_file():
        return None
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{path}: {error}") from None
    if not isinstance(values, dict):
        raise ModelError(f"{path}: it is no JSON object")
    return Config(values)


def config_of(thing: Any) -> Dict[str, Any]:
    """What a module or scheduler of another library was made of; TypeError if it does not say."""
    config: Any = getattr(thing, "config", None)
    if hasattr(config, "to_dict"):  # transformers
        config = config.to_dict()
    if not isinstance(config, Mapping):
        raise TypeError(f"this {type(thing).__name__} has no config to say what it is made of")
    return dict(config)


def config_text(config: Mapping[str, Any], **also: Any) -> str:
    """As JSON, for the library. Keys that begin with "_" say where it came from, and are left out; so is what JSON has no
    number for, as lambda_min_clipped=-inf, which says that nothing is clipped."""
    public = {key: value for key, value in config.items() if not key.startswith("_") and not is_infinite(value)}
    return json.dumps({**public, **also}, default=plain)


def is_infinite(value: Any) -> bool:
    return isinstance(value, float) and math.isinf(value)


def plain(value: Any) -> Any:
    """What json does not know: arrays and numbers of NumPy as lists and numbers, the rest, such as dtypes, as text."""
    return value.tolist() if hasattr(value, "tolist") else str(value)
