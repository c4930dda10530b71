"""What a UNet's videos are like, without the C program: diffusers' Euler steps on latents, decoded, measured, on a sheet."""

import cv2
import numpy as np
import torch
from diffusers import EulerDiscreteScheduler
from PIL import Image

from common import FRAMES, WIDTH, psnr
from shots import make_shot
from vae import LATENT, FastCode, LowerDecoder, whole_pictures

SIGMA_MIN, SIGMA_MAX = 0.002, 700.0


def new_scheduler():
    """Stable Video Diffusion's."""
    return EulerDiscreteScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", prediction_type="v_prediction",
        timestep_type="continuous", timestep_spacing="leading", steps_offset=1, use_karras_sigmas=True,
        sigma_min=SIGMA_MIN, sigma_max=SIGMA_MAX, interpolation_type="linear", rescale_betas_zero_snr=False)


@torch.no_grad()
def sample(unet, image, embedding, buckets, steps=25, guidance=1.0, seed=0, fps=7):
    """Latents [b, f, c, h, w] for image latents [b, c, h, w]. guidance: of the last frame; the first one's is 1."""
    scheduler, count, device = new_scheduler(), len(image), unet.device
    scheduler.set_timesteps(steps, device=device)
    noise = torch.randn((count, FRAMES, LATENT, *image.shape[2:]), generator=torch.Generator().manual_seed(seed)).to(device)
    image, embedding = image.to(device), embedding.to(device)
    x, beside = noise * scheduler.init_noise_sigma, image[:, None].expand(-1, FRAMES, -1, -1, -1)
    numbers = torch.tensor([[fps - 1, bucket, 0.0] for bucket in buckets], device=device)
    scale = torch.linspace(1.0, guidance, FRAMES, device=device).view(1, -1, 1, 1, 1)
    for t in scheduler.timesteps:
        scaled = scheduler.scale_model_input(x, t)
        v = unet(torch.cat([scaled, beside], 2), t, embedding, numbers).sample
        if guidance > 1:
            without = unet(torch.cat([scaled, torch.zeros_like(beside)], 2), t, torch.zeros_like(embedding), numbers).sample
            v = without + scale * (v - without)
        x = scheduler.step(v, t, x).prev_sample
    return x.cpu()


def flow(video):
    """Farneback's, of videos in 0..255: [frames - 1, h, w, 2]."""
    grey = [cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in video]
    return np.stack([cv2.calcOpticalFlowFarneback(a, b, None, 0.5, 3, 15, 3, 5, 1.2, 0) for a, b in zip(grey, grey[1:])])


def speed(video):
    """Mean pixels a frame."""
    return np.linalg.norm(flow(video), axis=3).mean()


def flicker(video):
    x = video.astype(np.float64)
    return np.square(x[2:] - 2 * x[1:-1] + x[:-2]).mean()


def sharpness(frame):
    return cv2.Laplacian(cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY), cv2.CV_64F).std()


def to_bytes(pictures):
    """[n, 3, h, w] in -1..1 to [n, h, w, 3] in 0..255."""
    return ((pictures.clamp(-1, 1) + 1) * 127.5).round().byte().permute(0, 2, 3, 1).numpy()


class Probe:
    """Videos of four held-out pictures at a slow and a fast bucket, and of one picture with other seeds. Returns a line of
    numbers and writes a sheet: the picture, then frames 1, 5, 10 and 14."""

    BUCKETS, SEEDS = (40, 220), 6

    def __init__(self, work, vae, clip, photos, quick=False):
        from unet import clip_embedding
        self.work, self.steps = work, 2 if quick else 25
        self.code, self.decoder = FastCode(vae), LowerDecoder(vae)
        photos = photos[:4] if quick else photos[::len(photos) // 4][:4]
        self.pictures = whole_pictures(photos)
        with torch.no_grad():
            self.image, self.embedding = self.code(self.pictures), clip_embedding(clip, self.pictures)
            self.true = [[to_bytes(self.decoder(self.code(self.shot(photo, bucket)), FRAMES)) for photo in photos]
                         for bucket in self.BUCKETS]

    @staticmethod
    def shot(photo, bucket):
        return make_shot(np.random.default_rng(bucket), [photo], kind="pan", bucket=bucket, fps=7, colours=False)[0]

    @torch.no_grad()
    def videos(self, unet, which, bucket, seed):
        latents = sample(unet, self.image[which], self.embedding[which], [bucket] * len(self.image[which]), self.steps,
                         seed=seed)
        return [to_bytes(self.decoder(each, FRAMES)) for each in latents]

    def __call__(self, unet, name):
        rows, words = [], []
        for bucket, true in zip(self.BUCKETS, self.true):
            videos = self.videos(unet, slice(None), bucket, 1)
            firsts = torch.stack([torch.from_numpy(v[0]).permute(2, 0, 1).float() / 127.5 - 1 for v in videos])
            sharp = np.mean([sharpness(v[-1]) / sharpness(v[0]) for v in videos])
            words.append(f"bucket {bucket}: first {psnr(firsts, self.pictures).mean():.2f} dB, flow "
                         f"{np.mean([speed(v) for v in videos]):.2f} (true {np.mean([speed(v) for v in true]):.2f}), flicker "
                         f"{np.mean([flicker(v) for v in videos]) / np.mean([flicker(v) for v in true]):.2f}, sharp {sharp:.2f}")
            rows += [np.concatenate([picture, *video[[0, 4, 9, 13]]], 1)
                     for picture, video in zip(to_bytes(self.pictures), videos)]
        others = [self.videos(unet, slice(0, 1), 220, seed)[0] for seed in range(2, 2 + self.SEEDS)]
        mean = [flow(video).mean((0, 1, 2)) for video in others]
        words.append("mean flow by seed " + " ".join(f"({x:.1f} {y:.1f})" for x, y in mean))
        Image.fromarray(np.concatenate(rows)).resize((5 * WIDTH, len(rows) * self.pictures.shape[2])).save(
            self.work / name, quality=85)
        return "  " + "\n  ".join(words)
