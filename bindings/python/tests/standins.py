"""Objects that stand for modules of diffusers and PyTorch, so that tests need neither."""

import contextlib
import json
import pathlib
import struct
import types

import numpy as np

NUMPY = {"F32": np.float32, "F16": np.float16}


def read_safetensors(path):
    data = path.read_bytes()
    length, = struct.unpack("<Q", data[:8])
    entries = json.loads(data[8:8 + length])
    entries.pop("__metadata__", None)
    return {name: np.frombuffer(data[8 + length:], NUMPY[entry["dtype"]], offset=entry["data_offsets"][0],
                                count=int(np.prod(entry["shape"], dtype=int))).reshape(entry["shape"]).copy()
            for name, entry in entries.items()}


class AttnProcessor2_0:
    pass


class Module:
    """What img2vid looks at: the class's name, config, state_dict() and attn_processors."""

    def __init__(self, folder, scale=1.0):
        self.config = json.loads((folder / "config.json").read_text())
        path, = folder.glob("*.safetensors")
        self.state = {name: values * values.dtype.type(scale) for name, values in read_safetensors(path).items()}
        self.attn_processors = {"down.processor": AttnProcessor2_0()}

    def state_dict(self):
        return self.state


class UNetSpatioTemporalConditionModel(Module):
    def forward(self):
        pass


class AutoencoderKLTemporalDecoder(Module):
    pass


class CLIPVisionModelWithProjection(Module):
    def __init__(self, folder, scale=1.0):
        super().__init__(folder, scale)
        del self.attn_processors
        values = self.config
        self.config = type("CLIPVisionConfig", (), {"to_dict": lambda self: values})()
        self.state["vision_model.embeddings.position_ids"] = np.arange(3)


KINDS = {"unet": UNetSpatioTemporalConditionModel, "vae": AutoencoderKLTemporalDecoder,
         "image_encoder": CLIPVisionModelWithProjection}


class Wrapper:
    """torch.compile's OptimizedModule, and DataParallel."""

    def __init__(self, module, name):
        self.__dict__[name] = module

    def state_dict(self):
        raise AssertionError("the module inside is meant")


class EulerDiscreteScheduler:
    def __init__(self, **config):
        self.config = config

    def step(self):
        pass


class Tensor(np.ndarray):
    __module__ = "torch"

    def detach(self):
        return self

    cpu = detach

    def clone(self):
        return self.copy()

    def numpy(self):
        return self.view(np.ndarray)


class Draws:
    """A seeded torch.Generator, with NumPy's numbers."""

    __module__ = "torch"

    def __init__(self, seed):
        self.standard_normal = np.random.Generator(np.random.PCG64(seed % 2**64)).standard_normal


class Generator:
    def __init__(self, device=None):
        self.manual_seed = Draws


def compiled(function, **_):
    """As torch.compile: what it is given stays in the closure of a function."""
    def wrapper(*arguments, **named):
        return function(*arguments, **named)
    return wrapper


def torch():
    """A module that stands for what scripts and img2vid use of PyTorch."""
    module = types.ModuleType("torch")
    module.float16, module.float32, module.bfloat16 = np.float16, np.float32, "bfloat16"
    module.Tensor, module.Generator, module.manual_seed = Tensor, Generator, Draws
    module.from_numpy = lambda array: array.view(Tensor)
    module.tensor = lambda value: np.asarray(value, np.float32).view(Tensor)
    module.device = lambda name: types.SimpleNamespace(type=name)
    module.inference_mode = module.no_grad = contextlib.nullcontext
    module.cuda = types.SimpleNamespace(is_available=lambda: False, empty_cache=lambda: None)
    module.compile = compiled
    module.load = lambda path, **_: read_safetensors(pathlib.Path(path))
    return module
