"""One line on a terminal: what is being done, and how far it is."""

from __future__ import annotations

import sys
from typing import Any

TITLES = {"load": "loading weights", "encode": "encoding the picture", "denoise": "denoising", "decode": "decoding"}
WIDTH = 60


class Progress:
    """Shows the events of a call, unless it is disabled or standard error is no terminal."""

    def __init__(self, disable: bool = False) -> None:
        self.shown = not disable and sys.stderr is not None and sys.stderr.isatty()

    def show(self, event: Any) -> None:
        if not self.shown:
            return
        unit = " MiB" if event.phase.name == "load" else ""
        line = f"{TITLES[event.phase.name]} {event.step}/{event.steps}{unit}, {event.seconds:.0f} s"
        if event.num_clips > 1:
            line += f", clip {event.clip + 1} of {event.num_clips}"
        if event.num_videos > 1:
            line += f", video {event.video + 1} of {event.num_videos}"
        print("\r" + line.ljust(WIDTH), end="", file=sys.stderr, flush=True)

    def show_download(self, event: Any) -> None:
        if not self.shown:
            return
        line = event.note.decode("utf-8", "replace") or (
            f"{event.file.decode('utf-8', 'replace')} {event.done >> 20}/{event.total >> 20} MiB, {event.seconds:.0f} s")
        print("\r" + line[:WIDTH].ljust(WIDTH), end="", file=sys.stderr, flush=True)

    def end(self) -> None:
        if self.shown:
            print("\r" + " " * WIDTH + "\r", end="", file=sys.stderr, flush=True)
