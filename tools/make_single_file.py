#!/usr/bin/env python3
"""Single files as Stability AI publishes them, made from folders in diffusers' layout.

  make_single_file.py file FOLDER OUT.safetensors   the model as one file, with its config.json files as metadata;
                                                    ComfyUI opens it, too
  make_single_file.py table FOLDER OUT.txt          the names alone, for tests that make such files themselves
  make_single_file.py check SGM                     proves the names: sgm's own modules (SGM is a checkout of Stability AI's
                                                    generative-models) load what is renamed here and compute the same

The names are written out in the order in which sgm's constructors make the modules. A line of a table is: part, name in
diffusers, name in the single file, and what else is done to the tensor: same, 1x1 (a matrix becomes a convolution),
transposed, or third0..2 (rows of a tensor of three).
"""
import argparse
import json
import pathlib
import sys

import torch
from safetensors.torch import load_file, save_file

UNET, DECODER, ENCODER, VISUAL = ("model.diffusion_model.", "first_stage_model.", "conditioner.embedders.3.encoder.",
                                  "conditioner.embedders.0.open_clip.model.visual.")


def pair(rows, part, theirs, ours, change="same"):
    rows.append((part, theirs, ours, change))


def both(rows, part, theirs, ours, change="same"):
    pair(rows, part, theirs + ".weight", ours + ".weight", change)
    pair(rows, part, theirs + ".bias", ours + ".bias")


def unet_rows(config):
    rows = []

    def res_block(theirs, ours):
        for stack, half in (("", "spatial_res_block."), ("time_stack.", "temporal_res_block.")):
            for name, layer in (("norm1", "in_layers.0"), ("conv1", "in_layers.2"), ("time_emb_proj", "emb_layers.1"),
                                ("norm2", "out_layers.0"), ("conv2", "out_layers.3")):
                both(rows, "unet", theirs + half + name, ours + stack + layer)
        both(rows, "unet", theirs + "spatial_res_block.conv_shortcut", ours + "skip_connection")
        pair(rows, "unet", theirs + "time_mixer.mix_factor", ours + "time_mixer.mix_factor")

    def transformer(theirs, ours, depth):
        for name in ("norm", "proj_in", "proj_out"):
            both(rows, "unet", theirs + name, ours + name)
        for i in range(depth):
            for mine, name in ((f"transformer_blocks.{i}.", f"transformer_blocks.{i}."),
                               (f"temporal_transformer_blocks.{i}.", f"time_stack.{i}.")):
                for layer in ("norm_in", "ff_in.net.0.proj", "ff_in.net.2", "norm1", "norm2", "norm3", "ff.net.0.proj",
                              "ff.net.2", "attn1.to_out.0", "attn2.to_out.0"):
                    if mine[0] == "t" and mine[1] == "e" or not layer.endswith("_in") and "ff_in" not in layer:
                        both(rows, "unet", theirs + mine + layer, ours + name + layer)
                for attention in ("attn1", "attn2"):
                    for letter in "qkv":
                        layer = f"{attention}.to_{letter}.weight"
                        pair(rows, "unet", theirs + mine + layer, ours + name + layer)
        both(rows, "unet", theirs + "time_pos_embed.linear_1", ours + "time_pos_embed.0")
        both(rows, "unet", theirs + "time_pos_embed.linear_2", ours + "time_pos_embed.2")
        pair(rows, "unet", theirs + "time_mixer.mix_factor", ours + "time_mixer.mix_factor")

    levels = len(config["block_out_channels"])
    spread = lambda v: v if isinstance(v, list) else [v] * levels
    layers, depths = spread(config["layers_per_block"]), spread(config["transformer_layers_per_block"])
    for name, layer in (("time_embedding.linear_1", "time_embed.0"), ("time_embedding.linear_2", "time_embed.2"),
                        ("add_embedding.linear_1", "label_emb.0.0"), ("add_embedding.linear_2", "label_emb.0.2"),
                        ("conv_in", "input_blocks.0.0"), ("conv_norm_out", "out.0"), ("conv_out", "out.2")):
        both(rows, "unet", name, UNET + layer)
    block = 0
    for level in range(levels):
        for i in range(layers[level]):
            block += 1
            res_block(f"down_blocks.{level}.resnets.{i}.", f"{UNET}input_blocks.{block}.0.")
            if "CrossAttn" in config["down_block_types"][level]:
                transformer(f"down_blocks.{level}.attentions.{i}.", f"{UNET}input_blocks.{block}.1.", depths[level])
        if level < levels - 1:
            block += 1
            both(rows, "unet", f"down_blocks.{level}.downsamplers.0.conv", f"{UNET}input_blocks.{block}.0.op")
    res_block("mid_block.resnets.0.", UNET + "middle_block.0.")
    transformer("mid_block.attentions.0.", UNET + "middle_block.1.", depths[-1])
    res_block("mid_block.resnets.1.", UNET + "middle_block.2.")
    block = 0
    for up, level in enumerate(reversed(range(levels))):
        for i in range(layers[level] + 1):
            at = f"{UNET}output_blocks.{block}."
            res_block(f"up_blocks.{up}.resnets.{i}.", at + "0.")
            attends = "CrossAttn" in config["up_block_types"][up]
            if attends:
                transformer(f"up_blocks.{up}.attentions.{i}.", at + "1.", depths[level])
            if level and i == layers[level]:
                both(rows, "unet", f"up_blocks.{up}.upsamplers.0.conv", at + ("2.conv" if attends else "1.conv"))
            block += 1
    return rows


def vae_rows(config):
    rows = []
    temporal = config["_class_name"] == "AutoencoderKLTemporalDecoder"

    def res_block(theirs, ours, in_time):
        half = "spatial_res_block." if in_time else ""
        for name in ("norm1", "conv1", "norm2", "conv2"):
            both(rows, "vae", theirs + half + name, ours + name)
        both(rows, "vae", theirs + half + "conv_shortcut", ours + "nin_shortcut")
        if in_time:
            for name, layer in (("norm1", "in_layers.0"), ("conv1", "in_layers.2"), ("norm2", "out_layers.0"),
                                ("conv2", "out_layers.3")):
                both(rows, "vae", theirs + "temporal_res_block." + name, ours + "time_stack." + layer)
            pair(rows, "vae", theirs + "time_mixer.mix_factor", ours + "mix_factor")

    def half(name, at, in_time):
        for theirs, ours in (("conv_in", "conv_in"), ("conv_norm_out", "norm_out"), ("conv_out", "conv_out")):
            both(rows, "vae", f"{name}.{theirs}", at + ours)
        res_block(f"{name}.mid_block.resnets.0.", at + "mid.block_1.", in_time)
        both(rows, "vae", f"{name}.mid_block.attentions.0.group_norm", at + "mid.attn_1.norm")
        for theirs, ours in (("to_q", "q"), ("to_k", "k"), ("to_v", "v"), ("to_out.0", "proj_out")):
            both(rows, "vae", f"{name}.mid_block.attentions.0.{theirs}", f"{at}mid.attn_1.{ours}", "1x1")
        res_block(f"{name}.mid_block.resnets.1.", at + "mid.block_2.", in_time)

    levels, layers = len(config["block_out_channels"]), config["layers_per_block"]
    half("encoder", ENCODER + "encoder.", False)
    half("decoder", DECODER + "decoder.", temporal)
    both(rows, "vae", "quant_conv", ENCODER + "quant_conv")
    if temporal:
        both(rows, "vae", "decoder.time_conv_out", DECODER + "decoder.conv_out.time_mix_conv")
    else:
        both(rows, "vae", "post_quant_conv", DECODER + "post_quant_conv")
    for level in range(levels):
        up = levels - 1 - level
        for i in range(layers):
            res_block(f"encoder.down_blocks.{level}.resnets.{i}.", f"{ENCODER}encoder.down.{level}.block.{i}.", False)
        for i in range(layers + 1):
            res_block(f"decoder.up_blocks.{up}.resnets.{i}.", f"{DECODER}decoder.up.{level}.block.{i}.", temporal)
        both(rows, "vae", f"encoder.down_blocks.{level}.downsamplers.0.conv", f"{ENCODER}encoder.down.{level}.downsample.conv")
        both(rows, "vae", f"decoder.up_blocks.{up}.upsamplers.0.conv", f"{DECODER}decoder.up.{level}.upsample.conv")
    return rows


def clip_rows(config):
    rows, part = [], "image_encoder"
    pair(rows, part, "vision_model.embeddings.class_embedding", VISUAL + "class_embedding")
    pair(rows, part, "vision_model.embeddings.position_embedding.weight", VISUAL + "positional_embedding")
    pair(rows, part, "vision_model.embeddings.patch_embedding.weight", VISUAL + "conv1.weight")
    pair(rows, part, "visual_projection.weight", VISUAL + "proj", "transposed")
    both(rows, part, "vision_model.pre_layrnorm", VISUAL + "ln_pre")
    both(rows, part, "vision_model.post_layernorm", VISUAL + "ln_post")
    for i in range(config["num_hidden_layers"]):
        theirs, ours = f"vision_model.encoder.layers.{i}.", f"{VISUAL}transformer.resblocks.{i}."
        both(rows, part, theirs + "layer_norm1", ours + "ln_1")
        both(rows, part, theirs + "layer_norm2", ours + "ln_2")
        both(rows, part, theirs + "mlp.fc1", ours + "mlp.c_fc")
        both(rows, part, theirs + "mlp.fc2", ours + "mlp.c_proj")
        both(rows, part, theirs + "self_attn.out_proj", ours + "attn.out_proj")
        for leaf in ("weight", "bias"):
            for third, letter in enumerate("qkv"):
                pair(rows, part, f"{theirs}self_attn.{letter}_proj.{leaf}", f"{ours}attn.in_proj_{leaf}", f"third{third}")
    return rows


def read_part(folder, part):
    config = json.loads((folder / part / "config.json").read_text())
    tensors = {}
    for path in sorted((folder / part).glob("*.safetensors")):
        tensors.update(load_file(path))
    return config, tensors


def rename(rows, tensors):
    """The renamed tensors; every tensor must have a row."""
    out, thirds = {}, {}
    rows = [row for row in rows if row[1] in tensors]
    missing = set(tensors) - {row[1] for row in rows} - {"vision_model.embeddings.position_ids"}
    assert not missing, f"without a name: {sorted(missing)[:5]}"
    for _, theirs, ours, change in rows:
        tensor = tensors[theirs]
        if change == "1x1":
            out[ours] = tensor[:, :, None, None].contiguous()
        elif change == "transposed":
            out[ours] = tensor.T.contiguous()
        elif change.startswith("third"):
            thirds.setdefault(ours, [None] * 3)[int(change[5])] = tensor
        else:
            out[ours] = tensor
    out.update({name: torch.cat(parts) for name, parts in thirds.items()})
    return out


PARTS = (("unet", unet_rows), ("vae", vae_rows), ("image_encoder", clip_rows))


def first_stage_encoder(tensors):
    """The encoder once more beside the decoder, where ComfyUI looks for it: without quant_conv, which its last
    convolution takes in (in float32, as sums have more digits)."""
    out = {DECODER + name: tensor for name, tensor in strip(tensors, ENCODER).items() if name.startswith("encoder.")}
    weight, bias = (tensors[ENCODER + "quant_conv." + leaf].double() for leaf in ("weight", "bias"))
    last = {leaf: out[f"{DECODER}encoder.conv_out.{leaf}"].double() for leaf in ("weight", "bias")}
    folded = {"weight": torch.einsum("oi,ichw->ochw", weight[:, :, 0, 0], last["weight"]),
              "bias": weight[:, :, 0, 0] @ last["bias"] + bias}
    out.update({f"{DECODER}encoder.conv_out.{leaf}": tensor.float() for leaf, tensor in folded.items()})
    return {name: tensor.clone() for name, tensor in out.items()}


def make_file(folder, out):
    tensors, metadata = {}, {}
    for part, rows in PARTS:
        config, found = read_part(folder, part)
        tensors.update(rename(rows(config), found))
        if part == "vae":
            tensors.update(first_stage_encoder(tensors))
        metadata[f"img2vid.{part}_config"] = json.dumps(config)
    save_file(tensors, out, metadata=metadata)
    print(f"{out}: {len(tensors)} tensors")


def make_table(folder, out):
    lines = []
    for part, rows in PARTS:
        config, found = read_part(folder, part)
        table = [row for row in rows(config) if row[1] in found]
        rename(table, found)
        lines += ["\t".join(row) for row in table]
    pathlib.Path(out).write_text("\n".join(lines) + "\n")
    print(f"{out}: {len(lines)} names")


# ---- against sgm's own modules ------------------------------------------------------------------------------------------


def strip(tensors, prefix):
    return {name[len(prefix):]: tensor for name, tensor in tensors.items() if name.startswith(prefix)}


def compare(what, ours, theirs):
    error = (ours - theirs).abs().max().item() / theirs.abs().max().item()
    print(f"{what}: largest difference {error:.1e} of the largest value")
    assert error < 1e-3, what


def check_unet():
    from diffusers import UNetSpatioTemporalConditionModel
    from sgm.modules.diffusionmodules.video_model import VideoUNet
    torch.manual_seed(0)
    config = dict(in_channels=8, out_channels=4, block_out_channels=(64, 128, 128), layers_per_block=2,
                  down_block_types=("CrossAttnDownBlockSpatioTemporal",) * 2 + ("DownBlockSpatioTemporal",),
                  up_block_types=("UpBlockSpatioTemporal",) + ("CrossAttnUpBlockSpatioTemporal",) * 2,
                  num_attention_heads=(1, 2, 2), cross_attention_dim=48, addition_time_embed_dim=32,
                  projection_class_embeddings_input_dim=96, transformer_layers_per_block=1)
    unet = UNetSpatioTemporalConditionModel(**config).eval()
    randomize(unet)
    theirs = VideoUNet(in_channels=8, model_channels=64, out_channels=4, num_res_blocks=2, attention_resolutions=[1, 2],
                       channel_mult=[1, 2, 2], num_head_channels=64, use_linear_in_transformer=True, transformer_depth=1,
                       context_dim=48, adm_in_channels=96, num_classes="sequential", extra_ff_mix_layer=True,
                       use_spatial_context=True, merge_strategy="learned_with_images", video_kernel_size=[3, 1, 1],
                       spatial_transformer_attn_type="softmax").eval()
    renamed = rename(unet_rows(json.loads(json.dumps(dict(unet.config)))), unet.state_dict())
    print("unet:", theirs.load_state_dict(strip(renamed, UNET), strict=True))
    frames, ids = 3, torch.tensor([[6.0, 127.0, 0.02]])
    sample, context = torch.randn(1, frames, 8, 16, 8), torch.randn(1, 1, 48)
    from diffusers.models.embeddings import get_timestep_embedding
    embedded = get_timestep_embedding(ids.flatten(), 32, flip_sin_to_cos=True, downscale_freq_shift=0).reshape(1, -1)
    with torch.no_grad():
        found = unet(sample, torch.tensor([1.2]), context, ids).sample[0]
        wanted = theirs(sample[0], timesteps=torch.full((frames,), 1.2), context=context.repeat(frames, 1, 1),
                        y=embedded.repeat(frames, 1), num_video_frames=frames,
                        image_only_indicator=torch.zeros(1, frames))
    compare("unet", found, wanted)


def check_vae():
    from diffusers import AutoencoderKL, AutoencoderKLTemporalDecoder
    from sgm.modules.autoencoding.temporal_ae import VideoDecoder
    from sgm.modules.diffusionmodules.model import Decoder, Encoder
    torch.manual_seed(0)
    sizes = dict(ch=64, out_ch=3, ch_mult=[1, 2], num_res_blocks=2, attn_resolutions=[], in_channels=3, resolution=32,
                 z_channels=4, attn_type="vanilla")
    config = dict(block_out_channels=(64, 128), layers_per_block=2, latent_channels=4,
                  down_block_types=("DownEncoderBlock2D",) * 2)
    temporal = AutoencoderKLTemporalDecoder(**config).eval()
    plain = AutoencoderKL(up_block_types=("UpDecoderBlock2D",) * 2, **config).eval()
    latents, pixels = torch.randn(3, 4, 4, 6), torch.randn(1, 3, 8, 12)
    for vae in (temporal, plain):
        randomize(vae)
        renamed = rename(vae_rows(json.loads(json.dumps(dict(vae.config)))
                                  | {"_class_name": type(vae).__name__}), vae.state_dict())
        encoder = Encoder(**sizes, double_z=True).eval()
        decoder = (VideoDecoder(**sizes, video_kernel_size=[3, 1, 1]) if vae is temporal else Decoder(**sizes)).eval()
        print("encoder:", encoder.load_state_dict(strip(renamed, ENCODER + "encoder."), strict=True))
        print("decoder:", decoder.load_state_dict(strip(renamed, DECODER + "decoder."), strict=True))
        beside = Encoder(**sizes, double_z=True).eval()
        beside.load_state_dict(strip(first_stage_encoder(renamed), DECODER + "encoder."), strict=True)
        with torch.no_grad():
            compare("encoder", vae.encoder(pixels), encoder(pixels))
            compare("encoder beside the decoder", vae.quant_conv(vae.encoder(pixels)), beside(pixels))
            if vae is temporal:
                found = vae.decode(latents, num_frames=3).sample
                compare("temporal decoder", found, decoder(latents, timesteps=3))
            else:
                compare("frame decoder", vae.decode(latents).sample, decoder(vae.post_quant_conv(latents)))


def check_clip():
    from open_clip.transformer import VisionTransformer
    from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection
    torch.manual_seed(0)
    config = CLIPVisionConfig(hidden_size=128, intermediate_size=512, num_hidden_layers=2, num_attention_heads=16,
                              image_size=224, patch_size=14, projection_dim=48, hidden_act="gelu")
    clip = CLIPVisionModelWithProjection(config).eval()
    randomize(clip)
    theirs = VisionTransformer(image_size=224, patch_size=14, width=128, layers=2, heads=16, mlp_ratio=4, output_dim=48)
    renamed = rename(clip_rows(config.to_dict()), clip.state_dict())
    print("image encoder:", theirs.load_state_dict(strip(renamed, VISUAL), strict=True))
    pixels = torch.randn(1, 3, 224, 224)
    with torch.no_grad():
        compare("image encoder", clip(pixels).image_embeds, theirs.eval()(pixels))


def randomize(module):
    """Norms and mixers begin as ones and halves, biases as zeros: any mistake in them would go unseen."""
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            if parameter.ndim < 2 or "mix_factor" in name:
                parameter.add_(0.3 * torch.randn_like(parameter))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=("file", "table", "check"))
    parser.add_argument("source", type=pathlib.Path)
    parser.add_argument("out", nargs="?")
    arguments = parser.parse_args()
    if arguments.command == "file":
        make_file(arguments.source, arguments.out)
    elif arguments.command == "table":
        make_table(arguments.source, arguments.out)
    else:
        sys.path.insert(0, str(arguments.source))
        check_unet()
        check_vae()
        check_clip()


if __name__ == "__main__":
    main()
