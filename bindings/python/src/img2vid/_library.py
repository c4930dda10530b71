"""Finds and loads libimg2vid."""

from __future__ import annotations

import ctypes
import ctypes.util
import os
import pathlib
from typing import Iterator, List

from . import _ffi

NAME = "libimg2vid.so"
HERE = pathlib.Path(__file__).resolve().parent


def candidates() -> Iterator[str]:
    """Where the library may be, the first that exists is taken: where $IMG2VID_LIBRARY says, in the package (a wheel
    has it), installed on this system, or built in the repository that this file is in."""
    named = os.environ.get("IMG2VID_LIBRARY")
    if named:
        yield named
        return
    bundled = HERE / NAME
    if bundled.exists():
        yield str(bundled)
        return
    yield "{}.{}.{}".format(NAME, *_ffi.VERSION)
    installed = ctypes.util.find_library("img2vid")
    if installed:
        yield installed
    if len(HERE.parents) > 3:
        built = HERE.parents[3] / "build" / "src" / NAME
        if built.exists():
            yield str(built)


def load() -> ctypes.CDLL:
    failures: List[str] = []
    for path in candidates():
        try:
            library = ctypes.CDLL(path)
        except OSError as error:
            failures.append(str(error))
            continue
        check_version(library, path)
        _ffi.declare(library)
        return library
    raise ImportError(
        "libimg2vid cannot be loaded: {}. Install the library (make install), or set IMG2VID_LIBRARY to its file. If it "
        "is one of its own libraries that is missing, on Debian 12 install libavformat59 libavcodec59 libavutil57 "
        "libjpeg62-turbo libpng16-16 libwebp7 libwebpdemux2 libwebpmux3 libtiff6 libavif15 libopenjp2-7 libheif1 "
        "libjansson4 libcurl4 libssl3.".format("; ".join(failures)))


def check_version(library: ctypes.CDLL, path: str) -> None:
    try:
        library.i2v_version.restype = ctypes.c_char_p
        version = library.i2v_version().decode()
    except AttributeError:
        raise ImportError(f"{path} is not libimg2vid: it has no i2v_version") from None
    if not version.startswith("{}.{}.".format(*_ffi.VERSION)):
        raise ImportError("{} is version {}, but this package is for {}.{}; install the two of one version".format(
            path, version, *_ffi.VERSION))


library = load()
