"""Stable Video Diffusion on the CPU: one picture in, a short video out. Python for libimg2vid.

    from img2vid import StableVideoDiffusionPipeline
    from img2vid.utils import export_to_video, load_image

    pipe = StableVideoDiffusionPipeline.from_pretrained("stabilityai/stable-video-diffusion-img2vid-xt", variant="fp16")
    frames = pipe(load_image("photo.jpg"), generator=42).frames[0]
    export_to_video(frames, "generated.mp4", fps=7)
"""

from . import _library
from .errors import (CancelledError, FileError, FormatError, Img2VidError, InternalError, MemoryLimitError, ModelError,
                     NetworkError, ParameterError, UnsupportedError)
from .bundled import bundled_model
from .extractor import CLIPImageProcessor
from .parts import (AutoencoderKLTemporalDecoder, CLIPVisionModelWithProjection, UNetSpatioTemporalConditionModel)
from .pipeline import StableVideoDiffusionPipeline, StableVideoDiffusionPipelineOutput, preset, speed, speed_options
from .scheduler import (DPMSolverMultistepScheduler, EDMDPMSolverMultistepScheduler, EulerDiscreteScheduler,
                        HeunDiscreteScheduler, UniPCMultistepScheduler)
from .utils import export_to_gif, export_to_video, load_image, make_image_grid, read_metadata

# scripts open models by this name, too
DiffusionPipeline = StableVideoDiffusionPipeline

__version__ = _library.library.i2v_version().decode()

__all__ = [
    "AutoencoderKLTemporalDecoder",
    "CLIPImageProcessor",
    "CLIPVisionModelWithProjection",
    "CancelledError",
    "DPMSolverMultistepScheduler",
    "DiffusionPipeline",
    "EDMDPMSolverMultistepScheduler",
    "EulerDiscreteScheduler",
    "FileError",
    "FormatError",
    "HeunDiscreteScheduler",
    "Img2VidError",
    "InternalError",
    "MemoryLimitError",
    "ModelError",
    "NetworkError",
    "ParameterError",
    "StableVideoDiffusionPipeline",
    "StableVideoDiffusionPipelineOutput",
    "UNetSpatioTemporalConditionModel",
    "UniPCMultistepScheduler",
    "UnsupportedError",
    "bundled_model",
    "export_to_gif",
    "export_to_video",
    "load_image",
    "make_image_grid",
    "preset",
    "speed",
    "speed_options",
    "read_metadata",
]
