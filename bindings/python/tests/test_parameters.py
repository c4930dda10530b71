"""Keywords are the library's parameters: none is lost, none is written by hand, and their defaults are the library's."""

import ctypes
import inspect

import numpy as np
import pytest

import img2vid
from img2vid import _ffi, parameters
from img2vid.engine import default_params
from img2vid.run import RESERVED

STRUCTS = (_ffi.i2v_options, _ffi.i2v_params, _ffi.i2v_output)


@pytest.mark.parametrize("struct", STRUCTS)
def test_every_simple_field_is_a_parameter(struct):
    assert parameters.keywords(struct) == _ffi.settable(struct)


def test_offsets_are_those_of_the_fields():
    for each in parameters.every():
        row = each.contents
        struct = getattr(_ffi, "i2v_" + row.settings.name, None)
        if struct is not None:  # pictures are fitted by the package's own
            assert getattr(struct, row.field.decode()).offset == row.offset


def test_defaults_of_a_call_are_the_librarys():
    """diffusers' signature is written out; the library's table has the same."""
    params = default_params({})
    signature = inspect.signature(img2vid.StableVideoDiffusionPipeline.__call__).parameters
    shared = [name for name in parameters.keywords(_ffi.i2v_params) if name in signature]
    assert len(shared) > 8
    for name in shared:
        default = signature[name].default
        value = getattr(params, name)
        assert value == default if default is not None else not value, name


def test_unknown_and_reserved_keywords():
    with pytest.raises(TypeError, match="unknown argument 'num_frame'; there are .*num_frames"):
        default_params({"num_frame": 3})
    with pytest.raises(TypeError, match="unknown argument 'seed'"):
        default_params({"seed": 3}, RESERVED)
    assert default_params({"num_frames": None}).num_frames == default_params({}).num_frames


def test_messages_have_plain_names(model):
    """A program's option is of no use here."""
    with img2vid.StableVideoDiffusionPipeline.from_pretrained(model, max_memory=1 << 20) as pipe:
        with pytest.raises(img2vid.MemoryLimitError, match="but max_memory allows 1 MiB") as failure:
            pipe(np.zeros((64, 64, 3), np.uint8), width=64, height=64, num_frames=2, num_inference_steps=1)
    assert "--" not in str(failure.value)


def test_speeds_give_what_the_library_says():
    assert img2vid.speed("exact")["num_inference_steps"] == 25
    assert img2vid.speed("fast")["guidance_interval"] == "0.1:25"
    assert img2vid.speed("draft")["num_inference_steps"] < img2vid.speed("balanced")["num_inference_steps"] < 25
    assert img2vid.speed_options("exact") == {"dtype": None, "tiny_decoder": None}
    assert img2vid.speed_options("draft")["tiny_decoder"] == "auto"
    assert img2vid.speed_options("fast")["dtype"] in (None, "bfloat16")
    with pytest.raises(img2vid.ParameterError, match="there is no speed 'none'"):
        img2vid.speed("none")


@pytest.mark.parametrize("call", [img2vid.speed, img2vid.speed_options])
@pytest.mark.parametrize("name", [None, 3, b"fast"])
def test_what_is_no_name_of_a_speed(call, name):
    with pytest.raises(TypeError, match="a speed is a name, not .*; there are exact, balanced, fast, draft$"):
        call(name)


def test_what_is_no_name_of_a_preset():
    with pytest.raises(TypeError, match="a preset is a name, not None; there are diffusers, .*animatelcm"):
        img2vid.preset(None)


@pytest.mark.parametrize("value, text", [((0.1, 25), b"0.1:25"), ([0.1, 25.0], b"0.1:25"), ("0.1:25", b"0.1:25"),
                                         ((np.float64(0.1), np.int64(25)), b"0.1:25"), ((1, float("inf")), b"1:inf")])
def test_an_interval_may_be_a_pair(value, text):
    assert default_params({"guidance_interval": value}).guidance_interval == text


def test_intervals_that_are_none():
    for value, error in ((0.1, 25, 3), ValueError), ((), ValueError), ((0.1, None), TypeError), (["a", "b"], TypeError):
        with pytest.raises(error, match="guidance_interval takes .*LOW:HIGH"):
            default_params({"guidance_interval": value})


def test_presets_give_what_the_library_says():
    assert set(img2vid.preset("comfyui")) - set(img2vid.preset("sgm")) == {"fit", "rng"}
    assert img2vid.preset("comfyui")["rng"] == "torch"
    assert img2vid.preset("animatelcm")["scheduler"] == "animatelcm"
    with pytest.raises(img2vid.ParameterError, match="there is no preset 'none'"):
        img2vid.preset("none")


def test_lists_have_calls_of_their_own():
    kinds = {each.contents.field: each.contents.type.name for each in parameters.every()}
    assert kinds[b"sigmas"] == "numbers" and kinds[b"loras"] == "loras"
    assert ctypes.sizeof(_ffi.i2v_parameter) > 0
