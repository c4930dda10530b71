"""Windows' formats for picture_corpus.py: BMP, DIB, ICO and CUR, put together byte by byte."""
import io
import struct

import numpy as np
from PIL import Image


def pack_rows(indices, bits):
    """Rows of packed indices, filled up to 4 bytes, bottom row first."""
    shifts = np.arange(bits - 1, -1, -1)
    rows = []
    for row in indices[::-1]:
        packed = np.packbits(((row[:, None].astype(int) >> shifts) & 1).reshape(-1).astype(np.uint8)).tobytes()
        rows.append(packed + bytes(-len(packed) % 4))
    return b"".join(rows)


def rows_of(array):
    """Bottom row first, each filled up to 4 bytes."""
    rows = [row.tobytes() for row in array[::-1]]
    return b"".join(row + bytes(-len(row) % 4) for row in rows)


def header(width, height, bits, compression=0, size=40, colors=0, data=0, masks=()):
    if size == 12:
        return struct.pack("<IHHHH", 12, width, height, 1, bits)
    fields = struct.pack("<IiiHHIIiiII", size, width, height, 1, bits, compression, data, 2835, 2835, colors, 0)
    inside = b"".join(struct.pack("<I", mask) for mask in masks)
    return fields + inside + bytes(max(0, size - 40 - len(inside)))


def palette_bytes(colors, entry=4):
    return b"".join(bytes(color[::-1]) + bytes(entry - 3) for color in colors)


def bmp(dib, pixels):
    return b"BM" + struct.pack("<IHHI", 14 + len(dib) + len(pixels), 0, 0, 14 + len(dib)) + dib + pixels


def encode_rle(indices, bits):
    """Runs, literals, a step and ends of rows."""
    out = b""
    for row in indices[::-1]:
        x = 0
        while x < len(row):
            run = 1
            while x + run < len(row) and run < 255 and row[x + run] == row[x]:
                run += 1
            literal = [int(v) for v in row[x:x + 5]]
            if run < 3 and len(literal) == 5:
                if bits == 8:
                    out += bytes([0, 5]) + bytes(literal) + b"\0"
                else:
                    v = literal
                    out += bytes([0, 5, v[0] << 4 | v[1], v[2] << 4 | v[3], v[4] << 4, 0])
                x += 5
            else:
                value = int(row[x])
                out += bytes([run, value if bits == 8 else value << 4 | value])
                x += run
        out += b"\0\0"
    return out + b"\0\1"


LAYOUTS = {
    "bgrx": ((0xff0000, 0xff00, 0xff, 0), (2, 1, 0, None)),
    "xbgr": ((0xff000000, 0xff0000, 0xff00, 0), (3, 2, 1, None)),
    "bgxr": ((0xff000000, 0xff00, 0xff, 0), (3, 1, 0, None)),
    "abgr": ((0xff000000, 0xff0000, 0xff00, 0xff), (3, 2, 1, 0)),
    "rgba": ((0xff, 0xff00, 0xff0000, 0xff000000), (0, 1, 2, 3)),
    "bgra": ((0xff0000, 0xff00, 0xff, 0xff000000), (2, 1, 0, 3)),
    "bgar": ((0xff000000, 0xff00, 0xff, 0xff0000), (3, 1, 0, 2)),
}


def bitmaps(images):
    """Triples of a name, a bitmap without its file header, and its pixels."""
    rgb, rgba = np.asarray(images["RGB"]), np.asarray(images["RGBA"])
    height, width = rgb.shape[:2]
    for bits in (1, 4, 8):
        quantized = images["RGB"].quantize(min(1 << bits, 250))
        indices = np.asarray(quantized)
        table = np.array(quantized.getpalette()[: 3 << bits], dtype=np.uint8).reshape(-1, 3)
        colors = [tuple(int(v) for v in color) for color in table]
        colors += [(0, 0, 0)] * ((1 << bits) - len(colors))
        for size in (12, 40, 64, 108, 124):
            entry = 3 if size == 12 else 4
            yield f"{bits}-header{size}", header(width, height, bits, size=size) + palette_bytes(colors, entry), \
                pack_rows(indices, bits)
        if bits > 1:
            few = indices.copy()
            few[:, 1::2] = few[:, :-1:2]
            data = encode_rle(few, bits)
            yield f"rle{bits}", header(width, height, bits, 1 if bits == 8 else 2, data=len(data)) + \
                palette_bytes(colors), data
        yield f"{bits}-few-colors", header(width, height, bits, colors=(1 << bits) - 1) + \
            palette_bytes(colors[:-1]), pack_rows(indices % ((1 << bits) - 1), bits)
        yield f"{bits}-top-down", header(width, -height, bits) + palette_bytes(colors), \
            pack_rows(indices[::-1], bits)
    grey = np.asarray(images["L"])
    yield "grey8", header(width, height, 8) + palette_bytes([(i, i, i) for i in range(256)]), rows_of(grey)
    black_white = (np.asarray(images["1"]) > 0).astype(np.uint8)
    yield "1-black-white", header(width, height, 1) + palette_bytes([(0, 0, 0), (255,) * 3]), pack_rows(black_white, 1)
    yield "1-white-black", header(width, height, 1) + palette_bytes([(255,) * 3, (0, 0, 0)]), pack_rows(black_white, 1)
    r, g, b = (rgb[..., c].astype(int) for c in range(3))
    values555 = ((r >> 3) << 10 | (g >> 3) << 5 | b >> 3).astype("<u2")
    values565 = ((r >> 3) << 11 | (g >> 2) << 5 | b >> 3).astype("<u2")
    yield "555", header(width, height, 16), rows_of(values555)
    yield "555-masks", header(width, height, 16, 3) + struct.pack("<3I", 0x7c00, 0x3e0, 0x1f), rows_of(values555)
    yield "565-masks", header(width, height, 16, 3) + struct.pack("<3I", 0xf800, 0x7e0, 0x1f), rows_of(values565)
    yield "565-header56", header(width, height, 16, 3, 56, masks=(0xf800, 0x7e0, 0x1f, 0)), rows_of(values565)
    yield "24", header(width, height, 24), rows_of(rgb[..., ::-1])
    yield "24-header12", header(width, height, 24, size=12), rows_of(rgb[..., ::-1])
    yield "24-top-down", header(width, -height, 24), rows_of(rgb[::-1, :, ::-1])
    yield "32", header(width, height, 32), rows_of(rgba[..., [2, 1, 0, 3]])
    for name, (masks, places) in LAYOUTS.items():
        pixels = np.full(rgba.shape, 77, np.uint8)
        for channel, place in enumerate(places):
            if place is not None:
                pixels[..., place] = rgba[..., channel]
        for size in (56, 108, 124):
            yield f"32-{name}-header{size}", header(width, height, 32, 3, size, masks=masks), rows_of(pixels)
        if masks[3] == 0:
            yield f"32-{name}-masks", header(width, height, 32, 3) + struct.pack("<3I", *masks[:3]), rows_of(pixels)


def icon(kind, entries):
    """entries: (width, height, bits in the directory, data)."""
    out, at = struct.pack("<HHH", 0, kind, len(entries)), 6 + 16 * len(entries)
    for width, height, bits, data in entries:
        out += struct.pack("<BBBBHHII", width % 256, height % 256, 0, 0, 1, bits, len(data), at)
        at += len(data)
    return out + b"".join(entry[3] for entry in entries)


def icon_bitmap(image, bits):
    """A bitmap of twice the height: the picture, then the mask."""
    width, height = image.size
    alpha = np.asarray(image.convert("RGBA"))[..., 3]
    mask = pack_rows((alpha < 100).astype(np.uint8), 1)
    if bits == 32:
        pixels, table = rows_of(np.asarray(image.convert("RGBA"))[..., [2, 1, 0, 3]]), b""
    elif bits == 24:
        pixels, table = rows_of(np.asarray(image.convert("RGB"))[..., ::-1]), b""
    elif bits == 16:
        r, g, b = (np.asarray(image.convert("RGB"))[..., c].astype(int) >> 3 for c in range(3))
        pixels, table = rows_of((r << 10 | g << 5 | b).astype("<u2")), b""
    else:
        quantized = image.convert("RGB").quantize(1 << bits)
        colors = np.array((quantized.getpalette() + [0] * 768)[: 3 << bits], dtype=np.uint8).reshape(-1, 3)
        pixels, table = pack_rows(np.asarray(quantized), bits), palette_bytes([tuple(map(int, c)) for c in colors])
    return header(width, 2 * height, bits) + table + pixels + mask


def png_bytes(image):
    stream = io.BytesIO()
    image.save(stream, "PNG")
    return stream.getvalue()


def icon_files(images):
    for size in ((16, 16), (33, 21), (48, 48)):
        image = images["RGBA"].resize(size)
        name = f"{size[0]}x{size[1]}"
        for bits in (1, 4, 8, 16, 24, 32):
            yield f"ico-{bits}-{name}.ico", icon(1, [(*size, bits, icon_bitmap(image, bits))])
            yield f"cur-{bits}-{name}.cur", icon(2, [(*size, 4, icon_bitmap(image, bits))])
        for mode in ("RGB", "RGBA", "L", "P"):
            yield f"ico-png-{mode}-{name}.ico", icon(1, [(*size, 32, png_bytes(images[mode].resize(size)))])
    small, large = (images["RGBA"].resize(size) for size in ((16, 16), (32, 32)))
    entries = [(16, 16, 32, icon_bitmap(small, 32)), (32, 32, 8, icon_bitmap(large, 8)),
               (32, 32, 32, icon_bitmap(large, 32)), (32, 32, 4, icon_bitmap(large, 4))]
    yield "ico-several.ico", icon(1, entries)
    yield "ico-unsaid-bits.ico", icon(1, [(32, 32, 0, icon_bitmap(large, 32))])
    yield "cur-several.cur", icon(2, entries)
    for bitmap in ("bmp", "png"):
        stream = io.BytesIO()
        images["RGBA"].resize((64, 64)).save(stream, "ICO", bitmap_format=bitmap, sizes=[(16, 16), (64, 64)])
        yield f"ico-pillow-{bitmap}.ico", stream.getvalue()
    large = images["RGBA"].resize((256, 256))
    yield "ico-256.ico", icon(1, [(256, 256, 32, png_bytes(large))])
    blinking = [(0, 0, 0), (255,) * 3]
    yield "cur-black-white.cur", icon(2, [(32, 32, 0, header(32, 64, 1) + palette_bytes(blinking) + bytes(
        range(128)) + bytes(range(100, 228)))])


def windows_files(images):
    for name, dib, pixels in bitmaps(images):
        yield f"bmp-{name}.bmp", bmp(dib, pixels)
        yield f"dib-{name}.dib", dib + pixels
    for mode in ("RGB", "RGBA", "L", "P", "1"):
        stream = io.BytesIO()
        images[mode].save(stream, "BMP")
        yield f"bmp-pillow-{mode}.bmp", stream.getvalue()
    yield from icon_files(images)
