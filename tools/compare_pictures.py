#!/usr/bin/env python3
"""Compares img2vid's pixels with Pillow's over files in every format that Pillow reads without plugins. By hand, not in
continuous integration: it needs Pillow.

    python3 -m venv .cache/pictures
    .cache/pictures/bin/pip install pillow==13.0.0 numpy tifffile==2026.3.3
    .cache/pictures/bin/python tools/compare_pictures.py [--library build/src/libimg2vid.so] [--keep FOLDER] [--all]

Each file of picture_corpus.py (some need ffmpeg on the PATH) is read in both ways, its alpha over white and dropped. What
differs must be a row of DIFFERENCES, as in docs/PICTURES.md. --keep writes the files, --all prints a line for each. The
exit status is 0 if there are no faults.
"""
import argparse
import collections
import ctypes
import fnmatch
import io
import sys
import warnings
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from picture_corpus import picture_files

PILLOW = "13.0.0"
# Names, and the most that a channel may differ by, or "refused", or "ours" (what Pillow refuses or gets wrong). Each row
# is one of docs/PICTURES.md.
DIFFERENCES = [
    ("png-grey[124]-trns*", "ours"),  # Pillow compares the transparent grey, unscaled, with scaled pixels
    ("png-grey16-trns*", "ours"),  # no alpha in the reference below, which keeps the high byte
    ("jpeg2000-*-odd.jp2", "ours"),  # Pillow rounds the width of subsampled components down, and shears them
    ("jpeg2000-rgb48le-white.jp2", "ours"),  # Pillow's white of more than 8 bits overflows into black
    ("tiff-float32-be-zlib-*", "ours"),  # Pillow swaps the bytes of what libtiff has put into the machine's order
    ("tiff-signed*-be-zlib-*", "ours"),  # likewise
    ("tiff-cp-*-lsb.tif", "ours"),  # bits from the lowest: Pillow refuses CMYK and JPEG in such files
    ("png-damaged-end.png", "ours"),  # all pixels are there
    ("tiff-unit-float32-*", "refused"),  # Pillow's is black
    ("pnm-float-unit.pfm", "refused"),  # Pillow's is black
    ("sun-*-type2.ras", "ours"),  # Pillow shears pictures of odd width
    ("psd-lab*", "refused"),
    ("psd-multi*", "refused"),
    ("psd-*-packed.psd", "ours"),  # Pillow overlooks the lengths of the rows of further channels
    ("named-*", "refused"),
]


class Picture(ctypes.Structure):
    _fields_ = [("width", ctypes.c_int), ("height", ctypes.c_int), ("pixels", ctypes.POINTER(ctypes.c_uint8)),
                ("sha256", ctypes.c_char * 65)]


class Error(ctypes.Structure):
    _fields_ = [("status", ctypes.c_int), ("message", ctypes.c_char * 4096)]


class Library:
    def __init__(self, path):
        self.calls = ctypes.CDLL(str(path))
        self.calls.i2v_image_load_memory.argtypes = [ctypes.POINTER(ctypes.POINTER(Picture)), ctypes.c_char_p,
                                                     ctypes.c_size_t, ctypes.c_int, ctypes.POINTER(Error)]

    def load(self, data, drop_alpha):
        """Pixels, or the sentence that says why not."""
        picture, error = ctypes.POINTER(Picture)(), Error()
        if self.calls.i2v_image_load_memory(ctypes.byref(picture), data, len(data), int(drop_alpha),
                                            ctypes.byref(error)):
            return error.message.decode()
        shape = (picture.contents.height, picture.contents.width, 3)
        pixels = np.ctypeslib.as_array(picture.contents.pixels, shape).copy()
        self.calls.i2v_image_free(picture)
        return pixels


def pillow_pixels(data, drop_alpha):
    """Pixels, or the exception as a sentence."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            opened = Image.open(io.BytesIO(data))
            image = ImageOps.exif_transpose(opened)
            if image.mode.startswith("I;16") or (opened.format == "PPM" and image.mode == "I"):  # Pillow's convert clips at 255; the high byte is kept here
                wide = np.asarray(image).astype(int) >> 8
                return np.repeat(wide[..., None], 3, 2).astype(np.uint8)
            if drop_alpha:
                return np.asarray(image.convert("RGB"))
            rgba = np.asarray(image.convert("RGBA")).astype(int)
    except Exception as problem:  # Pillow raises many kinds
        return f"{type(problem).__name__}: {problem}"
    alpha = rgba[..., 3:]
    return ((alpha * rgba[..., :3] + (255 - alpha) * 255 + 127) // 255).astype(np.uint8)


def compare(library, name, data):
    """"equal", "named", "refused" or "fault", and why."""
    allowed = next((row[1] for row in DIFFERENCES if fnmatch.fnmatch(name, row[0])), 0)
    most = 0
    for drop_alpha in (False, True):
        ours, theirs = library.load(data, drop_alpha), pillow_pixels(data, drop_alpha)
        if isinstance(ours, str):
            if isinstance(theirs, str):
                return "refused", f"both: {ours} / {theirs}"
            return ("refused" if allowed == "refused" else "fault"), ours
        if isinstance(theirs, str):
            return ("named" if allowed == "ours" else "fault"), f"only Pillow refuses: {theirs}"
        if ours.shape != theirs.shape:
            return "fault", f"{ours.shape} for {theirs.shape}"
        most = max(most, int(np.abs(ours.astype(int) - theirs).max()))
    if most == 0:
        return "equal", ""
    return ("named" if allowed == "ours" or (allowed != "refused" and most <= allowed) else "fault"), f"up to {most}"


def main():
    parser = argparse.ArgumentParser(description="Pictures against Pillow")
    parser.add_argument("--library", type=Path, default=Path("build/src/libimg2vid.so"))
    parser.add_argument("--keep", type=Path, help="write the files there")
    parser.add_argument("--all", action="store_true", help="print a line a file")
    options = parser.parse_args()
    if Image.__version__ != PILLOW:
        sys.exit(f"this is Pillow {Image.__version__}; the truth is {PILLOW}")
    library, counts = Library(options.library), collections.defaultdict(collections.Counter)
    for name, data in picture_files():
        if options.keep:
            options.keep.mkdir(parents=True, exist_ok=True)
            (options.keep / name).write_bytes(data)
        verdict, why = compare(library, name, data)
        counts[name.split("-")[0]][verdict] += 1
        if verdict == "fault" or options.all:
            print(f"{verdict:8}{name}  {why}")
    verdicts = ("equal", "named", "refused", "fault")
    print(f"\n{'format':10}{'files':>7}" + "".join(f"{verdict:>9}" for verdict in verdicts))
    for format, row in [*counts.items(), ("all", sum(counts.values(), collections.Counter()))]:
        print(f"{format:10}{row.total():7}" + "".join(f"{row[verdict]:9}" for verdict in verdicts))
    return any(row["fault"] for row in counts.values())


if __name__ == "__main__":
    sys.exit(main())
