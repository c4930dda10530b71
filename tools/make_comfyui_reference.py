#!/usr/bin/env python3
"""Makes tests/data/comfyui.safetensors: what ComfyUI's image encoder and VAE see of pictures of other shapes.

    python3 tools/make_comfyui_reference.py      (from the repository's root)

Needs torch 2.13.0 alone: the resizes are PyTorch's interpolate, called as ComfyUI 0.3.64 calls it. Pictures follow from a
formula, which the test has, too. compare_comfyui.py runs ComfyUI itself.

clip.WxH       u8 [7, 224, 3]: of the encoder's picture, rounded to 8 bits, rows 0, 32, 64, ...
vae.WxH.wxh    f32 [h, w, 3]: the picture at the video's size, in 0..1
"""
from pathlib import Path

import torch
from safetensors.torch import save_file

OUT = Path(__file__).resolve().parent.parent / "tests" / "data" / "comfyui.safetensors"
SIDE = 224
# enlarged, shrunk, of one pixel's width, and with more taps than four, which kernels sum in another order
CLIP = ((300, 200), (90, 200), (61, 47), (224, 300), (448, 500), (1, 5), (224, 224))
VAE = (((90, 60), (16, 24)), ((25, 61), (24, 16)), ((40, 30), (32, 24)), ((16, 8), (16, 8)), ((7, 2), (24, 16)))


def picture(width, height):
    y, x, c = torch.meshgrid(torch.arange(height), torch.arange(width), torch.arange(3), indexing="ij")
    pixels = (x * 7 + y * 13 + c * 50 + x * y * (c + 1)) % 256
    return (pixels.float() / 255.0).permute(2, 0, 1)[None].contiguous()


def clip(width, height):
    scale = SIDE / min(width, height)
    size = (round(scale * height), round(scale * width))
    image = picture(width, height)
    if (height, width) != (SIDE, SIDE):
        image = torch.nn.functional.interpolate(image, size=size, mode="bicubic", antialias=True)
    top, left = (image.shape[2] - SIDE) // 2, (image.shape[3] - SIDE) // 2
    square = image[0, :, top:top + SIDE, left:left + SIDE].permute(1, 2, 0)
    return (255.0 * square).clip(0, 255).round().to(torch.uint8)[::32].contiguous()


def vae(size, video):
    (width, height), aspect, wanted = size, size[0] / size[1], video[0] / video[1]
    x = round((width - width * (wanted / aspect)) / 2) if aspect > wanted else 0
    y = round((height - height * (aspect / wanted)) / 2) if aspect < wanted else 0
    centre = picture(width, height)[:, :, y:height - y, x:width - x]
    return torch.nn.functional.interpolate(centre, size=video[::-1], mode="bilinear")[0].permute(1, 2, 0).contiguous()


tensors = {f"clip.{w}x{h}": clip(w, h) for w, h in CLIP}
tensors |= {f"vae.{a[0]}x{a[1]}.{b[0]}x{b[1]}": vae(a, b) for a, b in VAE}
save_file(tensors, OUT)
print(f"{OUT}: {len(tensors)} tensors, {OUT.stat().st_size} bytes")
