#!/usr/bin/env python3
"""Runs ComfyUI's own nodes and `img2vid generate --preset comfyui` on the same pictures, and compares their frames.

  compare_comfyui.py SOURCES MODEL [--program build/cli/img2vid] [--work FOLDER]

SOURCES is a checkout of ComfyUI (comfyanonymous/ComfyUI) at the commit below, whose packages are installed. MODEL is a
folder of the size of the real SVD-XT, which `reference.py full` makes; ComfyUI takes no other size. It is written to
FOLDER as the single file that ComfyUI loads. Both run on the CPU in float32, one after the other: ComfyUI takes some
10 GB. Frames must agree within 1e-4.
"""
import argparse
import itertools
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import torch
from PIL import Image
from safetensors.torch import save_file

import make_single_file as single

COMMIT = "a125cd84b054a57729b5eecab930ca9408719832"  # 0.3.64
TOLERANCE = 1e-4
WIDTH, HEIGHT, FRAMES, STEPS = 128, 64, 4, 3
PICTURES = ((150, 220), (420, 130), (97, 61))  # none has the shape of the video
SEEDS = (42, 2**32 + 7)

# ---- the model's file ------------------------------------------------------------------------------------------------


def fold(first, second):
    """The weight and bias of one convolution that does what `first` and then `second`, of 1x1, do."""
    matrix = second[0].double()[:, :, 0, 0]
    weight = torch.einsum("ab,bcyx->acyx", matrix, first[0].double())
    return weight.float(), (matrix @ first[1].double() + second[1].double()).float()


def comfyui_file(folder, out):
    """Stability's names. ComfyUI reads the VAE's encoder beside its decoder, where it has no quant_conv."""
    tensors = {}
    for part, rows in single.PARTS:
        config, found = single.read_part(folder, part)
        tensors.update(single.rename(rows(config), found))
    of = lambda name: [tensors[single.ENCODER + name + leaf] for leaf in (".weight", ".bias")]
    weight, bias = fold(of("encoder.conv_out"), of("quant_conv"))
    for name, tensor in single.strip(tensors, single.ENCODER + "encoder.").items():
        tensors[f"{single.DECODER}encoder.{name}"] = tensor.clone()
    tensors[single.DECODER + "encoder.conv_out.weight"] = weight
    tensors[single.DECODER + "encoder.conv_out.bias"] = bias
    save_file(tensors, out)


# ---- ComfyUI ---------------------------------------------------------------------------------------------------------


def run_comfyui(sources, work):
    """In a process of its own: writes FOLDER/comfyui-PICTURE-SEED.npy."""
    sys.path.insert(0, str(sources))
    sys.argv = [sys.argv[0], "--cpu", "--force-fp32", "--fp32-unet", "--fp32-vae", "--fp32-text-enc"]
    import comfy.options
    comfy.options.enable_args_parsing()
    import folder_paths
    folder_paths.add_model_folder_path("checkpoints", str(work))
    folder_paths.set_input_directory(str(work))
    folder_paths.set_output_directory(str(work))
    import nodes
    from comfy_extras import nodes_video_model as video
    with torch.inference_mode():
        model, clip_vision, vae = video.ImageOnlyCheckpointLoader().load_checkpoint("comfyui.safetensors")
        model, = video.VideoLinearCFGGuidance().patch(model, 1.0)
        for picture, seed in itertools.product(range(len(PICTURES)), SEEDS):
            image, _ = nodes.LoadImage().load_image(f"{picture}.png")
            positive, negative, latent = video.SVD_img2vid_Conditioning().encode(
                clip_vision, image, vae, WIDTH, HEIGHT, FRAMES, 127, 6, 0.0)
            samples, = nodes.KSampler().sample(model, seed, STEPS, 2.5, "euler", "karras", positive, negative, latent)
            frames, = nodes.VAEDecode().decode(vae, samples)
            np.save(work / f"comfyui-{picture}-{seed}.npy", frames.float().numpy())
            nodes.SaveLatent().save(samples, f"comfyui-{picture}-{seed}")
            print(f"ComfyUI: picture {picture}, seed {seed}", flush=True)


def run_img2vid(program, model, work, picture, seed):
    out = work / f"img2vid-{picture}-{seed}.npy"
    subprocess.run([program, "generate", work / f"{picture}.png", "-o", out, "--model", model, "--preset", "comfyui",
                    "--seed", str(seed), "--width", str(WIDTH), "--height", str(HEIGHT), "--num-frames", str(FRAMES),
                    "--num-inference-steps", str(STEPS), "--quiet"], check=True)
    return np.load(out)


def decode_latents(program, model, work):
    """The largest difference where both decode the same file of ComfyUI's."""
    latents = sorted(work.glob(f"comfyui-0-{SEEDS[0]}_*.latent"))[-1]
    subprocess.run([program, "decode", latents, "-o", work / "decoded.npy", "--model", model, "--quiet"], check=True)
    return float(np.abs(np.load(work / "decoded.npy") - np.load(work / f"comfyui-0-{SEEDS[0]}.npy")).max())


def compare(args, work):
    import reference  # ComfyUI's process does without diffusers
    for i, size in enumerate(PICTURES):
        reference.make_picture(*size).save(work / f"{i}.png")
    if not (work / "comfyui.safetensors").exists():
        comfyui_file(args.model, work / "comfyui.safetensors")
    command = [sys.executable, __file__, args.sources, args.model, "--work", work, "--only-comfyui"]
    subprocess.run(command, check=True)
    worst = decode_latents(args.program, args.model, work)
    print(f"a .latent file, decoded by both: largest difference {worst:.1e}", flush=True)
    for picture, seed in itertools.product(range(len(PICTURES)), SEEDS):
        ours = run_img2vid(args.program, args.model, work, picture, seed)
        theirs = np.load(work / f"comfyui-{picture}-{seed}.npy")
        difference = float(np.abs(ours - theirs).max())
        worst = max(worst, difference)
        print(f"{PICTURES[picture][0]}x{PICTURES[picture][1]}, seed {seed}: largest difference {difference:.1e}, "
              f"deviation {theirs.std():.2f}", flush=True)
    return 0 if worst <= TOLERANCE else 1


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sources", type=pathlib.Path)
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("--program", default="build/cli/img2vid")
    parser.add_argument("--work", type=pathlib.Path, help="a folder to keep what is made")
    parser.add_argument("--only-comfyui", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.only_comfyui:
        return run_comfyui(args.sources, args.work)
    if args.work:
        args.work.mkdir(parents=True, exist_ok=True)
        return compare(args, args.work)
    with tempfile.TemporaryDirectory() as folder:
        return compare(args, pathlib.Path(folder))


if __name__ == "__main__":
    sys.exit(main())
