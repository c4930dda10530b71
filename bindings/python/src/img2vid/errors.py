"""The library's failures as exceptions. Their text is the library's sentence: what is wrong, and the way out."""

from __future__ import annotations

import os
import sys
import warnings
from typing import Dict, Type

from . import _ffi
from ._library import library


class Img2VidError(Exception):
    """Anything that the library reports."""


class ParameterError(Img2VidError, ValueError):
    """A parameter is out of its range."""


class FileError(Img2VidError, OSError):
    """A file cannot be read or written."""


class FormatError(Img2VidError, ValueError):
    """A picture, array or video file is not what it should be."""


class ModelError(Img2VidError):
    """A model's configuration or weights are missing, damaged or of another kind."""


class UnsupportedError(Img2VidError, NotImplementedError):
    """Well-formed, but not implemented."""


class MemoryLimitError(Img2VidError, MemoryError):
    """Not enough memory; the text names the amount and what lowers it."""


class InternalError(Img2VidError, RuntimeError):
    """A library underneath failed in a way that no input explains."""


class CancelledError(Img2VidError):
    """The call was cancelled."""


class NetworkError(Img2VidError, ConnectionError):
    """A server cannot be reached, refuses, or sends what it should not."""


KINDS: Dict[str, Type[Img2VidError]] = {
    "parameter": ParameterError,
    "io": FileError,
    "format": FormatError,
    "model": ModelError,
    "unsupported": UnsupportedError,
    "memory": MemoryLimitError,
    "internal": InternalError,
    "cancelled": CancelledError,
    "network": NetworkError,
}


def make(status: int, message: bytes) -> Img2VidError:
    """The exception of a status that is not I2V_OK."""
    kind = KINDS.get(library.i2v_status_name(status).decode(), Img2VidError)
    return kind(message.decode("utf-8", "replace") or f"the library failed with status {status}")


def check(status: int, error: _ffi.i2v_error) -> None:
    """Raises what a call without an engine put into its buffer."""
    if status:
        raise make(status, error.message)


def warn(text: str) -> None:
    """A UserWarning at the line of the program that called into this package."""
    level, frame = 1, sys._getframe()
    inside = os.path.dirname(__file__) + os.sep
    while frame.f_back is not None and frame.f_code.co_filename.startswith(inside):
        level, frame = level + 1, frame.f_back
    warnings.warn(text, stacklevel=level)
