#!/usr/bin/env python3
"""Measures a model folder with the C program on held-out photographs and clips; writes a contact sheet.

    python evaluate.py [--program build/cli/img2vid] [--model models/small] [--work DIR] [--pictures 20]
                       [--buckets 20,60,127,180,255] [--steps 25] [--effects 8] [--seeds 40] [--many 200]
                       [--sheet sheet.jpg] [--smoke]

Flow is Farneback's, mean pixels a frame at 256 wide. Flicker is the mean square of the second difference in time, over
that of true shots (pans) of the same photographs at the same speed sent through the VAE. Sharpness is the deviation of
the Laplacian, last frame over first. Two baselines stand beside the model: the first frame held still, and a push-in to
the middle with the bucket's speed. On real clips the features are, for each of four levels of the Laplacian pyramid of
the differences between frames, the logarithms of mean and deviation of the absolute value; the distance is Euclid's.
Seeds: the angle of the mean flow of one picture's videos, by quadrant. Steps: how much nearer the frames of few steps are
to those of --many than those are to nothing, in dB.
"""

import subprocess
import tempfile

import cv2
import numpy as np
import torch
from PIL import Image

from common import FRAMES, HEIGHT, WIDTH, arguments, load_photos
from export import load_pipeline_parts
from sample import flicker, flow, sharpness, speed, to_bytes
from shots import KINDS, bucket_of, make_shot, speed_of
from unet import SIGMAS, clip_embedding, v_error, v_loss
from vae import FastCode, LowerDecoder, whole_pictures

# their terms do not go with those of models/small, where the sheet lies (models/small/NOTICE)
NOT_SHOWN = ("palapeli-data_castle-maintenon", "tabler-ui_")


def psnr8(a, b):
    return 10 * np.log10(255 ** 2 / max(np.mean((a.astype(np.float64) - b) ** 2), 1e-9))


def last_over_first(video):
    return sharpness(video[-1]) / max(sharpness(video[0]), 1e-9)


def features(video):
    out, level = [], np.diff(video.astype(np.float32), axis=0)
    for _ in range(4):
        small = np.stack([cv2.pyrDown(frame) for frame in level])
        band = np.abs(level - np.stack([cv2.pyrUp(s, dstsize=f.shape[1::-1]) for s, f in zip(small, level)]))
        out += [np.log(band.mean() + 0.05), np.log(band.std() + 0.05)]
        level = small
    return np.array(out)


def generate(args, picture, bucket, *options, seed=None, steps=None):
    """The C program's video of a picture [HEIGHT, WIDTH, 3], 8 bit."""
    return np.rint(generate_exactly(args, picture, bucket, *options, seed=seed, steps=steps) * 255).astype(np.uint8)


def generate_exactly(args, picture, bucket, *options, seed=None, steps=None):
    """The same in 0..1."""
    with tempfile.TemporaryDirectory() as folder:
        Image.fromarray(picture).save(f"{folder}/in.png")
        subprocess.run([args.program, "generate", f"{folder}/in.png", "-o", f"{folder}/out.npy", "--model", args.model,
                        "--fit", "stretch", "--width", str(WIDTH), "--height", str(HEIGHT), "--seed", str(args.seed if seed is None else seed),
                        "--num-inference-steps", str(steps or args.steps), "--motion-bucket-id", str(bucket), "--quiet",
                        *([] if "--max-guidance-scale" in options else ["--max-guidance-scale", "1"]), *options],
                       check=True)
        return np.load(f"{folder}/out.npy")


def push_in(picture, bucket):
    """The fixed-zoom baseline, a shot towards the middle."""
    rate, out = speed_of(bucket, 7) / 76, []  # 76: the mean distance from the middle in pixels
    for i in range(FRAMES):
        m = cv2.getRotationMatrix2D((WIDTH / 2 - 0.5, HEIGHT / 2 - 0.5), 0, np.exp(rate * i))
        out.append(cv2.warpAffine(picture, m, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REPLICATE))
    return np.stack(out)


def real_clips(work):
    """Windows of the real clips as [14, HEIGHT, WIDTH, 3]."""
    return [np.load(path) for path in sorted((work / "clips/test").glob("*.npy"))]


def speeds_and_pictures(args, names, photos, pictures, decoder, code):
    """The main table: every picture with every bucket."""
    buckets, rows, table = [int(b) for b in args.buckets.split(",")], [], []
    for i, name in enumerate(names):
        for bucket in buckets:
            video = generate(args, pictures[i], bucket)
            shot = make_shot(np.random.default_rng(bucket), [photos[i]], kind="pan", bucket=bucket, fps=7, colours=False)[0]
            true, zoom = to_bytes(decoder(code(shot), FRAMES)), push_in(pictures[i], bucket)
            table.append((i, bucket, psnr8(video[0], pictures[i]), speed(video), speed(true), speed(zoom), flicker(video),
                          flicker(true), flicker(zoom), last_over_first(video), video.std((1, 2, 3)).min()))
            print(f"{name:55} bucket {bucket:3} first {table[-1][2]:.2f} dB flow {table[-1][3]:.2f} (true "
                  f"{table[-1][4]:.2f}) flicker {table[-1][6] / table[-1][7]:.2f} sharp {table[-1][9]:.2f}", flush=True)
        if len(rows) < 10 and not name.startswith(NOT_SHOWN):
            pick = np.linspace(0, FRAMES - 1, 6).round().astype(int)
            rows.append(np.concatenate([pictures[i], *video[pick]], 1))
            if args.sheet:
                Image.fromarray(np.concatenate(rows)).save(args.sheet, quality=80)
    t = np.array(table)
    for bucket in buckets:
        b = t[t[:, 1] == bucket]
        print(f"| {bucket} | {b[:, 2].mean():.2f} | {b[:, 3].mean():.2f} | {b[:, 4].mean():.2f} | {b[:, 5].mean():.2f} | "
              f"{b[:, 6].mean() / b[:, 7].mean():.2f} | {b[:, 8].mean() / b[:, 7].mean():.2f} | {b[:, 9].mean():.2f} |")
    flows = t[:, 3].reshape(len(names), len(buckets))
    rising = (np.diff(flows) > 0).all(1).sum()
    print(f"all: first frame {t[:, 2].mean():.2f} dB (worst {t[:, 2].min():.2f}), sharpness {t[:, 9].min():.2f} to "
          f"{t[:, 9].max():.2f}, flattest frame's deviation {t[:, 10].min():.1f}, flow rises with "
          f"every bucket on {rising} of {len(names)}, end to end {(flows[:, -1] / flows[:, 0]).mean():.2f} times "
          f"(least {(flows[:, -1] / flows[:, 0]).min():.2f})", flush=True)


def effects(args, pictures):
    """What noise on the picture and guidance do, at bucket 127."""
    for label, options in (("noise_aug_strength 0", ["--noise-aug-strength", "0"]),
                           ("noise_aug_strength 0.1", ["--noise-aug-strength", "0.1"]),
                           ("guidance 1 to 2", ["--max-guidance-scale", "2"]),
                           ("guidance 1 to 3", ["--max-guidance-scale", "3"])):
        videos = [generate(args, picture, 127, *options) for picture in pictures]
        print(f"| {label} | {np.mean([psnr8(v[0], p) for v, p in zip(videos, pictures)]):.2f} | "
              f"{np.mean([speed(v) for v in videos]):.2f} | {np.mean([last_over_first(v) for v in videos]):.2f} | "
              f"{np.mean([v[-1].std() / v[0].std() for v in videos]):.3f} |", flush=True)


@torch.no_grad()
def losses(photos, code, clip, unet):
    """Held-out v-loss per sigma of the model and of the baselines, which know the clean latents they would give."""
    rng, rows = np.random.default_rng(7), {"model": [], "static picture": [], "fixed zoom": []}
    kinds = [kind for kind in KINDS if kind != "clip"]
    shots = [make_shot(rng, photos, kind=kinds[i % len(kinds)], fps=7, colours=False) for i in range(12)]
    for sigma in SIGMAS:
        sums = dict.fromkeys(rows, 0.0)
        for i, (shot, bucket, fps) in enumerate(shots):
            latents, numbers = code(shot)[None], torch.tensor([[fps - 1, bucket, 0.0]], dtype=torch.float32)
            torch.manual_seed(i)
            error = v_error(unet, latents, latents[:, 0], clip_embedding(clip, shot[:1]), numbers, torch.tensor([sigma]))
            sums["model"] += v_loss(error).item()
            still = latents[:, :1]
            zoom = push_in(to_bytes(shot[:1])[0], bucket)
            zoom = code(torch.from_numpy(zoom).permute(0, 3, 1, 2).float() / 127.5 - 1)[None]
            scale = (sigma ** 2 + 1) / sigma ** 2  # of the clean estimate's error, as v-loss counts it
            sums["static picture"] += scale * (still - latents).square().mean().item()
            sums["fixed zoom"] += scale * (zoom - latents).square().mean().item()
        for name in rows:
            rows[name].append(sums[name] / len(shots))
    for name, row in rows.items():
        print(f"| {name} | " + " | ".join(f"{x:.3f}" for x in row) + " |", flush=True)


def on_real_clips(args):
    """Feature distance to real clips whose first frame the model was given, at their own speed's bucket."""
    sums = {"model": [], "static picture": [], "fixed zoom": []}
    for clip in real_clips(args.work)[:args.effects]:
        bucket = int(np.clip(bucket_of(speed(clip), 7), 0, 255))
        wanted = features(clip)
        for name, video in (("model", generate(args, clip[0], bucket)), ("static picture", np.repeat(clip[:1], FRAMES, 0)),
                            ("fixed zoom", push_in(clip[0], bucket))):
            sums[name].append(np.linalg.norm(features(video) - wanted))
    for name, values in sums.items():
        print(f"| {name} | {np.mean(values):.2f} | ({len(values)} clips)", flush=True)


def seeds(args, picture):
    """In which directions the videos of one picture move."""
    angles = []
    for seed in range(args.seeds):
        x, y = flow(generate(args, picture, 200, seed=seed)).mean((0, 1, 2))
        angles.append(np.arctan2(y, x))
    counts = np.histogram(angles, 4, (-np.pi, np.pi))[0]
    print(f"{args.seeds} seeds, videos by the quadrant of their mean flow: {counts}", flush=True)


def fewer_steps(args, pictures):
    """The frames of few steps beside those of many."""
    sums = dict.fromkeys((5, 10, 25, 50), 0.0)
    for picture in pictures:
        wanted = generate_exactly(args, picture, 127, steps=args.many)
        for steps in sums:
            distance = np.square(generate_exactly(args, picture, 127, steps=steps) - wanted).mean()
            sums[steps] -= 10 * np.log10(max(distance, 1e-12) / np.square(wanted - wanted.mean()).mean())
    print("| " + " | ".join(f"{value / len(pictures):.2f}" for value in sums.values()) + f" | ({len(pictures)} pictures)",
          flush=True)


def main():
    args = arguments(__doc__, program="build/cli/img2vid", model="models/small", pictures=20,
                     buckets="20,60,127,180,255", steps=25, effects=8, seeds=40, many=200, sheet="")
    if args.smoke:
        args.pictures, args.buckets, args.steps, args.effects, args.seeds, args.many = 1, "60,127", 2, 1, 2, 3
    vae, unet, clip = load_pipeline_parts(args.model)
    code, decoder = FastCode(vae), torch.no_grad()(LowerDecoder(vae))
    names = [path.stem for path in sorted((args.work / "photos/test").glob("*.png"))][:args.pictures]
    photos = load_photos(args.work / "photos/test")
    pictures = to_bytes(whole_pictures(photos))
    print("| held-out v-loss at sigma | " + " | ".join(map(str, SIGMAS)) + " |")
    losses(photos, code, clip, unet)
    print("| real clips | feature distance |")
    on_real_clips(args)
    print("| at bucket 127 | first frame, dB | flow | sharpness | contrast, last over first |")
    effects(args, pictures[:args.effects])
    seeds(args, pictures[0])
    print(f"| steps, dB nearer to {args.many} | 5 | 10 | 25 | 50 |")
    fewer_steps(args, pictures[:args.effects // 2 or 1])
    print("| bucket | first frame, dB | flow | of true shots | of fixed zoom | flicker | of fixed zoom | sharpness |")
    speeds_and_pictures(args, names, photos, pictures, decoder, code)


if __name__ == "__main__":
    main()
