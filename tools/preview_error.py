#!/usr/bin/env python3
"""How near previews are to the frames: for each picture, a short run whose last preview is compared with the frames that
its latents are decoded to, reduced to the latents' size. Prints the PSNR in dB of each and of all.

    PYTHONPATH=bindings/python/src IMG2VID_LIBRARY=build/src/libimg2vid.so tools/preview_error.py MODEL PICTURE...
"""

import sys

import numpy as np

import img2vid


def reduced(frames, height, width):
    """[F, H, W, 3] to [F, height, width, 3] by area means."""
    count, tall, wide, _ = frames.shape
    return frames.reshape(count, height, tall // height, width, wide // width, 3).mean(axis=(2, 4))


def squared_error(pipe, picture):
    previews = []
    frames = pipe(picture, fit="crop", num_frames=6, num_inference_steps=8, max_guidance_scale=1.0, generator=1,
                  output_type="np", preview_every=8, callback_on_preview=lambda *call: previews.append(call[3])).frames[0]
    preview = previews[-1].astype(np.float64) / 255
    return np.mean((reduced(frames, *preview.shape[1:3]) - preview) ** 2)


def main(model, *pictures):
    errors = []
    with img2vid.StableVideoDiffusionPipeline.from_pretrained(model, keep_loaded=1) as pipe:
        pipe.set_progress_bar_config(disable=True)
        for picture in pictures:
            errors.append(squared_error(pipe, picture))
            print(f"{-10 * np.log10(errors[-1]):5.1f} dB  {picture}", flush=True)
    each = -10 * np.log10(errors)
    print(f"{each.min():.1f} to {each.max():.1f} dB, median {np.median(each):.1f} dB, of {len(errors)} pictures")


if __name__ == "__main__":
    main(*sys.argv[1:])
