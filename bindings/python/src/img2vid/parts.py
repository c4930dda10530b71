"""The parts of a pipeline: stand-ins for the model's own, and modules of diffusers and transformers in their place.

A stand-in computes nothing, as the library does that; it says what the part is, takes the calls by which programs
configure a part, and refuses those that would change frames.
"""

from __future__ import annotations

import os
import weakref
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Union

from . import hub
from ._progress import Progress
from .accepted import OF_PARTS, accept
from .behaviour import Shape, check_behaviour, fresh_shape
from .config import Config, config_of, config_text
from .devices import asked_dtype, cpu, dtype_name
from .loras import Adapters, LoraLoader
from .origin import Origin, absolute, config_of_engine, part_config
from .state import State

CLASSES = {"unet": "UNetSpatioTemporalConditionModel", "vae": "AutoencoderKLTemporalDecoder",
           "image_encoder": "CLIPVisionModelWithProjection"}

# attention of diffusers that computes what the library computes
PROCESSORS = ("AttnProcessor", "AttnProcessor2_0", "SlicedAttnProcessor", "XFormersAttnProcessor", "AttnProcessorNPU",
              "XLAFlashAttnProcessor2_0", "FusedAttnProcessor2_0")


class IncompatibleKeys(NamedTuple):
    """What PyTorch's ``load_state_dict`` gives back; here none are missing, and those that no layer has do not count."""

    missing_keys: List[str]
    unexpected_keys: List[str]


class Part:
    """Stands for a part of the model. path: a folder or file that holds it; None: it is in origin, a whole model.
    tensors: weights in memory, in place of those."""

    name = ""

    _origin: Optional[Origin]
    _path: Optional[str]
    _tensors: Optional[State]
    _adapters: Adapters
    _config: Optional[Config]
    _owners: Any

    def __init__(self, origin: Optional[Origin] = None, path: Optional[str] = None) -> None:
        self._set(_origin=origin, _path=None if path is None else absolute(path), _tensors=None, _adapters=Adapters(), _config=None, _owners=weakref.WeakSet())

    def _set(self, **values: Any) -> None:
        for key, value in values.items():
            object.__setattr__(self, key, value)

    def _change(self, **values: Any) -> None:
        """Changes what the part is; its pipelines follow. If one cannot, all is as it was."""
        before, done = {key: getattr(self, key) for key in values}, []
        self._set(**values)
        try:
            for pipe in list(self._owners):
                pipe._reopen()
                done.append(pipe)
        except BaseException:
            self._set(**before)
            for pipe in done:
                pipe._reopen()
            raise

    # ---- what it is ----

    @property
    def _given(self) -> Any:
        """What a program that asks for the part gets."""
        return self

    def _refresh(self) -> bool:
        """True if the part is to be read again."""
        return False

    @classmethod
    def from_pretrained(cls, pretrained_model_name_or_path: Union[str, "os.PathLike[str]"],
                        subfolder: Optional[str] = None, variant: Optional[str] = None, revision: Optional[str] = None,
                        cache_dir: Union[str, "os.PathLike[str]", None] = None, token: Union[str, bool, None] = None,
                        local_files_only: bool = False, **_: Any) -> "Part":
        """The part in a folder, in its subfolder, or of a model of the hub, for ``from_pretrained`` of a pipeline or to
        be assigned. Further keywords say how to load, and mean nothing here."""
        model = os.fspath(pretrained_model_name_or_path)
        if hub.is_id(model):
            model = hub.pull(model, Progress(), revision=revision, variant=variant, cache=cache_dir,
                             token=hub.token_text(token), offline=int(local_files_only))
        path = os.path.join(model, subfolder) if subfolder else model
        if not os.path.exists(path):
            raise FileNotFoundError(f"{path} does not exist")
        return cls(path=path)

    @property
    def config(self) -> Config:
        """What its config.json says."""
        if self._config is None:
            place = self._path or (self._origin.model if self._origin else "")
            self._set(_config=part_config(place, self.name))
        if self._config is None:  # a file of Stability AI: what the library has read off its weights
            for pipe in self._owners:
                return config_of_engine(self.name, pipe._engine)
            raise AttributeError("config")  # goes on in __getattr__
        return self._config

    @property
    def device(self) -> Any:
        return cpu()

    @property
    def dtype(self) -> Any:
        return asked_dtype(self._origin.torch_dtype if self._origin else None)

    # ---- what would change it ----

    def load_state_dict(self, state_dict: Mapping[str, Any], strict: bool = True,
                        assign: bool = False) -> IncompatibleKeys:
        """Takes weights in place of the part's own: all of them, even if strict is False. Tensors are read where they
        are, whenever the part is loaded, so they must not be changed while a call runs."""
        config = part_config(self._path, self.name) if self._path else None
        self._change(_tensors=State(state_dict, config))
        return IncompatibleKeys([], [])

    def set_attn_processor(self, processor: Any, **_: Any) -> None:
        """Those of diffusers that compute plain attention are accepted without effect; others are a TypeError."""
        check_processors(self.name, processor)

    def to(self, *_: Any, **__: Any) -> "Part":
        """Accepted without effect: the CPU computes, in the dtype of the pipeline's ``from_pretrained``."""
        return self

    cuda = cpu = half = float = bfloat16 = eval = to

    def train(self, mode: bool = True) -> "Part":
        if mode:
            raise NotImplementedError(f"img2vid does not train; train the {self.name} with diffusers, and give it to "
                                      "from_pretrained")
        return self

    def __call__(self, *_: Any, **__: Any) -> Any:
        raise NotImplementedError(f"the {self.name} cannot be called by itself: the library runs it within the pipeline's "
                                  "call. Load it with diffusers for that")

    def __setattr__(self, name: str, value: Any) -> None:
        if callable(getattr(type(self), name, None)) and find(value) is self:
            return  # pipe.vae.decode = torch.compile(pipe.vae.decode): the library is compiled already
        raise AttributeError(f"{name} of the {self.name} cannot be set, as nothing would come of it; a part can be "
                             f"replaced as a whole (pipe.{self.name} = ...)")

    def __getattr__(self, name: str) -> Any:
        if name == "config":
            raise AttributeError(f"the {self.name} comes without a config.json")
        raise AttributeError(f"the {self.name} of img2vid has no {name}: the library computes it. Load it with diffusers "
                             f"for that; such a module can be set as pipe.{self.name}")

    def __copy__(self) -> "Part":
        return self

    def __deepcopy__(self, _: Any) -> "Part":
        return self

    def __repr__(self) -> str:
        place = "tensors in memory" if self._tensors else self._path or (self._origin and self._origin.model)
        return f"<{type(self).__name__} of {place}>"


accept(Part, OF_PARTS)


class UNetSpatioTemporalConditionModel(LoraLoader, Part):
    """The UNet of Stable Video Diffusion."""

    name = "unet"

    @property
    def _unet(self) -> Part:
        return self

    def forward(self, *_: Any, **__: Any) -> Any:
        """Only within the pipeline's call."""
        return self()

    load_attn_procs = load_lora_adapter = LoraLoader.load_lora_weights
    unload_lora = LoraLoader.unload_lora_weights
    enable_adapters, disable_adapters = LoraLoader.enable_lora, LoraLoader.disable_lora


class AutoencoderKLTemporalDecoder(Part):
    """The VAE of Stable Video Diffusion."""

    name = "vae"

    def encode(self, *_: Any, **__: Any) -> Any:
        """Only within the pipeline's call."""
        return self()

    def decode(self, *_: Any, **__: Any) -> Any:
        """Only within the pipeline's call; ``pipe.decode`` makes frames of latents."""
        return self()

    forward = encode


class CLIPVisionModelWithProjection(Part):
    """The image encoder of Stable Video Diffusion."""

    name = "image_encoder"

    def forward(self, *_: Any, **__: Any) -> Any:
        """Only within the pipeline's call."""
        return self()


KINDS = {kind.name: kind for kind in (UNetSpatioTemporalConditionModel, AutoencoderKLTemporalDecoder,
                                      CLIPVisionModelWithProjection)}


class Module(Part):
    """A module of another library in a part's place."""

    _assigned: Any
    _module: Any
    _fresh: Optional[Shape]

    def __init__(self, name: str, given: Any, module: Any) -> None:
        """given: what a program has assigned, which is around the module."""
        super().__init__()
        self._set(name=name, _assigned=given, _module=module)
        self._read()

    @property
    def _given(self) -> Any:
        return self._assigned

    def _read(self) -> None:
        self._set(_config=Config(config_of(self._module)), _fresh=fresh_shape(self._module))
        check_behaviour(self.name, self._module, self._fresh)
        names = {"_class_name": CLASSES[self.name]} if self.name != "image_encoder" else {}
        self._set(_tensors=State(state_of(self.name, self._module), config_text(self.config, **names)))

    def _refresh(self) -> bool:
        """Reads the module again if it has other tensors by now, as after .half(), or another configuration; True if
        so."""
        stale = self._tensors is None or not self._tensors.is_of(self._module.state_dict())
        if stale or config_of(self._module) != self._config:
            self._read()
            return True
        check_behaviour(self.name, self._module, self._fresh)
        return False


# ---- taking what is assigned ----


def wrapped(thing: Any) -> List[Any]:
    """What a wrapper is around: torch.compile's modules and functions, DataParallel and its like, bound methods."""
    inner = [getattr(thing, name, None) for name in ("_orig_mod", "module", "_torchdynamo_orig_callable", "__wrapped__",
                                                     "__self__", "func")
             if not isinstance(thing, Part)]
    for cell in getattr(thing, "__closure__", None) or ():
        try:
            inner.append(cell.cell_contents)
        except ValueError:
            pass  # an empty cell
    return [each for each in inner if each is not None and not isinstance(each, (type, str))]


def find(thing: Any, depth: int = 6) -> Optional[Part]:
    """The part that thing is, or wraps."""
    if isinstance(thing, Part):
        return thing
    inside = (find(inner, depth - 1) for inner in (wrapped(thing) if depth else ()))
    return next((part for part in inside if part is not None), None)


def unwrapped(thing: Any) -> Any:
    """The module in torch.compile's, DataParallel's and their like."""
    for _ in range(6):
        inner = next((getattr(thing, name) for name in ("_orig_mod", "module")
                      if hasattr(getattr(thing, name, None), "state_dict")), None)
        if inner is None:
            return thing
        thing = inner
    return thing


def take(name: str, value: Any) -> Part:
    """The part that stands for what a program gives. TypeError for what cannot be one."""
    part = find(value)
    if part is not None:
        if part.name != name:
            raise TypeError(f"this is the {part.name} of a pipeline, not its {name}")
        return part
    if isinstance(value, (str, os.PathLike)):
        return KINDS[name](path=os.fspath(value))
    module = unwrapped(value)
    if not callable(getattr(module, "state_dict", None)):
        raise TypeError(f"{name} is a {type(value).__name__}; it must be a {CLASSES[name]} of diffusers or transformers, "
                        "the part of another pipeline of img2vid, or the path of the part's folder or file")
    check_class(name, module)
    return Module(name, value, module)


def check_class(name: str, module: Any) -> None:
    """The library computes what these classes compute, and not what one derived from them does instead."""
    kinds = type(module).__mro__
    depth = next((i for i, kind in enumerate(kinds) if kind.__name__ == CLASSES[name]), None)
    if depth is None:
        also = (" (an AutoencoderKL is taken as from_pretrained(frame_decoder=FOLDER), an AutoencoderTiny as "
                "from_pretrained(tiny_decoder=FOLDER))" if name == "vae" else "")
        raise TypeError(f"{name} is a {type(module).__name__}; img2vid computes {CLASSES[name]}{also}")
    for kind in kinds[:depth]:
        own = {"forward", "encode", "decode"} & set(vars(kind))
        if own:
            raise TypeError(f"{name} is a {kind.__name__}, which has a {min(own)} of its own; img2vid computes that of "
                            f"{CLASSES[name]}")
    check_processors(name, getattr(module, "attn_processors", {}))


def check_processors(name: str, processors: Any) -> None:
    for each in processors.values() if isinstance(processors, Mapping) else [processors]:
        if type(each).__name__ not in PROCESSORS:
            raise TypeError(f"{name} has attention by {type(each).__name__}, which img2vid does not compute; it computes "
                            f"plain attention ({', '.join(PROCESSORS[:2])} and the like). LoRA files are taken by "
                            "load_lora_weights")


def state_of(name: str, module: Any) -> Dict[str, Any]:
    state = dict(module.state_dict())
    if any(".lora_A." in key or ".base_layer." in key for key in state):
        raise TypeError(f"{name} has LoRA layers of peft; fuse them before it is given (unet.fuse_lora() and "
                        "unet.unload_lora(), or merge_and_unload of peft), or give the LoRA's file to load_lora_weights")
    return state


def check_dtype(asked: Any) -> str:
    """The name of a dtype; of diffusers' dict of dtypes, the UNet's."""
    if isinstance(asked, Mapping):
        asked = asked.get("unet", asked.get("default", "float32"))
    return dtype_name(asked)
