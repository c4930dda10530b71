#!/usr/bin/env python3
"""Makes tests/data/tiny/*: small tiny decoders with random weights, and what their published code makes of latents.

    python tools/make_tiny_reference.py FOLDER

FOLDER holds taesd.py of github.com/madebyollin/taesd (5cccb12dc72074a4be35680c3b108548a7c69978) and taesdv.py of
github.com/madebyollin/taesdv (1b2655e57693c2bf2bd016451f86f5cbf5aa5169), both under the MIT licence. Needs torch==2.13.0
diffusers==0.42.1 safetensors==0.8.0. Run from the repository's root. With --real the decoders have the published sizes,
which are too large to commit; --out says where they go.
"""

import argparse
import sys
from pathlib import Path

import torch
from diffusers import AutoencoderTiny
from safetensors.torch import save_file
from torch import nn

PINNED = "2.13.0"


def layers(conv, clamp, block, channels):
    """The published order of layers, of the published classes, with other channels."""
    stages = [layer for _ in range(3) for layer in
              (*(block(channels, channels) for _ in range(3)), nn.Upsample(scale_factor=2),
               conv(channels, channels, bias=False))]
    return nn.Sequential(clamp(), conv(4, channels), nn.ReLU(), *stages, block(channels, channels), conv(channels, 3))


def randomise(module, generator):
    """Weights that keep the values' size from layer to layer, and frames about 0..1."""
    for name, value in module.state_dict().items():
        if name.endswith("weight"):
            value.copy_(torch.randn(value.shape, generator=generator) * (1.2 / value[0].numel()) ** 0.5)
        else:
            value.copy_(torch.randn(value.shape, generator=generator) * 0.1)
    module[-1].weight.mul_(0.2)
    module[-1].bias.fill_(0.5)
    return module.eval()


def tiny_of(decoder, channels):
    """The same decoder as diffusers' class, with its encoder."""
    blocks = (channels,) * 4
    model = AutoencoderTiny(encoder_block_out_channels=blocks, decoder_block_out_channels=blocks).eval()
    state = {f"layers.{int(number) - 1}.{rest}": value for name, value in decoder.state_dict().items()
             for number, rest in [name.split(".", 1)]}
    model.decoder.load_state_dict(state)
    return model


@torch.no_grad()
def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("code", type=Path)
    parser.add_argument("--out", type=Path, default=Path("tests/data/tiny"))
    parser.add_argument("--real", action="store_true")
    parser.add_argument("--size", type=int, nargs=2, default=[4, 3], help="of the latents")
    parser.add_argument("--frames", type=int, default=12)
    args = parser.parse_args()
    if torch.__version__.split("+")[0] != PINNED:
        sys.exit(f"this needs torch {PINNED}")
    sys.path.insert(0, str(args.code))
    import taesd
    import taesdv

    args.out.mkdir(parents=True, exist_ok=True)
    channels = 64 if args.real else 4
    torch.manual_seed(7)  # of the encoders, which nothing reads
    generator = torch.Generator().manual_seed(7)
    decoder = randomise(layers(taesd.conv, taesd.Clamp, taesd.Block, channels), generator)
    video = taesdv.TAESDV(None)
    video.encoder = nn.Sequential(taesdv.conv(3, channels))
    video.decoder = randomise(layers(taesdv.conv, taesdv.Clamp, taesdv.MemBlock, channels), generator)
    if args.real:
        taesd.Decoder().load_state_dict(decoder.state_dict())
        taesdv.TAESDV(None).decoder.load_state_dict(video.decoder.state_dict())
    torch.save(decoder.state_dict(), args.out / "taesd_decoder.pth")
    torch.save(video.state_dict(), args.out / "taesdv.pth")
    save_file(tiny_of(decoder, channels).state_dict(), args.out / "taesd.safetensors")

    width, height = args.size
    latents = 2 * torch.randn(args.frames, 4, height, width, generator=generator)
    frames = decoder(latents)
    remembered = video.decode_video(latents[None])[0]
    torch.testing.assert_close(remembered, video.decode_video(latents[None], parallel=False)[0])
    torch.testing.assert_close(frames, tiny_of(decoder, channels).decode(latents).sample / 2 + 0.5)
    print(f"frames from {frames.min():.2f} to {frames.max():.2f}, {remembered.min():.2f} to {remembered.max():.2f}")
    save_file({"latents": latents, "taesd": frames, "taesdv": remembered}, args.out / "frames.safetensors")


if __name__ == "__main__":
    main()
