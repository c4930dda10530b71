"""What a pipeline is made of: an opened model with other parts, another scheduler and LoRAs in the place of its own.

Each change opens the engine anew, which reads no weights; if that fails, all stays as it was.
"""

from __future__ import annotations

from typing import Any, Dict, Optional

from .config import Config
from .devices import asked_dtype, cpu
from .engine import OF_ENGINE, Engine
from .errors import ModelError, warn
from .extractor import CLIPImageProcessor, check_extractor
from .loras import LoraLoader
from .origin import Origin
from .parts import CLASSES, Part, take
from .scheduler import Chosen, scheduler_of

# what a program may set, beside what a class derived from the pipeline has of its own
SETTABLE = (*CLASSES, "scheduler", "feature_extractor", "_interrupt")

# attributes that change frames in diffusers, or seem to, and the way out
WITHOUT_EFFECT = {
    "_guidance_scale": "guidance is the same in all steps; give min_guidance_scale and max_guidance_scale to the call",
    "guidance_scale": "give min_guidance_scale and max_guidance_scale to the call",
    "_num_timesteps": "give num_inference_steps to the call",
    "vae_scale_factor": "it is the VAE's",
    "video_processor": "pictures are fitted as fit of the call says",
    "image_processor": "pictures are fitted as fit of the call says",
}


def own_scheduler(origin: Origin) -> Optional[Config]:
    return origin.config("scheduler", "scheduler_config.json")


def own_extractor(origin: Origin) -> CLIPImageProcessor:
    return CLIPImageProcessor(origin.config("feature_extractor", "preprocessor_config.json"))


def chosen_fields(scheduler: Any, pipe: Any) -> Dict[str, Any]:
    """Fields of a pipeline for a scheduler; None: the model's own."""
    if scheduler is None:
        return {"_scheduler": scheduler_of(own_scheduler(pipe._origin)), "_chosen": None}
    return {"_scheduler": scheduler, "_chosen": Chosen(scheduler)}


def part_property(name: str) -> property:
    """A part of the model: what was assigned, or a stand-in for the model's own."""
    def read(self: Any) -> Any:
        return self._parts[name]._given

    def write(self: Any, value: Any) -> None:
        self._replace(name, value)

    return property(read, write, doc=f"The {name}: a {CLASSES[name]} may be assigned. Its weights are read from it "
                                     "whenever the library loads them.")


class Assembly(LoraLoader):
    """The parts of a pipeline, and the engine that was opened for them."""

    unet, vae, image_encoder = part_property("unet"), part_property("vae"), part_property("image_encoder")

    _origin: Origin
    _engine: Any
    _parts: Dict[str, Part]
    _scheduler: Any
    _chosen: Optional[Chosen]
    _extractor: Any
    _progress_bar_config: Dict[str, Any]
    _interrupted: bool
    _last: Optional[Dict[str, Any]]

    def __init__(self, vae: Any, image_encoder: Any, unet: Any, scheduler: Any, feature_extractor: Any = None) -> None:
        """Of the parts of other pipelines (``**pipe.components``) and modules of diffusers; one at least must be of a
        pipeline of img2vid."""
        given = {"unet": unet, "vae": vae, "image_encoder": image_encoder}
        parts = {name: take(name, value) for name, value in given.items()}
        origins = [part._origin for part in parts.values() if part._origin]
        origin = self.__dict__.get("_origin", origins[0] if origins else None)  # from_pretrained has set it
        if origin is None:
            raise TypeError("one part at least must be of a pipeline of img2vid; give modules to from_pretrained, or assign "
                            "them to the attributes of a pipeline that it opened")
        self._set(_origin=origin, _engine=None, _parts=parts, _scheduler=None, _chosen=None, _extractor=own_extractor(origin),
                  _progress_bar_config={}, _interrupted=False, _last=None)
        for part in parts.values():
            part._owners.add(self)
        if feature_extractor is not None:
            self.feature_extractor = feature_extractor
        self._set(**chosen_fields(scheduler, self))
        self._reopen()

    def _set(self, **values: Any) -> None:
        for key, value in values.items():
            object.__setattr__(self, key, value)

    def _has(self, name: str) -> bool:
        """True if img2vid's own classes have an attribute of that name."""
        return any(name in vars(kind) for kind in type(self).__mro__ if kind.__module__.startswith(__package__ + "."))

    def __setattr__(self, name: str, value: Any) -> None:
        known = getattr(type(self), name, None)
        if name in SETTABLE or isinstance(known, property) and known.fset is not None:
            object.__setattr__(self, name, value)
        elif type(self).__init__.__module__ != __name__ and name not in WITHOUT_EFFECT and not self._has(name):
            object.__setattr__(self, name, value)  # of a class with a constructor of its own
        elif not (name == "safety_checker" and value is None):
            raise AttributeError(f"{name} cannot be set: {WITHOUT_EFFECT.get(name, 'nothing would come of it')}. What can "
                                 f"be set: {', '.join(SETTABLE[:-1])}")

    # ---- opening and closing ----

    def _options(self) -> Dict[str, Any]:
        """Of the engine: the origin's, with the parts, the LoRAs and the scheduler of this pipeline."""
        options, memory = dict(self._origin.options), {}
        for name, part in self._parts.items():
            if part._tensors is not None:
                memory[name] = part._tensors
            elif part._path is not None:
                options[name] = part._path
            elif part._origin is not None and part._origin is not self._origin:
                options[name] = part._origin.model
        loras = options.pop("loras", None) or ()
        if self._chosen:
            options["scheduler_config"] = self._chosen.config
        return {**options, "memory": memory, "loras": [*loras, *self._unet._adapters.added()]}

    def _reopen(self) -> None:
        """Opens the engine for what the pipeline is made of now, in place of the one there is."""
        before = self._engine
        if before is not None and before.closed:
            raise ValueError("the model is closed")
        engine = self._open()
        try:
            if before is not None:
                before.close()
        except RuntimeError:  # it is at work
            engine.close()
            raise
        self._set(_engine=engine)

    def _open(self) -> Engine:
        options = self._options()
        try:
            return self._share(options) or Engine(self._origin.model, **options)
        except ModelError as error:
            if options.get("variant") is None or "choose another variant" not in str(error):
                raise
            self._origin.options["variant"] = options["variant"] = None
            engine = Engine(self._origin.model, **options)
            warn(f"{error}; what is there is taken")
            return engine

    def _share(self, options: Dict[str, Any]) -> Optional[Engine]:
        """An engine on the opened model of another pipeline that is made of the same, so that weights are in memory once."""
        for pipe in self._unet._owners - {self}:
            model = pipe._engine and pipe._engine.model
            if model and model.is_opened_with(self._origin.model, **options):
                return Engine(model, **{key: options[key] for key in OF_ENGINE if key in options})
        return None

    def _refresh(self) -> None:
        """Reads modules and a scheduler again that have changed since they were given."""
        stale = any([part._refresh() for part in self._parts.values()])
        if self._chosen:
            chosen = Chosen(self._scheduler)
            stale |= chosen.config != self._chosen.config
            self._set(_chosen=chosen)
        if stale:
            self._reopen()

    def _replace(self, name: str, value: Any) -> None:
        part, before = take(name, value), self._parts[name]
        if part is before:
            return
        self._parts[name] = part
        try:
            self._reopen()
        except BaseException:
            self._parts[name] = before
            raise
        before._owners.discard(self)
        part._owners.add(self)

    def close(self) -> None:
        """Frees the model's memory."""
        self._engine.close()
        for part in self._parts.values():
            part._owners.discard(self)

    def unload(self) -> None:
        """Frees the parts that ``keep_loaded=True`` of ``from_pretrained`` keeps between calls."""
        self._engine.unload()

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    # ---- parts ----

    @property
    def _unet(self) -> Part:
        return self._parts["unet"]

    @property
    def scheduler(self) -> Any:
        """An EulerDiscreteScheduler, DPMSolverMultistepScheduler, EDMDPMSolverMultistepScheduler, UniPCMultistepScheduler or
        HeunDiscreteScheduler, of img2vid or diffusers, may be assigned, and AnimateLCM-SVD's. Its configuration counts: what
        it was told of steps does not."""
        return self._scheduler

    @scheduler.setter
    def scheduler(self, value: Any) -> None:
        if value is None:
            raise TypeError("scheduler is None; the model's own is EulerDiscreteScheduler.from_config(...) of its configuration")
        before = {key: getattr(self, key) for key in ("_scheduler", "_chosen")}
        self._set(**chosen_fields(value, self))
        try:
            self._reopen()
        except BaseException:
            self._set(**before)
            raise

    @property
    def feature_extractor(self) -> Any:
        """A CLIPImageProcessor with the model's own image_mean and image_std may be assigned."""
        return self._extractor

    @feature_extractor.setter
    def feature_extractor(self, value: Any) -> None:
        check_extractor(value, own_extractor(self._origin))
        self._set(_extractor=value)

    @property
    def components(self) -> Dict[str, Any]:
        """All parts, by name, for another pipeline."""
        return {name: getattr(self, name) for name in (*CLASSES, "scheduler", "feature_extractor")}

    def register_modules(self, **parts: Any) -> None:
        """Assigns parts by name, as diffusers' pipelines do it."""
        for name, part in parts.items():
            setattr(self, name, part)

    @property
    def config(self) -> Config:
        """What the model's model_index.json says."""
        own = self._origin.config("model_index.json") or {"_class_name": "StableVideoDiffusionPipeline"}
        return Config(own, _name_or_path=self._origin.model)

    @property
    def name_or_path(self) -> str:
        return self._origin.model

    @property
    def device(self) -> Any:
        return cpu()

    _execution_device = device

    @property
    def dtype(self) -> Any:
        return asked_dtype(self._origin.torch_dtype)

    @property
    def _torch_dtype(self) -> Any:
        return self._origin.torch_dtype
