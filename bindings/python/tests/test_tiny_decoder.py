"""A tiny decoder in the place of the VAE's: by keyword, and for latents that were kept."""

import shutil

import numpy as np
import pytest

import img2vid
from img2vid import StableVideoDiffusionPipeline as Pipeline


@pytest.mark.parametrize("name", ("taesd_decoder.pth", "taesdv.pth", "taesd.safetensors"))
def test_a_tiny_decoder_makes_the_frames(model, repository, frames, generate, name):
    path = repository / "tests" / "data" / "tiny" / name
    with Pipeline.from_pretrained(model, tiny_decoder=path) as pipe:
        made = frames(pipe)
        assert made.shape == generate().shape and np.isfinite(made).all()
        assert not np.allclose(made, generate(), atol=1e-2)
        latents = frames(pipe, output_type="latent")
        assert np.array_equal(pipe.decode(latents, output_type="np"), made)


def test_a_draft_takes_the_one_in_the_models_folder(model, repository, frames, tmp_path):
    copy, tiny = tmp_path / "model", repository / "tests" / "data" / "tiny" / "taesdv.pth"
    shutil.copytree(model, copy)
    draft = img2vid.speed_options("draft")
    with Pipeline.from_pretrained(copy, **draft) as pipe:
        assert pipe.tiny_decoder is None
    shutil.copy(tiny, copy)
    with Pipeline.from_pretrained(copy, **draft) as pipe, Pipeline.from_pretrained(copy, tiny_decoder=tiny) as named:
        assert pipe.tiny_decoder == str(copy / "taesdv.pth") and named.tiny_decoder == str(tiny)
        if draft["dtype"] is None:
            assert np.array_equal(frames(pipe), frames(named))
    for options in (img2vid.speed_options("fast"), {**draft, "tiny_decoder": "none"}, {}):
        with Pipeline.from_pretrained(copy, **options) as pipe:
            assert pipe.tiny_decoder is None


def test_a_wrong_tiny_decoder_is_refused(model, repository):
    tiny = repository / "tests" / "data" / "tiny"
    with pytest.raises(img2vid.Img2VidError, match="no decoder of TAESD, TAESDV or"):
        Pipeline.from_pretrained(model, tiny_decoder=tiny / "frames.safetensors")
    with pytest.raises(img2vid.Img2VidError, match="tiny_decoder and frame_decoder are both given"):
        Pipeline.from_pretrained(model, tiny_decoder=tiny / "taesdv.pth", frame_decoder=model / "vae")
