"""export_to_video and export_to_gif take the arguments of diffusers.utils, and mean the same."""

import os
import pathlib

import numpy as np
import pytest

import img2vid
import standins
from img2vid.errors import FileError
from img2vid.utils import export_to_gif, export_to_video

PIL_Image = pytest.importorskip("PIL.Image")
FRAMES = np.random.default_rng(2).random((4, 32, 48, 3), dtype=np.float32)
BYTES = (FRAMES * 255).round().astype(np.uint8)


def written(tmp_path, frames=BYTES, name="video.mp4", **arguments):
    return pathlib.Path(export_to_video(frames, tmp_path / name, **arguments)).read_bytes()


def test_quality_is_diffusers(tmp_path):
    for quality, crf in ((9, 5), (5, 25), (5.5, 22), (1, 45), (0, 51), (10, 1), (None, 23)):
        assert written(tmp_path, quality=quality) == written(tmp_path, crf=crf), quality
    assert written(tmp_path) == written(tmp_path, crf=25, fps=10)
    assert written(tmp_path, lossy_quality=90) == written(tmp_path, crf=6)
    assert len(written(tmp_path, name="video.webm", quality=9)) > len(written(tmp_path, name="video.webm", quality=2))
    for wrong, error in ((11, ValueError), (-1, ValueError), ("good", TypeError), (True, TypeError)):
        with pytest.raises(error, match="quality"):
            written(tmp_path, quality=wrong)
    with pytest.raises(img2vid.ParameterError, match="quality is 101"):
        written(tmp_path, lossy_quality=101)


def test_tensors_are_taken(tmp_path):
    planes = np.moveaxis(FRAMES, -1, 1).view(standins.Tensor)
    for frames in (planes, planes[None], list(planes), [planes]):
        assert np.array_equal(np.load(export_to_video(frames, tmp_path / "video.npy")), FRAMES)


def test_bitrate_is_in_place_of_quality(tmp_path):
    low, high = (len(written(tmp_path, bitrate=rate)) for rate in (30_000, 3_000_000))
    assert low * 2 < high
    assert written(tmp_path, bitrate=30_000, quality=9) == written(tmp_path, bitrate=30_000)
    with pytest.raises(img2vid.ParameterError, match="bitrate excludes crf"):
        written(tmp_path, bitrate=30_000, crf=20)
    with pytest.raises(TypeError, match="bitrate"):
        written(tmp_path, bitrate="192k")


def test_a_file_that_is_there_stays(tmp_path):
    for name in ("video.mp4", "video.webp", "video.npy"):
        first = written(tmp_path, name=name, no_replace=True)
        with pytest.raises(FileError, match="it is there already"):
            written(tmp_path, FRAMES, name=name, no_replace=1)
        assert (tmp_path / name).read_bytes() == first


def test_sides_are_multiples_of_macro_block_size(tmp_path):
    odd = BYTES[:, :24, :40]
    wanted = np.stack([np.asarray(PIL_Image.fromarray(frame).resize((48, 32), PIL_Image.Resampling.BICUBIC))
                       for frame in odd])
    with pytest.warns(UserWarning, match="40 x 24, no multiples of macro_block_size=16: resized to 48 x 32"):
        assert written(tmp_path, odd) == written(tmp_path, wanted)
    as_is = written(tmp_path, odd, macro_block_size=1)
    assert as_is == written(tmp_path, odd, macro_block_size=None) == written(tmp_path, odd, macro_block_size=8)
    assert np.load(export_to_video(odd, tmp_path / "frames.npy")).shape == (4, 24, 40, 3)
    for wrong in (0, -1):
        with pytest.raises(ValueError, match="macro_block_size"):
            written(tmp_path, macro_block_size=wrong)


def test_without_a_path(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    video, gif = export_to_video(BYTES), export_to_gif(BYTES)
    assert os.path.dirname(video) == os.path.dirname(gif) == str(tmp_path)
    assert video.endswith(".mp4") and pathlib.Path(video).read_bytes() == written(tmp_path)
    assert pathlib.Path(gif).read_bytes()[:6] == b"GIF89a"


def test_a_gif_has_the_rate_of_diffusers(tmp_path):
    pictures = [PIL_Image.fromarray(frame) for frame in BYTES]
    for rate, wanted in (({}, 100), (dict(fps=5), 200)):
        with PIL_Image.open(export_to_gif(pictures, tmp_path / "video.gif", **rate)) as gif:
            assert gif.n_frames == 4 and gif.info["duration"] == wanted and gif.info["loop"] == 0
    with pytest.raises(ValueError, match=r"ends in \.gif"):
        export_to_gif(pictures, tmp_path / "video.mp4")
