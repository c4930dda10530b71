"""LoRAs of a UNet, under the names that diffusers' pipelines and models have for them.

A UNet has adapters, each a file, of which some are active with a weight; the library adds those while it loads the
weights. So each change opens the model anew, which reads no weights.
"""

from __future__ import annotations

import glob
import json
import os
import tempfile
from dataclasses import dataclass, field, replace
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple, Union

from . import hub
from ._progress import Progress
from .origin import absolute
from .state import write_safetensors

FILE_NAMES = ("pytorch_lora_weights.safetensors", "adapter_model.safetensors")
# arguments of diffusers that say how a file is read
IGNORED = ("force_download", "proxies", "use_safetensors", "low_cpu_mem_usage", "user_agent", "resume_download", "prefix",
           "hotswap")


@dataclass(frozen=True)
class LoraFile:
    """A file that a LoRA is in. keep: the folder that goes when the file is no longer needed."""

    path: str
    keep: Any = None


def find_file(source: Any, weight_name: Optional[str] = None, subfolder: Optional[str] = None,
              metadata: Optional[Mapping[str, Any]] = None, **options: Any) -> LoraFile:
    """The file of a state dict, a path, a folder, or a model of the hub."""
    options = {key: value for key, value in options.items() if key not in IGNORED}
    if isinstance(source, Mapping):
        return store(source, metadata)
    path = os.fspath(source)
    if hub.is_id(path):
        names = "/".join(filter(None, (path, subfolder, weight_name or FILE_NAMES[0])))
        path = hub.pull(names, Progress(), revision=options.pop("revision", None), cache=options.pop("cache_dir", None),
                        token=hub.token_text(options.pop("token", None)),
                        offline=int(bool(options.pop("local_files_only", False))))
    for name in ("revision", "cache_dir", "token", "local_files_only"):
        options.pop(name, None)
    if options:
        raise TypeError(f"{', '.join(options)}: a LoRA file is read with weight_name, subfolder, adapter_name and those of "
                        "the hub")
    if os.path.isdir(path):
        path = file_in(os.path.join(path, subfolder or ""), weight_name)
    return LoraFile(absolute(path))


def file_in(folder: str, weight_name: Optional[str]) -> str:
    found = [name for name in ([weight_name] if weight_name else FILE_NAMES) if os.path.exists(os.path.join(folder, name))]
    if not found and not weight_name:
        found = [os.path.basename(path) for path in glob.glob(os.path.join(glob.escape(folder), "*.safetensors"))]
    if not found and not weight_name:
        saved = [os.path.splitext(name)[0] + ".bin" for name in FILE_NAMES]
        found = [name for name in saved if os.path.exists(os.path.join(folder, name))]
    if len(found) != 1:
        named = f"no {weight_name}" if weight_name else "no LoRA file" if not found else "several: give weight_name, one of "
        raise FileNotFoundError(f"{folder} has {named}{', '.join(sorted(found)) if not weight_name else ''}")
    return os.path.join(folder, found[0])


def store(state: Mapping[str, Any], metadata: Optional[Mapping[str, Any]]) -> LoraFile:
    """A state dict as a file of its own."""
    folder = tempfile.TemporaryDirectory(prefix="img2vid-")
    path = os.path.join(folder.name, FILE_NAMES[0])
    texts = {} if metadata is None else {"lora_adapter_metadata": json.dumps(metadata, default=str, sort_keys=True)}
    write_safetensors(path, state, texts)
    return LoraFile(path, folder)


@dataclass(frozen=True)
class Adapters:
    """files: by adapter's name; weights: of those that are active; fused: those that stay until unfuse_lora, whatever
    becomes of the adapters, by name, file and weight."""

    files: Mapping[str, LoraFile] = field(default_factory=dict)
    weights: Mapping[str, float] = field(default_factory=dict)
    fused: Tuple[Tuple[str, LoraFile, float], ...] = ()
    enabled: bool = True

    def __bool__(self) -> bool:
        return bool(self.added())

    def added(self) -> List[Tuple[str, float]]:
        """Files and scales, for the library."""
        names = [name for name, _, __ in self.fused]
        live = {name: weight for name, weight in self.weights.items() if self.enabled and name not in names}
        return [(file.path, weight) for _, file, weight in self.fused] + \
            [(self.files[name].path, weight) for name, weight in live.items()]

    def load(self, name: Optional[str], file: LoraFile) -> "Adapters":
        name = name or f"default_{len(self.files)}"
        if name in self.files:
            raise ValueError(f"there is an adapter {name!r} already; choose another adapter_name, or delete_adapters first")
        return replace(self, files={**self.files, name: file}, weights={name: 1.0})

    def activate(self, names: Union[str, Sequence[str]], weights: Any = None) -> "Adapters":
        names = [names] if isinstance(names, str) else list(names)
        self.check(names)
        if weights is None or not isinstance(weights, (list, tuple)):
            weights = [weights] * len(names)
        if len(weights) != len(names):
            raise ValueError(f"there are {len(names)} adapters and {len(weights)} weights")
        return replace(self, weights={name: weight_of(weight) for name, weight in zip(names, weights)})

    def delete(self, names: Union[str, Sequence[str]]) -> "Adapters":
        names = [names] if isinstance(names, str) else list(names)
        self.check(names)
        return replace(self, files={name: file for name, file in self.files.items() if name not in names},
                       weights={name: weight for name, weight in self.weights.items() if name not in names})

    def fuse(self, scale: float, names: Optional[Sequence[str]]) -> "Adapters":
        if names is not None and set(names) != set(self.weights):
            raise ValueError(f"adapter_names is {list(names)}, but {list(self.weights)} are active; set_adapters first")
        here = tuple((name, self.files[name], weight * weight_of(scale)) for name, weight in self.weights.items())
        return replace(self, fused=self.fused + here)

    def unfuse(self) -> "Adapters":
        """What was unloaded meanwhile stays in the weights, as in diffusers."""
        return replace(self, fused=tuple(each for each in self.fused if each[0] not in self.files))

    def check(self, names: Sequence[str]) -> None:
        unknown = [name for name in names if name not in self.files]
        if unknown:
            raise ValueError(f"there is no adapter {', '.join(map(repr, unknown))}; there are {', '.join(self.files) or 'none'}")


def weight_of(weight: Any) -> float:
    """1 where nothing is said; a number. diffusers also takes a weight for each block."""
    if weight is None:
        return 1.0
    if isinstance(weight, Mapping):
        if set(weight) - {"unet"} or isinstance(weight.get("unet"), Mapping):
            raise TypeError("weights of an adapter for single blocks are not implemented; give one number")
        return weight_of(weight.get("unet"))
    try:
        return float(weight)
    except (TypeError, ValueError):
        raise TypeError(f"an adapter's weight must be a number, not {weight!r}") from None


class LoraLoader:
    """The methods, for a pipeline and for a UNet: each has _unet, the part whose adapters they are."""

    _unet: Any

    def _adapt(self, adapters: Adapters) -> None:
        self._unet._change(_adapters=adapters)

    def load_lora_weights(self, pretrained_model_name_or_path_or_dict: Any, adapter_name: Optional[str] = None,
                          **places: Any) -> None:
        """Adds a LoRA for the UNet, which becomes the active one: a file (kohya's, peft's or diffusers' names), a folder
        or a model of the hub with weight_name (and subfolder), or a state dict."""
        file = find_file(pretrained_model_name_or_path_or_dict, **places)
        self._adapt(self._unet._adapters.load(adapter_name, file))

    def unload_lora_weights(self, **_: Any) -> None:
        """Takes all adapters away, but for what ``fuse_lora`` has fused."""
        self._adapt(Adapters(fused=self._unet._adapters.fused))

    def set_adapters(self, adapter_names: Union[str, Sequence[str]], adapter_weights: Any = None) -> None:
        """Makes these adapters the active ones, with these weights."""
        self._adapt(self._unet._adapters.activate(adapter_names, adapter_weights))

    def delete_adapters(self, adapter_names: Union[str, Sequence[str]]) -> None:
        """Takes adapters away."""
        self._adapt(self._unet._adapters.delete(adapter_names))

    def disable_lora(self) -> None:
        """Leaves the adapters out until ``enable_lora``."""
        self._adapt(replace(self._unet._adapters, enabled=False))

    def enable_lora(self) -> None:
        """Takes the active adapters in again."""
        self._adapt(replace(self._unet._adapters, enabled=True))

    def fuse_lora(self, components: Any = None, lora_scale: float = 1.0, safe_fusing: bool = False,
                  adapter_names: Optional[Sequence[str]] = None, **_: Any) -> None:
        """Makes the active adapters, times lora_scale, part of the weights until ``unfuse_lora``."""
        self._adapt(self._unet._adapters.fuse(lora_scale, adapter_names))

    def unfuse_lora(self, **_: Any) -> None:
        """Takes back what ``fuse_lora`` did."""
        self._adapt(self._unet._adapters.unfuse())

    def get_active_adapters(self) -> List[str]:
        """Names of the adapters that are added."""
        return list(self._unet._adapters.weights)

    def get_list_adapters(self) -> Dict[str, List[str]]:
        """Names of all adapters, by part."""
        return {"unet": list(self._unet._adapters.files)} if self._unet._adapters.files else {}
