#!/usr/bin/env python3
"""PSNR and SSIM as scikit-image has them, of the pictures that tests/test_compare.sh compares: likeness_reference.py

Needs scikit-image 0.26.0 and Pillow; prints what stands in that test. The program's decoders give Pillow's pixels.
"""

import pathlib

import numpy as np
from PIL import Image
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

MEDIA = pathlib.Path(__file__).parent.parent / "tests" / "data" / "media"


def pixels(name):
    return np.asarray(Image.open(MEDIA / name).convert("RGB"))


first = pixels("rgb444.jpg")
for name in ("rgb420.jpg", "low_quality.jpg", "progressive420.jpg", "lossy.webp"):
    other = pixels(name)
    ssim = structural_similarity(first, other, channel_axis=-1, data_range=255, gaussian_weights=True, sigma=1.5,
                                 use_sample_covariance=False)
    motion = np.abs(first.astype(int) - other).mean()
    print(f"{name} {peak_signal_noise_ratio(first, other, data_range=255):.6f} {ssim:.6f} {motion:.6f}")
