#!/usr/bin/env python3
"""Trains the UNet. Goes on from WORK/unet.pt where that exists; a signal (SIGTERM) stops it after a checkpoint.

    python unet.py [--work DIR] [--hours H] [--until H] [--small SHARE] [--rate LR] [--clips N] [--steady WEIGHT]
                   [--device cuda] [--batches N] [--smoke]

The network starts as the first frame, still (see start.py), and learns to move it. Training is that of Stable Video
Diffusion's image-to-video stage: v-prediction in EDM's form, noise levels log-normal, image latents beside the noisy ones,
noise on the picture, the picture dropped at times, and fps, motion bucket and that noise as numbers. The first SHARE of the
hours is spent on parts of the pictures. More hours may be given to a run that goes on: its rate falls with what is left. On a GPU (--device
cuda) hours are those of the clock, and --batches makes batches so many times as large. Checkpoints fit both.
"""

import math
import time

import numpy as np
import torch
from diffusers import UNetSpatioTemporalConditionModel
from diffusers.pipelines.stable_video_diffusion.pipeline_stable_video_diffusion import _resize_with_antialiasing
from torch import nn
from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection

from common import FRAMES, HEIGHT, WIDTH, Course, Muon, arguments, load_photos, processor_time, update_ema
from sample import SIGMA_MAX, SIGMA_MIN, Probe
from shots import load_clips, make_shot
from start import start
from vae import LATENT, FastCode, load_vae

# Of the logarithm of the noise level, in the paper's high-resolution image-to-video stage (arXiv 2311.15127, appendix D)
P_MEAN, P_STD = 0.7, 1.6
DROPPED = 0.15  # of the pictures, so that guidance means something
LEAST_ERROR = 0.15  # what is wrong by less than this cannot be seen: levels below count less, see loss_weight
SIGMAS = (0.1, 0.5, 2.0, 8.0, 30.0, 150.0)  # where the held-out loss is taken
WIDTHS, HEADS = (96, 128, 96), (3, 4, 3)
SMALL = (96, 160, 6)  # height and width of the parts of pictures, and how many make a batch
WHOLE = (HEIGHT, WIDTH, 3)
CLIP_MEAN = torch.tensor([0.48145466, 0.4578275, 0.40821073]).view(3, 1, 1)
CLIP_STD = torch.tensor([0.26862954, 0.26130258, 0.27577711]).view(3, 1, 1)


def new_unet():
    return UNetSpatioTemporalConditionModel(
        sample_size=(HEIGHT // 8, WIDTH // 8), in_channels=2 * LATENT, out_channels=LATENT,
        down_block_types=("DownBlockSpatioTemporal", "DownBlockSpatioTemporal", "CrossAttnDownBlockSpatioTemporal"),
        up_block_types=("CrossAttnUpBlockSpatioTemporal", "UpBlockSpatioTemporal", "UpBlockSpatioTemporal"),
        block_out_channels=WIDTHS, addition_time_embed_dim=32, projection_class_embeddings_input_dim=96,
        layers_per_block=1, cross_attention_dim=32, num_attention_heads=HEADS, num_frames=FRAMES)


def new_clip():
    """A small CLIP image encoder, random and frozen: a fixed, rough hash of the picture."""
    torch.manual_seed(1)
    return CLIPVisionModelWithProjection(CLIPVisionConfig(
        hidden_size=64, intermediate_size=128, projection_dim=32, num_hidden_layers=2, num_attention_heads=2,
        image_size=224, patch_size=32, initializer_factor=3.0)).eval()


@torch.no_grad()
def clip_embedding(clip, pictures):
    """As StableVideoDiffusionPipeline makes it from pictures in -1..1: [batch, 1, 32]."""
    small = (_resize_with_antialiasing(pictures, (224, 224)) + 1) / 2
    return clip((small - CLIP_MEAN) / CLIP_STD).image_embeds[:, None]


class Clips:
    """The latest `capacity` random shots as latents: encoding one costs as much as a training step on it, so each is used
    for a number of steps, with another noise, noise on the picture and cut each time."""

    def __init__(self, rng, photos, real, code, clip, capacity, **how):
        self.rng, self.photos, self.real, self.code, self.clip = rng, photos, real, code, clip
        self.capacity, self.how, self.clips, self.next = capacity, how, [], 0

    @torch.no_grad()
    def add(self):
        shot, bucket, fps = make_shot(self.rng, self.photos, self.real, **self.how)
        made = (self.code(shot), shot[0], clip_embedding(self.clip, shot[:1])[0], bucket, fps)
        self.clips[self.next:self.next + 1] = [made]
        self.next = (self.next + 1) % self.capacity

    @torch.no_grad()
    def batch(self, count, height, width, noisy=True, which=None):
        """Latents [b, f, c, h, w] of the size of height x width pixels, image latents [b, c, h, w] of the noised first
        frame, its embedding, the numbers."""
        parts = []
        for i in self.rng.integers(len(self.clips), size=count) if which is None else which:
            latents, first, embedding, bucket, fps = self.clips[i]
            noise = min(1.0, math.exp(self.rng.normal(-3, 0.5))) if noisy and self.rng.random() < 0.5 else 0.0
            image = self.code((first + noise * torch.randn_like(first))[None])[0] if noise else latents[0]
            y, x = (self.rng.integers(have - want // 8 + 1) for have, want in zip(image.shape[1:], (height, width)))
            cut = (..., slice(y, y + height // 8), slice(x, x + width // 8))
            parts.append((latents[cut], image[cut], embedding, torch.tensor([fps - 1, bucket, noise])))
        return [torch.stack(part).float() for part in zip(*parts)]


def noise_levels(count, at):
    """So many draws from the log-normal, one from each of as many parts of equal probability; at (0..1) says where in it."""
    u = (torch.arange(count) + at) / count
    return (P_MEAN + P_STD * torch.special.ndtri(u.clamp(1e-6, 1 - 1e-6))).exp().clamp(SIGMA_MIN, SIGMA_MAX)


def loss_weight(sigma):
    """The v-loss counts the clean estimate's error over sigma^2 / (sigma^2 + 1), so that the lowest levels, where no small
    network sees the noise, would fill its gradient. As min-SNR's weights do, this ends the growth."""
    return sigma ** 2 / (sigma ** 2 + LEAST_ERROR ** 2)


def v_error(unet, latents, image, embedding, numbers, sigma, keep=None):
    """Of the prediction, [b, f, c, h, w]. keep [b]: 0 where the picture is dropped."""
    s = sigma.view(-1, 1, 1, 1, 1)
    noisy = latents + s * torch.randn_like(latents)
    target = (noisy / (s * s + 1) - latents) * (s * s + 1).sqrt() / s
    if keep is not None:
        image, embedding = image * keep.view(-1, 1, 1, 1), embedding * keep.view(-1, 1, 1)
    beside = image[:, None].expand(-1, latents.shape[1], -1, -1, -1)
    return unet(torch.cat([noisy / (s * s + 1).sqrt(), beside], 2), 0.25 * sigma.log(), embedding, numbers).sample - target


def v_loss(error, weights=1.0, steady=0.0):
    """Per sample. weights: of the channels; steady: weight of the error's second difference in time, which is what flickers.
    The best prediction is the mean of what is possible for any such weights."""
    bend = error[:, 2:] - 2 * error[:, 1:-1] + error[:, :-2]
    return (error.square() * weights).mean((1, 2, 3, 4)) + steady * (bend.square() * weights).mean((1, 2, 3, 4))


@torch.no_grad()
def held_out_losses(unet, batch, sigmas=SIGMAS):
    losses = []
    with torch.random.fork_rng():
        for sigma in sigmas:
            torch.manual_seed(5)
            levels = torch.full((3,), sigma, device=batch[0].device)
            losses += [v_loss(v_error(unet, *(part[i:i + 3] for part in batch), levels)).mean().item()
                       for i in range(0, len(batch[0]), 3)]
    return np.round(np.reshape(losses, (len(sigmas), -1)).mean(1), 4)


def held_out_shots(photos, code, clip):
    """Six, of the kinds that can be drawn from photographs, as Clips.batch gives them."""
    tests = Clips(np.random.default_rng(7), photos, (), code, clip, 6, colours=False)
    for kind in ("pan", "pan", "zoom", "roll", "layers", "sprites"):
        tests.how["kind"] = kind
        tests.add()
    return tests.batch(6, HEIGHT, WIDTH, False, range(6))


def still_losses(batch, sigmas=SIGMAS):
    """Of the first frame as the clean estimate, for comparison with held_out_losses."""
    error = (batch[0] - batch[0][:, :1]).square().mean().item()
    return np.round([error * (s * s + 1) / (s * s) for s in sigmas], 3)


class Report:
    """The held-out loss, and once an hour of processor time what a few videos are like."""

    def __init__(self, average, batch, probe, every):
        self.average, self.batch, self.probe, self.every, self.due = average, batch, probe, every, 0.0

    def __call__(self):
        words = f"held out {held_out_losses(self.average, self.batch)}"
        if self.course.spent >= self.due or self.course.finished():
            self.due = self.course.spent + self.every
            words += "\n" + self.probe(self.average, f"sheet_{self.course.spent / 3600:05.2f}h.jpg")
        return words


def main():
    args = arguments(__doc__, hours=12.0, small=0.5, rate=2.5e-3, clips=400, steady=0.3, probe_hours=1.0, device="cpu",
                     batches=1, until=math.inf)
    if args.device != "cpu":
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    on_device = lambda parts: [part.to(args.device) for part in parts]
    if args.smoke:
        args.hours, args.clips = 0.02, 6
    torch.manual_seed(args.seed)
    unet, average = new_unet(), new_unet().requires_grad_(False)
    start(unet)
    unet, average = on_device([unet, average])
    average.load_state_dict(unet.state_dict())
    rng, vae, clip = np.random.default_rng(args.seed), load_vae(args.work), new_clip()
    code, real = FastCode(vae), load_clips(args.work / "clips/train")
    test_photos = load_photos(args.work / "photos/test")
    held_out = on_device(held_out_shots(test_photos, code, clip))
    # a channel counts by its deviation, between alike (1) and by its share of the picture's error (deviation squared)
    weights = held_out[0].std((0, 1, 3, 4))
    weights = (weights / weights.mean()).view(-1, 1, 1)

    optimiser = Muon(unet.parameters(), args.rate)
    report = Report(average, held_out, Probe(args.work, vae, clip, test_photos, args.smoke), args.probe_hours * 3600)
    report.course = course = Course(args.work / "unet.pt", 60 * args.hours, rng, {"unet": unet, "average": average},
                                    optimiser, report, 30 if args.smoke else 600,
                                    processor_time if args.device == "cpu" else time.monotonic, 60 * args.until)
    clips = Clips(rng, load_photos(args.work / "photos/train", mirror=True), real, code, clip, args.clips)
    print("parameters", sum(p.numel() for p in unet.parameters()), "held-out v-loss at", SIGMAS, "from step", course.step,
          held_out_losses(average, held_out), "picture held still", still_losses(held_out), flush=True)
    while len(clips.clips) < max(args.clips // 4, 1):
        clips.add()
    for share in course:
        height, width, count = SMALL if share < args.small else WHOLE
        count *= args.batches
        for group in optimiser.param_groups:
            group["lr"] = args.rate * min(1, (course.step + 1) / 50, 0.02 + (1 - share) / 0.7)
        if course.step % 2 == 0 or len(clips.clips) < args.clips or args.batches > 1:
            clips.add()
        sigma, keep = on_device([noise_levels(count, float(rng.random())),
                                 torch.from_numpy(rng.random(count) >= DROPPED).float()])
        batch = on_device(clips.batch(count, height, width))
        losses = v_loss(v_error(unet, *batch, sigma, keep), weights, args.steady)
        loss = (losses * loss_weight(sigma)).mean()
        if not loss.isfinite():
            raise SystemExit(f"the loss of step {course.step} is not finite")
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(unet.parameters(), 1.0)
        optimiser.step()
        update_ema(average, unet, min(0.9995, (course.step + 1) / (course.step + 10)))
        course.losses.append(loss.item())


if __name__ == "__main__":
    main()
