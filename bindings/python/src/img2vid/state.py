"""State dicts of PyTorch and MindSpore as weights in memory, and as files."""

from __future__ import annotations

import json
from typing import Any, Dict, Mapping, Optional

import numpy as np

from .arrays import to_numpy
from .memory import DTYPES, MemoryPart, Tensor

# what the library reads weights from; others would be widened or are no weights
WEIGHTS = ("float32", "float16", "bfloat16", "float64")
# of a state dict, but no weights
COUNTERS = ("position_ids", "num_batches_tracked")


def weight_of(name: str, values: Any) -> Tensor:
    """As MemoryPart takes it: where it lies, if it lies without gaps on the CPU."""
    dtype = str(getattr(values, "dtype", type(values).__name__)).rsplit(".", 1)[-1].lower()
    if dtype not in WEIGHTS:
        raise TypeError(f"{name} is of {dtype}; weights in memory are float32, float16 or bfloat16. A quantized module must "
                        "be loaded without quantization")
    if dtype == "bfloat16" and hasattr(values, "detach"):
        import torch

        return "BF16", values.detach().cpu().contiguous().view(torch.int16).numpy().view(np.uint16)
    array = to_numpy(values)
    return array if array.dtype in (np.float32, np.float16) else array.astype(np.float32)


def weights_of(state: Mapping[str, Any]) -> Dict[str, Tensor]:
    return {name: weight_of(name, values) for name, values in state.items()
            if name.rsplit(".", 1)[-1] not in COUNTERS}


class State(MemoryPart):
    """The weights of a state dict, and whether they are still what it holds. config: as MemoryPart's."""

    def __init__(self, state: Mapping[str, Any], config: Any = None) -> None:
        super().__init__(weights_of(state), config)
        self._marks = marks_of(state)

    def is_of(self, state: Mapping[str, Any]) -> bool:
        """False if the state dict has other tensors by now, or other values in them."""
        return marks_of(state) == self._marks


def marks_of(state: Mapping[str, Any]) -> Dict[str, Any]:
    return {name: mark_of(values) for name, values in state.items()}


def mark_of(values: Any) -> Any:
    """What changes with a tensor: its place, its dtype, and, in PyTorch, how often it was written to."""
    if hasattr(values, "data_ptr"):
        return values.data_ptr(), str(values.dtype), values._version
    return (values.ctypes.data, str(values.dtype)) if isinstance(values, np.ndarray) else id(values)


def write_safetensors(path: str, state: Mapping[str, Any], metadata: Optional[Mapping[str, str]] = None) -> None:
    """A safetensors file: the size of its header, the header, which says what lies where, and the values."""
    header: Dict[str, Any] = {"__metadata__": dict(metadata)} if metadata else {}
    arrays, end = [], 0
    for name, tensor in weights_of(state).items():
        dtype, array = tensor if isinstance(tensor, tuple) else (DTYPES[tensor.dtype.name], tensor)
        begin, end = end, end + array.nbytes
        header[name] = {"dtype": dtype, "shape": list(array.shape), "data_offsets": [begin, end]}
        arrays.append(array)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for array in arrays:
            file.write(array.tobytes())
