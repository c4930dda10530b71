"""Progress: by tqdm where there is one, else in lines of our own."""

import io
import sys
import types

import numpy as np
import pytest

from conftest import SMALL
from img2vid import StableVideoDiffusionPipeline as Pipeline
from img2vid import _ffi, _progress, pipeline
from img2vid.engine import default_params


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
            self.config, self.n, self.moves, self.closed, self.refreshed = config, 0, [], False, 0
            made.append(self)

        def update(self, count):
            self.n += count
            self.moves.append(self.n)

        def refresh(self):
            self.refreshed += 1

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


def test_heuns_bar_counts_steps_and_its_callback_evaluations(own, picture, bars):
    """As diffusers' bar, which moves by scheduler.order timesteps, and its callback, which comes after each of them."""
    seen = []
    run(own, picture, scheduler="heun", callback_on_step_end=lambda pipe, step, *_: seen.append(step) or {})
    bar, = bars
    assert bar.config == {"total": 3} and bar.n == 3
    assert seen == [0, 1, 2, 3, 4] and own.num_timesteps == 5


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
    assert len(lines) == 4 and lines[1].startswith("denoising 1/3, 0 s, ") and lines[1].endswith(" left")
    monkeypatch.setattr(sys, "stderr", terminal)
    run(own, picture)
    assert "\rdenoising 2/3" in terminal.getvalue() and terminal.getvalue().endswith("\r")
    with pytest.raises(ImportError, match="pip install tqdm"):
        own.progress_bar(total=3)


def event(**fields):
    return _ffi.i2v_event(**{"phase": 2, "num_videos": 1, "num_clips": 1, "steps": 4, "seconds_left": -1, **fields})


def test_what_comes_within_a_step(bars, monkeypatch):
    monkeypatch.setattr(_progress, "QUIET_SECONDS", 0)
    terminal, quiet = Terminal(), io.StringIO()
    events = [event(), event(steps_done=0.3), event(step=1, steps_done=1), event(step=1, steps_done=1.96, seconds_left=33)]
    monkeypatch.setattr(sys, "stderr", quiet)
    show = _progress.Progress()
    for each in events:
        show.show(each)
    bar, = bars
    assert bar.moves == [0, 1] and bar.refreshed == 2  # tqdm counts whole steps
    for stream in (quiet, terminal):
        monkeypatch.setattr(sys, "stderr", stream)
        show = _progress.Progress()
        show.tqdm = None
        for each in events:
            show.show(each)
    assert [line.split(",")[0] for line in quiet.getvalue().splitlines()] == ["denoising 0/4", "denoising 1/4"]
    drawn = terminal.getvalue()
    assert "denoising 0.3/4, 0 s " in drawn and "denoising 2.0/4, 0 s, 0:33 left" in drawn


def test_hours_are_told_as_such():
    assert [_progress.clock(seconds) for seconds in (0, 59.6, 271, 3871, 39239)] == \
        ["0:00", "1:00", "4:31", "1:04:31", "10:53:59"]


def test_an_engine_tells_how_far_it_is(own, picture):
    fractions = []

    def tell(event):
        fractions.append((event.fraction, event.steps_done >= event.step, event.phase.name))

    params = default_params({"num_inference_steps": 2, "num_frames": 3, "width": 64, "height": 64}, ())
    own._engine.generate(picture, params, tell)
    values = [fraction for fraction, *_ in fractions]
    assert values == sorted(values) and values[0] < 0.5 and values[-1] == 1
    assert all(right for _, right, _ in fractions) and {name for *_, name in fractions} == {
        "load", "encode", "denoise", "decode"}
