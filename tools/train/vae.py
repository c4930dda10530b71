#!/usr/bin/env python3
"""Trains the VAE, in three steps, each of which goes on where it stopped.

    python vae.py linear [--work DIR] [--minutes M] [--smoke]    # a linear code and its linear decoder
    python vae.py decoder [--work DIR] [--minutes M] [--smoke]   # the decoder's residual blocks on top of it
    python vae.py temporal [--work DIR] [--minutes M] [--smoke]  # and its temporal ones, which take flicker away

The linear step trains a chain of convolutions of the very shapes that AutoencoderKLTemporalDecoder has once its
residual blocks are identities, and then puts it into that class exactly (see `between_norm`). So the code has a known
scale and quality after minutes, and the UNet can start; the others leave the encoder, and so the code, alone.
"""

import copy
import math
import sys

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import AutoencoderKLTemporalDecoder
from torch import nn

from common import HEIGHT, WIDTH, Course, Muon, arguments, load_photos, psnr, save, update_ema
from shots import make_shot

CHANNELS, LATENT = 96, 16
K = 30.0  # constant beside each linear channel in its group, see between_norm
WHITENING = 0.5  # 1: every latent channel has the same deviation; 0: deviation as its share of the picture's energy


class LinearCode(nn.Module):
    """The chain, with the paddings and upsamplings of the real one."""

    def __init__(self):
        super().__init__()
        conv = lambda i, o, stride=1: nn.Conv2d(i, o, 3, stride, 1 if stride == 1 else 0, bias=False)
        self.down = nn.ModuleList([conv(3, 16), conv(16, 32, 2), conv(32, 64, 2), conv(64, 32, 2), conv(32, LATENT)])
        self.up = nn.ModuleList([conv(LATENT, 96), conv(96, 64), conv(64, 32), conv(32, 16), conv(16, 3)])

    @torch.no_grad()
    def start_from_pca(self, pictures):
        """The encoder as the principal components of 8x8 patches: three times space to depth, then a projection."""
        patches = F.unfold(pictures, 8, stride=8).permute(0, 2, 1).reshape(-1, 192)
        vectors = torch.linalg.eigh(torch.cov(patches.T.double()))[1].flip(1)[:, :LATENT].T
        vectors = vectors.float().view(LATENT, 3, 2, 2, 2, 2, 2, 2)  # c, then y's bits from the highest, then x's
        for layer in self.down:
            layer.weight.mul_(0.05)
        for c in range(3):
            self.down[0].weight[c, c, 1, 1] += 1
        for layer, inputs in ((self.down[1], 3), (self.down[2], 12)):
            for k in range(inputs * 4):
                layer.weight[k, k // 4, k // 2 % 2, k % 2] += 1
        # channel of the 48: c, y bit 0, x bit 0, y bit 1, x bit 1; kernel place: y bit 2, x bit 2
        vectors = vectors.permute(0, 1, 4, 7, 3, 6, 2, 5).reshape(LATENT, 48, 2, 2)
        self.down[3].weight[:LATENT, :48, :2, :2] += vectors
        for k in range(LATENT):
            self.down[4].weight[k, k, 1, 1] += 1

    def encode(self, x):
        for layer in self.down:
            x = layer(x if layer.stride == (1, 1) else F.pad(x, (0, 1, 0, 1)))
        return x

    def decode(self, x):
        for i, layer in enumerate(self.up):
            x = layer(F.interpolate(x, scale_factor=2) if 1 <= i <= 3 else x)
        return x


def crops(rng, photos, count, size):
    """Random squares of random photographs at random levels."""
    batch = []
    for _ in range(count):
        levels = photos[rng.integers(len(photos))]
        level = levels[rng.integers(len(levels))]
        y, x = (rng.integers(n - size + 1) for n in level.shape[1:])
        crop = level[:, y:y + size, x:x + size]
        batch.append(crop.flip(2) if rng.random() < 0.5 else crop)
    return torch.stack(batch)


def whole_pictures(photos):
    """The middle of every photograph at the model's size."""
    out = []
    for levels in photos:
        photo = levels[0]
        h, w = photo.shape[1:]
        scale = max(HEIGHT / h, WIDTH / w)
        small = F.interpolate(photo[None], (max(HEIGHT, round(h * scale)), max(WIDTH, round(w * scale))),
                              mode="bilinear", antialias=True)[0]
        y, x = (small.shape[1] - HEIGHT) // 2, (small.shape[2] - WIDTH) // 2
        out.append(small[:, y:y + HEIGHT, x:x + WIDTH])
    return torch.stack(out).clamp(-1, 1)


def train(course, optimiser, rate, loss, after=lambda steps: None):
    """Steps until the course is through, with a cosine to zero over it."""
    for share in course:
        for group in optimiser.param_groups:
            group["lr"] = rate * min(1, (course.step + 1) / 30) * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * share)))
        optimiser.zero_grad()
        value = loss()
        value.backward()
        optimiser.step()
        after(course.step)
        course.losses.append(value.item())


@torch.no_grad()
def normalise(code, pictures):
    """Turns the latents to channels that are independent and ordered by their share of the picture's energy, with
    deviations energy^(1 - WHITENING) scaled to 1 on average. Returns the matrix and the mean taken away."""
    z = code.encode(pictures).permute(0, 2, 3, 1).reshape(-1, LATENT).double()
    mean = z.mean(0)
    values, vectors = torch.linalg.eigh(torch.cov(z.T))
    white = vectors @ torch.diag(values.rsqrt()) @ vectors.T
    impulse = torch.zeros(LATENT, LATENT, 9, 9)
    impulse[:, :, 4, 4] = torch.linalg.inv(white).T.float()  # row k: the latents of white component k
    seen = code.decode(impulse).flatten(1).double()
    energy, turn = torch.linalg.eigh(seen @ seen.T)
    energy, turn = energy.flip(0), turn.flip(1)
    spread = energy ** ((1 - WHITENING) / 2)
    spread = spread / spread.square().mean().sqrt()
    print("energy shares", (energy / energy.sum()).numpy().round(3), "deviations", spread.numpy().round(2))
    return torch.diag(spread) @ turn.T @ white, mean


def put(conv, weight):
    """Sets the first channels of a convolution to weight; inputs it does not have count nothing."""
    o, i = weight.shape[:2]
    conv.weight[:o] = 0
    conv.weight[:o, :i] = weight
    conv.bias.zero_()


def between_norm(before, norm, after, weight_before, weight_after):
    """A linear map through conv -> GroupNorm -> SiLU -> conv, exactly but for (z / K)^2. Each group of three holds z,
    -z and the constant K, so that its mean is K/3 and its deviation K sqrt(2)/3 whatever the picture; and
    silu(z) - silu(-z) = z."""
    n = weight_before.shape[0]
    before.bias.zero_()
    after.weight[:, :3 * n] = 0
    after.bias.zero_()
    for k in range(n):
        before.weight[3 * k:3 * k + 3] = 0
        before.weight[3 * k, :weight_before.shape[1]] = weight_before[k]
        before.weight[3 * k + 1, :weight_before.shape[1]] = -weight_before[k]
        before.bias[3 * k + 2] = K
        norm.weight[3 * k:3 * k + 3] = torch.tensor([K * math.sqrt(2) / 3] * 2 + [0.0])
        norm.bias[3 * k:3 * k + 3] = torch.tensor([K / 3] * 2 + [0.0])
        after.weight[:weight_after.shape[0], 3 * k] = weight_after[:, k]
        after.weight[:weight_after.shape[0], 3 * k + 1] = -weight_after[:, k]


def new_vae():
    return AutoencoderKLTemporalDecoder(
        down_block_types=("DownEncoderBlock2D",) * 4, block_out_channels=(CHANNELS,) * 4, layers_per_block=1,
        latent_channels=LATENT, sample_size=WIDTH, scaling_factor=1.0, force_upcast=False)


@torch.no_grad()
def to_vae(code, matrix, mean):
    """The linear code as an AutoencoderKLTemporalDecoder whose residual branches are zero."""
    vae = new_vae()
    for name, module in vae.named_modules():
        if name.endswith(("conv2", "to_out.0")):
            nn.init.zeros_(module.weight)
            nn.init.zeros_(module.bias)
    encoder, decoder = vae.encoder, vae.decoder
    m = matrix.float()
    put(encoder.conv_in, code.down[0].weight)
    for i in (0, 1):
        put(encoder.down_blocks[i].downsamplers[0].conv, code.down[i + 1].weight)
    encoder.conv_out.weight.zero_()
    between_norm(encoder.down_blocks[2].downsamplers[0].conv, encoder.conv_norm_out, encoder.conv_out,
                 code.down[3].weight, torch.einsum("oc,cikl->oikl", m, code.down[4].weight))
    encoder.conv_out.bias[:LATENT] = -(m @ mean.float())
    encoder.conv_out.bias[LATENT:] = -12.0  # log variance: the pipeline takes the mode, so only its size counts
    vae.quant_conv.weight.zero_()
    vae.quant_conv.weight[:, :, 0, 0] = torch.eye(2 * LATENT)
    vae.quant_conv.bias.zero_()
    back = torch.linalg.inv(matrix).float()
    put(decoder.conv_in, torch.einsum("ockl,ci->oikl", code.up[0].weight, back))
    decoder.conv_in.bias += torch.einsum("ockl,c->o", code.up[0].weight, mean.float())
    for i in (0, 1):
        put(decoder.up_blocks[i].upsamplers[0].conv, code.up[i + 1].weight)
    decoder.conv_out.weight.zero_()
    between_norm(decoder.up_blocks[2].upsamplers[0].conv, decoder.conv_norm_out, decoder.conv_out,
                 code.up[3].weight, code.up[4].weight)
    decoder.time_conv_out.weight.zero_()
    decoder.time_conv_out.weight[:, :, 1, 0, 0] = torch.eye(3)
    decoder.time_conv_out.bias.zero_()
    return vae


class LowerDecoder(nn.Module):
    """The decoder of `vae` as it is trained: residual blocks at 1/8 and 1/4 size, where they cost little, then the chain
    of the linear step with the few channels that it uses. Its blocks are the vae's own; the chain is put back."""

    def __init__(self, vae):
        super().__init__()
        d = vae.decoder
        self.conv_in, self.mid, self.ups = d.conv_in, d.mid_block, d.up_blocks
        copy = lambda tensor: nn.Parameter(tensor.detach().clone())
        self.to_half = copy(d.up_blocks[1].upsamplers[0].conv.weight[:32])
        self.to_half_bias = copy(d.up_blocks[1].upsamplers[0].conv.bias[:32])
        self.to_full = copy(d.up_blocks[2].upsamplers[0].conv.weight[0:48:3, :32])
        self.out = copy(d.conv_out.weight[:, 0:48:3])
        self.out_bias = copy(d.conv_out.bias)

    def trained(self, temporal=False):
        """Everything but the blocks from 1/2 size on; the temporal branches, identities at first, only if asked for."""
        own = [self.to_half, self.to_half_bias, self.to_full, self.out, self.out_bias]
        return own + [p for module in (self.conv_in, self.mid.resnets[:1], self.ups[0], self.ups[1].resnets)
                      for name, p in module.named_parameters() if temporal or not ("temporal" in name or "time_" in name)]

    def resnet(self, block, z, frames):
        if not frames:
            return block.spatial_res_block(z, None)
        return block(z, None, torch.zeros(len(z) // frames, frames))

    def forward(self, z, frames=0):
        """Latents of pictures, or of clips of so many frames one after the other."""
        z = self.conv_in(z)
        for resnet in (self.mid.resnets[0], *self.ups[0].resnets):
            z = self.resnet(resnet, z, frames)
        z = self.ups[0].upsamplers[0](z)
        for resnet in self.ups[1].resnets:
            z = self.resnet(resnet, z, frames)
        z = F.conv2d(F.interpolate(z, scale_factor=2), self.to_half, self.to_half_bias, padding=1)
        z = F.conv2d(F.interpolate(z, scale_factor=2), self.to_full, padding=1)
        return F.conv2d(z, self.out, self.out_bias, padding=1)

    @torch.no_grad()
    def put_back(self, vae):
        d = vae.decoder
        put(d.up_blocks[1].upsamplers[0].conv, self.to_half)
        d.up_blocks[1].upsamplers[0].conv.bias[:32] = self.to_half_bias
        between_norm(d.up_blocks[2].upsamplers[0].conv, d.conv_norm_out, d.conv_out, self.to_full, self.out)
        d.conv_out.bias.copy_(self.out_bias)


def encode(vae, pictures):
    return vae.quant_conv(vae.encoder(pictures))[:, :LATENT]


class FastCode:
    """The frozen encoder as what it is, a linear chain: its residual branches are zero. A tenth of the time."""

    def __init__(self, vae):
        encoder = vae.encoder
        convs = [encoder.conv_in] + [block.downsamplers[0].conv for block in encoder.down_blocks[:3]]
        widths = [3, 16, 32, 64]
        self.weights = [conv.weight.detach()[:o, :i].clone() for conv, i, o in zip(convs, widths, [16, 32, 64, 96])]
        self.weights[3] = self.weights[3][0::3]  # the + channel of each group of three
        self.last = encoder.conv_out.weight.detach()[:LATENT, 0:96:3].clone()
        self.bias = encoder.conv_out.bias.detach()[:LATENT].clone()

    def __call__(self, pictures):
        x = F.conv2d(pictures, self.weights[0], padding=1)
        for weight in self.weights[1:]:
            x = F.conv2d(F.pad(x, (0, 1, 0, 1)), weight, stride=2)
        return F.conv2d(x, self.last, self.bias, padding=1)


STEPS = ("linear", "decoder", "temporal")


def load_vae(work, steps=STEPS):
    """After the last of the steps that is through."""
    there = [path for step in steps if (path := work / f"vae_{step}.pt").exists()]
    if not there:
        raise SystemExit(f"{work} has no VAE: run vae.py linear first")
    vae = new_vae().eval()
    vae.load_state_dict(torch.load(there[-1])["vae"])
    return vae


def linear(args, photos, held_out, rng):
    code = LinearCode()
    code.start_from_pca(whole_pictures(photos))
    optimiser = Muon(code.parameters(), 3e-3)

    def loss():
        x = crops(rng, photos, 6, 96)
        return F.mse_loss(code.decode(code.encode(x))[:, :, 8:-8, 8:-8], x[:, :, 8:-8, 8:-8])

    @torch.no_grad()
    def report():
        return f"held out {psnr(code.decode(code.encode(held_out)).clamp(-1, 1), held_out).mean():.2f} dB"

    course = Course(args.work / "linear.pt", args.minutes or 20, rng, {"code": code}, optimiser, report)
    train(course, optimiser, 3e-3, loss)
    vae = to_vae(code, *normalise(code, whole_pictures(photos)))
    save(args.work / "vae_linear.pt", vae=vae.state_dict())
    with torch.no_grad():
        few, z = held_out[:3], encode(vae, held_out[:3])
        print("first three: chain", psnr(code.decode(code.encode(few)).clamp(-1, 1), few).mean().item(),
              "diffusers' model", psnr(vae.decode(z, num_frames=1).sample.clamp(-1, 1), few).mean().item())


def difference(a, b):
    error = a - b
    return (error.abs().mean() + 4 * error.square().mean()) / 2


def noisy(rng, z, most=0.2):
    """The UNet leaves some noise in its latents, which the decoder had better not show."""
    return z + torch.from_numpy(rng.uniform(0, most, (len(z), 1, 1, 1))).float() * torch.randn_like(z)


class Decoding:
    """What the steps of the decoder share: the networks, their average, where they go."""

    def __init__(self, args, step):
        before = STEPS[:STEPS.index(step)]
        self.path, self.vae = args.work / f"vae_{step}.pt", load_vae(args.work, before)
        self.code, self.lower = FastCode(self.vae), LowerDecoder(self.vae)
        self.average = copy.deepcopy(self.lower).requires_grad_(False)
        self.optimiser = Muon(self.lower.trained(step == "temporal"), args.rate)
        self.networks = {"lower": self.lower, "average": self.average}

    def step_average(self, steps):
        update_ema(self.average, self.lower, min(0.999, (steps + 1) / (steps + 10)))

    @torch.no_grad()
    def put_back(self, few):
        """The average into the vae's own modules and into the file. Checks that it then is what was trained."""
        into = LowerDecoder(self.vae)
        into.load_state_dict(self.average.state_dict())
        into.put_back(self.vae)
        save(self.path, vae=self.vae.state_dict())
        z = self.code(few)
        away = self.vae.decode(z, num_frames=len(z)).sample - self.average(z, len(z))
        print(f"diffusers' model differs by {away.abs().max():.5f}", flush=True)


def decoder(args, photos, held_out, rng):
    part = Decoding(args, "decoder")

    def loss():
        x = crops(rng, photos, 6, 80)
        return difference(part.lower(noisy(rng, part.code(x))), x)

    @torch.no_grad()
    def report():
        return f"held out {psnr(part.average(part.code(held_out)).clamp(-1, 1), held_out).mean():.2f} dB"

    course = Course(args.work / "decoder.pt", args.minutes or 25, rng, part.networks, part.optimiser, report)
    train(course, part.optimiser, args.rate, loss, part.step_average)
    part.put_back(held_out[:3])


def temporal(args, photos, held_out, rng):
    part, frames, size = Decoding(args, "temporal"), 7, 64
    tests = [make_shot(np.random.default_rng(i), load_photos(args.work / "photos/test"), kind="pan", bucket=127, fps=7,
                       colours=False)[0] for i in range(4)]

    def loss():
        shots = [make_shot(rng, photos, frames=frames, height=size, width=size)[0] for _ in range(2)]
        x = torch.cat(shots)
        made = part.lower(noisy(rng, part.code(x)), frames)
        bend = lambda clips: clips[:, 2:] - 2 * clips[:, 1:-1] + clips[:, :-2]
        error = (made - x).view(len(shots), frames, 3, size, size)
        return difference(made, x) + 0.5 * bend(error).abs().mean()

    @torch.no_grad()
    def report():
        torch.manual_seed(3)
        words = []
        for noise in (0.0, 0.15):
            dbs, bends = [], []
            for shot in tests:
                z = part.code(shot)
                made = part.average(z + noise * torch.randn_like(z), len(z)).clamp(-1, 1)
                second = lambda x: (x[2:] - 2 * x[1:-1] + x[:-2]).square().mean().item()
                dbs.append(psnr(made, shot).mean().item())
                bends.append(second(made) / second(shot))
            words.append(f"noise {noise}: {np.mean(dbs):.2f} dB, flicker {np.mean(bends):.2f} of the shots'")
        return "held out " + "; ".join(words)

    course = Course(args.work / "temporal.pt", args.minutes or 40, rng, part.networks, part.optimiser, report)
    train(course, part.optimiser, args.rate, loss, part.step_average)
    part.put_back(held_out[:3])


def main():
    step = {"linear": linear, "decoder": decoder, "temporal": temporal}.get(sys.argv.pop(1) if len(sys.argv) > 1 else "")
    if not step:
        raise SystemExit(__doc__)
    args = arguments(__doc__, minutes=0.0, rate=5e-4)
    args.minutes = 0.2 if args.smoke else args.minutes
    photos = load_photos(args.work / "photos/train")
    step(args, photos, whole_pictures(load_photos(args.work / "photos/test")), np.random.default_rng(args.seed))


if __name__ == "__main__":
    main()
