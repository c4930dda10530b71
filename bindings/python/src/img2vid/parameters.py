"""The library's parameters: what it says of them are the keywords of ``from_pretrained`` (those of ``i2v_options``), of a
pipeline's call (``i2v_params``) and of ``export_to_video`` (``i2v_output``)."""

from __future__ import annotations

import functools
from typing import Any, Callable, Dict, Iterable, Iterator, Mapping, Type

from . import _ffi
from ._library import library

# lists, which have calls of their own
LISTS = ("numbers", "loras")


def every() -> Iterator[Any]:
    """Pointers to all parameters."""
    index = 0
    while parameter := library.i2v_parameter_at(index):
        yield parameter
        index += 1


@functools.lru_cache(maxsize=None)
def keywords(struct: Type[_ffi.Structure]) -> Dict[str, Any]:
    """The fields of the struct that are parameters, with their types."""
    kinds: Dict[str, Any] = dict(struct._fields_)  # type: ignore[arg-type]
    ours = [each.contents for each in every() if "i2v_" + each.contents.settings.name == struct.__name__]
    return {each.field.decode(): kinds[each.field.decode()] for each in ours if each.type.name not in LISTS}


def joined(parameter: Any, value: Any) -> Any:
    """Of a parameter that is text such as LOW:HIGH, a tuple or list of numbers as that text."""
    wanted = (parameter.argument or b"").count(b":") + 1
    if wanted == 1 or parameter.type.name != "text" or not isinstance(value, (tuple, list)):
        return value
    name, form = parameter.field.decode(), parameter.argument.decode()
    if len(value) != wanted:
        raise ValueError(f"{name} takes {wanted} numbers, {form}, not {len(value)}")
    try:
        numbers = [float(each) for each in value]
    except (TypeError, ValueError):
        raise TypeError(f"{name} takes numbers, {form}, not {value!r}") from None
    return ":".join(str(int(each)) if each.is_integer() else repr(each) for each in numbers)


def fill(struct: _ffi.Structure, values: Mapping[str, Any], reserved: Iterable[str] = ()) -> None:
    """Sets parameters. None leaves one as it is; what is none, or is reserved to others, is a TypeError."""
    names = [name for name in keywords(type(struct)) if name not in reserved]
    for name in values:
        if name not in names:
            raise TypeError(f"unknown argument {name!r}; there are {', '.join(sorted(names))}")
    rows = {each.contents.field.decode(): each.contents for each in every()
            if "i2v_" + each.contents.settings.name == type(struct).__name__}
    _ffi.fill(struct, {name: joined(rows[name], value) for name, value in values.items()})


def as_keyword(value: Any) -> Any:
    if isinstance(value, _ffi.Enum):
        return value.name
    return value.decode() if isinstance(value, bytes) else value


def set_fields(sets: Callable[[bytes, Any], int], name: bytes, values: _ffi.Structure) -> Dict[str, Any]:
    """The fields of the struct that a name sets, i2v_preset_sets' or i2v_speed_sets', as keywords."""
    ours = [each for each in every() if "i2v_" + each.contents.settings.name == type(values).__name__]
    fields = [each.contents.field.decode() for each in ours if sets(name, each)]
    found = {field: getattr(values, field) for field in fields}
    return {key: as_keyword(value) for key, value in found.items()}
