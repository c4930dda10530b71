#!/usr/bin/env python3
"""Measures a model folder on held-out photographs, and writes contact sheets.

    python evaluate.py --model models/small [--work DIR] [--pictures 20] [--buckets 20,60,127,180,255] [--steps 25]
                       [--guidance 1.0] [--noise-aug 0.02] [--sheet sheet.png] [--short 1] [--smoke]

The videos come from diffusers; the C program's agree with them (its own tests). Flow is Farneback's, mean pixels a
frame at 256 wide. Flicker is the mean square of the second difference in time, over that of true shots of the same
photographs with the same motion bucket sent through the VAE. Sharpness is the Laplacian's deviation, last frame over
first. --short 1 leaves out those residual blocks of the
VAE whose branches are zero (all of the encoder's, the decoder's from 1/2 size on): the same pictures, sooner.
Two baselines stand beside the model: the first frame held still, and a push-in with the bucket's speed.
"""

from types import SimpleNamespace

import cv2
import numpy as np
import torch
from diffusers import StableVideoDiffusionPipeline
from PIL import Image

from common import FRAMES, HEIGHT, TOP_SPEED, WIDTH, arguments, load_photos, make_clip
from vae import FastCode, LowerDecoder, whole_pictures


def flow(video):
    grey = [cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in video]
    each = [cv2.calcOpticalFlowFarneback(a, b, None, 0.5, 3, 15, 3, 5, 1.2, 0) for a, b in zip(grey, grey[1:])]
    return np.mean([np.linalg.norm(f, axis=2).mean() for f in each])


def flicker(video):
    x = video.astype(np.float64)
    return (x[2:] - 2 * x[1:-1] + x[:-2]).__pow__(2).mean()


def sharpness(video):
    edge = lambda frame: cv2.Laplacian(cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY), cv2.CV_64F).std()
    return edge(video[-1]) / max(edge(video[0]), 1e-9)


def psnr8(a, b):
    return 10 * np.log10(255 ** 2 / max(np.mean((a.astype(np.float64) - b) ** 2), 1e-9))


def to_bytes(pictures):
    """[n, 3, h, w] in -1..1 to [n, h, w, 3] in 0..255."""
    return ((pictures.clamp(-1, 1) + 1) * 127.5).round().byte().permute(0, 2, 3, 1).numpy()


def generate(pipeline, picture, bucket, args):
    frames = pipeline(Image.fromarray(picture), height=HEIGHT, width=WIDTH, num_frames=FRAMES,
                      num_inference_steps=args.steps, min_guidance_scale=1.0, max_guidance_scale=args.guidance,
                      motion_bucket_id=bucket, noise_aug_strength=args.noise_aug, decode_chunk_size=FRAMES,
                      generator=torch.Generator().manual_seed(args.seed), output_type="np").frames[0]
    return (np.clip(frames, 0, 1) * 255).round().astype(np.uint8)


def shorten(vae):
    """Leaves out the residual branches that are zero: the same pictures for a tenth of the work."""
    code, lower = FastCode(vae), LowerDecoder(vae)
    vae.encode = lambda x: SimpleNamespace(latent_dist=SimpleNamespace(mode=lambda: code(x)))
    vae.decode = lambda z, num_frames=1: SimpleNamespace(sample=lower(z))


@torch.no_grad()
def through_vae(pipeline, clip):
    z = pipeline.vae.encode(clip).latent_dist.mode()
    return to_bytes(pipeline.vae.decode(z, num_frames=len(clip)).sample)


def push_in(picture, bucket):
    """The fixed-zoom baseline, a shot towards the middle."""
    rate, out = bucket / 255 * TOP_SPEED / 76, []  # 76: the mean distance from the middle in pixels
    for i in range(FRAMES):
        m = cv2.getRotationMatrix2D((WIDTH / 2 - 0.5, HEIGHT / 2 - 0.5), 0, np.exp(rate * i))
        out.append(cv2.warpAffine(picture, m, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REPLICATE))
    return np.stack(out)


def main():
    args = arguments(__doc__, model="models/small", pictures=20, buckets="20,60,127,180,255", steps=25, guidance=1.0,
                     noise_aug=0.02, sheet="", columns=7, short=0)
    if args.smoke:
        args.pictures, args.buckets, args.steps = 1, "60,127", 2
    pipeline = StableVideoDiffusionPipeline.from_pretrained(args.model, torch_dtype=torch.float32)
    if args.short:
        shorten(pipeline.vae)
    pipeline.set_progress_bar_config(disable=True)
    names = [path.stem for path in sorted((args.work / "photos/test").glob("*.png"))]
    photos = load_photos(args.work / "photos/test")
    order = np.random.default_rng(3).permutation(len(names))[:args.pictures]
    pictures, buckets, rows, table = to_bytes(whole_pictures(photos)), [int(b) for b in args.buckets.split(",")], [], []
    for i in order:
        for bucket in buckets:
            video = generate(pipeline, pictures[i], bucket, args)
            true = through_vae(pipeline, make_clip(np.random.default_rng(bucket), [photos[i]], bucket=bucket, fps=7, vary=False)[0])
            zoom = push_in(pictures[i], bucket)
            table.append((i, bucket, psnr8(video[0], pictures[i]), flow(video), flow(true), flow(zoom),
                          flicker(video), flicker(true), flicker(zoom), sharpness(video), video.std((1, 2, 3)).min()))
            print(f"{names[i]:55} bucket {bucket:3} first {table[-1][2]:.2f} dB flow {table[-1][3]:.2f} (true "
                  f"{table[-1][4]:.2f}) flicker {table[-1][6] / table[-1][7]:.2f} sharp {table[-1][9]:.2f}", flush=True)
            pick = np.linspace(0, FRAMES - 1, args.columns).round().astype(int)
            rows.append(np.concatenate([pictures[i], *video[pick]], 1))
            if args.sheet:
                Image.fromarray(np.concatenate(rows)).save(args.sheet)
    t = np.array(table)
    for bucket in buckets:
        b = t[t[:, 1] == bucket]
        print(f"bucket {bucket:3}: first frame {b[:, 2].mean():.2f} dB, flow {b[:, 3].mean():.2f} px (true shots "
              f"{b[:, 4].mean():.2f}, fixed zoom {b[:, 5].mean():.2f}), flicker {b[:, 6].mean() / b[:, 7].mean():.2f} "
              f"of true (zoom {b[:, 8].mean() / b[:, 7].mean():.2f}), sharpness {b[:, 9].mean():.2f}")
    flows = t[:, 3].reshape(len(order), len(buckets))
    rising = (np.diff(flows) > 0).all(1).sum()
    print(f"all: first frame {t[:, 2].mean():.2f} dB, flattest frame's deviation {t[:, 10].min():.1f}, flow rises with "
          f"every bucket on {rising} of {len(order)}, end to end {(flows[:, -1] / flows[:, 0]).mean():.2f} times")


if __name__ == "__main__":
    main()
