"""Programs as people publish them for StableVideoDiffusionPipeline, with the same calls, written anew and for a small
video. They run here with another import and nothing else changed; where diffusers is installed, on it too, and frames are
compared.

Each leaves its frames in `frames`, or files. HALF is what such programs are opened in; GPU a device that is not here.
"""

import shutil
import sys
import warnings

import numpy as np
import pytest

import standins

PIL_Image = pytest.importorskip("PIL.Image")
ID = "stabilityai/stable-video-diffusion-img2vid-xt"

IMPORTS = """
import torch
from diffusers import StableVideoDiffusionPipeline
from diffusers.utils import export_to_video, load_image
"""
OPEN = f"""
pipe = StableVideoDiffusionPipeline.from_pretrained("{ID}", torch_dtype=torch.float16, variant="fp16")
"""
SMALL = "width=40, height=24, num_frames=2, num_inference_steps=3"

SCRIPTS = {
    # the guide of diffusers: an offloaded model, a seed, a chunk, a file
    "guide": IMPORTS + OPEN + f"""
pipe.enable_model_cpu_offload()
image = load_image("picture.png").resize((40, 24))
generator = torch.manual_seed(42)
frames = pipe(image, decode_chunk_size=8, generator=generator, {SMALL}).frames[0]
export_to_video(frames, "generated.mp4", fps=7)
""",
    # the guide's advice for speed
    "compiled": IMPORTS + OPEN + f"""
pipe.to("cuda")
pipe.unet = torch.compile(pipe.unet, mode="reduce-overhead", fullgraph=True)
image = load_image("picture.png").resize((40, 24))
frames = pipe(image, decode_chunk_size=2, generator=torch.manual_seed(3), {SMALL}).frames[0]
export_to_video(frames, "generated.mp4", fps=24)
""",
    # the guide's advice for memory, and its micro-conditioning
    "conditioned": IMPORTS + OPEN + f"""
pipe.enable_model_cpu_offload()
pipe.unet.enable_forward_chunking()
image = load_image("picture.png").resize((40, 24))
frames = pipe(image, decode_chunk_size=2, generator=torch.manual_seed(42), motion_bucket_id=180,
              noise_aug_strength=0.1, fps=10, {SMALL}).frames[0]
export_to_video(frames, "generated.mp4", fps=7)
""",
    # SVD_Xtend: a UNet that was trained on, given to the pipeline
    "finetuned": f"""
import torch
from diffusers import StableVideoDiffusionPipeline, UNetSpatioTemporalConditionModel
from diffusers.utils import export_to_gif, export_to_video, load_image

unet = UNetSpatioTemporalConditionModel.from_pretrained("finetuned", subfolder="unet", torch_dtype=torch.float16,
                                                        low_cpu_mem_usage=False)
pipe = StableVideoDiffusionPipeline.from_pretrained("{ID}", unet=unet, low_cpu_mem_usage=False,
                                                    torch_dtype=torch.float16, variant="fp16", local_files_only=True)
pipe.to("cuda:0")
image = load_image("picture.png").resize((40, 24))
generator = torch.manual_seed(-1)
with torch.inference_mode():
    frames = pipe(image, decode_chunk_size=8, generator=generator, motion_bucket_id=127, fps=8, {SMALL}).frames[0]
    export_to_video(frames, "generated.mp4", fps=7)
    export_to_gif(frames, "generated.gif")
""",
    # weights that were saved by themselves, loaded into the pipeline's UNet
    "weights": IMPORTS + OPEN + f"""
pipe.unet.load_state_dict(torch.load("unet.pt", map_location="cpu"))
pipe.enable_model_cpu_offload()
image = load_image("picture.png").resize((40, 24))
frames = pipe(image, generator=torch.manual_seed(0), {SMALL}).frames[0]
export_to_video(frames, "generated.mp4", fps=7)
""",
    # the demo of a Space: all compiled, settings of a form, a video of that rate
    "demo": """
import os
import random
""" + IMPORTS + OPEN + f"""
pipe.to("cuda")
pipe.unet = torch.compile(pipe.unet, mode="reduce-overhead", fullgraph=True)
pipe.vae = torch.compile(pipe.vae, mode="reduce-overhead", fullgraph=True)

def sample(image, seed=42, randomize_seed=False, motion_bucket_id=127, fps_id=6, cond_aug=0.02, decoding_t=3):
    if image.mode == "RGBA":
        image = image.convert("RGB")
    if randomize_seed:
        seed = random.randint(0, 2**63 - 1)
    generator = torch.manual_seed(seed)
    os.makedirs("outputs", exist_ok=True)
    frames = pipe(image, decode_chunk_size=decoding_t, generator=generator, motion_bucket_id=motion_bucket_id,
                  noise_aug_strength=0.1, {SMALL}).frames[0]
    export_to_video(frames, os.path.join("outputs", "000000.mp4"), fps=fps_id)
    torch.manual_seed(seed)
    return frames

frames = sample(load_image("picture.png").resize((40, 24)))
""",
    # many pictures, files that are there are kept
    "batch": """
from pathlib import Path
from PIL import Image, ImageOps
""" + IMPORTS + f"""
pipe = StableVideoDiffusionPipeline.from_pretrained("{ID}", torch_dtype=torch.float16, variant="fp16",
                                                    low_cpu_mem_usage=True, use_safetensors=True)
pipe.enable_sequential_cpu_offload()
pipe.unet.enable_forward_chunking()
pipe.set_progress_bar_config(disable=True)
for index, source in enumerate(["picture.png", "other.png"]):
    output = Path(source).with_suffix(".mp4")
    with Image.open(source) as loaded:
        image = ImageOps.fit(loaded.convert("RGB"), (40, 24), method=Image.Resampling.LANCZOS)
    generator = torch.Generator(device="cpu").manual_seed(100 + index)
    frames = pipe(image, fps=7, decode_chunk_size=1, generator=generator, {SMALL}).frames[0]
    export_to_video(frames, str(output), fps=7)
""",
    # another schedule of noise levels, and no picture resized before
    "scheduler": f"""
import torch
from diffusers import EulerDiscreteScheduler, StableVideoDiffusionPipeline
from diffusers.utils import load_image

pipe = StableVideoDiffusionPipeline.from_pretrained("{ID}", torch_dtype=torch.float16, variant="fp16")
pipe.scheduler = EulerDiscreteScheduler.from_config(pipe.scheduler.config, use_karras_sigmas=False,
                                                    timestep_spacing="trailing")
pipe.enable_xformers_memory_efficient_attention()
frames = pipe(load_image("picture.png"), generator=torch.manual_seed(1), min_guidance_scale=1.0, max_guidance_scale=2.5,
              {SMALL}).frames[0]
""",
    # a callback that works on the latents
    "callback": IMPORTS + OPEN + f"""
seen = []

def on_step(pipe, step, timestep, callback_kwargs):
    latents = callback_kwargs["latents"]
    seen.append(latents.clone())
    return {{"latents": latents * 0.9 if step == 0 else latents}}

image = load_image("picture.png").resize((40, 24))
frames = pipe(image, generator=torch.manual_seed(5), callback_on_step_end=on_step,
              callback_on_step_end_tensor_inputs=["latents"], {SMALL}).frames[0]
assert len(seen) == pipe.num_timesteps == 3
""",
    # parts of one pipeline in another, latents of one's own, arrays
    "components": IMPORTS + OPEN + f"""
other = StableVideoDiffusionPipeline(**pipe.components)
shape = (1, 2, pipe.unet.config.in_channels // 2, 24 // pipe.vae_scale_factor, 40 // pipe.vae_scale_factor)
latents = torch.ones(shape) * torch.arange(5) / 4
image = load_image("picture.png").resize((40, 24))
frames = other(image, latents=latents, generator=torch.manual_seed(5), output_type="np", {SMALL})["frames"][0]
""",
    # the guide of mindone
    "mindone": f"""
from diffusers import StableVideoDiffusionPipeline
from diffusers.utils import export_to_video, load_image
import numpy as np

pipe = StableVideoDiffusionPipeline.from_pretrained("{ID}", mindspore_dtype="float16", variant="fp16")
image = load_image("picture.png").resize((40, 24))
generator = np.random.Generator(np.random.PCG64(42))
pipe.unet.enable_forward_chunking()
frames = pipe(image, decode_chunk_size=8, generator=generator, {SMALL})[0]
export_to_video(frames, "generated.mp4", fps=7)
frames = frames[0]
""",
    # a LoRA for the UNet, half strong
    "lora": IMPORTS + OPEN + f"""
pipe.load_lora_weights("lora", weight_name="layers-diffusers.safetensors", adapter_name="motion")
pipe.set_adapters(["motion"], adapter_weights=[0.5])
image = load_image("picture.png").resize((40, 24))
frames = pipe(image, generator=torch.manual_seed(5), {SMALL}).frames[0]
plain = pipe.unload_lora_weights()
""",
}
# what diffusers itself has not
NOT_IN_DIFFUSERS = ("mindone", "lora")


@pytest.fixture
def folder(repository, model, tmp_path, monkeypatch):
    """Where a script runs: pictures, fine-tuned weights, and a cache of the hub that has the model."""
    snapshot = tmp_path / "hub" / ("models--" + ID.replace("/", "--"))
    commit = snapshot / "snapshots" / ("0" * 40)
    shutil.copytree(model, commit)
    for path in commit.glob("*/*.safetensors"):
        path.rename(path.with_suffix(".fp16.safetensors"))
    (snapshot / "refs").mkdir()
    (snapshot / "refs" / "main").write_text("0" * 40)
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    rows, columns = np.mgrid[0:36, 0:60]
    picture = np.stack([columns * 4, rows * 7, 255 - columns * 2 - rows * 3], axis=-1).astype(np.uint8)
    PIL_Image.fromarray(picture).save(tmp_path / "picture.png")
    PIL_Image.fromarray(picture[::-1]).save(tmp_path / "other.png")
    shutil.copytree(repository / "tests" / "data" / "lora", tmp_path / "lora")
    state = standins.Module(model / "unet", 1.25).state
    (tmp_path / "finetuned" / "unet").mkdir(parents=True)
    shutil.copy(model / "unet" / "config.json", tmp_path / "finetuned" / "unet")
    write_safetensors(tmp_path / "finetuned" / "unet" / "diffusion_pytorch_model.safetensors", state, {"format": "pt"})
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def torch(folder, monkeypatch):
    try:
        import torch
    except ImportError:
        torch = standins.torch()
        torch.ones = lambda shape: np.ones(shape, np.float32).view(standins.Tensor)
        torch.arange = lambda count: np.arange(count, dtype=np.float32)
        monkeypatch.setitem(sys.modules, "torch", torch)
        shutil.copy(folder / "finetuned" / "unet" / "diffusion_pytorch_model.safetensors", folder / "unet.pt")
    else:
        state = standins.read_safetensors(folder / "finetuned" / "unet" / "diffusion_pytorch_model.safetensors")
        torch.save({name: torch.from_numpy(values) for name, values in state.items()}, folder / "unet.pt")
    return torch


def write_safetensors(*arguments):
    from img2vid.state import write_safetensors as write

    write(str(arguments[0]), *arguments[1:])


def run(text):
    values = {"__name__": "__main__"}
    exec(compile(text, "script.py", "exec"), values)
    return values["frames"]


def pixels(frames):
    return np.stack([np.asarray(frame, np.float32) / (255 if not isinstance(frame, np.ndarray) else 1) for frame in frames])


@pytest.mark.filterwarnings("ignore:the frames are 40 x 24")
@pytest.mark.parametrize("name", SCRIPTS)
def test_script(name, folder, torch):
    frames = run(SCRIPTS[name].replace("diffusers", "img2vid").replace("layers-img2vid", "layers-diffusers"))
    assert len(frames) == 2 and pixels(frames).shape == (2, 24, 40, 3)
    written = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.suffix in (".mp4", ".gif")}
    expected = {"guide": {"generated.mp4"}, "finetuned": {"generated.mp4", "generated.gif"},
                "demo": {"outputs/000000.mp4"}, "batch": {"picture.mp4", "other.mp4"}}
    assert written == expected.get(name, written)


def test_what_changes_frames_does(folder, torch):
    """Settings that scripts make for their frames' sake, one by one, against the same script without."""
    changes = {
        "finetuned": ("unet=unet, ", ""),
        "weights": ("pipe.unet.load_state_dict(", "("),
        "scheduler": ("pipe.scheduler = EulerDiscreteScheduler", "EulerDiscreteScheduler"),
        "callback": ("latents * 0.9", "latents"),
        "lora": ("pipe.set_adapters(", "(lambda *_, **__: None)("),
        "conditioned": ("noise_aug_strength=0.1", "noise_aug_strength=0.02"),
    }
    for name, (with_it, without) in changes.items():
        text = SCRIPTS[name].replace("diffusers", "img2vid").replace("layers-img2vid", "layers-diffusers")
        assert with_it in text
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            assert np.abs(pixels(run(text)) - pixels(run(text.replace(with_it, without)))).max() > 0.5 / 255, name


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", [name for name in SCRIPTS if name not in NOT_IN_DIFFUSERS])
def test_frames_are_those_of_diffusers(name, folder, torch, monkeypatch):
    """In float32 and on the CPU; diffusers' frames are taken as arrays, unrounded."""
    diffusers = pytest.importorskip("diffusers")
    pipeline = diffusers.StableVideoDiffusionPipeline
    for method in ("enable_model_cpu_offload", "enable_sequential_cpu_offload", "enable_xformers_memory_efficient_attention"):
        monkeypatch.setattr(pipeline, method, lambda self, *_: None)
    text = SCRIPTS[name].replace("torch.float16", "torch.float32").replace(SMALL, SMALL + ', output_type="np"')
    text = text.replace('output_type="np", ' + SMALL, SMALL)
    ours = pixels(run(text.replace("diffusers", "img2vid")))
    monkeypatch.setattr(torch, "compile", lambda module, **_: module)
    snapshot, = (folder / "hub").glob("*/snapshots/*")
    text = text.replace("cuda:0", "cpu").replace("cuda", "cpu").replace(ID, str(snapshot))
    for function in ("export_to_video", "export_to_gif"):
        monkeypatch.setattr(f"diffusers.utils.{function}", lambda *_, **__: None)
    theirs = pixels(run(text))
    assert np.abs(ours - theirs).max() < 1e-4
