"""Parts of a model as arrays in memory, for the library's i2v_options."""

from __future__ import annotations

import json
from typing import Any, List, Mapping, Optional, Tuple, Union

import numpy as np

from . import _ffi

DTYPES = {"float32": "F32", "float16": "F16", "float64": "F64", "int64": "I64", "int32": "I32", "int16": "I16",
          "int8": "I8", "uint8": "U8", "uint16": "U16", "uint32": "U32", "uint64": "U64", "bool": "BOOL"}
"""NumPy's names of those that safetensors has."""

Tensor = Union[np.ndarray, Tuple[str, np.ndarray]]


class MemoryPart:
    """tensors: arrays by the names that the part's weight file gives them. NumPy has no bfloat16: such a tensor is
    ("BF16", array of its bits as uint16). config: what the part's config.json says, as a dict or its text; None: the
    sizes of the model's own part.

    An array that is C-contiguous is not copied: its values are read where they lie whenever an engine loads the part.
    """

    def __init__(self, tensors: Mapping[str, Tensor], config: Union[None, str, Mapping[str, Any]] = None) -> None:
        if config is not None and not isinstance(config, str):
            config = json.dumps(dict(config))
        self._keep: List[Any] = []
        self._entries = (_ffi.i2v_memory_tensor * len(tensors))()
        for entry, (name, tensor) in zip(self._entries, tensors.items()):
            self._fill(entry, name, tensor)
        self.struct = _ffi.i2v_memory_part(config=_ffi.encode("config", config), tensors=self._entries,
                                           tensors_count=len(tensors))

    def _fill(self, entry: _ffi.i2v_memory_tensor, name: str, tensor: Tensor) -> None:
        dtype: Optional[str] = None
        if isinstance(tensor, tuple):
            dtype, tensor = tensor
        array = np.asarray(tensor)
        shape = array.shape  # ascontiguousarray makes an array of a number
        array = np.ascontiguousarray(array)
        if array.dtype.byteorder == ">":
            array = array.astype(array.dtype.newbyteorder("<"))
        known = DTYPES.get(array.dtype.name)
        if known is None:
            raise TypeError(f"tensor {name!r} is an array of {array.dtype}, which no weight file holds")
        if dtype is not None and (dtype not in ("BF16", "F16") or array.dtype.itemsize != 2) and dtype != known:
            raise TypeError(f"tensor {name!r} is {dtype}, but its array is of {array.dtype}; give its bits as uint16")
        sizes = (_ffi.c_int64 * len(shape))(*shape)
        entry.name = _ffi.encode("name of a tensor", name)
        entry.dtype = (dtype or known).encode()
        entry.ndim, entry.shape, entry.data = len(shape), sizes, array.ctypes.data
        self._keep += [sizes, array]
