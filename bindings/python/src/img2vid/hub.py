"""Models of the Hugging Face hub, in the cache that its Python library keeps too."""

from __future__ import annotations

import os
import re
from typing import Any, Optional, Tuple, Union

from . import _ffi
from ._call import Call
from ._library import library
from ._progress import Progress
from .errors import check


def is_id(model: Union[str, "os.PathLike[str]"]) -> bool:
    """True for "org/name" and "org/name/FILE", if there is no such file or folder."""
    return isinstance(model, str) and not os.path.exists(model) and bool(library.i2v_hub_is_id(_ffi.encode("model", model)))


def id_of_address(address: str) -> Tuple[str, Optional[str]]:
    """"org/name/FILE" and the revision of a file's page or address on the hub; what is none is given back."""
    found = re.match(r"https?://(?:huggingface\.co|hf\.co)/([^/]+/[^/]+)/(?:blob|resolve)/([^/]+)/([^?#]+)", address)
    return (f"{found[1]}/{found[3]}", found[2]) if found else (address, None)


def token_text(token: Union[str, bool, None]) -> Optional[str]:
    """diffusers' token for the library: True is the one that is kept on this machine, False none at all."""
    return {True: None, False: ""}[token] if isinstance(token, bool) else token


def pull(model: str, show: Progress, **options: Any) -> str:
    """Downloads what the cache lacks of a model, and returns where it is. options: fields of i2v_hub_options. What has
    arrived when it is interrupted is gone on from by the next call."""
    settings, error = _ffi.i2v_hub_options(), _ffi.i2v_error()
    library.i2v_hub_options_default(settings)
    _ffi.fill(settings, options)
    wanted, call = _ffi.encode("model", model), Call()
    stopped = call.stopped

    def tell(event: Any, _: Any) -> int:
        show.show_download(event.contents)
        return 0

    settings.on_event = _ffi.i2v_hub_callback(call.callback(tell) if show.shown else stopped)
    found = _ffi.hub_model_pointer()
    try:
        check(call.run(lambda: library.i2v_hub_pull(found, wanted, settings, error)), error)
        return os.fsdecode(found.contents.path)
    finally:
        show.end()
        library.i2v_hub_model_free(found)
