"""Small pictures in every format that Pillow 13 reads without plugins, in as many variants as it can write, as ffmpeg
can write (10 and 12 bit AVIF, JPEG 2000 of many bits), or as can be put together here from the formats' descriptions.

picture_files() gives pairs of a file's name and its bytes; the name begins with the format and says what is special.
"""
import io
import shutil
import struct
import subprocess
import tempfile
import zlib
from pathlib import Path

import numpy as np
from PIL import Image

from corpus_windows import windows_files
from corpus_rare import rare_files
from corpus_tiff import damaged_files, orientation_files, tiff_layout_files

ROCKET = Path(__file__).resolve().parent.parent / "examples" / "rocket.jpg"
SIZE = 45, 31  # odd: fillings at the ends of rows must show


def sources(size):
    rgb = Image.open(ROCKET).convert("RGB").crop((200, 20, 468, 200)).resize(size)
    y, x = np.mgrid[: size[1], : size[0]]
    alpha = Image.fromarray(((x * 5 + y * 3) % 256).astype(np.uint8))
    rgba = rgb.copy()
    rgba.putalpha(alpha)
    grey = rgb.convert("L")
    grey_alpha = grey.copy()
    grey_alpha.putalpha(alpha)
    palette = rgb.quantize(200)
    return {"RGB": rgb, "RGBA": rgba, "L": grey, "LA": grey_alpha, "P": palette, "1": grey.convert("1"),
            "CMYK": rgb.convert("CMYK"), "YCbCr": rgb.convert("YCbCr")}


def save(image, format, **options):
    stream = io.BytesIO()
    image.save(stream, format, **options)
    return stream.getvalue()


def exif_of(orientation):
    exif = Image.Exif()
    exif[274] = orientation
    return exif.tobytes()


def ffmpeg(image, arguments, ending):
    """What ffmpeg makes of a picture; None where it is missing or was built without the encoder."""
    if not shutil.which("ffmpeg"):
        return None
    with tempfile.TemporaryDirectory() as folder:
        source, out = Path(folder) / "in.png", Path(folder) / ("out." + ending)
        image.save(source)
        command = ["ffmpeg", "-v", "error", "-y", "-i", str(source), *arguments, str(out)]
        made = subprocess.run(command, capture_output=True)
        return out.read_bytes() if made.returncode == 0 and out.exists() else None


# ---- PNG ---------------------------------------------------------------------------------------------------------

ADAM7 = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]


def png_rows(samples, depth):
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


def png(samples, depth, kind, interlace=False, palette=None, trns=None):
    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    samples = samples if samples.ndim == 3 else samples[..., None]
    height, width = samples.shape[:2]
    passes = [samples[y::dy, x::dx] for x, y, dx, dy in ADAM7] if interlace else [samples]
    data = b"".join(png_rows(part, depth) for part in passes if part.size)
    text = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, interlace))
    text += chunk(b"PLTE", bytes(palette)) if palette is not None else b""
    text += chunk(b"tRNS", bytes(trns)) if trns is not None else b""
    return text + chunk(b"IDAT", zlib.compress(data, 9)) + chunk(b"IEND", b"")


def png_files(images):
    rgb, rgba = np.asarray(images["RGB"]).astype(int), np.asarray(images["RGBA"]).astype(int)
    grey, grey_alpha = np.asarray(images["L"]).astype(int), np.asarray(images["LA"]).astype(int)
    indices, colors = np.asarray(images["P"]).astype(int), bytes(images["P"].getpalette())
    for interlace in (False, True):
        end = "-interlaced.png" if interlace else ".png"
        for depth in (1, 2, 4, 8, 16):
            scaled = grey >> (8 - depth) if depth <= 8 else grey * 257 + 5
            yield f"png-grey{depth}{end}", png(scaled, depth, 0, interlace)
            trns = struct.pack(">H", int(scaled[3, 3]))
            yield f"png-grey{depth}-trns{end}", png(scaled, depth, 0, interlace, trns=trns)
        for depth in (1, 2, 4, 8):
            part, table = indices % (1 << depth), colors[: 3 << depth]
            yield f"png-palette{depth}{end}", png(part, depth, 3, interlace, table)
            yield f"png-palette{depth}-trns{end}", png(part, depth, 3, interlace, table, range(0, min(256, 2 << depth), 2))
            yield f"png-palette{depth}-one-clear{end}", png(part, depth, 3, interlace, table, [255, 0])
        for depth in (8, 16):
            wide = 1 if depth == 8 else 257
            yield f"png-rgb{depth}{end}", png(rgb * wide, depth, 2, interlace)
            clear = struct.pack(">3H", *(int(v) * wide for v in rgb[2, 5]))
            yield f"png-rgb{depth}-trns{end}", png(rgb * wide, depth, 2, interlace, trns=clear)
            yield f"png-rgba{depth}{end}", png(rgba * wide, depth, 6, interlace)
            yield f"png-grey-alpha{depth}{end}", png(grey_alpha * wide, depth, 4, interlace)
    for orientation in range(1, 9):
        yield f"png-exif{orientation}.png", save(images["RGB"], "PNG", exif=exif_of(orientation))
    frames = [images["RGB"], images["RGB"].transpose(Image.Transpose.ROTATE_180)]
    yield "png-animated.png", save(frames[0], "PNG", save_all=True, append_images=frames[1:])
    yield "png-animated-hidden-first.png", save(frames[0], "PNG", save_all=True, append_images=frames,
                                                default_image=True)
    yield "png-animated-alpha.png", save(images["RGBA"], "PNG", save_all=True, append_images=[images["RGBA"].rotate(9)])


# ---- JPEG, WebP, GIF, TIFF ---------------------------------------------------------------------------------------

def jpeg_files(images):
    for mode in ("RGB", "L", "CMYK", "YCbCr"):
        for quality in (1, 20, 50, 75, 95, 100):
            yield f"jpeg-{mode}-q{quality}.jpg", save(images[mode], "JPEG", quality=quality)
        yield f"jpeg-{mode}-progressive.jpg", save(images[mode], "JPEG", progressive=True)
        yield f"jpeg-{mode}-restart.jpg", save(images[mode], "JPEG", restart_marker_blocks=2)
    for subsampling in ("4:4:4", "4:2:2", "4:2:0", "4:1:1"):
        for progressive in (False, True):
            name = f"jpeg-{subsampling.replace(':', '')}{'-progressive' if progressive else ''}.jpg"
            yield name, save(images["RGB"], "JPEG", subsampling=subsampling, progressive=progressive, quality=90)
    yield "jpeg-rgb-components.jpg", save(images["RGB"], "JPEG", keep_rgb=True)
    for size in ((1, 1), (7, 9), (8, 8), (17, 16), (200, 3)):
        small = images["RGB"].resize(size)
        yield f"jpeg-{size[0]}x{size[1]}.jpg", save(small, "JPEG")
    for orientation in range(1, 9):
        yield f"jpeg-exif{orientation}.jpg", save(images["RGB"], "JPEG", exif=exif_of(orientation))
    yield "mpo-two.mpo", save(images["RGB"], "MPO", save_all=True, append_images=[images["RGB"].rotate(180)])
    yield "mpo-exif6.mpo", save(images["RGB"], "MPO", save_all=True, append_images=[images["RGB"]], exif=exif_of(6))


def webp_files(images):
    for mode in ("RGB", "RGBA", "L", "P"):
        for quality in (0, 40, 80, 100):
            yield f"webp-{mode}-q{quality}.webp", save(images[mode], "WEBP", quality=quality)
        yield f"webp-{mode}-lossless.webp", save(images[mode], "WEBP", lossless=True, exact=True)
    for orientation in range(1, 9):
        yield f"webp-exif{orientation}.webp", save(images["RGB"], "WEBP", exif=exif_of(orientation))
    for lossless in (False, True):
        turned = images["RGBA"].rotate(180)
        yield f"webp-animated{'-lossless' if lossless else ''}.webp", save(
            images["RGBA"], "WEBP", save_all=True, append_images=[turned], lossless=lossless)


def gif_files(images):
    for mode in ("RGB", "L", "P", "1", "RGBA"):
        for interlace in (0, 1):
            yield f"gif-{mode}{'-interlaced' if interlace else ''}.gif", save(images[mode], "GIF", interlace=interlace)
    for colors in (2, 3, 16, 17, 128, 256):
        yield f"gif-{colors}-colors.gif", save(images["RGB"].quantize(colors), "GIF")
    yield "gif-transparent.gif", save(images["P"], "GIF", transparency=5)
    whole = save(images["P"], "GIF")
    yield from gif_canvases(whole)
    for disposal in range(4):
        yield f"gif-animated-disposal{disposal}.gif", save(
            images["P"], "GIF", save_all=True, append_images=[images["P"].rotate(180)], disposal=disposal)


def gif_canvases(whole):
    """A frame beside the canvas's corner, or beyond its end; with a local palette, without any."""
    descriptor = whole.index(b",", 13 + (3 << ((whole[10] & 7) + 1)))
    table = whole[13 : 13 + (3 << ((whole[10] & 7) + 1))]
    x, y = struct.pack("<HH", 7, 5), struct.pack("<HH", 60, 50)
    control = b"!\xf9\4" + bytes([1, 0, 0, 9]) + b"\0"
    moved = whole[:descriptor] + b"," + x + whole[descriptor + 5 :]
    yield "gif-beyond-canvas.gif", moved
    moved = moved[:6] + y + moved[10:]
    yield "gif-within-canvas.gif", moved
    yield "gif-within-transparent-canvas.gif", moved[:descriptor] + control + moved[descriptor:]
    flags = whole[10] & 7 | 0x80
    local = whole[descriptor : descriptor + 9] + bytes([flags]) + table + whole[descriptor + 10 :]
    yield "gif-local-palette.gif", whole[:10] + b"\0" + whole[11:13] + local
    yield "gif-both-palettes.gif", whole[:13] + table[::-1] + whole[13 + len(table) : descriptor] + local
    yield "gif-no-palette.gif", whole[:10] + b"\0" + whole[11:13] + whole[descriptor:]


TIFF_COMPRESSIONS = ("raw", "tiff_lzw", "tiff_adobe_deflate", "packbits", "tiff_deflate")


def tiff_files(images):
    for compression in TIFF_COMPRESSIONS:
        for mode in ("RGB", "RGBA", "L", "LA", "P", "1", "CMYK"):
            yield f"tiff-{mode}-{compression}.tif", save(images[mode], "TIFF", compression=compression)
    for compression in ("group3", "group4"):
        yield f"tiff-1-{compression}.tif", save(images["1"], "TIFF", compression=compression)
    yield "tiff-jpeg.tif", save(images["RGB"], "TIFF", compression="jpeg")
    yield "tiff-big.tif", save(images["RGB"], "TIFF", big_tiff=True)
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[274] = orientation
        yield f"tiff-exif{orientation}.tif", save(images["RGB"], "TIFF", exif=exif)


# ---- AVIF and JPEG 2000 ------------------------------------------------------------------------------------------

def avif_files(images):
    for subsampling in ("4:4:4", "4:2:2", "4:2:0", "4:0:0"):
        for quality in (30, 75, 100):
            for range_ in ("full", "limited"):
                name = f"avif-{subsampling.replace(':', '')}-q{quality}-{range_}.avif"
                yield name, save(images["RGB"], "AVIF", subsampling=subsampling, quality=quality, range=range_, speed=8)
    for mode in ("RGBA", "L", "LA"):
        for quality in (60, 100):
            yield f"avif-{mode}-q{quality}.avif", save(images[mode], "AVIF", quality=quality, speed=8)
    yield "avif-premultiplied.avif", save(images["RGBA"], "AVIF", alpha_premultiplied=True, speed=8)
    for orientation in range(1, 9):
        yield f"avif-exif{orientation}.avif", save(images["RGB"], "AVIF", exif=exif_of(orientation), speed=8)
    yield "avif-animated.avif", save(images["RGB"], "AVIF", save_all=True, append_images=[images["RGB"].rotate(180)],
                                     speed=8)
    tiny = images["RGB"].resize((1, 1))
    yield "avif-1x1.avif", save(tiny, "AVIF", speed=8)
    for layout in ("yuv420p10le", "yuv422p10le", "yuv444p10le", "yuv420p12le", "yuv444p12le", "gray10le", "gray12le",
                   "gbrp", "gbrp10le", "gbrp12le"):
        made = ffmpeg(images["RGB"], ["-c:v", "libaom-av1", "-still-picture", "1", "-crf", "10", "-pix_fmt", layout],
                      "avif")
        if made:
            yield f"avif-{layout}.avif", made


def jpeg2000_files(images):
    for mode in ("RGB", "RGBA", "L", "LA"):
        for bare in (False, True):
            end = ".j2k" if bare else ".jp2"
            yield f"jpeg2000-{mode}{end}", save(images[mode], "JPEG2000", no_jp2=bare)
            yield f"jpeg2000-{mode}-lossy{end}", save(images[mode], "JPEG2000", no_jp2=bare, irreversible=True,
                                                      quality_mode="rates", quality_layers=[20, 5])
            yield f"jpeg2000-{mode}-tiles{end}", save(images[mode], "JPEG2000", no_jp2=bare, tile_size=(16, 16))
        yield f"jpeg2000-{mode}-signed.jp2", save(images[mode], "JPEG2000", signed=True)
    for progression in ("LRCP", "RLCP", "RPCL", "PCRL", "CPRL"):
        yield f"jpeg2000-{progression}.jp2", save(images["RGB"], "JPEG2000", progression=progression, mct=1)
    yield "jpeg2000-offset.jp2", save(images["RGB"], "JPEG2000", offset=(5, 3), tile_offset=(2, 1), tile_size=(20, 20))
    yield "jpeg2000-I16.jp2", save(Image.fromarray((np.asarray(images["L"]).astype(np.uint16) * 257)), "JPEG2000")
    yield "jpeg2000-CMYK.jp2", save(images["CMYK"], "JPEG2000")
    for layout in ("yuv444p", "yuv422p", "yuv420p", "yuv410p", "yuva420p", "yuva444p", "gray10le", "gray12le",
                   "gray16le", "ya8", "ya16le", "rgb48le", "rgba64le", "yuv444p10le", "yuv420p12le", "yuv444p16le",
                   "xyz12le", "pal8"):
        width, height = images["RGB"].size
        for size, name in (((width & ~3, height & ~3), "even"), ((width | 1, height | 1), "odd")):
            image = images["RGBA" if layout in ("yuva420p", "yuva444p", "ya8", "ya16le", "rgba64le") else "RGB"]
            made = ffmpeg(image.resize(size), ["-c:v", "jpeg2000", "-pix_fmt", layout], "jp2")
            if made:
                yield f"jpeg2000-{layout}-{name}.jp2", made
    white = images["RGB"].point(lambda value: min(255, value * 2))
    made = ffmpeg(white, ["-c:v", "jpeg2000", "-pred", "1", "-pix_fmt", "rgb48le"], "jp2")
    if made:
        yield "jpeg2000-rgb48le-white.jp2", made


def picture_files(size=SIZE):
    images = sources(size)
    for maker in (png_files, jpeg_files, webp_files, gif_files, tiff_files, avif_files, jpeg2000_files, windows_files,
                  tiff_layout_files, rare_files):
        yield from maker(images)
    yield from orientation_files(images, save)
    yield from damaged_files(images, save)
