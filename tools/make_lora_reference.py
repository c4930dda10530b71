#!/usr/bin/env python3
"""Makes tests/data/lora: LoRA files under all the names there are, and what the small UNet gives with them.

    python tools/make_lora_reference.py

Needs peft beside tools/requirements.txt's other packages. Adapters have random values; peft merges them into the f32
weights of tests/data/reference/attention_top, whose UNet then computes the first step of that reference's run:

  layers/      peft's own files of an adapter of linear layers, rank 4, alpha 6
  layers-*     the same under other names; where a file has no alpha, 1.5 times the scale is the same
  convolutions an adapter of convolutions and embeddings, rank 3, alpha 1, under kohya's names
  pissa/, olora/  peft's files of adapters whose training began by changing the model's weights, as they are with
               path_initial_model_for_weight_conversion; the outputs are those of the model as it was trained
  patterns     an adapter with rslora and two alphas, as a diffusers pipeline saves it
  outputs      the UNet's output: layers x 0.7, convolutions x 1, patterns x 0.5, and "all", one after the other
"""
import json
import math
import pathlib
import shutil
import warnings

import numpy as np
import peft
import torch
from diffusers.utils.state_dict_utils import convert_state_dict_to_kohya
from safetensors.torch import load_file, save_file

import reference

ROOT = pathlib.Path(__file__).parent.parent
MODEL = ROOT / "tests/data/reference/attention_top"
OUT = ROOT / "tests/data/lora"

TRANSFORMER = "down_blocks.0.attentions.0"
LAYERS = dict(r=4, lora_alpha=6, target_modules=rf"({TRANSFORMER}\..*(to_q|to_k|to_v|to_out\.0|net\.0\.proj|net\.2|"
              r"proj_in|proj_out)|(mid_block|up_blocks\.1)\..*attn1\.to_v)")
CONVOLUTIONS = dict(r=3, lora_alpha=1, target_modules=[
    "conv_in", "conv_out", "time_embedding.linear_1", "down_blocks.0.resnets.0.spatial_res_block.conv1",
    "down_blocks.0.resnets.0.temporal_res_block.conv2", "down_blocks.0.resnets.0.spatial_res_block.time_emb_proj",
    "down_blocks.0.downsamplers.0.conv", "up_blocks.0.upsamplers.0.conv",
    "up_blocks.1.resnets.0.spatial_res_block.conv_shortcut", "mid_block.resnets.1.spatial_res_block.conv2"])
PATTERNS = dict(r=5, lora_alpha=2, use_rslora=True, target_modules=["attn1.to_k", "ff_in.net.2"],
                alpha_pattern={"mid_block.attentions.0.transformer_blocks.0.attn1.to_k": 7, "net.2": 3})


# the change of the model's own weights, which the files are to bring along, is far larger than that by training
CHANGED = dict(r=4, lora_alpha=6, target_modules=rf"{TRANSFORMER}\..*(to_q|to_v|proj_in)")


def load_unet():
    return reference.load_pipeline(MODEL).unet


def adapter(settings, seed):
    """A peft model whose adapter has f16 values, large enough to be seen."""
    model = peft.get_peft_model(load_unet(), peft.LoraConfig(**settings))
    rng = np.random.Generator(np.random.PCG64(seed))
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "lora_" in name:
                values = rng.standard_normal(tuple(parameter.shape)) / math.sqrt(math.prod(parameter.shape[1:]))
                parameter.copy_(torch.from_numpy(values).half().float())
    return model


def values_of(model):
    """{layer.lora_A.weight: f16 values}"""
    return {name.removeprefix("base_model.model."): value.half().contiguous()
            for name, value in peft.get_peft_model_state_dict(model).items()}


def merge(unet, settings, values, scale):
    """The UNet with the adapter in its weights, by peft."""
    model = peft.get_peft_model(unet, peft.LoraConfig(**settings))
    peft.set_peft_model_state_dict(model, {"base_model.model." + name: v.float() for name, v in values.items()})
    for module in model.modules():
        if isinstance(module, peft.tuners.lora.LoraLayer):
            module.scale_layer(scale)
    return model.merge_and_unload()


def forward(unet):
    stages = load_file(f"{MODEL}.safetensors")
    return unet(stages["unet.input"][None], stages["timesteps"][0], stages["clip.image_embeds"][None],
                torch.tensor([[6, 127, 0.02]])).sample[0].contiguous()


# ---- names -----------------------------------------------------------------------------------------------------------


def to_kohya(values, alpha):
    state = convert_state_dict_to_kohya({"unet." + name: value for name, value in values.items()})
    return {name: torch.tensor(float(alpha)).half() if name.endswith(".alpha") else value.contiguous()
            for name, value in state.items()}


# Stability's names of the layers that are in LAYERS, one layer a block
STABILITY = {"down_blocks_0_attentions_0": "input_blocks_1_1", "mid_block_attentions_0": "middle_block_1",
             "up_blocks_1_attentions_0": "output_blocks_2_1", "up_blocks_1_attentions_1": "output_blocks_3_1",
             "temporal_transformer_blocks": "time_stack"}


def to_stability(kohya):
    def rename(name):
        for diffusers, stability in STABILITY.items():
            name = name.replace(diffusers, stability)
        return name
    return {rename(name): value for name, value in kohya.items()}


def to_old_diffusers(values):
    """Attention processors' names, and for the other layers those of their successor."""
    def rename(name):
        name = name.replace("lora_A", "lora.down").replace("lora_B", "lora.up")
        for part in ("to_q", "to_k", "to_v", "to_out.0"):
            name = name.replace(f".{part}.lora", f".processor.{part.removesuffix('.0')}_lora")
        return name
    return {rename(name): value for name, value in values.items()}


def with_prefix(values, prefix):
    return {prefix + name: value for name, value in values.items()}


def save(values, name, **metadata):
    save_file(values, OUT / f"{name}.safetensors", metadata=dict(format="pt", **metadata))


def save_layers(model):
    values = values_of(model)
    kohya = to_kohya(values, LAYERS["lora_alpha"])
    text = {"lora_te_text_model_encoder_layers_0_mlp_fc1.lora_down.weight": torch.ones(1, 8).half(),
            "lora_te_text_model_encoder_layers_0_mlp_fc1.lora_up.weight": torch.ones(8, 1).half()}
    model.save_pretrained(OUT / "layers")
    (OUT / "layers/README.md").unlink()
    save_file({name: v.half() for name, v in load_file(OUT / "layers/adapter_model.safetensors").items()},
              OUT / "layers/adapter_model.safetensors", metadata=dict(format="pt"))
    save(kohya | text, "layers-kohya")
    save(to_stability(kohya), "layers-kohya-stability")
    save(with_prefix(values, "unet."), "layers-diffusers")
    save(to_old_diffusers(values), "layers-diffusers-old")
    return values


def save_patterns(model):
    """As a diffusers pipeline's save_lora_weights does."""
    values = values_of(model)
    config = {f"unet.{k}": list(v) if isinstance(v, set) else v for k, v in model.peft_config["default"].to_dict().items()}
    save(with_prefix(values, "unet."), "patterns", lora_adapter_metadata=json.dumps(config, indent=2, sort_keys=True))
    return values


def save_changed(init):
    """Files that do not need the changed weights, and the output with them."""
    model = peft.get_peft_model(load_unet(), peft.LoraConfig(init_lora_weights=init, **CHANGED))
    start = OUT / "start"
    model.peft_config["default"].init_lora_weights = True
    model.save_pretrained(start)
    rng = np.random.Generator(np.random.PCG64(4))
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "lora_" in name:
                parameter += torch.from_numpy(rng.standard_normal(tuple(parameter.shape))).float() * 0.3 * parameter.std()
    output = forward(model)
    model.peft_config["default"].init_lora_weights = init
    model.save_pretrained(OUT / init, path_initial_model_for_weight_conversion=str(start))
    (OUT / init / "README.md").unlink()
    shutil.rmtree(start)
    return output


def main():
    reference.prepare_libraries()
    warnings.filterwarnings("ignore")
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir(parents=True)
    layers = save_layers(adapter(LAYERS, 1))
    convolutions = values_of(adapter(CONVOLUTIONS, 2))
    save(to_kohya(convolutions, CONVOLUTIONS["lora_alpha"]), "convolutions")
    patterns = save_patterns(adapter(PATTERNS, 3))
    each = dict(layers=(LAYERS, layers, 0.7), convolutions=(CONVOLUTIONS, convolutions, 1.0),
                patterns=(PATTERNS, patterns, 0.5))
    outputs = {name: forward(merge(load_unet(), *what)) for name, what in each.items()}
    unet = load_unet()
    outputs["none"] = forward(unet)
    for what in each.values():
        unet = merge(unet, *what)
    outputs["all"] = forward(unet)
    outputs |= {init: save_changed(init) for init in ("pissa", "olora")}
    save(outputs, "outputs")
    for name, value in outputs.items():
        print(f"{name}: changes the output by {(value - outputs['none']).abs().max() / outputs['none'].abs().max():.3f}")
    for file in sorted(OUT.rglob("*.*")):
        file.chmod(0o644)
        print(f"{file.relative_to(OUT)}: {file.stat().st_size / 1e3:.1f} kB")


if __name__ == "__main__":
    main()
