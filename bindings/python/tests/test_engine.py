"""What the engine takes beside pictures: parts in memory, latents, and text that C would cut."""

import gc
import json
import os
import signal
import struct
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import img2vid
from conftest import SMALL
from img2vid._library import library
from img2vid.engine import Engine, Model, default_params
from img2vid.memory import MemoryPart

NUMPY = {"F32": np.float32, "F16": np.float16, "BF16": np.uint16, "I64": np.int64}


def read_part(folder):
    """A part's tensors, of its file or its shards, as MemoryPart takes them."""
    tensors = {}
    for path in sorted(folder.glob("*.safetensors")):
        data = path.read_bytes()
        length, = struct.unpack("<Q", data[:8])
        for name, entry in json.loads(data[8:8 + length]).items():
            if name != "__metadata__":
                begin, end = (8 + length + at for at in entry["data_offsets"])
                array = np.frombuffer(data[begin:end], NUMPY[entry["dtype"]]).reshape(entry["shape"])
                tensors[name] = (entry["dtype"], array.copy()) if entry["dtype"] == "BF16" else array.copy()
    return tensors


def read_config(folder):
    return json.loads((folder / "config.json").read_text())


def frames(model, picture, **options):
    with Engine(model, threads=1, **options) as engine:
        return engine.generate(picture, default_params(dict(SMALL, seed=7))).frames


@pytest.mark.parametrize("part", ["unet", "vae", "image_encoder"])
def test_a_part_in_memory_is_the_part(model, picture, part):
    wanted = frames(model, picture)
    tensors, config = read_part(model / part), read_config(model / part)
    for given in (config, json.dumps(config), None):
        assert np.array_equal(frames(model, picture, memory={part: MemoryPart(tensors, given)}), wanted)
    with pytest.raises(img2vid.Img2VidError, match="given in memory: its config"):
        frames(model, picture, memory={part: MemoryPart(tensors, "[]")})
    tensors = {name: -tensor for name, tensor in tensors.items()}
    assert not np.array_equal(frames(model, picture, memory={part: MemoryPart(tensors, config)}), wanted)


def test_a_video_of_one_colour_warns(model, picture):
    tensors = read_part(model / "vae")
    tensors["decoder.time_conv_out.weight"] = np.zeros_like(tensors["decoder.time_conv_out.weight"])
    with pytest.warns(UserWarning, match="each frame is of one colour"):
        frames(model, picture, memory={"vae": MemoryPart(tensors)})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        frames(model, picture)


def test_parameters_that_disappoint_warn(model, picture, monkeypatch):
    class Doubting:
        def i2v_params_warning(self, handle, params, text):
            text.value = b"448x256 is small"
            return 0

        def __getattr__(self, name):
            return getattr(library, name)

    monkeypatch.setattr(img2vid.engine, "library", Doubting())
    with pytest.warns(UserWarning, match="448x256 is small"):
        frames(model, picture)


def test_bfloat16_is_given_by_its_bits(repository, picture):
    model = repository / "tests" / "data" / "reference" / "plain_top"
    tensors = read_part(model / "unet")
    assert isinstance(tensors["conv_in.weight"], tuple)
    assert np.array_equal(frames(model, picture, memory={"unet": MemoryPart(tensors)}), frames(model, picture))


def test_arrays_live_as_long_as_the_engine(model, picture):
    with Engine(model, threads=1, memory={"unet": MemoryPart(read_part(model / "unet"))}) as engine:
        again = [engine.generate(picture, default_params(dict(SMALL, seed=7))).frames for _ in range(2)]
    assert np.array_equal(*again) and np.array_equal(again[0], frames(model, picture))


def test_a_part_that_no_model_has_is_named(model):
    with pytest.raises(TypeError, match="'tokenizer'"):
        Engine(model, memory={"tokenizer": MemoryPart({})})


def test_arrays_that_no_file_holds_are_named():
    for array in (np.zeros(2, complex), np.array(["text"]), ("BF16", np.zeros(2, np.float32)),
                  ("F32", np.zeros(2, np.float16))):
        with pytest.raises(TypeError, match="conv"):
            MemoryPart({"conv": array})
    entry = MemoryPart({"conv": np.zeros((2, 3), ">f4")[:, ::2]}).struct.tensors[0]
    assert entry.dtype == b"F32" and entry.shape[:entry.ndim] == [2, 2]
    assert MemoryPart({"conv": np.float32(1)}).struct.tensors[0].ndim == 0


def test_another_scheduler(model, picture):
    config = json.loads((model / "scheduler" / "scheduler_config.json").read_text())
    wanted = frames(model, picture)
    assert np.array_equal(frames(model, picture, scheduler_config=json.dumps(config)), wanted)
    config["sigma_max"] = 100
    assert not np.array_equal(frames(model, picture, scheduler_config=json.dumps(config)), wanted)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_forked_child_generates_and_closes(model, picture):
    params = default_params(dict(SMALL, seed=7))
    with Engine(model, threads=2) as engine:
        wanted = engine.generate(picture, params).frames
        child = os.fork()
        if child == 0:
            try:
                signal.alarm(60)
                same = np.array_equal(engine.generate(picture, params).frames, wanted)
                engine.close()
                os._exit(0 if same else 1)
            finally:
                os._exit(2)
        assert os.waitpid(child, 0)[1] == 0
        assert np.array_equal(engine.generate(picture, params).frames, wanted)


def test_engines_share_a_model(model, picture):
    """Each part is loaded once for all, frames are those of an engine alone, and closing one leaves the other."""
    loads = []

    def count(event):
        loads.append(event.phase.name == "load" and event.step == 0)

    def video(engine):
        return engine.generate(picture, default_params(dict(SMALL, seed=7)), count)

    wanted = frames(model, picture)
    shared = Model(model, keep_loaded=1)
    with Engine(shared, threads=1) as one, Engine(shared, threads=2, max_memory=2**30) as other:
        assert one.model is other.model is shared and one.width == other.width
        with ThreadPoolExecutor(2) as pool:
            assert all(np.array_equal(each.frames, wanted) for each in pool.map(video, (one, other)))
        one.close()
        loads.clear()
        assert np.array_equal(video(other).frames, wanted) and not any(loads)
        with pytest.raises(ValueError, match="closed"):
            video(one)
    with pytest.raises(TypeError, match="opened already"):
        Engine(shared, keep_loaded=0)
    with pytest.raises(img2vid.ParameterError, match="threads is -1"):
        Engine(shared, threads=-1)
    with pytest.raises(img2vid.FileError, match="nowhere"):
        Model("nowhere")


def test_arrays_live_as_long_as_the_last_engine(model, picture):
    shared = Model(model, memory={"unet": MemoryPart(read_part(model / "unet"))})
    one, other = Engine(shared, threads=1), Engine(shared, threads=1)
    del shared
    one.close()
    gc.collect()
    assert np.array_equal(other.generate(picture, default_params(dict(SMALL, seed=7))).frames, frames(model, picture))
    other.close()


def test_latents_alone(model, picture):
    with Engine(model, threads=1) as engine:
        whole = engine.generate(picture, default_params(dict(SMALL, seed=7)))
        phases = []
        latents = engine.generate(picture, default_params(dict(SMALL, seed=7, latents_only=1)),
                                  lambda event: phases.append(event.phase.name))
    assert latents.frames is None and np.array_equal(latents.latents, whole.latents) and "decode" not in phases


def test_latents_are_checked(model):
    with Engine(model, threads=1) as engine:
        good = np.zeros((2, 4, 3, 5), np.float32)
        wanted = engine.decode(good, default_params({})).frames
        for same in (good.astype(np.float64), good.astype(np.float16), np.asfortranarray(good), good.tolist()):
            assert np.array_equal(engine.decode(same, default_params({})).frames, wanted)
        for shape in ((4, 3, 5), (1, 2, 4, 3, 5), (2, 3, 3, 5), (2, 3, 5, 4), ()):
            with pytest.raises(ValueError, match=r"\[frames, 4, height, width\]"):
                engine.decode(np.zeros(shape, np.float32), default_params({}))
        for dtype in (np.int32, bool, complex, object):
            with pytest.raises(TypeError, match="floats"):
                engine.decode(good.astype(dtype), default_params({}))


def test_lengths_of_lists_are_not_set(model):
    for name in ("loras_count", "sigmas_count"):
        with pytest.raises(TypeError, match=f"unknown argument '{name}'"):
            img2vid.StableVideoDiffusionPipeline.from_pretrained(model, **{name: 1})
    with pytest.raises(TypeError, match="unknown argument 'sigmas_count'"):
        default_params(dict(sigmas_count=1))


def test_text_that_c_would_cut_is_refused(model, picture, tmp_path):
    cut = str(model) + "\0.other"
    opened = img2vid.StableVideoDiffusionPipeline.from_pretrained
    calls = {
        "model": lambda: Engine(cut),
        "variant": lambda: opened(model, variant="fp16\0"),
        "unet": lambda: opened(model, unet=cut),
        "scheduler_config": lambda: opened(model, scheduler_config="{}\0"),
        "path": lambda: opened(model, loras=[cut]),
        "image": lambda: img2vid.load_image(cut),
        "output_video_path": lambda: img2vid.export_to_video(picture[None], str(tmp_path / "a.gif\0.mp4")),
        "metadata": lambda: img2vid.export_to_video(picture[None], tmp_path / "a.gif", metadata="{}\0"),
        "name": lambda: img2vid.preset("sgm\0"),
        "config": lambda: MemoryPart({}, "{}\0"),
        "name of a tensor": lambda: MemoryPart({"a\0b": picture}),
    }
    for name, call in calls.items():
        with pytest.raises(ValueError, match=f"^{name} has a NUL character"):
            call()
    with pytest.raises(ValueError, match="has a NUL character|embedded null"):
        opened(cut)
    with pytest.raises(ValueError, match="path has a NUL character"):
        img2vid.read_metadata(cut)
    assert not list(tmp_path.iterdir())
