"""The state of a call on disk, from which a later call goes on."""

from __future__ import annotations

import os
from typing import Any, Optional

from . import _ffi
from .errors import warn


class Checkpoints:
    """The files of a call: one for a picture, for several numbered ones. write, read: paths, or None; what is gone on from
    is written on, unless another is named."""

    def __init__(self, write: Any, read: Any, pictures: int) -> None:
        self.write = as_path("checkpoint", read if write is None else write)
        self.read = as_path("resume_from", read)
        self.pictures, self.warned = pictures, False

    def set(self, params: _ffi.i2v_params, index: int) -> None:
        """For the call's picture of that number, from 0. Of several, those that have no file have not begun."""
        read = self.of_picture(self.read, index)
        if self.pictures > 1 and read is not None and not os.path.exists(read):
            read = None
        params.checkpoint = _ffi.encode("checkpoint", self.of_picture(self.write, index))
        params.resume_from = _ffi.encode("resume_from", read)

    def show(self, event: _ffi.i2v_event) -> None:
        """Warns of a state that cannot be written, once."""
        if event.checkpoint_error and not self.warned:
            self.warned = True
            warn(f"the call goes on without a newer checkpoint: {event.checkpoint_error.decode('utf-8', 'replace')}")

    def remove(self) -> None:
        """What was written."""
        for index in range(self.pictures):
            path = self.of_picture(self.write, index)
            if path is not None and os.path.exists(path):
                os.remove(path)

    def of_picture(self, path: Optional[str], index: int) -> Optional[str]:
        return path if path is None or self.pictures == 1 else f"{path}-{index + 1}"


def as_path(name: str, path: Any) -> Optional[str]:
    return None if path is None else os.fsdecode(_ffi.encode(name, path))
