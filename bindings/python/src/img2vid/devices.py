"""What ``device`` and ``dtype`` are to a program: PyTorch's where it is loaded, else names and NumPy's."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

DTYPES = {"auto": "auto", "bfloat16": "bfloat16", "bf16": "bfloat16", "float16": "float16", "fp16": "float16",
          "f16": "float16", "half": "float16", "float32": "float32", "fp32": "float32", "f32": "float32",
          "float": "float32", "int8": "int8"}


def dtype_name(dtype: Any) -> str:
    """"float16", "bfloat16", "float32", "int8" or "auto", of a dtype of NumPy, PyTorch or MindSpore, or of text."""
    text = dtype.lower() if isinstance(dtype, str) else getattr(dtype, "__name__", str(dtype)).lower()
    text = text.rsplit(".", 1)[-1]
    if text not in DTYPES:
        raise ValueError(f"dtype is {dtype!r}; it must be float32, bfloat16, float16 or int8")
    return DTYPES[text]


class Device:
    """The CPU, for programs that ask without PyTorch."""

    type, index = "cpu", None

    def __str__(self) -> str:
        return self.type

    __repr__ = __str__

    def __eq__(self, other: object) -> bool:
        return str(other) == self.type

    def __hash__(self) -> int:
        return hash(self.type)


def cpu() -> Any:
    torch = sys.modules.get("torch")
    return torch.device("cpu") if torch is not None else Device()


def asked_dtype(asked: Any) -> Any:
    """The dtype that a model was opened with, or float32; with int8, what goes in and out is float32."""
    if asked is not None and not isinstance(asked, str) and dtype_name(asked) != "int8":
        return asked
    torch = sys.modules.get("torch")
    return np.dtype(np.float32) if torch is None else torch.float32
