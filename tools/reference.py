#!/usr/bin/env python3
"""Reference models and tensors for img2vid, made by diffusers on the CPU in float32.

  reference.py models OUT [--only NAME ...]       small models with random weights, one folder each
  reference.py tensors MODEL OUT.safetensors ...  every stage of one run of the pipeline
  reference.py committed [OUT]                    both of these as they are in tests/data/reference
  reference.py sensitivity MODEL                  shows that no weight of a model goes without effect
  reference.py full OUT [--check]                 the size of the real SVD-XT, random f16 weights

tools/README.md says what is in the files.
"""
import argparse
import json
import math
import pathlib
import zlib

import numpy as np
import torch
from PIL import Image
from diffusers import (AutoencoderKLTemporalDecoder, EulerDiscreteScheduler, StableVideoDiffusionPipeline,
                       UNetSpatioTemporalConditionModel)
from diffusers.utils import logging as diffusers_logging
from diffusers.pipelines.stable_video_diffusion import pipeline_stable_video_diffusion as svd_module
from safetensors.torch import save_file
from transformers import CLIPImageProcessorPil, CLIPVisionConfig, CLIPVisionModelWithProjection
from transformers.utils import logging as transformers_logging

SCHEDULER = dict(beta_end=0.012, beta_schedule="scaled_linear", beta_start=0.00085, interpolation_type="linear",
                 num_train_timesteps=1000, prediction_type="v_prediction", sigma_max=700.0, sigma_min=0.002,
                 steps_offset=1, timestep_spacing="leading", timestep_type="continuous", trained_betas=None,
                 use_karras_sigmas=True)
SCHEDULER_UNUSED = dict(set_alpha_to_one=False, skip_prk_steps=True)  # in SVD's file, ignored by the class

# ---- architectures ---------------------------------------------------------------------------------------------------


def unet_config(kinds, channels, heads, layers=2, latents=4, context=48, id_embedding=32, transformers=1, frames=14,
                sample_size=96):
    """kinds: a letter a level from the top, 'a' with attention, 'p' plain."""
    down = {"a": "CrossAttnDownBlockSpatioTemporal", "p": "DownBlockSpatioTemporal"}
    up = {"a": "CrossAttnUpBlockSpatioTemporal", "p": "UpBlockSpatioTemporal"}
    return dict(in_channels=2 * latents, out_channels=latents, block_out_channels=tuple(channels),
                down_block_types=tuple(down[k] for k in kinds), up_block_types=tuple(up[k] for k in reversed(kinds)),
                layers_per_block=layers, num_attention_heads=heads, cross_attention_dim=context,
                addition_time_embed_dim=id_embedding, projection_class_embeddings_input_dim=3 * id_embedding,
                transformer_layers_per_block=transformers, num_frames=frames, sample_size=sample_size)


def vae_config(channels, layers=2, latents=4, scaling_factor=0.18215):
    return dict(block_out_channels=tuple(channels), layers_per_block=layers, latent_channels=latents,
                down_block_types=("DownEncoderBlock2D",) * len(channels), sample_size=768,
                scaling_factor=scaling_factor, force_upcast=True)


def clip_config(hidden, heads, layers, context, patch=14, act="gelu", mlp=4, eps=1e-5):
    return dict(hidden_size=hidden, intermediate_size=mlp * hidden, num_attention_heads=heads,
                num_hidden_layers=layers, projection_dim=context, patch_size=patch, image_size=224, hidden_act=act,
                layer_norm_eps=eps)


ARCHITECTURES = {
    # the two that are committed in tests/data/reference: as small as they come
    "attention_top": dict(unet=unet_config("ap", (32, 32), (4, 2), layers=1, frames=3),
                          vae=vae_config((32, 32, 32, 32), layers=1), clip=clip_config(32, 2, 2, 48)),
    "plain_top": dict(unet=unet_config("pa", (64, 32), (1, 2), layers=1, latents=8, context=40, id_embedding=16,
                                       frames=3, sample_size=(8, 12)),
                      vae=vae_config((32, 32), layers=2, latents=8, scaling_factor=0.5),
                      clip=clip_config(32, 4, 2, 40, patch=16, act="quick_gelu", eps=1e-3)),
    # SVD's shape. 64 channels and more from here on: a group norm over 32 groups of one channel takes out whatever was
    # added to a whole channel, biases and time embeddings, and would hide mistakes in them. 128 at the fourth level, for it
    # is one pixel in a video of 64x64, and the norm of a group of two values is a step that makes much of a rounding.
    "svd": dict(unet=unet_config("aaap", (64, 64, 96, 128), (2, 4, 4, 4)),
                vae=vae_config((64, 64, 96, 64)), clip=clip_config(64, 4, 3, 48)),
    "svd_one_layer": dict(unet=unet_config("aaap", (64, 96, 64, 128), (1, 2, 2, 4), layers=1, frames=25),
                          vae=vae_config((64, 64, 64, 64), layers=1), clip=clip_config(64, 4, 2, 48)),
    # other channels, head dims 24 and 40, two transformer layers, three VAE resnets a level, CLIP patch 16
    "wide": dict(unet=unet_config("aa", (96, 160), (4, 4), layers=1, context=80, id_embedding=24,
                                  transformers=2, frames=5, sample_size=(9, 15)),
                 vae=vae_config((64, 96, 64, 64), layers=3), clip=clip_config(72, 3, 3, 80, 16, "quick_gelu")),
    # no attention at the top, 8 latent channels at a quarter of the size
    "three_levels": dict(unet=unet_config("paa", (64, 64, 96), (2, 2, 4), layers=2, latents=8, context=40, frames=8),
                         vae=vae_config((64, 64, 96), layers=1, latents=8, scaling_factor=0.7),
                         clip=clip_config(40, 5, 2, 40, mlp=3)),
    # a list wherever the class takes one
    "lists": dict(unet=unet_config("aap", (64, 64, 64), (2, 1, 4), layers=(1, 3, 2), context=(40, 40, 40),
                                   transformers=(1, 2, 1), frames=4, sample_size=(8, 12)),
                  vae=vae_config((64, 64, 64, 64), layers=1), clip=clip_config(32, 2, 2, 40)),
}
COMMITTED = ("attention_top", "plain_top")
# how the files of a folder are written: {folder: (architecture, dtype, variant, largest shard)}
FOLDERS = {name: (name, torch.float32, None, None) for name in ARCHITECTURES if name not in COMMITTED}
FOLDERS |= {
    "attention_top": ("attention_top", torch.float16, None, None),
    "plain_top": ("plain_top", torch.bfloat16, None, "300KB"),
    "svd_f16": ("svd", torch.float16, None, None),
    "svd_fp16_variant": ("svd", torch.float16, "fp16", None),
    "svd_bf16": ("svd", torch.bfloat16, None, None),
    "svd_shards": ("svd", torch.float32, None, "3MB"),
    "svd_fp16_shards": ("svd", torch.float16, "fp16", "2MB"),
}

# ---- weights ---------------------------------------------------------------------------------------------------------


def generator_for(seed, name):
    return np.random.Generator(np.random.PCG64([seed, zlib.crc32(name.encode())]))


def random_weight(name, shape, seed):
    """float32 weights that keep activations of order 1 and let no part of the model go without effect: blends on both
    sides of a half, norms that are no identity, attention that is not uniform."""
    rng = generator_for(seed, name)
    if name.endswith("mix_factor"):
        return rng.uniform(-1.5, 1.5, shape).astype(np.float32)
    if len(shape) == 1:
        spread = rng.uniform(-1, 1, shape).astype(np.float32)
        if name.endswith("class_embedding"):
            return spread
        is_norm_weight = name.endswith("weight")  # the only vectors called weight are the norms'
        return 1 + np.float32(0.2) * spread if is_norm_weight else np.float32(0.1) * spread
    gain = 0.5 if "position_embedding" in name else 1 / math.sqrt(math.prod(shape[1:]))
    if "q_proj" in name or "k_proj" in name:
        gain *= 1.5  # not so the UNet's to_q, to_k: 25 steps would multiply a rounding by hundreds
    elif name == "conv_out.weight":
        gain *= 1.5  # SiLU before it takes away that much
    elif name == "decoder.conv_in.weight":
        gain *= 0.3  # latents come divided by the scaling factor
    elif name == "decoder.conv_out.weight":
        gain *= 0.5  # few clipped values; also what one rounding at sigma 700 makes of a frame is below 1e-4
    return rng.standard_normal(shape, dtype=np.float32) * np.float32(gain)


def randomise(module, seed):
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            parameter.copy_(torch.from_numpy(random_weight(name, tuple(parameter.shape), seed)))
    return module.eval()


# ---- models ----------------------------------------------------------------------------------------------------------


def make_pipeline(architecture, seed=None, device="cpu"):
    """A pipeline of this architecture; with random weights where a seed is given, else as its classes make them."""
    with torch.device(device):
        parts = dict(unet=UNetSpatioTemporalConditionModel(**architecture["unet"]),
                     vae=AutoencoderKLTemporalDecoder(**architecture["vae"]),
                     image_encoder=CLIPVisionModelWithProjection(CLIPVisionConfig(**architecture["clip"])))
    if seed is not None:
        for index, part in enumerate(parts.values()):
            randomise(part, seed + index)
    return StableVideoDiffusionPipeline(scheduler=EulerDiscreteScheduler(**SCHEDULER),
                                        feature_extractor=CLIPImageProcessorPil(), **parts)


def edit_json(path, **changes):
    config = json.loads(path.read_text()) | changes
    path.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")


def finish_folder(folder):
    """Makes a saved folder what SVD's own is: its scheduler's file has keys that the class does not know, and the
    feature extractor has one name, whether torchvision is installed or not."""
    edit_json(folder / "scheduler" / "scheduler_config.json", **SCHEDULER_UNUSED)
    edit_json(folder / "model_index.json", feature_extractor=["transformers", "CLIPImageProcessor"])
    for file in folder.rglob("*.safetensors"):
        file.chmod(0o644)


def make_models(out, only):
    for folder, (name, dtype, variant, shard) in FOLDERS.items():
        if only and folder not in only:
            continue
        target = pathlib.Path(out) / folder
        seed = 1000 + 10 * list(ARCHITECTURES).index(name)
        pipe = make_pipeline(ARCHITECTURES[name], seed).to(dtype=dtype)
        pipe.save_pretrained(target, safe_serialization=True, variant=variant, max_shard_size=shard)
        finish_folder(target)
        size = sum(f.stat().st_size for f in target.rglob("*") if f.is_file())
        print(f"{target}: {str(dtype)[6:]}, {size / 1e6:.2f} MB")


def make_picture(width, height, seed=7):
    """A picture with smooth parts, edges and grain."""
    rng = np.random.Generator(np.random.PCG64(seed))
    y, x = np.mgrid[0:height, 0:width] / max(width, height)
    waves = [np.sin(2 * np.pi * (a * x + b * y) + c) for a, b, c in rng.uniform(-4, 4, (3, 3))]
    picture = 128 + 70 * np.stack(waves, -1)
    picture[(x - 0.4) ** 2 + (y - 0.3) ** 2 < 0.03] = (250, 40, 60)
    picture[(x > 0.6) & (y > 0.35)] *= 0.4
    picture += rng.normal(0, 6, picture.shape)
    return Image.fromarray(picture.clip(0, 255).astype(np.uint8))


# ---- running ---------------------------------------------------------------------------------------------------------


class Noise:
    """Stands in for diffusers' randn_tensor: draws from numpy or torch, and remembers what it drew."""

    def __init__(self, rng, seed):
        self.numpy = np.random.Generator(np.random.PCG64(seed)) if rng == "numpy" else None
        self.torch = torch.Generator().manual_seed(seed)
        self.drawn = []

    def __call__(self, shape, generator=None, device=None, dtype=None, layout=None):
        if self.numpy is None:
            values = torch.randn(tuple(shape), generator=self.torch, dtype=torch.float32)
        else:
            values = torch.from_numpy(self.numpy.standard_normal(tuple(shape))).to(torch.float32)
        self.drawn.append(values)
        return values.to(dtype)


def load_pipeline(model):
    """The folder's weights as float32. A folder may hold only the fp16 variant."""
    is_variant = any(pathlib.Path(model).rglob("*.fp16*"))
    pipe = StableVideoDiffusionPipeline.from_pretrained(model, dtype=torch.float32, local_files_only=True,
                                                        variant="fp16" if is_variant else None)
    pipe.set_progress_bar_config(disable=True)
    return pipe


def run_pipeline(pipe, picture, rng="numpy", seed=0, on_step=None, **arguments):
    """One call of the pipeline. Returns (frames [F,H,W,3], last latents [F,C,h,w], the noise drawn)."""
    noise = Noise(rng, seed)
    last = {}

    def step_end(_, index, timestep, tensors):
        last["latents"] = tensors["latents"].detach().clone()
        if on_step:
            on_step(index, last["latents"])
        return {}

    original = svd_module.randn_tensor
    svd_module.randn_tensor = noise
    try:
        frames = pipe(picture, output_type="np", callback_on_step_end=step_end, **arguments).frames
    finally:
        svd_module.randn_tensor = original
    return frames[0], last["latents"][0].numpy(), noise.drawn


# ---- stages ----------------------------------------------------------------------------------------------------------


class Stages:
    """Collects the outputs of modules under names, each the first time it runs."""

    def __init__(self):
        self.tensors, self.hooks = {}, []

    def add(self, name, value):
        value = value if torch.is_tensor(value) else torch.from_numpy(np.array(value))
        self.tensors.setdefault(name, value.detach().clone().contiguous())

    def watch(self, module, name, pick=lambda output: output):
        def hook(_, inputs, output):
            output = output[0] if isinstance(output, tuple) else output
            self.add(name, pick(output))
        self.hooks.append(module.register_forward_hook(hook))

    def watch_input(self, module, name, pick=lambda value: value):
        def hook(_, arguments, keywords):
            self.add(name, pick(arguments[0] if arguments else next(iter(keywords.values()))))
        self.hooks.append(module.register_forward_pre_hook(hook, with_kwargs=True))


def watch_image_encoder(stages, encoder):
    vision = encoder.vision_model
    stages.watch_input(encoder, "clip.pixels")
    stages.watch(vision.embeddings, "clip.embeddings")
    stages.watch(vision.pre_layrnorm, "clip.pre_layrnorm")
    for index, layer in enumerate(vision.encoder.layers):
        stages.watch(layer, f"clip.layers.{index}")
    stages.watch(encoder.visual_projection, "clip.image_embeds")


def watch_unet(stages, unet, frames, guided):
    half = (lambda t: t.chunk(2)[1]) if guided else (lambda t: t)  # [uncond, cond]: cond
    stages.watch_input(unet, "unet.input", lambda t: half(t)[0])
    stages.watch(unet.time_proj, "unet.time_proj", half)
    stages.watch(unet.time_embedding, "unet.time_embedding", half)
    stages.watch(unet.add_embedding, "unet.add_embedding", half)
    stages.watch(unet.conv_in, "unet.conv_in", half)
    stages.watch(unet.mid_block, "unet.mid_block", half)
    for kind in ("down_blocks", "up_blocks"):
        for index, block in enumerate(getattr(unet, kind)):
            stages.watch(block, f"unet.{kind}.{index}", half)
    first = unet.down_blocks[0]
    stages.watch(first.resnets[0].spatial_res_block, "unet.down_blocks.0.resnets.0.spatial_res_block", half)
    stages.watch(first.resnets[0], "unet.down_blocks.0.resnets.0", half)
    transformer = unet.mid_block.attentions[0]
    stages.watch(unet.mid_block.resnets[0], "unet.mid_block.resnets.0", half)
    stages.watch(transformer.transformer_blocks[0], "unet.mid_block.attentions.0.transformer_blocks.0", half)
    # [frames, y*x, channels] again, after its own permutes
    stages.watch(transformer.temporal_transformer_blocks[0],
                 "unet.mid_block.attentions.0.temporal_transformer_blocks.0", half)
    stages.watch(transformer, "unet.mid_block.attentions.0", half)
    stages.watch(unet.conv_norm_out, "unet.conv_norm_out", half)
    if guided:
        stages.watch(unet, "unet.output_uncond", lambda t: t[0])
    stages.watch(unet, "unet.output", lambda t: half(t)[0])


def watch_vae(stages, vae):
    encoder, decoder = vae.encoder, vae.decoder
    stages.watch_input(encoder, "vae.encoder.input")
    for index, block in enumerate(encoder.down_blocks):
        stages.watch(block, f"vae.encoder.down_blocks.{index}")
    stages.watch(encoder.mid_block, "vae.encoder.mid_block")
    stages.watch(encoder, "vae.encoder.output")
    stages.watch(vae.quant_conv, "vae.moments")
    stages.watch_input(decoder, "vae.decoder.input")  # the first chunk
    stages.watch(decoder.conv_in, "vae.decoder.conv_in")
    stages.watch(decoder.mid_block.resnets[0], "vae.decoder.mid_block.resnets.0")
    stages.watch(decoder.mid_block, "vae.decoder.mid_block")
    for index, block in enumerate(decoder.up_blocks):
        stages.watch(block, f"vae.decoder.up_blocks.{index}")
    stages.watch(decoder.conv_out, "vae.decoder.conv_out")
    stages.watch(decoder, "vae.decoder.output")


def run_stages(args):
    pipe = load_pipeline(args.model)
    picture = (Image.open(args.picture) if args.picture else make_picture(96, 80)).convert("RGB")
    picture = picture.resize((args.width, args.height))
    frames = args.num_frames or pipe.unet.config.num_frames
    guided = args.max_guidance_scale > 1
    stages = Stages()
    watch_image_encoder(stages, pipe.image_encoder)
    watch_unet(stages, pipe.unet, frames, guided)
    watch_vae(stages, pipe.vae)
    stages.add("picture", np.asarray(picture))
    result, latents, noise = run_pipeline(
        pipe, picture, args.rng, args.seed, lambda i, t: stages.add(f"latents.{i}", t[0]),
        width=args.width, height=args.height, num_frames=frames, num_inference_steps=args.num_inference_steps,
        min_guidance_scale=args.min_guidance_scale, max_guidance_scale=args.max_guidance_scale, fps=args.fps,
        motion_bucket_id=args.motion_bucket_id, noise_aug_strength=args.noise_aug_strength,
        decode_chunk_size=args.decode_chunk_size)
    stages.add("augmentation_noise", noise[0])
    stages.add("noise", noise[1][0])
    stages.add("image_latent", stages.tensors["vae.moments"].chunk(2, dim=1)[0])
    stages.add("sigmas", pipe.scheduler.sigmas)
    stages.add("timesteps", pipe.scheduler.timesteps)
    stages.add("frames", result)
    return stages.tensors


def lean(tensors, largest=40 << 10):
    """Leaves out what is large and can be had by running the stage before it; of CLIP's pixels every 32nd row stays."""
    dropped = ("vae.encoder.input", "vae.encoder.down_blocks.0", "vae.decoder.conv_in", "clip.embeddings",
               "clip.pre_layrnorm", "clip.layers.0")
    kept = {name: t for name, t in tensors.items() if t.nbytes <= largest and name not in dropped}
    kept["clip.pixels_rows32"] = tensors["clip.pixels"][:, :, ::32].contiguous()
    return kept


def make_tensors(args):
    tensors = run_stages(args)
    if args.lean:
        tensors = lean(tensors)
    settings = {key: value for key, value in vars(args).items()
                if key not in ("run", "command", "model", "out", "lean", "picture")}
    save_file(tensors, args.out, metadata=dict(settings=json.dumps(settings)))
    frames = tensors["frames"]
    clipped = ((frames == 0) | (frames == 1)).float().mean()
    print(f"{args.out}: {len(tensors)} tensors, {pathlib.Path(args.out).stat().st_size / 1e3:.0f} kB; "
          f"frames: standard deviation {frames.std():.3f}, {100 * clipped:.1f} % clipped")


def make_committed(args):
    """The runs differ in everything that a run can be told."""
    runs = dict(attention_top=["--width=40", "--height=24"],
                plain_top=["--width=24", "--height=16", "--num-frames=2", "--rng=torch", "--fps=12",
                           "--motion-bucket-id=40", "--noise-aug-strength=0.1", "--min-guidance-scale=1.5",
                           "--max-guidance-scale=2"])
    make_models(args.out, COMMITTED)
    for name, options in runs.items():
        model = f"{args.out}/{name}"
        make_tensors(parse_arguments(["tensors", model, model + ".safetensors", "--lean", *options]))
    make_unresized(f"{args.out}/attention_top", f"{args.out}/attention_top_unresized.safetensors")


def make_unresized(model, out):
    """The frames of a photograph that is not of the video's size."""
    photograph = Image.open(pathlib.Path(__file__).parent.parent / "examples/rocket.jpg").convert("RGB")
    frames = run_pipeline(load_pipeline(model), photograph, seed=42, width=40, height=24, num_frames=3,
                          num_inference_steps=3, decode_chunk_size=2)[0]
    save_file(dict(frames=torch.from_numpy(frames).contiguous()), out)


# Weights that the model's own mathematics leaves without effect.
def is_idle(name, pipe):
    layers = pipe.vae.config.layers_per_block
    return (any(part in name for part in ("attn2.to_q", "attn2.to_k", "norm2."))  # one token to attend to
            and "transformer_blocks" in name
            or name.endswith("k_proj.bias")  # the same for all keys
            or name.endswith("attentions.0.to_k.bias")
            or name.startswith("decoder.mid_block.attentions") and layers == 1
            or name.startswith("decoder.mid_block.resnets") and int(name.split(".")[3]) > 1
            or name.startswith("quant_conv"))  # half of it is the variance; rolling moves that in


def check_sensitivity(args):
    """Rolls one tensor of weights after the other by one place and looks at the frames and at every stage."""
    pipe = load_pipeline(args.model)
    picture = make_picture(40, 24)
    stages = Stages()
    watch_image_encoder(stages, pipe.image_encoder)
    watch_unet(stages, pipe.unet, 3, True)
    watch_vae(stages, pipe.vae)

    def run():
        stages.tensors = {}
        frames = run_pipeline(pipe, picture, width=40, height=24, num_frames=3, num_inference_steps=1,
                              decode_chunk_size=3)[0]
        return torch.from_numpy(frames), stages.tensors

    right_frames, right_stages = run()
    changes = []
    for part in (pipe.image_encoder, pipe.unet, pipe.vae):
        for name, weight in part.named_parameters():
            if is_idle(name, pipe):
                continue
            kept = weight.clone()
            weight.copy_(weight.flatten().roll(1).view_as(weight) if weight.numel() > 1 else weight + 0.5)
            frames, tensors = run()
            weight.copy_(kept)
            changes.append(((frames - right_frames).abs().max().item(),
                            max((tensors[k] - t).abs().max().item() for k, t in right_stages.items()), name))
    for in_frames, in_stages, name in sorted(changes)[:args.show]:
        print(f"{in_frames:.1e} in the frames, {in_stages:.1e} in a stage: {name}")
    print(f"{len(changes)} tensors; smallest effect on the frames {min(c[0] for c in changes):.1e} "
          f"({sum(c[0] < 1e-3 for c in changes)} below 1e-3), on any stage {min(c[1] for c in changes):.1e} "
          f"({sum(c[1] < 1e-3 for c in changes)} below 1e-3)")


# ---- the real size ---------------------------------------------------------------------------------------------------

FULL = dict(unet=unet_config("aaap", (320, 640, 1280, 1280), (5, 10, 20, 20), context=1024, id_embedding=256,
                             frames=25),
            vae=vae_config((128, 256, 512, 512)),
            clip=dict(hidden_size=1280, intermediate_size=5120, num_attention_heads=16, num_hidden_layers=32,
                      projection_dim=1024, patch_size=14, image_size=224, hidden_act="gelu"))


def write_random_safetensors(module, path, seed):
    """f16 weights for a module on the meta device, written a tensor at a time."""
    header, offset = {"__metadata__": {"format": "pt"}}, 0
    shapes = {name: tuple(t.shape) for name, t in module.named_parameters()}
    for name, shape in shapes.items():
        end = offset + 2 * math.prod(shape)
        header[name] = dict(dtype="F16", shape=list(shape), data_offsets=[offset, end])
        offset = end
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for name, shape in shapes.items():
            file.write(random_weight(name, shape, seed).astype(np.float16).tobytes())


def make_full(args):
    pipe = make_pipeline(FULL, device="meta")
    parts = dict(unet=pipe.unet, vae=pipe.vae, image_encoder=pipe.image_encoder)
    for name, part in parts.items():
        print(f"{name}: {sum(p.numel() for p in part.parameters()) / 1e6:.1f} M parameters")
    if args.check:
        return
    out = pathlib.Path(args.out)
    out.mkdir(parents=True, exist_ok=True)
    pipe.save_config(out)
    pipe.scheduler.save_pretrained(out / "scheduler")
    pipe.feature_extractor.save_pretrained(out / "feature_extractor")
    for index, (name, part) in enumerate(parts.items()):
        (out / name).mkdir(exist_ok=True)
        (part.config.save_pretrained if name == "image_encoder" else part.save_config)(out / name)
        file = "model.safetensors" if name == "image_encoder" else "diffusion_pytorch_model.safetensors"
        write_random_safetensors(part, out / name / file, 2000 + index)
        print(f"{out / name / file}: {(out / name / file).stat().st_size / 1e9:.2f} GB")
    finish_folder(out)


# ---- command line ----------------------------------------------------------------------------------------------------


def parse_arguments(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    models = commands.add_parser("models")
    models.add_argument("out")
    models.add_argument("--only", nargs="*", choices=list(FOLDERS))
    models.set_defaults(run=lambda args: make_models(args.out, args.only))
    tensors = commands.add_parser("tensors")
    tensors.add_argument("model")
    tensors.add_argument("out")
    tensors.add_argument("--picture", help="a file; without it a synthetic picture of 96x80")
    tensors.add_argument("--lean", action="store_true", help="leave out what is large")
    tensors.add_argument("--rng", choices=("numpy", "torch"), default="numpy")
    for name, default in dict(width=64, height=64, num_frames=0, num_inference_steps=3, min_guidance_scale=1.0,
                              max_guidance_scale=3.0, fps=7, motion_bucket_id=127, noise_aug_strength=0.02, seed=42,
                              decode_chunk_size=2).items():
        tensors.add_argument("--" + name.replace("_", "-"), type=type(default), default=default)
    tensors.set_defaults(run=make_tensors)
    committed = commands.add_parser("committed")
    committed.add_argument("out", nargs="?", default=str(pathlib.Path(__file__).parent.parent / "tests/data/reference"))
    committed.set_defaults(run=make_committed)
    sensitivity = commands.add_parser("sensitivity")
    sensitivity.add_argument("model")
    sensitivity.add_argument("--show", type=int, default=8, help="list so many of the smallest effects")
    sensitivity.set_defaults(run=check_sensitivity)
    full = commands.add_parser("full")
    full.add_argument("out")
    full.add_argument("--check", action="store_true", help="only count the parameters")
    full.set_defaults(run=make_full)
    return parser.parse_args(arguments)


def prepare_libraries():
    torch.set_num_threads(2)
    torch.set_grad_enabled(False)
    for logging in (diffusers_logging, transformers_logging):
        logging.set_verbosity_error()
        logging.disable_progress_bar()


def main():
    prepare_libraries()
    args = parse_arguments()
    args.run(args)


if __name__ == "__main__":
    main()
