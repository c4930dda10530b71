"""The public header in ctypes: enums, structs and functions, in the header's order and under its names.

Which of the fields are keywords is the library's to say: parameters.py asks it. The tests compare everything in this file
with the header.
"""

from __future__ import annotations

import ctypes
import operator
import os
from ctypes import POINTER, Structure, c_char, c_char_p, c_double, c_float, c_int, c_int64, c_size_t
from ctypes import c_uint, c_uint8, c_uint64, c_void_p
from typing import Any, ClassVar, Dict, List, Mapping, Tuple, Type

VERSION = (0, 1)
"""Major and minor version of the header."""

# ---- enums -----------------------------------------------------------------------------------------------------------


class Enum(c_int):
    """A C enum; ``PREFIX + NAME.upper()`` are its constants, from 0."""

    PREFIX: ClassVar[str]
    NAMES: ClassVar[Tuple[str, ...]]

    @classmethod
    def number(cls, name: Any) -> int:
        if isinstance(name, str) and name.lower() in cls.NAMES:
            return cls.NAMES.index(name.lower())
        raise ValueError(f"{name!r} is none of {', '.join(cls.NAMES)}")

    @property
    def name(self) -> str:
        return self.NAMES[self.value]


class i2v_status(Enum):
    PREFIX = "I2V_"
    NAMES = ("ok", "error_parameter", "error_io", "error_format", "error_model", "error_unsupported", "error_memory",
             "error_internal", "cancelled", "error_network")


class i2v_alpha(Enum):
    PREFIX = "I2V_ALPHA_"
    NAMES = ("white", "drop")


class i2v_fit(Enum):
    PREFIX = "I2V_FIT_"
    NAMES = ("crop", "pad", "stretch", "diffusers", "comfyui")


class i2v_dtype(Enum):
    PREFIX = "I2V_DTYPE_"
    NAMES = ("auto", "f32", "bf16", "int8")


class i2v_sigma_schedule(Enum):
    PREFIX = "I2V_SIGMA_SCHEDULE_"
    NAMES = ("auto", "karras", "exponential", "uniform", "ays")


class i2v_rng(Enum):
    PREFIX = "I2V_RNG_"
    NAMES = ("numpy", "torch")


class i2v_noise_aug(Enum):
    PREFIX = "I2V_NOISE_AUG_"
    NAMES = ("diffusers", "comfyui")


class i2v_scheduler(Enum):
    PREFIX = "I2V_SCHEDULER_"
    NAMES = ("auto", "euler", "animatelcm", "dpmpp_2m", "dpmpp_2m_sde", "unipc", "heun")


class i2v_guidance_shape(Enum):
    PREFIX = "I2V_GUIDANCE_"
    NAMES = ("linear", "triangle")


class i2v_phase(Enum):
    PREFIX = "I2V_PHASE_"
    NAMES = ("load", "encode", "denoise", "decode")


class i2v_codec(Enum):
    PREFIX = "I2V_CODEC_"
    NAMES = ("auto", "h264", "h265", "vp9", "av1", "ffv1")


class i2v_hub_phase(Enum):
    PREFIX = "I2V_HUB_"
    NAMES = ("list", "download", "check", "wait")


class i2v_parameter_type(Enum):
    PREFIX = "I2V_PARAMETER_"
    NAMES = ("flag", "integer", "unsigned", "bytes", "number", "choice", "text", "numbers", "loras")


class i2v_struct(Enum):
    PREFIX = "I2V_STRUCT_"
    NAMES = ("options", "params", "output", "image_options", "hub_options")


# ---- structs ---------------------------------------------------------------------------------------------------------


class i2v_span(Structure):
    _fields_ = [
        ("begin", c_int),
        ("length", c_int),
    ]


class i2v_error(Structure):
    _fields_ = [
        ("status", i2v_status),
        ("message", c_char * 1024),
        ("names", i2v_span * 8),
        ("names_count", c_int),
    ]


class i2v_image(Structure):
    _fields_ = [
        ("width", c_int),
        ("height", c_int),
        ("pixels", POINTER(c_uint8)),
        ("sha256", c_char * 65),
        ("warning", c_char_p),
    ]


class i2v_lora(Structure):
    _fields_ = [
        ("path", c_char_p),
        ("scale", c_double),
    ]


class i2v_memory_tensor(Structure):
    _fields_ = [
        ("name", c_char_p),
        ("dtype", c_char_p),
        ("ndim", c_int),
        ("shape", POINTER(c_int64)),
        ("data", c_void_p),
    ]


class i2v_memory_part(Structure):
    _fields_ = [
        ("config", c_char_p),
        ("tensors", POINTER(i2v_memory_tensor)),
        ("tensors_count", c_size_t),
    ]


class i2v_options(Structure):
    _fields_ = [
        ("variant", c_char_p),
        ("dtype", i2v_dtype),
        ("threads", c_int),
        ("max_memory", c_uint64),
        ("unet", c_char_p),
        ("vae", c_char_p),
        ("image_encoder", c_char_p),
        ("frame_decoder", c_char_p),
        ("tiny_decoder", c_char_p),
        ("keep_loaded", c_int),
        ("loras", POINTER(i2v_lora)),
        ("loras_count", c_size_t),
        ("unet_memory", POINTER(i2v_memory_part)),
        ("vae_memory", POINTER(i2v_memory_part)),
        ("image_encoder_memory", POINTER(i2v_memory_part)),
        ("frame_decoder_memory", POINTER(i2v_memory_part)),
        ("scheduler_config", c_char_p),
    ]


class i2v_part_info(Structure):
    _fields_ = [
        ("name", c_char_p),
        ("class_name", c_char_p),
        ("dtype", c_char_p),
        ("sizes", c_char_p),
        ("parameters", c_uint64),
        ("bytes", c_uint64),
    ]


class i2v_model_info(Structure):
    _fields_ = [
        ("path", c_char_p),
        ("pipeline", c_char_p),
        ("scheduler", c_char_p),
        ("width", c_int),
        ("height", c_int),
        ("num_frames", c_int),
        ("latent_channels", c_int),
        ("vae_scale_factor", c_int),
        ("parts_count", c_size_t),
        ("parts", i2v_part_info * 5),
        ("dtype", i2v_dtype),
        ("backend", c_char_p),
        ("sigma_schedule", i2v_sigma_schedule),
        ("sampler", i2v_scheduler),
        ("warnings_count", c_size_t),
        ("warnings", POINTER(c_char_p)),
        ("threads", c_int),
        ("tiny_decoder", c_char_p),
    ]


i2v_normal_source = ctypes.CFUNCTYPE(c_int, POINTER(c_float), c_size_t, c_void_p)


class i2v_event(Structure):
    _fields_ = [
        ("phase", i2v_phase),
        ("video", c_int),
        ("num_videos", c_int),
        ("step", c_int),
        ("steps", c_int),
        ("clip", c_int),
        ("num_clips", c_int),
        ("seconds", c_double),
        ("memory", c_uint64),
        ("latents", POINTER(c_float)),
        ("latents_count", c_size_t),
        ("timestep", c_double),
        ("steps_done", c_double),
        ("fraction", c_double),
        ("seconds_left", c_double),
        ("checkpoint_error", c_char_p),
        ("preview", POINTER(i2v_image)),
        ("preview_count", c_size_t),
    ]


i2v_event_callback = ctypes.CFUNCTYPE(c_int, POINTER(i2v_event), c_void_p)


class i2v_params(Structure):
    _fields_ = [
        ("width", c_int),
        ("height", c_int),
        ("fit", i2v_fit),
        ("num_frames", c_int),
        ("num_videos", c_int),
        ("num_inference_steps", c_int),
        ("sigmas", POINTER(c_double)),
        ("sigmas_count", c_size_t),
        ("min_guidance_scale", c_double),
        ("max_guidance_scale", c_double),
        ("fps", c_int),
        ("motion_bucket_id", c_int),
        ("noise_aug_strength", c_double),
        ("seed", c_uint64),
        ("rng", i2v_rng),
        ("random", i2v_normal_source),
        ("random_user", c_void_p),
        ("latents", POINTER(c_float)),
        ("decode_chunk_size", c_int),
        ("forward_chunk_size", c_int),
        ("on_event", i2v_event_callback),
        ("user", c_void_p),
        ("extend", c_int),
        ("video_index", c_int),
        ("scheduler", i2v_scheduler),
        ("sigma_schedule", i2v_sigma_schedule),
        ("guidance_shape", i2v_guidance_shape),
        ("noise_aug", i2v_noise_aug),
        ("clip_pixels", POINTER(c_float)),
        ("vae_pixels", POINTER(c_float)),
        ("latents_only", c_int),
        ("checkpoint", c_char_p),
        ("resume_from", c_char_p),
        ("preview_every", c_int),
        ("cache_interval", c_int),
        ("cache_branch", c_int),
        ("guidance_interval", c_char_p),
        ("guidance_every", c_int),
        ("forecast_every", c_int),
    ]


# I2V_WARNING_SIZE
WARNING_SIZE = 256


class i2v_video(Structure):
    _fields_ = [
        ("num_videos", c_int),
        ("num_frames", c_int),
        ("height", c_int),
        ("width", c_int),
        ("frames", POINTER(c_float)),
        ("latent_channels", c_int),
        ("latent_height", c_int),
        ("latent_width", c_int),
        ("latents", POINTER(c_float)),
        ("fps", c_int),
        ("num_clips", c_int),
        ("clip_frames", c_int),
        ("warning", c_char * WARNING_SIZE),
    ]


cancelled_callback = ctypes.CFUNCTYPE(c_int, c_void_p)


class i2v_output(Structure):
    _fields_ = [
        ("fps", c_double),
        ("crf", c_int),
        ("index", c_int),
        ("cancelled", cancelled_callback),
        ("user", c_void_p),
        ("codec", i2v_codec),
        ("quality", c_int),
        ("loop", c_int),
        ("metadata", c_char_p),
        ("bitrate", c_uint64),
        ("no_replace", c_int),
    ]


class i2v_hub_event(Structure):
    _fields_ = [
        ("phase", i2v_hub_phase),
        ("file", c_char_p),
        ("note", c_char_p),
        ("files_done", c_int),
        ("files", c_int),
        ("done", c_uint64),
        ("total", c_uint64),
        ("received", c_uint64),
        ("seconds", c_double),
    ]


i2v_hub_callback = ctypes.CFUNCTYPE(c_int, POINTER(i2v_hub_event), c_void_p)


class i2v_hub_options(Structure):
    _fields_ = [
        ("revision", c_char_p),
        ("variant", c_char_p),
        ("file", c_char_p),
        ("cache", c_char_p),
        ("endpoint", c_char_p),
        ("token", c_char_p),
        ("offline", c_int),
        ("connections", c_int),
        ("on_event", i2v_hub_callback),
        ("user", c_void_p),
    ]


class i2v_hub_model(Structure):
    _fields_ = [
        ("path", c_char_p),
        ("commit", c_char * 65),
        ("license", c_char * 64),
        ("files", c_int),
        ("bytes", c_uint64),
        ("received", c_uint64),
    ]


class i2v_parameter(Structure):
    _fields_ = [
        ("name", c_char_p),
        ("type", i2v_parameter_type),
        ("settings", i2v_struct),
        ("field", c_char_p),
        ("offset", c_size_t),
        ("minimum", c_double),
        ("maximum", c_double),
        ("initial", c_double),
        ("argument", c_char_p),
        ("group", c_char_p),
        ("calls", c_uint),
        ("decides", c_int),
        ("help", c_char_p),
    ]


class i2v_preset(Structure):
    _fields_ = [("name", c_char_p), ("summary", c_char_p)]


class i2v_speed(Structure):
    _fields_ = [("name", c_char_p), ("summary", c_char_p), ("nearness", c_char_p)]


# ---- functions -------------------------------------------------------------------------------------------------------

engine = c_void_p
model = c_void_p
image_pointer = POINTER(i2v_image)
video_pointer = POINTER(i2v_video)
error_pointer = POINTER(i2v_error)
hub_model_pointer = POINTER(i2v_hub_model)
parameter_pointer = POINTER(i2v_parameter)

# name: (result, arguments)
FUNCTIONS: Dict[str, Tuple[Any, List[Any]]] = {
    "i2v_version": (c_char_p, []),
    "i2v_status_name": (c_char_p, [c_int]),
    "i2v_image_load": (c_int, [POINTER(image_pointer), c_char_p, c_int, error_pointer]),
    "i2v_path_from_url": (c_int, [c_char_p]),
    "i2v_image_load_url": (c_int, [POINTER(image_pointer), c_char_p, c_int, cancelled_callback, c_void_p,
                                   error_pointer]),
    "i2v_image_new": (c_int, [POINTER(image_pointer), c_int, c_int, error_pointer]),
    "i2v_image_resize": (c_int, [POINTER(image_pointer), image_pointer, c_int, c_int, c_int, error_pointer]),
    "i2v_image_free": (None, [image_pointer]),
    "i2v_options_default": (None, [POINTER(i2v_options)]),
    "i2v_close": (None, [engine]),
    "i2v_model_open": (c_int, [POINTER(model), c_char_p, POINTER(i2v_options), error_pointer]),
    "i2v_open_model": (c_int, [POINTER(engine), model, POINTER(i2v_options)]),
    "i2v_model_close": (None, [model]),
    "i2v_error_message": (c_char_p, [engine]),
    "i2v_cancel": (None, [engine]),
    "i2v_unload": (None, [engine]),
    "i2v_get_model_info": (c_int, [engine, POINTER(i2v_model_info)]),
    "i2v_phase_name": (c_char_p, [c_int]),
    "i2v_params_default": (None, [POINTER(i2v_params)]),
    "i2v_params_warning": (c_int, [engine, POINTER(i2v_params), c_char_p]),
    "i2v_params_preset": (c_int, [POINTER(i2v_params), c_char_p, error_pointer]),
    "i2v_generate": (c_int, [engine, image_pointer, POINTER(i2v_params), POINTER(video_pointer)]),
    "i2v_decode": (c_int, [engine, POINTER(c_float), c_int, c_int, c_int, POINTER(i2v_params),
                           POINTER(video_pointer)]),
    "i2v_video_free": (None, [video_pointer]),
    "i2v_output_default": (None, [POINTER(i2v_output)]),
    "i2v_video_save": (c_int, [video_pointer, c_char_p, POINTER(i2v_output), error_pointer]),
    "i2v_checkpoint_read": (c_int, [c_char_p, POINTER(c_void_p), error_pointer]),
    "i2v_metadata_load": (c_int, [c_char_p, POINTER(c_void_p), error_pointer]),
    "i2v_metadata_free": (None, [c_void_p]),
    "i2v_video_check_output": (c_int, [c_char_p, POINTER(i2v_output), error_pointer]),
    "i2v_hub_options_default": (None, [POINTER(i2v_hub_options)]),
    "i2v_hub_pull": (c_int, [POINTER(hub_model_pointer), c_char_p, POINTER(i2v_hub_options), error_pointer]),
    "i2v_hub_model_free": (None, [hub_model_pointer]),
    "i2v_hub_is_id": (c_int, [c_char_p]),
    "i2v_parameter_at": (parameter_pointer, [c_size_t]),
    "i2v_preset_at": (POINTER(i2v_preset), [c_size_t]),
    "i2v_speed_at": (POINTER(i2v_speed), [c_size_t]),
    "i2v_preset_sets": (c_int, [c_char_p, parameter_pointer]),
    "i2v_speed_set": (c_int, [c_char_p, POINTER(i2v_options), POINTER(i2v_params), error_pointer]),
    "i2v_speed_sets": (c_int, [c_char_p, parameter_pointer]),
}


def declare(library: ctypes.CDLL) -> None:
    """Gives the library's functions their types."""
    for name, (result, arguments) in FUNCTIONS.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments


# ---- settings from Python --------------------------------------------------------------------------------------------


def settable(struct: Type[Structure]) -> Dict[str, Any]:
    """The fields that are a number, a name or text, with their types. The length of a list is set with the list."""
    simple = (c_int, c_double, c_uint64, c_char_p)
    fields: Any = struct._fields_  # none of ours is a bit field
    return {name: kind for name, kind in fields
            if (kind in simple or issubclass(kind, Enum)) and not name.endswith("_count")}


def encode(name: str, text: Any) -> Any:
    """A path or other text for C, which would take it to end at a NUL. None stays."""
    if text is None:
        return None
    try:
        encoded = os.fsencode(text)
    except TypeError:
        raise TypeError(f"{name} must be text, not {type(text).__name__}") from None
    if b"\0" in encoded:
        raise ValueError(f"{name} has a NUL character in it: {text!r}")
    return encoded


def convert(name: str, kind: Any, value: Any) -> Any:
    """value for a field of that type; ctypes itself would cut integers down to size."""
    if issubclass(kind, Enum):
        try:
            return kind.number(value)
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from None
    if kind is c_char_p:
        return encode(name, value)
    if kind is c_double:
        try:
            return float(value)
        except (TypeError, ValueError):
            raise TypeError(f"{name} must be a number, not {value!r}") from None
    try:
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"{name} must be a whole number, not {value!r}") from None
    low, high = (-(2**31), 2**31 - 1) if kind is c_int else (0, 2**64 - 1)
    if not low <= number <= high:
        raise ValueError(f"{name} is {number}; it must be between {max(low, 0)} and {high}")
    return number


def fill(struct: Structure, values: Mapping[str, Any]) -> None:
    """Sets fields by name. None leaves a field as it is."""
    kinds = settable(type(struct))
    for name, value in values.items():
        if value is not None:
            setattr(struct, name, convert(name, kinds[name], value))


def as_floats(values: Any) -> Any:
    """Pointer to a C-contiguous float32 array, which must outlive it."""
    return values.ctypes.data_as(POINTER(c_float))
