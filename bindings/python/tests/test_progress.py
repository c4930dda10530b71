"""Progress: by tqdm where there is one, else in lines of our own."""

import io
import sys
import types

import numpy as np
import pytest

from conftest import SMALL
from img2vid import StableVideoDiffusionPipeline as Pipeline
from img2vid import _progress, pipeline


@pytest.fixture
def own(model):
    with Pipeline.from_pretrained(model) as pipe:
        yield pipe


@pytest.fixture
def bars(monkeypatch):
    """Bars of a module that stands for tqdm."""
    made = []

    class Bar:
        def __init__(self, iterable=None, **config):
            self.config, self.n, self.moves, self.closed = config, 0, [], False
            made.append(self)

        def update(self, count):
            self.n += count
            self.moves.append(self.n)

        def close(self):
            self.closed = True

    package, auto = types.ModuleType("tqdm"), types.ModuleType("tqdm.auto")
    auto.tqdm = Bar
    monkeypatch.setitem(sys.modules, "tqdm", package)
    monkeypatch.setitem(sys.modules, "tqdm.auto", auto)
    return made


class Terminal(io.StringIO):
    def isatty(self):
        return True


def run(pipe, picture, **arguments):
    return pipe(picture, **{**SMALL, "output_type": "np", "generator": 7, "num_inference_steps": 3, **arguments})


def test_a_bar_of_tqdm_counts_the_steps(own, picture, bars):
    run(own, picture)
    bar, = bars
    assert bar.config == {"total": 3} and bar.moves[-3:] == [1, 2, 3] and bar.closed
    own.set_progress_bar_config(desc="video", leave=False)
    run(own, np.stack([picture, picture]), num_videos_per_prompt=2)
    assert bars[1].config == {"total": 12, "desc": "video", "leave": False} and bars[1].n == 12
    assert bars[1].moves == sorted(bars[1].moves)
    own.set_progress_bar_config(disable=True)
    run(own, picture)
    assert len(bars) == 2
    with pytest.raises(ZeroDivisionError):
        own.set_progress_bar_config()
        run(own, picture, callback_on_step_end=lambda *_: 1 / 0)
    assert bars[2].closed
    assert own.progress_bar(total=5).config == {"total": 5}


def test_a_terminal_sees_the_rest(own, picture, bars, monkeypatch):
    monkeypatch.setattr(sys, "stderr", Terminal())
    run(own, picture)
    assert [bar.config.get("desc") for bar in bars if bar.config.get("leave") is False].count("decoding") >= 1
    assert all(bar.closed for bar in bars)


def test_lines_without_tqdm(own, picture, monkeypatch):
    for module in (_progress, pipeline):
        monkeypatch.setattr(module, "find_tqdm", lambda: None)
    quiet, terminal = io.StringIO(), Terminal()
    monkeypatch.setattr(sys, "stderr", quiet)
    run(own, picture)
    assert quiet.getvalue() == ""  # it took no time
    monkeypatch.setattr(_progress, "QUIET_SECONDS", 0)
    run(own, picture)
    lines = quiet.getvalue().splitlines()
    assert len(lines) == 4 and lines[1].startswith("denoising 1/3, 0 s, ") and lines[1].endswith(" s left")
    monkeypatch.setattr(sys, "stderr", terminal)
    run(own, picture)
    assert "\rdenoising 2/3" in terminal.getvalue() and terminal.getvalue().endswith("\r")
    with pytest.raises(ImportError, match="pip install tqdm"):
        own.progress_bar(total=3)
