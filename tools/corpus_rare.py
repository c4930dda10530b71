"""PNM, TGA, QOI, PCX, SGI, Sun raster, Photoshop and formats that are only named, for picture_corpus.py."""
import io
import struct

import numpy as np
from PIL import Image


def save(image, format, **options):
    stream = io.BytesIO()
    image.save(stream, format, **options)
    return stream.getvalue()


# ---- PNM ---------------------------------------------------------------------------------------------------------

def pnm_files(images):
    rgb, grey = np.asarray(images["RGB"]).astype(int), np.asarray(images["L"]).astype(int)
    height, width = grey.shape
    bits = (np.asarray(images["1"]) == 0).astype(np.uint8)
    rows = b"".join(np.packbits(row).tobytes() for row in bits)
    yield "pnm-p1.pbm", f"P1\n{width} {height}\n".encode() + b"\n".join(bytes(row + 48) for row in bits)
    yield "pnm-p1-spaced.pbm", f"P1 # bits\n{width}\n{height}\n".encode() + \
        b"\n".join(b" ".join(b"%d" % v for v in row) + b" # row" for row in bits)
    yield "pnm-p4.pbm", f"P4\n{width} {height}\n".encode() + rows
    yield "pnm-p4-comment.pbm", f"P4\n# made here\n{width} # wide\n{height}\n".encode() + rows
    for maxval in (1, 3, 15, 100, 255, 256, 1000, 4095, 65535):
        for plain in (False, True):
            for samples, kind in ((grey, "pgm"), (rgb, "ppm")):
                scaled = np.rint(samples / 255 * maxval).astype(int)
                magic = {"pgm": "P2" if plain else "P5", "ppm": "P3" if plain else "P6"}[kind]
                head = f"{magic}\n{width} {height}\n{maxval}\n".encode()
                if plain:
                    data = b"\n".join(b" ".join(b"%d" % v for v in row.reshape(-1)) for row in scaled) + b"\n"
                else:
                    data = scaled.astype(">u2" if maxval > 255 else "u1").tobytes()
                yield f"pnm-{magic.lower()}-max{maxval}.{kind}", head + data
    for order, scale in (("<", -1), (">", 1), ("<", -0.5)):
        values = np.asarray(images["L"]).astype(order + "f4") * 1.03
        yield f"pnm-float{scale}.pfm", f"Pf\n{width} {height}\n{scale}\n".encode() + values[::-1].astype(
            order + "f4").tobytes()
    unit = (np.asarray(images["L"]) / 255).astype("<f4")
    yield "pnm-float-unit.pfm", f"Pf\n{width} {height}\n-1\n".encode() + unit[::-1].tobytes()
    for mode in ("RGB", "L", "1", "RGBA"):
        yield f"pnm-pillow-{mode}.ppm", save(images[mode], "PPM")


# ---- TGA ---------------------------------------------------------------------------------------------------------

def tga_rle(pixels):
    """Rows apart: runs where three pixels are equal, else literals."""
    out = b""
    for row in pixels:
        x = 0
        while x < len(row):
            run = 1
            while x + run < len(row) and run < 128 and row[x + run] == row[x]:
                run += 1
            if run > 1:
                out += bytes([0x80 | (run - 1)]) + row[x]
                x += run
            else:
                count = min(4, len(row) - x)
                out += bytes([count - 1]) + b"".join(row[x:x + count])
                x += count
    return out


def tga(array, kind, depth, flags=0, palette=b"", palette_depth=0, start=0, count=0, rle=False, name=b""):
    height, width = array.shape[:2]
    rows = array if flags & 0x20 else array[::-1]
    rows = rows[:, ::-1] if flags & 0x10 else rows
    pixels = [[rows[y, x].tobytes() for x in range(width)] for y in range(height)]
    head = struct.pack("<BBBHHBHHHHBB", len(name), bool(palette), kind | 8 * rle, start, count, palette_depth, 0, 0,
                       width, height, depth, flags)
    return head + name + palette + (tga_rle(pixels) if rle else b"".join(b"".join(row) for row in pixels))


def tga_files(images):
    rgb, rgba = np.asarray(images["RGB"]), np.asarray(images["RGBA"])
    grey, grey_alpha = np.asarray(images["L"]), np.asarray(images["LA"])
    r, g, b = (rgb[..., c].astype(int) >> 3 for c in range(3))
    high = (r << 10 | g << 5 | b | (rgba[..., 3].astype(int) >> 7 << 15)).astype("<u2")
    indices = np.asarray(images["P"])
    table = np.array(images["P"].getpalette(), dtype=np.uint8).reshape(-1, 3)
    kinds = {"grey8": (grey, 3, 8), "grey-alpha16": (grey_alpha, 3, 16), "rgb16": (high, 2, 16),
             "rgb24": (rgb[..., ::-1], 2, 24), "rgba32": (rgba[..., [2, 1, 0, 3]], 2, 32)}
    for name, (array, kind, depth) in kinds.items():
        flat = array.copy()
        flat[:, ::2] = flat[:, 1:2]
        for flags in (0, 0x10, 0x20, 0x30):
            for rle in (False, True):
                yield f"tga-{name}-flags{flags:02x}{'-rle' if rle else ''}.tga", tga(
                    flat if rle else array, kind, depth, flags, rle=rle, name=b"made here" * (flags > 0))
    palettes = {24: table[:, ::-1].tobytes(),
                32: np.concatenate([table[:, ::-1], np.arange(len(table), dtype=np.uint8)[:, None]], 1).tobytes(),
                16: np.array([(int(c[0]) >> 3) << 10 | (int(c[1]) >> 3) << 5 | int(c[2]) >> 3 | (i % 2) << 15
                              for i, c in enumerate(table)], "<u2").tobytes()}
    for depth, palette in palettes.items():
        for rle in (False, True):
            yield f"tga-palette{depth}{'-rle' if rle else ''}.tga", tga(
                indices, 1, 8, 0, palette, depth, 0, len(table), rle)
            yield f"tga-palette{depth}-start{'-rle' if rle else ''}.tga", tga(
                indices, 1, 8, 0x20, palette[: depth // 8 * 100], depth, 10, 100, rle)
    footer = struct.pack("<II", 0, 0) + b"TRUEVISION-XFILE.\0"
    for attributes in (0, 3):
        body = tga(rgba[..., [2, 1, 0, 3]], 2, 32, 8)
        extension = bytearray(495)
        extension[0:2], extension[494] = struct.pack("<H", 495), attributes
        yield f"tga-attributes{attributes}.tga", body + bytes(extension) + struct.pack(
            "<II", len(body), 0) + footer[8:]
    yield "tga-footer.tga", tga(rgba[..., [2, 1, 0, 3]], 2, 32, 8) + footer
    for mode in ("RGB", "RGBA", "L", "LA", "P", "1"):
        for compression in (None, "tga_rle"):
            if mode == "1" and compression:
                continue
            yield f"tga-pillow-{mode}{'-rle' if compression else ''}.tga", save(images[mode], "TGA",
                                                                                compression=compression)


# ---- QOI, PCX, SGI, Sun ------------------------------------------------------------------------------------------

def simple_files(images):
    for mode in ("RGB", "RGBA"):
        yield f"qoi-{mode}.qoi", save(images[mode], "QOI")
        yield f"qoi-{mode}-flat.qoi", save(images[mode].resize((3, 3)).resize((150, 20), 0), "QOI")
    for mode in ("RGB", "L", "P", "1"):
        for size in ((45, 31), (44, 30), (16, 3)):
            yield f"pcx-{mode}-{size[0]}.pcx", save(images[mode].resize(size), "PCX")
    yield from pcx_planes(images)
    for mode in ("RGB", "RGBA", "L"):
        for bpc in (1, 2):
            yield f"sgi-{mode}-{bpc}.sgi", save(images[mode], "SGI", bpc=bpc)
            yield f"sgi-{mode}-{bpc}-rle.sgi", sgi_rle(np.asarray(images[mode]), bpc)
    yield from sun_files(images)


def pcx_planes(images):
    for planes in (2, 4):
        quantized = images["RGB"].quantize(1 << planes)
        indices, table = np.asarray(quantized), bytes(quantized.getpalette() + [0] * 48)[:48]
        height, width = indices.shape
        stride = (width + 15) // 16 * 2
        data = b""
        for row in indices:
            for plane in range(planes):
                packed = np.packbits((row >> plane) & 1).tobytes()
                for byte in packed + bytes(stride - len(packed)):
                    data += bytes([0xc1, byte]) if byte >= 0xc0 else bytes([byte])
        head = struct.pack("<BBBBHHHHHH", 10, 5, 1, 1, 0, 0, width - 1, height - 1, 72, 72) + table
        yield f"pcx-{planes}-planes.pcx", head + struct.pack("<BBHH", 0, planes, stride, 1) + bytes(58) + data


def sgi_rle(array, bpc):
    array = array if array.ndim == 3 else array[..., None]
    height, width, planes = array.shape
    order = ">u2" if bpc == 2 else "u1"
    chunks = []
    for plane in range(planes):
        for row in array[::-1, :, plane]:
            data, x = [], 0
            while x < width:
                run = 1
                while x + run < width and run < 127 and row[x + run] == row[x]:
                    run += 1
                values = [int(v) * (257 if bpc == 2 else 1) for v in row[x:x + max(run, 1)]]
                data += [run, values[0]] if run > 2 else [0x80 | run, *values]
                x += run
            chunks.append(np.array(data + [0], order).tobytes())
    at, starts = 512 + 8 * len(chunks), []
    for chunk in chunks:
        starts.append(at)
        at += len(chunk)
    head = struct.pack(">HBBHHHHII", 474, 1, bpc, 3 if planes > 1 else 2, width, height, planes, 0, 255)
    return head.ljust(512, b"\0") + struct.pack(f">{len(starts)}I", *starts) + struct.pack(
        f">{len(chunks)}I", *map(len, chunks)) + b"".join(chunks)


def sun_rle(data):
    out, i = b"", 0
    while i < len(data):
        run = 1
        while i + run < len(data) and run < 256 and data[i + run] == data[i]:
            run += 1
        if run > 2:
            out += bytes([0x80, run - 1, data[i]])
        else:
            run = 1
            out += b"\x80\0" if data[i] == 0x80 else data[i:i + 1]
        i += run
    return out


def sun_files(images):
    rgb, rgba = np.asarray(images["RGB"]), np.asarray(images["RGBA"])
    indices = np.asarray(images["P"])
    table = np.array((images["P"].getpalette() + [0] * 768)[:768], np.uint8).reshape(-1, 3).T.tobytes()
    grey, bits = np.asarray(images["L"]), (np.asarray(images["1"]) == 0).astype(np.uint8)
    rows = {"bits1": (1, [np.packbits(row).tobytes() for row in bits], b""),
            "grey8": (8, [row.tobytes() for row in grey], b""),
            "palette8": (8, [row.tobytes() for row in indices], table),
            "grey4": (4, [bytes(int(a) >> 4 << 4 | int(b) >> 4 for a, b in zip(row[::2], [*row[1::2], 0]))
                          for row in grey], b""),
            "rgb24": (24, [row[:, ::-1].tobytes() for row in rgb], b""),
            "rgb32": (32, [row[:, [2, 1, 0, 3]].tobytes() for row in rgba], b"")}
    for name, (depth, lines, palette) in rows.items():
        for kind in (0, 1, 2, 3):
            data = b"".join(line + bytes(len(line) % 2) for line in lines)
            data = sun_rle(data) if kind == 2 else data
            yield f"sun-{name}-type{kind}.ras", struct.pack(
                ">8I", 0x59a66a95, *images["RGB"].size, depth, len(data), kind, bool(palette), len(palette)) + palette + data


# ---- Photoshop ---------------------------------------------------------------------------------------------------

def packbits(row):
    out, x = b"", 0
    while x < len(row):
        run = 1
        while x + run < len(row) and run < 128 and row[x + run] == row[x]:
            run += 1
        if run > 1:
            out += bytes([257 - run]) + row[x:x + 1]
        else:
            run = min(3, len(row) - x)
            out += bytes([run - 1]) + row[x:x + run]
        x += run
    return out


def psd(planes, mode, packed, palette=b"", depth=8, extra=b""):
    height, width = planes[0].shape
    head = b"8BPS" + struct.pack(">H6xHIIHH", 1, len(planes), height, width, depth, mode)
    head += struct.pack(">I", len(palette)) + palette + struct.pack(">I", len(extra)) + extra + struct.pack(">I", 0)
    rows = [row.tobytes() for plane in planes for row in plane]
    if not packed:
        return head + struct.pack(">H", 0) + b"".join(rows)
    rows = [packbits(row) for row in rows]
    return head + struct.pack(">H", 1) + b"".join(struct.pack(">H", len(row)) for row in rows) + b"".join(rows)


def psd_files(images):
    rgba, grey = np.asarray(images["RGBA"]), np.asarray(images["L"])
    cmyk, indices = 255 - np.asarray(images["CMYK"]), np.asarray(images["P"])
    palette = np.array((images["P"].getpalette() + [0] * 768)[:768], np.uint8).reshape(-1, 3).T.tobytes()
    channels = [rgba[..., c] for c in range(4)]
    resource = b"8BIM" + struct.pack(">HBBI", 1005, 0, 0, 16) + bytes(16)
    kinds = {"rgb": (channels[:3], 3, b""), "rgba": (channels, 3, b""), "rgb-mask": (channels + channels[:1], 3, b""),
             "grey": ([grey], 1, b""), "grey-alpha": ([grey, channels[3]], 1, b""), "duotone": ([grey], 8, b"ink!"),
             "cmyk": ([cmyk[..., c] for c in range(4)], 4, b""), "palette": ([indices], 2, palette),
             "lab": (channels[:3], 9, b""), "multi": ([grey], 7, b"")}
    for name, (planes, mode, table) in kinds.items():
        for packed in (False, True):
            yield f"psd-{name}{'-packed' if packed else ''}.psd", psd(planes, mode, packed, table,
                                                                      extra=resource * (not packed))


# ---- what is only named ------------------------------------------------------------------------------------------

def named_files(images):
    for format, mode in (("DDS", "RGBA"), ("BLP", "P"), ("ICNS", "RGBA"), ("IM", "RGB"), ("MSP", "1"), ("XBM", "1"),
                         ("EPS", "RGB"), ("SPIDER", "F")):
        image = images["L"].convert("F") if mode == "F" else images[mode]
        image = image.resize((64, 64)) if format == "ICNS" else image
        yield f"named-{format.lower()}.{format.lower()}", save(image, format)
    yield "named-xpm.xpm", b'/* XPM */\nstatic char *p[] = {\n"2 1 2 1",\n"a c #ff0000",\n"b c #00ff00",\n"ab"\n};\n'
    yield "named-fits.fits", b"".join(card.ljust(80) for card in (
        b"SIMPLE  =                    T", b"BITPIX  =                    8", b"NAXIS   =                    2",
        b"NAXIS1  =                    4", b"NAXIS2  =                    2", b"END")).ljust(2880) + bytes(range(8))
    yield "named-dcx.dcx", struct.pack("<III", 0x3ade68b1, 12, 0) + save(images["RGB"], "PCX")
    yield "named-gbr.gbr", struct.pack(">IIIII4sI", 29, 2, 4, 2, 1, b"GIMP", 10) + b"\0" + bytes(range(8))
    yield "named-pixar.pxr", (b"\x80\xe8\0\0" + bytes(412) + struct.pack("<HHH", 2, 4, 0)).ljust(424, b"\0") + \
        struct.pack("<HH", 14, 2) + bytes(600 + 24)
    yield "named-xv.xv", b"P7 332\n#END_OF_COMMENTS\n4 2 255\n" + bytes(range(8))


def rare_files(images):
    for maker in (pnm_files, tga_files, simple_files, psd_files, named_files):
        yield from maker(images)
