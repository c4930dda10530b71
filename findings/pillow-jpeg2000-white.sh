#!/usr/bin/env bash
# JPEG 2000 of more than 8 bits a channel in colour: Pillow rounds to 8 bits with an addition that runs over, so that the
# brightest values (65408 of 65535 and above; 4088 of 4095) come out black. A training set or an image-to-video source of
# 16-bit scans has black holes where the sky is white. Expected: 255, as for 65407.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" -q install pillow==13.0.0 numpy==2.4.6 imagecodecs==2026.3.6
"$folder/venv/bin/python" - <<'PYTHON'
import io
import sys

import imagecodecs
import numpy as np
import PIL
from PIL import Image

print("Pillow", PIL.__version__, "imagecodecs", imagecodecs.__version__)
seen = {}
for value in (65280, 65407, 65408, 65535):
    data = imagecodecs.jpeg2k_encode(np.full((8, 8, 3), value, np.uint16), level=0, reversible=True)
    assert (imagecodecs.jpeg2k_decode(data) == value).all()  # the file is right
    seen[value] = int(np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))[0, 0, 0])
    print(f"16-bit value {value}: expected 255, seen {seen[value]}")
sys.exit(seen != {65280: 255, 65407: 255, 65408: 0, 65535: 0})
PYTHON
