#!/usr/bin/env bash
# Big-endian TIFF in Pillow: samples of 32 bits (floats, signed integers) are right where the file is not compressed, and
# have their bytes the wrong way round where it is. libtiff, which unpacks such files, gives them in the machine's order
# already. A depth or light map of a camera or microscope turns into noise without an error; tifffile reads both alike.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" -q install pillow==13.0.0 numpy==2.4.6 tifffile==2026.3.3
"$folder/venv/bin/python" - <<'PYTHON'
import io
import sys

import numpy as np
import PIL
import tifffile
from PIL import Image

print("Pillow", PIL.__version__, "tifffile", tifffile.__version__)
values = np.arange(64, dtype=np.float32).reshape(8, 8)
seen = {}
for kind in (np.float32, np.int32):
    for order in "<>":
        for compression in (None, "zlib"):
            stream = io.BytesIO()
            tifffile.imwrite(stream, values.astype(kind), byteorder=order, compression=compression, photometric="minisblack")
            assert (tifffile.imread(io.BytesIO(stream.getvalue())) == values).all()  # the file is right
            with np.errstate(invalid="ignore"):
                right = bool((np.asarray(Image.open(io.BytesIO(stream.getvalue()))) == values).all())
            name = f"{np.dtype(kind).name}, {'little' if order == '<' else 'big'}-endian, {compression or 'not compressed'}"
            print(f"{name}: expected the values, seen {'the values' if right else 'others'}")
            seen[name] = right
sys.exit([name for name, right in seen.items() if not right] !=
         ["float32, big-endian, zlib", "int32, big-endian, zlib"])
PYTHON
