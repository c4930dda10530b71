#!/usr/bin/env python3
"""Makes tests/data/pictures: small files of the formats beside plain PNG, JPEG, WebP and GIF, and what Pillow decodes
them to.

    python3 tools/make_format_pictures.py      (from the repository's root)

Needs Pillow 13.0.0, numpy, pillow-heif 1.8.1, tifffile 2026.3.3, ffmpeg (for AVIF and JPEG 2000 of
more than 8 bits) and tiffcp 4.5.0. The files are those of
picture_corpus.py in a smaller size. expected.txt is as in tests/data/media (make_media_reference.py). HEIC's pixels come
from pillow-heif, which is not Pillow; the test allows them a difference.
"""
import io
from pathlib import Path

import numpy as np
import pillow_heif

from compare_pictures import pillow_pixels
from make_media_reference import fnv1a
from picture_corpus import picture_files, sources

OUT = Path(__file__).resolve().parent.parent / "tests" / "data" / "pictures"
SIZE = 19, 13
COMMITTED = """
avif-420-q75-limited.avif avif-422-q75-full.avif avif-444-q100-full.avif avif-400-q75-full.avif avif-RGBA-q60.avif
avif-LA-q60.avif avif-premultiplied.avif avif-animated.avif avif-yuv420p10le.avif avif-yuv444p12le.avif
avif-gray10le.avif avif-gbrp12le.avif
avif-exif1.avif avif-exif2.avif avif-exif3.avif avif-exif4.avif avif-exif5.avif avif-exif6.avif avif-exif7.avif
avif-exif8.avif
jpeg2000-RGB.jp2 jpeg2000-RGBA.j2k jpeg2000-L-lossy.jp2 jpeg2000-LA.jp2 jpeg2000-RGB-tiles.j2k jpeg2000-RGB-signed.jp2
jpeg2000-offset.jp2 jpeg2000-I16.jp2 jpeg2000-CMYK.jp2 jpeg2000-yuv420p-even.jp2 jpeg2000-yuva420p-even.jp2
jpeg2000-pal8-even.jp2 jpeg2000-gray12le-even.jp2
pnm-p1.pbm pnm-p1-spaced.pbm pnm-p4-comment.pbm pnm-p2-max100.pgm pnm-p5-max3.pgm pnm-p5-max65535.pgm
pnm-p5-max1000.pgm pnm-p3-max255.ppm pnm-p6-max255.ppm pnm-p6-max1000.ppm pnm-float-1.pfm pnm-float1.pfm
tga-grey8-flags10.tga tga-grey-alpha16-flags20-rle.tga tga-rgb16-flags00.tga tga-rgb24-flags30-rle.tga
tga-rgba32-flags20.tga tga-palette16.tga tga-palette24-start.tga tga-palette32-rle.tga tga-attributes0.tga
tga-attributes3.tga tga-pillow-1.tga
ico-1-16x16.ico ico-4-33x21.ico ico-8-16x16.ico ico-24-33x21.ico ico-32-16x16.ico ico-png-RGBA-16x16.ico ico-several.ico
ico-unsaid-bits.ico cur-1-33x21.cur cur-8-16x16.cur cur-32-16x16.cur cur-several.cur cur-black-white.cur
dib-1-header12.dib dib-4-header40.dib dib-rle4.dib dib-8-top-down.dib dib-565-masks.dib dib-24.dib dib-32-bgra-header108.dib
bmp-32-bgxr-masks.bmp bmp-32-bgar-header124.bmp bmp-rle4.bmp bmp-8-few-colors.bmp bmp-565-header56.bmp bmp-1-white-black.bmp
gif-within-transparent-canvas.gif gif-within-canvas.gif gif-both-palettes.gif gif-no-palette.gif gif-L-interlaced.gif
qoi-RGB.qoi qoi-RGBA.qoi qoi-RGBA-flat.qoi
pcx-RGB-45.pcx pcx-P-16.pcx pcx-L-16.pcx pcx-1-45.pcx pcx-4-planes.pcx pcx-2-planes.pcx
sgi-RGB-1-rle.sgi sgi-RGBA-2-rle.sgi sgi-L-1.sgi sgi-RGB-2.sgi
sun-bits1-type1.ras sun-palette8-type1.ras sun-grey4-type0.ras sun-rgb24-type3.ras sun-rgb32-type2.ras
tiff-rgb-le-zlib-tiles16.tif tiff-rgb-be-raw-tiles48.tif tiff-rgb-big.tif tiff-premultiplied-le-raw-strips.tif
tiff-premultiplied-be-zlib-tiles16.tif tiff-premultiplied16-le-zlib-strips.tif tiff-rgba-be-raw-tiles16.tif
tiff-rgbx-le-raw-strips.tif tiff-rgba16-be-zlib-tiles16.tif tiff-planes-le-zlib-tiles16.tif tiff-planes-rgba-be-raw-strips.tif
tiff-cmyk-le-zlib-tiles16.tif tiff-cmyk16-be-raw-strips.tif tiff-white0-le-zlib-tiles16.tif tiff-grey-alpha-le-raw-strips.tif
tiff-palette-be-zlib-tiles16.tif tiff-bits-le-raw-tiles16.tif tiff-grey16-be-raw-strips.tif tiff-signed16-le-raw-strips.tif
tiff-signed32-le-zlib-strips.tif tiff-float32-le-zlib-tiles16.tif tiff-cp-RGB-jpeg-strips.tif tiff-cp-RGB-jpeg-tiles.tif
tiff-cp-RGB-jpeg_r-tiles.tif tiff-cp-L-jpeg-strips.tif tiff-cp-1-g3_2d-tiles.tif tiff-cp-1-g4-lsb.tif tiff-cp-P-lzw_2-tiles.tif
tiff-cp-RGB-lzma-planes.tif tiff-cp-RGB-zstd-tiles.tif tiff-cp-CMYK-packbits-strips.tif tiff-xmp6.tif tiff-xmp3.tif
png-xmp5.png png-xmp6.png png-xmp8-packed.png png-profile6.png png-profile7-packed.png jpeg-xmp3.jpg jpeg-xmp6.jpg
jpeg-exif3-xmp6.jpg webp-xmp5.webp webp-xmp6.webp
png-no-end.png png-no-checksum.png png-wrong-checksum.png png-trailing.png
psd-rgb.psd psd-rgba-packed.psd psd-grey.psd psd-cmyk-packed.psd psd-palette.psd
""".split()


def describe(data):
    dropped, white = pillow_pixels(data, True), pillow_pixels(data, False)
    return f"{dropped.shape[1]} {dropped.shape[0]} {fnv1a(dropped.tobytes())} {fnv1a(white.tobytes())}"


def make_heic():
    """A smooth picture, whose mean the test knows."""
    image = sources((64, 48))["RGB"]
    stream = io.BytesIO()
    pillow_heif.from_pillow(image).save(stream, format="HEIF", quality=90)
    (OUT / "picture.heic").write_bytes(stream.getvalue())
    pixels = np.asarray(pillow_heif.open_heif(io.BytesIO(stream.getvalue())).to_pillow().convert("RGB"))
    print("picture.heic: mean", pixels.reshape(-1, 3).mean(0).round(1), "first row's", pixels[0].mean(0).round(1))


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    made = {name: data for name, data in picture_files(SIZE) if name in COMMITTED}
    for name in COMMITTED:
        (OUT / name).write_bytes(made[name])
    lines = [f"{name} {describe(made[name])}" for name in COMMITTED]
    (OUT / "expected.txt").write_text("\n".join(lines) + "\n")
    make_heic()


if __name__ == "__main__":
    main()
