"""What is being done, how far it is, and how long it will take: by tqdm, as diffusers, or in lines of our own."""

from __future__ import annotations

import sys
import time
from typing import Any, Dict, Mapping, Optional

TITLES = {"load": "loading weights", "encode": "encoding the picture", "denoise": "denoising", "decode": "decoding"}
WIDTH = 60
# between two lines where there is no terminal
QUIET_SECONDS = 10


def find_tqdm() -> Any:
    try:
        from tqdm.auto import tqdm
    except ImportError:
        return None
    return tqdm


def clock(seconds: float) -> str:
    """4:31, 1:04:31"""
    minutes, second = divmod(round(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02d}:{second:02d}" if hours else f"{minute}:{second:02d}"


def within(event: Any) -> bool:
    """Whether the event comes while a step is computed, not after it."""
    return bool(event.steps_done > event.step)


class Progress:
    """Shows the events of a call. config: arguments for tqdm, of which disable and desc count without it, too. As in
    diffusers the denoising is always shown; the rest only where somebody looks, on a terminal or in a notebook."""

    def __init__(self, config: Optional[Mapping[str, Any]] = None, pictures: int = 1) -> None:
        self.config = dict(config or {})
        self.shown = not self.config.get("disable") and sys.stderr is not None
        self.terminal = self.shown and sys.stderr.isatty()
        self.tqdm: Any = find_tqdm() if self.shown else None
        self.pictures, self.picture = pictures, 0
        self.bars: Dict[str, Any] = {}
        self.spoke = time.monotonic()

    def show(self, event: Any) -> None:
        if not self.shown:
            return
        phase = event.phase.name
        if self.tqdm is not None:
            if phase == "denoise" or self.terminal or "ipykernel" in sys.modules:
                self.move_bar(phase, event)
        elif self.terminal:
            print("\r" + self.line(phase, event).ljust(WIDTH), end="", file=sys.stderr, flush=True)
        elif phase == "denoise" and not within(event) and time.monotonic() - self.spoke >= QUIET_SECONDS:
            self.spoke = time.monotonic()
            print(self.line(phase, event), file=sys.stderr, flush=True)

    def move_bar(self, phase: str, event: Any) -> None:
        """The bar of denoising is for all videos of the call, that of another phase for this time."""
        runs, before = 1, 0
        if phase == "denoise":
            runs = self.pictures * event.num_videos * event.num_clips
            before = ((self.picture * event.num_videos + event.video) * event.num_clips + event.clip) * event.steps
        if phase not in self.bars:
            more = self.config if phase == "denoise" else {"desc": TITLES[phase], "leave": False}
            self.bars[phase] = self.tqdm(**{"total": event.steps * runs, **more})
        bar = self.bars[phase]
        if within(event):
            bar.refresh()  # it counts whole steps, but its clock goes on
        else:
            bar.update(before + event.step - bar.n)
        if phase != "denoise" and event.step >= event.steps:
            self.bars.pop(phase).close()

    def line(self, phase: str, event: Any) -> str:
        unit = " MiB" if phase == "load" else ""
        step = f"{event.steps_done:.{1 if within(event) else 0}f}"
        text = f"{self.config.get('desc') or TITLES[phase]} {step}/{event.steps}{unit}, {event.seconds:.0f} s"
        if event.seconds_left >= 0:  # of the whole call
            text += f", {clock(event.seconds_left)} left"
        if event.num_clips > 1:
            text += f", clip {event.clip + 1} of {event.num_clips}"
        if event.num_videos > 1:
            text += f", video {event.video + 1} of {event.num_videos}"
        return text

    def show_download(self, event: Any) -> None:
        if not self.terminal:
            return
        line = event.note.decode("utf-8", "replace") or (
            f"{event.file.decode('utf-8', 'replace')} {event.done >> 20}/{event.total >> 20} MiB, {event.seconds:.0f} s")
        print("\r" + line[:WIDTH].ljust(WIDTH), end="", file=sys.stderr, flush=True)

    def end(self) -> None:
        for bar in self.bars.values():
            bar.close()
        self.bars.clear()
        if self.terminal and self.tqdm is None:
            print("\r" + " " * WIDTH + "\r", end="", file=sys.stderr, flush=True)
