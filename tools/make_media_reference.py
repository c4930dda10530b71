#!/usr/bin/env python3
"""Makes tests/data/media: small pictures of every kind, and what Pillow decodes and resizes them to.

    python3 tools/make_media_reference.py      (from the repository's root)

Needs Pillow 13.0.0 (libjpeg-turbo 3.2.0, libwebp 1.6.0, libtiff 4.7.2) and numpy 2.x; other versions should give the
same hashes but may write other files. Sources: examples/rocket.jpg (public domain) and patterns.

expected.txt: a line a picture, "file width height hash-of-RGB-alpha-dropped hash-of-RGB-over-white".
resize.txt:   a line a resize of the pattern of size w x h, "channels w h fit new_w new_h hash".
Hashes are FNV-1a, 64 bit, of the pixels' bytes.
"""
import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / "tests" / "data" / "media"
ROCKET = ROOT / "examples" / "rocket.jpg"


def fnv1a(data):
    value = 0xCBF29CE484222325
    for byte in bytes(data):
        value = ((value ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return f"{value:016x}"


def over_white(image):
    rgba = np.asarray(image.convert("RGBA")).astype(int)
    alpha = rgba[..., 3:]
    return ((alpha * rgba[..., :3] + (255 - alpha) * 255 + 127) // 255).astype(np.uint8)


# ---- PNG: Pillow writes neither interlaced files nor all bit depths ----------------------------------------------

ADAM7 = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]


def png_rows(samples, depth):
    """samples [height, width, channels] -> filtered (type 0) packed rows."""
    rows = b""
    for row in samples:
        flat = row.reshape(-1)
        if depth == 16:
            packed = flat.astype(">u2").tobytes()
        else:
            bits = ((flat[:, None].astype(int) >> np.arange(depth - 1, -1, -1)) & 1).reshape(-1)
            packed = np.packbits(bits.astype(np.uint8)).tobytes()
        rows += b"\0" + packed
    return rows


def write_png(name, samples, depth, color_type, interlace=False, palette=None, trns=None, exif=None):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    height, width = samples.shape[:2]
    if interlace:
        passes = [samples[y0::dy, x0::dx] for x0, y0, dx, dy in ADAM7]
        data = b"".join(png_rows(part, depth) for part in passes if part.size)
    else:
        data = png_rows(samples, depth)
    text = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, color_type, 0, 0, interlace))
    if palette is not None:
        text += chunk(b"PLTE", bytes(palette))
    if trns is not None:
        text += chunk(b"tRNS", bytes(trns))
    if exif is not None:
        text += chunk(b"eXIf", exif)
    text += chunk(b"IDAT", zlib.compress(data, 9)) + chunk(b"IEND", b"")
    (OUT / name).write_bytes(text)


def make_png(rocket, alpha):
    small = np.asarray(rocket.resize((29, 19)))
    small_alpha = np.asarray(alpha.resize((29, 19)))[..., None]
    grey = np.asarray(rocket.resize((29, 19)).convert("L"))[..., None]
    wide = small.astype(int) * 256 + np.arange(29)[None, :, None] * 8 + 3  # 16 bit
    wide_grey = grey.astype(int) * 256 + np.arange(19)[:, None, None] * 13
    wide_alpha = small_alpha.astype(int) * 256 + 200
    for depth in (1, 2, 4):
        write_png(f"grey{depth}.png", grey >> (8 - depth), depth, 0)
    write_png("grey8.png", grey, 8, 0)
    write_png("grey16.png", wide_grey, 16, 0)
    write_png("grey16_interlaced.png", wide_grey, 16, 0, interlace=True)
    write_png("grey4_trns.png", grey >> 4, 4, 0, trns=struct.pack(">H", int(grey[9, 9, 0]) >> 4))
    write_png("grey_alpha8.png", np.concatenate([grey, small_alpha], 2), 8, 4)
    write_png("grey_alpha16.png", np.concatenate([wide_grey, wide_alpha], 2), 16, 4)
    write_png("rgb8.png", small, 8, 2)
    write_png("rgb8_interlaced.png", small, 8, 2, interlace=True)
    write_png("rgb8_trns.png", small, 8, 2, trns=struct.pack(">HHH", *map(int, small[5, 7])))
    write_png("rgb16.png", wide, 16, 2)
    write_png("rgba8.png", np.concatenate([small, small_alpha], 2), 8, 6)
    write_png("rgba8_interlaced.png", np.concatenate([small, small_alpha], 2), 8, 6, interlace=True)
    write_png("rgba16.png", np.concatenate([wide, wide_alpha], 2), 16, 6)
    for depth in (1, 2, 4, 8):
        colors = 1 << depth
        palette = rocket.resize((29, 19)).quantize(colors)
        table = (palette.getpalette() + [0] * 768)[: 3 * colors]
        indices = np.asarray(palette)[..., None]
        write_png(f"palette{depth}.png", indices, depth, 3, palette=table)
        trns = [(37 * i) % 256 for i in range(max(1, colors // 2))]
        write_png(f"palette{depth}_trns.png", indices, depth, 3, interlace=depth == 4, palette=table, trns=trns)
    exif = Image.Exif()
    exif[0x0112] = 5
    write_png("orientation5.png", small, 8, 2, exif=exif.tobytes()[6:])


# ---- the others --------------------------------------------------------------------------------------------------


def make_jpeg(rocket, alpha):
    for name, subsampling in (("444", 0), ("422", 1), ("420", 2)):
        rocket.save(OUT / f"rgb{name}.jpg", quality=85, subsampling=subsampling)
    rocket.save(OUT / "progressive420.jpg", quality=70, subsampling=2, progressive=True)
    rocket.save(OUT / "progressive444.jpg", quality=90, subsampling=0, progressive=True)
    rocket.save(OUT / "low_quality.jpg", quality=5)
    rocket.save(OUT / "restart.jpg", quality=60, restart_marker_blocks=3)
    rocket.save(OUT / "rgb_components.jpg", quality=80, keep_rgb=True)
    rocket.convert("L").save(OUT / "grey.jpg", quality=80)
    cyan, magenta, yellow, _ = rocket.convert("CMYK").split()  # which has no black of its own
    Image.merge("CMYK", (cyan, magenta, yellow, alpha)).save(OUT / "cmyk.jpg", quality=85)
    # The same samples taken for YCCK: the transform flag of the Adobe marker is what tells them apart.
    cmyk = (OUT / "cmyk.jpg").read_bytes()
    at = cmyk.index(b"Adobe") + 11
    (OUT / "ycck.jpg").write_bytes(cmyk[:at] + b"\x02" + cmyk[at + 1 :])
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        rocket.resize((23, 15)).save(OUT / f"orientation{orientation}.jpg", quality=80, exif=exif)


def make_webp(rocket, alpha):
    rgba = rocket.copy()
    rgba.putalpha(alpha)
    exif = Image.Exif()
    exif[0x0112] = 6
    rocket.save(OUT / "lossy.webp", quality=75)
    rocket.save(OUT / "lossless.webp", lossless=True)
    rocket.save(OUT / "orientation6.webp", quality=60, exif=exif)
    rgba.save(OUT / "lossy_alpha.webp", quality=75)
    rgba.save(OUT / "lossless_alpha.webp", lossless=True, exact=True)
    frames = [rocket.resize((31, 21)), rocket.resize((31, 21)).rotate(90)]
    frames[0].save(OUT / "animated.webp", save_all=True, append_images=frames[1:], lossless=True)


def write_bmp(name, width, height, depth, compression, data, masks=b"", palette=b"", top_down=False):
    offset = 14 + 40 + len(masks) + len(palette)
    info = struct.pack("<IiiHHIIiiII", 108 if len(masks) > 12 else 40, width, -height if top_down else height, 1, depth, compression, len(data), 0, 0,
                       len(palette) // 4, 0)
    head = b"BM" + struct.pack("<IHHI", offset + len(data), 0, 0, offset)
    (OUT / name).write_bytes(head + info + masks + palette + data)


def make_bmp(rocket, alpha):
    small = rocket.resize((29, 19))
    small.save(OUT / "rgb24.bmp")
    small.convert("L").save(OUT / "grey8.bmp")
    small.convert("1").save(OUT / "mono.bmp")
    small.quantize(200).save(OUT / "palette8.bmp")
    rgba = small.convert("RGBA")
    rgba.putalpha(77)
    rgba.save(OUT / "rgba32.bmp")  # the fourth byte is not alpha
    rgb = np.asarray(small).astype(int)
    pad = [(0, 0), (0, 1)]  # rows are multiples of 4 bytes
    v555 = (rgb[..., 0] >> 3) << 10 | (rgb[..., 1] >> 3) << 5 | rgb[..., 2] >> 3
    write_bmp("rgb555.bmp", 29, 19, 16, 0, np.pad(v555, pad).astype("<u2")[::-1].tobytes())
    v565 = (rgb[..., 0] >> 3) << 11 | (rgb[..., 1] >> 2) << 5 | rgb[..., 2] >> 3
    write_bmp("rgb565_top_down.bmp", 29, 19, 16, 3, np.pad(v565, pad).astype("<u2").tobytes(),
              masks=struct.pack("<III", 0xF800, 0x07E0, 0x001F), top_down=True)
    bgra = np.dstack([rgb[..., ::-1], np.asarray(alpha.resize((29, 19)))]).astype(np.uint8)
    masks = struct.pack("<IIII", 0xFF0000, 0xFF00, 0xFF, 0xFF000000) + bytes(52)  # a BITMAPV4HEADER goes on
    write_bmp("rgba32_v4.bmp", 29, 19, 32, 3, bgra[::-1].tobytes(), masks=masks)
    palette = small.quantize(64)
    indices = np.asarray(palette)
    runs = b""
    for row in indices[::-1]:
        for value in row[:20]:
            runs += bytes([1, value])
        runs += bytes([0, 9]) + row[20:].tobytes() + b"\0" + b"\0\0"  # nine values as they are, padded; end of row
    table = np.array(palette.getpalette() + [0] * (192 - len(palette.getpalette())), np.uint8).reshape(64, 3)
    entries = np.concatenate([table[:, ::-1], np.zeros((64, 1), np.uint8)], 1).tobytes()
    write_bmp("rle8.bmp", 29, 19, 8, 1, runs + b"\0\1", palette=entries)


def make_tiff(rocket, alpha):
    small = rocket.resize((29, 19))
    rgba = small.copy()
    rgba.putalpha(alpha.resize((29, 19)))
    small.save(OUT / "rgb.tif")
    for name, compression in (("lzw", "tiff_lzw"), ("deflate", "tiff_adobe_deflate"), ("packbits", "packbits")):
        small.save(OUT / f"rgb_{name}.tif", compression=compression)
    small.convert("L").save(OUT / "grey.tif")
    small.convert("1").save(OUT / "mono.tif")
    small.convert("1").save(OUT / "mono_g4.tif", compression="group4")
    small.convert("1").save(OUT / "mono_white_is_zero.tif", tiffinfo={262: 0})
    small.convert("L").save(OUT / "grey_white_is_zero.tif", tiffinfo={262: 0})
    small.quantize(100).save(OUT / "palette.tif")
    rgba.save(OUT / "rgba.tif")
    Image.fromarray(np.asarray(small.convert("L")).astype(np.uint16) * 257).save(OUT / "grey16.tif")
    # libtiff puts the directory, with the orientation, behind the pixels
    small.save(OUT / "orientation8.tif", compression="tiff_lzw", tiffinfo={0x0112: 8})


def make_gif(rocket, alpha):
    small = rocket.resize((29, 19)).quantize(60)
    small.save(OUT / "palette.gif", interlace=0)
    small.save(OUT / "interlaced.gif", interlace=1)
    small.save(OUT / "transparent.gif", transparency=int(np.asarray(small)[4, 4]))
    frames = [rocket.resize((29, 19)), rocket.resize((29, 19)).rotate(180)]
    frames[0].save(OUT / "animated.gif", save_all=True, append_images=frames[1:])


def make_npy():
    values = np.arange(6).reshape(2, 3)
    for kind in ("f2", "f4", "f8", "i8"):
        np.save(OUT / f"{kind}.npy", values.astype("<" + kind))
    np.save(OUT / "big_endian.npy", values.astype(">f4"))
    np.save(OUT / "fortran.npy", np.asfortranarray(values.astype("<f4")))
    np.save(OUT / "record.npy", np.zeros(2, [("a", "<f4"), ("b", "<i4")]))
    for version in (2, 3):
        with open(OUT / f"f4_v{version}.npy", "wb") as file:
            np.lib.format.write_array(file, values.astype("<f4"), version=(version, 0))
    special = [-0.0, 2.0**-24, -6.0975552e-5, 65504, -np.inf, 1 / 3, np.nan]
    np.save(OUT / "f2_special.npy", np.array(special, "<f2"))


def describe(path):
    image = Image.open(path)
    sixteen_bit_grey = image.mode.startswith("I;16")
    if sixteen_bit_grey:  # Pillow clips at 255; we keep the high byte, as Pillow does for 16-bit colour
        image = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    if path.name == "grey4_trns.png":  # Pillow scales the pixels to 8 bits, but not the transparent value
        image.info["transparency"] *= 17
    image = ImageOps.exif_transpose(image)
    drop = fnv1a(np.asarray(image.convert("RGB")).tobytes())
    return f"{image.width} {image.height} {drop} {fnv1a(over_white(image).tobytes())}"


# ---- resize ------------------------------------------------------------------------------------------------------


def pattern(width, height, channels):
    """The pixels that tests/test_resize.c makes too."""
    values = np.empty(width * height * channels, np.uint8)
    state = 1
    for i in range(values.size):
        state = (state * 1664525 + 1013904223) & 0xFFFFFFFF
        values[i] = state >> 24
    return values.reshape(height, width, channels)


def resize(pixels, fit, size):
    height, width, channels = pixels.shape
    if channels != 3:  # Pillow multiplies LA and RGBA with alpha first; planes and CMYK are filtered as they are
        planes = [Image.fromarray(pixels[..., c]).resize(size) for c in range(channels)]
        return np.stack([np.asarray(plane) for plane in planes], -1)
    image = Image.fromarray(pixels)
    if fit == "crop":
        return np.asarray(ImageOps.fit(image, size))
    if fit == "pad":
        return np.asarray(ImageOps.pad(image, size))
    if fit == "diffusers":  # VaeImageProcessor's resize
        return np.asarray(image.resize(size, resample=Image.Resampling.LANCZOS))
    return np.asarray(image.resize(size))


def resize_lines():
    sizes = [(67, 45), (67, 20), (30, 45), (134, 90), (13, 7), (1, 1), (200, 3), (3, 200), (66, 44), (1024, 576), (448, 256)]
    cases = [(3, 67, 45, "stretch", size) for size in sizes]
    cases += [(3, 1, 1, "stretch", (5, 4)), (3, 2, 300, "stretch", (300, 2)), (3, 30, 90, "stretch", (20, 50)), (3, 90, 30, "stretch", (69, 11)), (3, 641, 427, "stretch", (64, 40))]
    cases += [(c, 37, 23, "stretch", size) for c in (1, 2, 4) for size in ((19, 31), (90, 11), (64, 64))]
    fits = [(64, 40), (40, 64), (67, 45), (128, 128), (17, 90), (134, 90), (100, 10)]
    cases += [(3, w, h, fit, size) for w, h in ((67, 45), (31, 80)) for fit in ("crop", "pad") for size in fits]
    lanczos = [*sizes, (64, 40), (90, 11), (20, 300)]
    cases += [(3, w, h, "diffusers", size) for w, h in ((67, 45), (641, 427)) for size in lanczos]
    cases += [(3, 1, 1, "diffusers", (5, 4)), (3, 2, 300, "diffusers", (300, 2))]
    for channels, width, height, fit, size in cases:
        pixels = resize(pattern(width, height, channels), fit, size)
        yield f"{channels} {width} {height} {fit} {size[0]} {size[1]} {fnv1a(pixels.tobytes())}"


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    rocket = Image.open(ROCKET).convert("RGB").crop((200, 20, 468, 200)).resize((67, 45))
    y, x = np.mgrid[:45, :67]
    alpha = Image.fromarray(((x * 5 + y * 3) % 256).astype(np.uint8))
    make_png(rocket, alpha)
    make_jpeg(rocket, alpha)
    make_webp(rocket, alpha)
    make_bmp(rocket, alpha)
    make_tiff(rocket, alpha)
    make_gif(rocket, alpha)
    make_npy()
    files = sorted(path for path in OUT.iterdir() if path.suffix not in (".txt", ".npy"))
    lines = [f"{path.name} {describe(path)}" for path in files]
    lines.append(f"../../../examples/rocket.jpg {describe(ROCKET)}")
    (OUT / "expected.txt").write_text("\n".join(lines) + "\n")
    (OUT / "resize.txt").write_text("\n".join(resize_lines()) + "\n")


if __name__ == "__main__":
    main()
