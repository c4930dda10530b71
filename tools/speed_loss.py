#!/usr/bin/env python3
"""What each speed loses on a model, over a folder of pictures and several seeds, beside Euler's method in the same time.

    PYTHONPATH=bindings/python/src IMG2VID_LIBRARY=build/src/libimg2vid.so python tools/speed_loss.py MODEL PICTURES
        [--width 160] [--height 96] [--frames 14] [--pictures 20] [--seeds 3] [--steps 200] [--guidance 3] [--more FILE]

The reference is Euler's method of --steps steps, all passes, float32. A number is how near a run's last latents are to it:
the mean square of the reference over the mean square of what differs, in dB; the table has its mean over pictures and
seeds, and the deviation of that mean. Beside each row stands Euler's method in as much processor time, between the two
whole numbers of steps around it. Pictures are taken by name, the first ones, cut to the middle. --more names a file of
further rows: a name, then what it sets, such as `cached cache_interval=3 num_inference_steps=25`. What is there so far is
printed after each picture. Needs numpy and Pillow. docs/SPEED.md has the table.
"""

import argparse
import time
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

import img2vid

EULER = (3, 4, 5, 6, 7, 9, 12, 25)
SPEEDS = ("balanced", "fast", "draft")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("pictures_in", type=Path)
    for name, default in (("width", 160), ("height", 96), ("frames", 14), ("pictures", 20), ("seeds", 3), ("steps", 200),
                          ("bucket", 127)):
        parser.add_argument("--" + name, type=int, default=default)
    parser.add_argument("--guidance", type=float, default=3.0, help="of the last frame")
    parser.add_argument("--more", type=Path)
    return parser.parse_args()


def rows_of(path):
    """By name: what is set. A value is a number where it can be."""
    rows = {f"euler {steps}": {"num_inference_steps": steps, "scheduler": "euler"} for steps in EULER}
    rows.update({name: img2vid.speed(name) for name in SPEEDS})
    for line in path.read_text().splitlines() if path else ():
        name, *settings = line.split()
        rows[name] = dict(setting.split("=", 1) for setting in settings)
        rows[name] = {key: int(value) if value.lstrip("-").isdigit() else value for key, value in rows[name].items()}
    return rows


def nearness(latents, reference):
    return 10 * np.log10(np.mean(np.square(reference)) / max(np.mean(np.square(latents - reference)), 1e-30))


class Table:
    """Of each row the processor's seconds and the nearness of each run."""

    def __init__(self, rows):
        self.rows, self.seconds, self.near = rows, {name: [] for name in rows}, {name: [] for name in rows}

    def euler_in(self, seconds):
        """Its nearness in that time, a line between its rows."""
        times, near = ([np.mean(kept[f"euler {steps}"]) for steps in EULER] for kept in (self.seconds, self.near))
        return np.interp(np.log(seconds), np.log(times), near)

    def show(self):
        print(f"{'':24} seconds      dB  +-      Euler, as long", flush=True)
        for name in self.rows:
            seconds, near = np.mean(self.seconds[name]), self.near[name]
            print(f"{name:24} {seconds:7.2f} {np.mean(near):7.2f}  {np.std(near) / len(near) ** 0.5:.2f} "
                  f"{self.euler_in(seconds):10.2f}", flush=True)


def main():
    args = arguments()
    size = dict(width=args.width, height=args.height, num_frames=args.frames)
    pipe = img2vid.StableVideoDiffusionPipeline.from_pretrained(args.model, dtype="float32")
    pipe.set_progress_bar_config(disable=True)
    paths = sorted(path for path in args.pictures_in.iterdir() if path.suffix in (".png", ".jpg", ".webp"))[:args.pictures]
    table = Table(rows_of(args.more))

    def run(settings, seed):
        settings = {"min_guidance_scale": 1.0, "max_guidance_scale": args.guidance, **size, **settings}
        begin = time.process_time()
        latents = pipe(picture, generator=seed, output_type="latent", motion_bucket_id=args.bucket, **settings).frames
        return np.asarray(latents, dtype=np.float64), time.process_time() - begin

    for seed in range(args.seeds):
        for path in paths:
            picture = ImageOps.fit(Image.open(path).convert("RGB"), (args.width, args.height), Image.LANCZOS)
            reference = run({"num_inference_steps": args.steps, "scheduler": "euler"}, seed)[0]
            for name, settings in table.rows.items():
                latents, seconds = run(settings, seed)
                table.near[name].append(nearness(latents, reference))
                table.seconds[name].append(seconds)
            print(f"\nseed {seed}, {path.name}")
            table.show()


if __name__ == "__main__":
    main()
