"""TIFF in tiles, strips, planes, both byte orders, BigTIFF, all kinds of samples and compressions; orientation by XMP and by
ImageMagick's text; PNGs that are damaged behind their pixels. As picture_corpus.py, of which it is a part. tifffile writes
what Pillow cannot; tiffcp (libtiff), where it is there, the compressions that tifffile leaves to others."""
import io
import shutil
import struct
import subprocess
import tempfile
import zlib
from pathlib import Path

import numpy as np
import tifffile


def tiff(pixels, **how):
    stream = io.BytesIO()
    tifffile.imwrite(stream, pixels, metadata=None, software=False, **how)
    return stream.getvalue()


def kinds(images):
    """Of each kind of samples: a name, the pixels, what tifffile is told."""
    rgb, rgba, grey = (np.asarray(images[mode]) for mode in ("RGB", "RGBA", "L"))
    grey_alpha = np.asarray(images["LA"])
    colors = (np.arange(768).reshape(3, 256) * 7919 % 65536).astype(np.uint16)
    planes = np.moveaxis(rgba, 2, 0).copy()
    contig = {"planarconfig": "contig"}
    yield "rgb", rgb, {"photometric": "rgb"}
    yield "rgba", rgba, {"photometric": "rgb", "extrasamples": ["unassalpha"]}
    yield "premultiplied", rgba, {"photometric": "rgb", "extrasamples": ["assocalpha"]}
    yield "rgbx", rgba, {"photometric": "rgb", "extrasamples": ["unspecified"]}
    yield "rgb16", rgb.astype(np.uint16) * 256 + 77, {"photometric": "rgb"}
    yield "rgba16", rgba.astype(np.uint16) * 257, {"photometric": "rgb", "extrasamples": ["unassalpha"]}
    yield "premultiplied16", rgba.astype(np.uint16) * 257, {"photometric": "rgb", "extrasamples": ["assocalpha"]}
    yield "planes", planes[:3].copy(), {"photometric": "rgb", "planarconfig": "separate"}
    yield "planes-rgba", planes, {"photometric": "rgb", "planarconfig": "separate", "extrasamples": ["unassalpha"]}
    yield "cmyk", rgba, {"photometric": "separated"}
    yield "cmyk16", rgba.astype(np.uint16) * 257, {"photometric": "separated"}
    yield "grey", grey, {"photometric": "minisblack"}
    yield "white0", grey, {"photometric": "miniswhite"}
    yield "grey-alpha", grey_alpha, {"photometric": "minisblack", "extrasamples": ["unassalpha"], **contig}
    yield "palette", grey, {"photometric": "palette", "colormap": colors}
    yield "bits", grey > 100, {"photometric": "minisblack"}
    yield "grey16", grey.astype(np.uint16) * 256 + 77, {"photometric": "minisblack"}
    yield "signed8", grey.astype(np.int8), {"photometric": "minisblack"}
    yield "signed16", grey.astype(np.int16) * 3 - 200, {"photometric": "minisblack"}
    yield "signed32", grey.astype(np.int32) * 3 - 200, {"photometric": "minisblack"}
    yield "float32", grey.astype(np.float32) * 1.3 - 20, {"photometric": "minisblack"}
    yield "float16", grey.astype(np.float16), {"photometric": "minisblack"}
    yield "unit-float32", grey.astype(np.float32) / 255, {"photometric": "minisblack"}


def layouts():
    for order in "<>":
        for compression in (None, "zlib"):
            for tile in (None, (16, 16), (32, 48)):
                name = f"{'le' if order == '<' else 'be'}-{compression or 'raw'}-{'tiles%d' % tile[1] if tile else 'strips'}"
                yield name, {"byteorder": order, "compression": compression, "tile": tile}
    yield "big", {"bigtiff": True}
    yield "big-tiles", {"bigtiff": True, "tile": (16, 16), "compression": "zlib"}


def tiffcp_files(images):
    """Through libtiff's own program."""
    if not shutil.which("tiffcp"):
        return
    with tempfile.TemporaryDirectory() as folder:
        source, out = Path(folder) / "in.tif", Path(folder) / "out.tif"
        for mode in ("RGB", "L", "1", "P", "CMYK"):
            images[mode].save(source)
            for compression in ("none", "lzw:2", "zip", "packbits", "jpeg", "jpeg:r", "g3", "g3:2d", "g4", "lzma", "zstd"):
                for name, how in (("strips", ["-s", "-r", "16"]), ("tiles", ["-t", "-w", "16", "-l", "32"]),
                                  ("planes", ["-p", "separate"]), ("lsb", ["-f", "lsb2msb"])):
                    if subprocess.run(["tiffcp", "-c", compression, *how, source, out], capture_output=True).returncode == 0:
                        yield f"tiff-cp-{mode}-{compression.replace(':', '_')}-{name}.tif", out.read_bytes()


def tiff_layout_files(images):
    for kind, pixels, how in kinds(images):
        for layout, where in layouts():
            yield f"tiff-{kind}-{layout}.tif", tiff(pixels, **how, **where)
    yield from tiffcp_files(images)


# ---- orientation -------------------------------------------------------------------------------------------------

NAMESPACES = 'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:tiff="http://ns.adobe.com/tiff/1.0/"'


def xmp(orientation, as_element):
    attribute = "" if as_element else f' tiff:Orientation="{orientation}"'
    element = f"<tiff:Orientation>{orientation}</tiff:Orientation>" if as_element else ""
    return (f'<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF {NAMESPACES}>'
            f'<rdf:Description rdf:about=""{attribute}>{element}</rdf:Description></rdf:RDF></x:xmpmeta>'
            '<?xpacket end="w"?>').encode()


def chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def with_chunk(png, name, data, last=False):
    at = len(png) - 12 if last else 33
    return png[:at] + chunk(name, data) + png[at:]


def jpeg_with(jpeg, data):
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(data) + 2) + data + jpeg[2:]


def profile(orientation):
    """EXIF as ImageMagick writes it into a PNG's text."""
    exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0" + bytes([orientation]) + b"\0\0\0\0\0\0"
    text = exif.hex()
    lines = "\n".join(text[i:i + 72] for i in range(0, len(text), 72))
    return f"\nexif\n{len(exif):8}\n{lines}\n".encode()


def orientation_files(images, save):
    png, jpeg = save(images["RGB"], "PNG"), save(images["RGB"], "JPEG")
    for orientation in range(1, 9):
        text = xmp(orientation, orientation % 2)
        packed = b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(text)
        name = f"xmp{orientation}"
        yield f"png-{name}.png", with_chunk(png, b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + text)
        yield f"png-{name}-packed.png", with_chunk(png, b"iTXt", packed, last=True)
        yield f"jpeg-{name}.jpg", jpeg_with(jpeg, b"http://ns.adobe.com/xap/1.0/\0" + text)
        yield f"webp-{name}.webp", save(images["RGB"], "WEBP", xmp=text)
        yield f"tiff-{name}.tif", tiff(np.asarray(images["RGB"]), photometric="rgb", extratags=[(700, 1, len(text), text, True)])
        raw = b"Raw profile type exif\0"
        yield f"png-profile{orientation}.png", with_chunk(png, b"tEXt", raw + profile(orientation))
        yield f"png-profile{orientation}-packed.png", with_chunk(png, b"zTXt", raw + b"\0" + zlib.compress(profile(orientation)))
    both = jpeg_with(jpeg, b"http://ns.adobe.com/xap/1.0/\0" + xmp(6, True))
    yield "jpeg-exif3-xmp6.jpg", jpeg_with(both, bytes.fromhex("45786966000049492a000800000001001201030001000000030000000000"
                                                              "0000"))


def damaged_files(images, save):
    """All pixels are there."""
    png = save(images["RGB"], "PNG")
    at = png.index(b"IDAT")
    end = at + 4 + struct.unpack(">I", png[at - 4:at])[0]
    yield "png-no-end.png", png[:-12]
    yield "png-no-checksum.png", png[:end + 2]
    yield "png-wrong-checksum.png", png[:end] + b"\0\0\0\0" + png[end + 4:]
    yield "png-trailing.png", png + b"more" * 20
    yield "png-damaged-end.png", png[:end + 4] + b"something else"
