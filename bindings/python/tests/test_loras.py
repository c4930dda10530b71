"""LoRAs under the names that diffusers' pipelines and models have for them."""

import shutil

import numpy as np
import pytest

import img2vid
import standins
from img2vid import StableVideoDiffusionPipeline as Pipeline


@pytest.fixture(scope="module")
def loras(repository):
    return repository / "tests" / "data" / "lora"


@pytest.fixture
def with_loras(model, frames):
    def run(*files):
        with Pipeline.from_pretrained(model, loras=files) as pipe:
            return frames(pipe)
    return run


def test_a_lora_from_every_place(own, loras, frames, with_loras, generate, tmp_path):
    path = loras / "layers-diffusers.safetensors"
    wanted = with_loras(path)
    assert not np.allclose(wanted, generate(), atol=1e-3)
    folder = tmp_path / "folder" / "sub"
    folder.mkdir(parents=True)
    shutil.copy(path, folder / "pytorch_lora_weights.safetensors")
    shutil.copy(loras / "convolutions.safetensors", folder / "other.safetensors")
    (tmp_path / "saved").mkdir()
    shutil.copy(path, tmp_path / "saved" / "pytorch_lora_weights.bin")  # what a file is, its bytes tell
    state = standins.read_safetensors(path)
    for place, arguments in ((path, {}), (str(path), {}), (folder, {}), (tmp_path / "saved", {}), (tmp_path / "folder", dict(subfolder="sub")),
                             (folder, dict(weight_name="pytorch_lora_weights.safetensors")), (state, {})):
        own.load_lora_weights(place, low_cpu_mem_usage=True, **arguments)
        assert np.array_equal(frames(own), wanted), (place, arguments)
        own.unload_lora_weights()
        assert np.array_equal(frames(own), generate())
    own.unet.load_attn_procs(str(folder))
    assert np.array_equal(frames(own), wanted)
    own.unet.unload_lora()
    own.load_lora_weights(folder, weight_name="other.safetensors")
    assert np.array_equal(frames(own), with_loras(loras / "convolutions.safetensors"))


def test_adapters_by_name(own, loras, frames, with_loras, generate):
    a, b = loras / "layers-diffusers.safetensors", loras / "convolutions.safetensors"
    own.load_lora_weights(a, adapter_name="a")
    own.load_lora_weights(b, adapter_name="b")
    assert own.get_list_adapters() == {"unet": ["a", "b"]}
    own.set_adapters("a")
    assert own.get_active_adapters() == ["a"] and np.array_equal(frames(own), with_loras(a))
    own.set_adapters(["a", "b"], adapter_weights=[0.5, 0.25])
    both = with_loras((a, 0.5), (b, 0.25))
    assert np.array_equal(frames(own), both)
    own.disable_lora()
    assert np.array_equal(frames(own), generate())
    own.enable_lora()
    own.delete_adapters("a")
    assert np.array_equal(frames(own), with_loras((b, 0.25)))
    for call, error, text in ((lambda: own.set_adapters("c"), ValueError, "no adapter 'c'; there are b"),
                              (lambda: own.set_adapters(["b"], [1, 2]), ValueError, "1 adapters and 2 weights"),
                              (lambda: own.set_adapters("b", {"unet": {"down": 1}}), TypeError, "single blocks"),
                              (lambda: own.set_adapters("b", "much"), TypeError, "must be a number"),
                              (lambda: own.load_lora_weights(a, adapter_name="b"), ValueError, "'b' already")):
        with pytest.raises(error, match=text):
            call()


def test_fusing(own, loras, frames, with_loras, generate):
    a, b = loras / "layers-diffusers.safetensors", loras / "convolutions.safetensors"
    own.load_lora_weights(a, adapter_name="a")
    own.set_adapters("a", 0.5)
    own.fuse_lora(lora_scale=0.5)
    quarter = with_loras((a, 0.25))
    assert np.array_equal(frames(own), quarter)
    own.unfuse_lora()
    assert np.array_equal(frames(own), with_loras((a, 0.5)))
    own.fuse_lora(components=["unet"], lora_scale=0.5, adapter_names=["a"])
    own.unload_lora_weights()
    assert np.array_equal(frames(own), quarter)  # fused weights stay
    own.load_lora_weights(b)
    assert np.array_equal(frames(own), with_loras((a, 0.25), b))
    with pytest.raises(ValueError, match="set_adapters first"):
        own.fuse_lora(adapter_names=["a"])


def test_adapters_belong_to_the_unet(own, model, loras, frames, with_loras):
    a = loras / "layers-diffusers.safetensors"
    unet = img2vid.UNetSpatioTemporalConditionModel.from_pretrained(model, subfolder="unet")
    unet.load_attn_procs(a)
    with Pipeline.from_pretrained(model, unet=unet) as pipe:
        assert np.array_equal(frames(pipe), with_loras(a))
        own.unet = pipe.unet
        assert np.array_equal(frames(own), with_loras(a))
        own.unload_lora_weights()
        assert np.array_equal(frames(pipe), frames(own))
    own.unet = standins.UNetSpatioTemporalConditionModel(model / "unet")
    own.load_lora_weights(a)
    assert np.array_equal(frames(own), with_loras(a))


def test_what_is_no_lora(own, frames, generate, tmp_path):
    (tmp_path / "two").mkdir()
    for name in ("a", "b"):
        (tmp_path / "two" / f"{name}.safetensors").write_bytes(b"")
    for place, error, text in ((tmp_path / "missing.safetensors", img2vid.Img2VidError, "missing.safetensors"),
                               (tmp_path, FileNotFoundError, "no LoRA file"),
                               (tmp_path / "two", FileNotFoundError, "weight_name, one of a.safetensors, b.safetensors"),
                               ({"conv_in.weight": np.zeros((2, 2), np.float32)}, img2vid.Img2VidError, "no LoRA"),
                               (3, TypeError, "int")):
        with pytest.raises(error, match=text):
            own.load_lora_weights(place)
    with pytest.raises(FileNotFoundError, match="no nothing.safetensors"):
        own.load_lora_weights(tmp_path, weight_name="nothing.safetensors")
    with pytest.raises(TypeError, match="network_alphas"):
        own.load_lora_weights(tmp_path, network_alphas={})
    assert own.get_list_adapters() == {} and np.array_equal(frames(own), generate())
