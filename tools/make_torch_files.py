#!/usr/bin/env python3
"""Makes tests/data/torch/*: files of PyTorch's and, of the first, the same tensors as safetensors. Run from the
repository's root; needs torch==2.13.0 safetensors==0.8.0."""

import io
import sys
import zipfile
from collections import Counter
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

FOLDER = Path("tests/data/torch")
ENCODER = Path("tests/data/reference/attention_top/image_encoder/model.safetensors")
PINNED = "2.13.0"


def tensors(generator):
    """Each kind of values, and each way in which they may lie in a storage."""
    base = torch.randn(4, 6, generator=generator)
    image = torch.randn(3, 5, 2, 4, generator=generator)
    return {
        "f32": torch.randn(2, 3, generator=generator),
        "f16": torch.randn(5, generator=generator).half(),
        "bf16": torch.randn(5, generator=generator).bfloat16(),
        "e4m3": torch.randn(7, generator=generator).to(torch.float8_e4m3fn),
        "e5m2": torch.randn(7, generator=generator).to(torch.float8_e5m2),
        "f64": torch.randn(3, generator=generator).double(),
        "i64": torch.arange(4).view(1, 4),
        "bool": torch.tensor([True, False]),
        "parameter": torch.nn.Parameter(torch.randn(3, 2, generator=generator).half()),
        "scalar": torch.tensor(42.0),
        "empty": torch.zeros(0, 7),
        "shared": base,
        "shared.row": base[2],
        "shared.rows": base[1:3],
        "shared.columns": base[:, 2:5],
        "shared.column": base[:, 5],
        "shared.transposed": base.t(),
        "channels_last": image.to(memory_format=torch.channels_last),
        "permuted": image.permute(3, 1, 0, 2),
        "one": torch.randn(4, 3, generator=generator)[:, 1:2],
        "expanded": torch.randn(3, 1, generator=generator).expand(3, 2),
        "strided": torch.randn(200, generator=generator)[3::40],
    }


def checkpoint(state):
    """As Lightning writes them."""
    weight = torch.nn.Parameter(torch.ones(2))
    optimizer = torch.optim.Adam([weight])
    weight.grad = torch.ones(2)
    optimizer.step()
    return {"epoch": 3, "global_step": 1 << 40, "pytorch-lightning_version": "2.0.1", "loss": -0.5, "done": False,
            "shape": weight.shape, "device": weight.device, "dtype": weight.dtype, "milestones": Counter([1, 1, 2]),
            "callbacks": {"best": torch.ones(1), "path": None, "list": [1, 2, (3,), ()]},
            "optimizer_states": [optimizer.state_dict()], "state_dict": state}


def part():
    """A part of a model, whose matrices lie transposed in their storages."""
    return {name: tensor.t().contiguous().t() if tensor.dim() == 2 else tensor
            for name, tensor in load_file(ENCODER).items()}


def again(data, compression=zipfile.ZIP_STORED, **changed):
    """The archive with other contents of some files."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", compression) as new:
        for name in old.namelist():
            info = zipfile.ZipInfo(name)
            info.compress_type = compression
            new.writestr(info, changed.get(Path(name).name, old.read(name)))
    return out.getvalue()


def main():
    if torch.__version__.split("+")[0] != PINNED:
        sys.exit(f"this needs torch {PINNED}")
    FOLDER.mkdir(parents=True, exist_ok=True)
    generator = torch.Generator().manual_seed(1)
    state = tensors(generator)
    torch.save(state, FOLDER / "plain.pt")
    save_file({name: tensor.detach().clone().contiguous() for name, tensor in state.items()},
              FOLDER / "plain.safetensors")
    module = torch.nn.Sequential(torch.nn.Conv2d(2, 3, 3), torch.nn.BatchNorm2d(3))
    for parameter in module.state_dict().values():
        if parameter.is_floating_point():
            parameter.copy_(torch.randn(parameter.shape, generator=generator))
    torch.save(checkpoint(module.state_dict()), FOLDER / "checkpoint.ckpt")
    torch.save(module.state_dict(), FOLDER / "protocol4.pth", pickle_protocol=4)
    torch.save({"model": module.state_dict(), "epoch": 1}, FOLDER / "only.pth")
    torch.save({"ema": {"0.weight": torch.ones(1)}, "model": module.state_dict()}, FOLDER / "named.pth")
    torch.save({"net": module.state_dict(), "ema": module.state_dict()}, FOLDER / "several.pth")
    torch.save(part(), FOLDER / "image_encoder.bin")
    torch.save(module, FOLDER / "module.pt")
    torch.save([torch.ones(1)], FOLDER / "list.pt")
    torch.save({"x": torch.ones(2)}, FOLDER / "little.pt")
    torch.save({"x": torch.ones(2)}, FOLDER / "legacy.pt", _use_new_zipfile_serialization=False)
    little = (FOLDER / "little.pt").read_bytes()
    (FOLDER / "big.pt").write_bytes(again(little, byteorder=b"big"))
    (FOLDER / "compressed.pt").write_bytes(again(little, zipfile.ZIP_DEFLATED))
    (FOLDER / "repacked.pt").write_bytes(again(little))


if __name__ == "__main__":
    main()
