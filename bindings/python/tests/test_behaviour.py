"""Modules and schedulers that compute something else than their class are refused; what changes their configuration
counts."""

import numpy as np
import pytest

import standins
from img2vid import StableVideoDiffusionPipeline as Pipeline


def half(*_):
    return 0.5


def replace_forward(module):
    module.forward = half


def add_hook(module):
    module._forward_hooks = {1: half}


@pytest.mark.parametrize("change, says", [(replace_forward, "another forward"), (add_hook, "a hook")])
def test_changed_code_is_refused(own, model, frames, change, says):
    changed, later = (standins.UNetSpatioTemporalConditionModel(model / "unet") for _ in range(2))
    change(changed)
    with pytest.raises(TypeError, match=f"unet has {says}"):
        own.unet = changed
    own.unet = later
    frames(own)
    change(later)
    with pytest.raises(TypeError, match=f"unet has {says}"):
        frames(own)


def test_a_configuration_that_changes_counts(own, model, frames):
    vae = standins.AutoencoderKLTemporalDecoder(model / "vae")
    own.vae = vae
    before = frames(own)
    vae.config["scaling_factor"] *= 1.5
    after = frames(own)
    assert not np.allclose(before, after, atol=1e-3)
    assert own.vae.config["scaling_factor"] == vae.config["scaling_factor"]
    with Pipeline.from_pretrained(model, vae=vae) as pipe:
        assert np.array_equal(frames(pipe), after)


def test_a_scheduler_that_changes_counts(own, frames):
    scheduler = standins.EulerDiscreteScheduler(**own.scheduler.config)
    own.scheduler = scheduler
    before = frames(own)
    scheduler.config["use_karras_sigmas"] = False
    assert not np.allclose(before, frames(own), atol=1e-3)
    scheduler.step = half
    with pytest.raises(TypeError, match="step of the scheduler was replaced"):
        frames(own)
    with pytest.raises(TypeError, match="scheduler is None"):
        own.scheduler = None


def relu(unet, torch):
    unet.conv_act = torch.nn.ReLU()


def eps(unet, torch):
    for module in unet.modules():
        if isinstance(module, torch.nn.GroupNorm):
            module.eps = 1.0


def padding(unet, torch):
    unet.conv_in.padding_mode = "circular"


def inner_hook(unet, torch):
    unet.mid_block.register_forward_hook(lambda module, given, made: made * 0)


def inner_forward(unet, torch):
    unet.conv_out.forward = lambda given: given


def heads(unet, torch):
    next(module for module in unet.modules() if hasattr(module, "heads")).heads = 3


def prune(unet, torch):
    torch.nn.utils.prune.l1_unstructured(unet.conv_in, "weight", 0.5)


def normalize(unet, torch):
    torch.nn.utils.parametrizations.weight_norm(unet.conv_in)


def subclass(unet, torch):
    unet.conv_out.__class__ = type("Convolution", (torch.nn.Conv2d,), {"forward": lambda self, given: given})


@pytest.mark.parametrize("change", [relu, eps, padding, inner_hook, inner_forward, heads, prune, normalize, subclass])
def test_changes_within_a_module_of_diffusers_are_refused(own, model, change):
    torch, diffusers = pytest.importorskip("torch"), pytest.importorskip("diffusers")
    import torch.nn.utils.parametrizations
    import torch.nn.utils.prune

    unet = diffusers.UNetSpatioTemporalConditionModel.from_pretrained(model / "unet")
    unet.train()
    unet.enable_gradient_checkpointing()
    own.unet = unet
    other = diffusers.UNetSpatioTemporalConditionModel.from_pretrained(model / "unet")
    change(other, torch)
    with pytest.raises(TypeError, match="of unet"):
        own.unet = other
    assert own.unet is unet
