import pathlib

import numpy as np
import pytest

import img2vid

REPOSITORY = pathlib.Path(__file__).resolve().parents[3]
SMALL = dict(width=40, height=24, num_frames=2, num_inference_steps=2)


@pytest.fixture(scope="session")
def repository():
    return REPOSITORY


@pytest.fixture(scope="session")
def model():
    return REPOSITORY / "tests" / "data" / "reference" / "attention_top"


@pytest.fixture(scope="session")
def pipe(model):
    with img2vid.StableVideoDiffusionPipeline.from_pretrained(model) as pipe:
        yield pipe


@pytest.fixture(scope="session")
def picture():
    """[24, 40, 3] of 8 bits"""
    y, x = np.mgrid[0:24, 0:40]
    return np.stack([x * 6, y * 10, 255 - x * 3 - y * 2], axis=-1).astype(np.uint8)


@pytest.fixture
def generate(pipe, picture):
    """Frames [B, F, H, W, 3] of a short run; arguments replace its settings."""
    def run(image=picture, **arguments):
        return pipe(image, **{**SMALL, "output_type": "np", "generator": 7, **arguments}).frames
    return run


@pytest.fixture
def own(model):
    """A pipeline that a test may change."""
    with img2vid.StableVideoDiffusionPipeline.from_pretrained(model) as pipe:
        yield pipe


@pytest.fixture
def frames(picture):
    """Likewise of a pipeline, always with the same seed."""
    def run(pipe, **arguments):
        return pipe(picture, **{**SMALL, "output_type": "np", "generator": 7, **arguments}).frames
    return run
