#!/usr/bin/env bash
# mindone: StableVideoDiffusionPipeline documents output_type as "pil", "np" or "ms", and image pipelines give tensors for
# "ms". Its video processor gives none: postprocess_video takes "ms" for an unknown name, and stacks tensors for "pt"
# only, a name that the image processor in turn does not know, so that it hands over NumPy arrays. Both end in an error,
# after all steps were computed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" -q install --no-compile mindone==0.5.0 mindspore==2.7.1 numpy==1.26.4 transformers==4.57.1 \
    setuptools==80.9.0
cd "$folder"
"$folder/venv/bin/python" - 2> log <<'PYTHON' || { tail -n 20 log; exit 1; }
import importlib.metadata
import sys

import mindspore as ms
import numpy as np
from mindspore import mint, ops

from mindone.diffusers.image_processor import VaeImageProcessor
from mindone.diffusers.video_processor import VideoProcessor

ms.set_device("CPU")
mint.stack = lambda tensors, dim=0: ops.stack(tensors, dim)  # the same; mint's has no CPU kernel
print(*[f"{name} {importlib.metadata.version(name)}" for name in ("mindone", "mindspore", "numpy")])
frames = np.linspace(-1, 1, 2 * 3 * 4 * 8 * 8, dtype=np.float32).reshape(2, 3, 4, 8, 8)  # videos, channels, frames, h, w
image = VaeImageProcessor().postprocess(ms.Tensor(frames[:, :, 0]), output_type="ms")
print("images, ms: seen", type(image).__name__, list(image.shape))
print("images, pt: seen", type(VaeImageProcessor().postprocess(ms.Tensor(frames[:, :, 0]), output_type="pt")).__name__)
print("the first stacked:", list(mint.stack([image, image]).shape))

seen = {}
for name in ("np", "ms", "pt"):
    try:
        video = VideoProcessor().postprocess_video(ms.Tensor(frames), output_type=name)
        seen[name] = f"{type(video).__name__} {list(video.shape)}"
    except Exception as error:
        seen[name] = f"{type(error).__name__}: {str(error).splitlines()[0][:80]}"
    expected = "ndarray [2, 4, 8, 8, 3]" if name == "np" else "Tensor [2, 4, 3, 8, 8]"
    print(f"videos, {name}: expected {expected}, seen {seen[name]}")
sys.exit(not (seen["np"].startswith("ndarray") and "does not exist" in seen["ms"] and seen["pt"].startswith("TypeError")))
PYTHON
