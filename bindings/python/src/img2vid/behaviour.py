"""Whether a module of PyTorch still computes what its class computes: the library reads its weights, and nothing that was
changed about its code."""

from __future__ import annotations

from typing import Any, Dict, Mapping, Optional, Tuple

HOOKS = ("_forward_hooks", "_forward_pre_hooks")
METHODS = ("forward", "encode", "decode")

# settings that change nothing of what is computed: gradients, and dropout, which is off
INERT = ("training", "gradient_checkpointing", "p", "requires_grad")

# the class and the settings of each module in a part, by its path
Shape = Dict[str, Tuple[type, Dict[str, Any]]]


def modules_of(module: Any) -> Mapping[str, Any]:
    """By their paths, "" the module itself; only that of what is no module of PyTorch."""
    named = getattr(module, "named_modules", None)
    return dict(named()) if callable(named) else {"": module}


def settings_of(module: Any) -> Dict[str, Any]:
    return {key: value for key, value in vars(module).items()
            if not key.startswith("_") and key not in INERT
            and isinstance(value, (bool, int, float, str, tuple, type(None)))}


def shape_of(module: Any) -> Shape:
    return {path: (type(child), settings_of(child)) for path, child in modules_of(module).items()}


def fresh_shape(module: Any) -> Optional[Shape]:
    """Of a new module of that class and configuration, made without weights; None if it cannot be made."""
    kind, config = type(module), getattr(module, "config", None)
    if not callable(getattr(module, "named_modules", None)):
        return None
    import torch

    try:
        with torch.device("meta"):
            return shape_of(kind.from_config(config) if hasattr(kind, "from_config") else kind(config))
    except Exception:  # a constructor of its own
        return None


def fail(name: str, path: str, what: str) -> None:
    raise TypeError(f"{path or 'the module'} of {name} {what}, which img2vid would not compute: it takes a module's weights and "
                    "configuration. Remove that before the module is given")


def check_code(name: str, path: str, module: Any) -> None:
    """Hooks, and methods that were replaced; not by accelerate, which moves weights, or torch.compile."""
    for hooks in HOOKS:
        if getattr(module, hooks, None):
            fail(name, path, "has a hook")
    for method in METHODS:
        own = vars(module).get(method)
        if own is not None and not hasattr(module, "_hf_hook") and not hasattr(own, "_torchdynamo_orig_callable"):
            fail(name, path, f"has another {method}")


def check_shape(name: str, path: str, module: Any, fresh: Tuple[type, Dict[str, Any]]) -> None:
    kind, settings = fresh
    if hasattr(module, "parametrizations"):
        fail(name, path, "is parametrized (torch.nn.utils.parametrize.remove_parametrizations undoes that)")
    if type(module) is not kind:
        fail(name, path, f"is a {type(module).__name__} in place of a {kind.__name__}")
    own = settings_of(module)
    for key in settings.keys() & own.keys():
        if own[key] != settings[key]:
            fail(name, path, f"has {key} {own[key]!r} in place of {settings[key]!r}")


def check_behaviour(name: str, module: Any, fresh: Optional[Shape]) -> None:
    """TypeError for a module that computes something else than its class. fresh: fresh_shape's."""
    modules = modules_of(module)
    for path, child in modules.items():
        check_code(name, path, child)
        if fresh is None:
            continue
        if path not in fresh:
            fail(name, path, "was added")
        check_shape(name, path, child, fresh[path])
    for path in (fresh or {}).keys() - modules.keys():
        fail(name, path, "was removed")
