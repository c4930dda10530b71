"""``CLIPImageProcessor``: of its settings this pipeline uses the mean and the deviation of each colour."""

from __future__ import annotations

from typing import Any, List, Mapping, Optional

from .config import Config

MEAN, STD = [0.48145466, 0.4578275, 0.40821073], [0.26862954, 0.26130258, 0.27577711]


class CLIPImageProcessor:
    """Says what a model's feature_extractor/preprocessor_config.json says; the library does the work."""

    def __init__(self, config: Optional[Mapping[str, Any]] = None) -> None:
        self.config = Config({"image_mean": MEAN, "image_std": STD, **(config or {})})

    def __getattr__(self, name: str) -> Any:
        if name != "config" and name in self.config:
            return self.config[name]
        raise AttributeError(f"the feature extractor has no {name}; it has {', '.join(sorted(self.config))}")


def normalization_of(extractor: Any) -> List[float]:
    try:
        return [float(value) for value in (*extractor.image_mean, *extractor.image_std)]
    except (AttributeError, TypeError):
        raise TypeError(f"feature_extractor is a {type(extractor).__name__}; it must be a CLIPImageProcessor, which has "
                        "image_mean and image_std") from None


def check_extractor(extractor: Any, own: Any) -> None:
    """ValueError for another normalization than the model's own, with which the library computes."""
    theirs, ours = normalization_of(extractor), normalization_of(own)
    if len(theirs) != len(ours) or max(abs(a - b) for a, b in zip(theirs, ours)) > 1e-6:
        raise ValueError(f"feature_extractor has image_mean and image_std {theirs}, the model {ours}; to use others, change "
                         "the model's feature_extractor/preprocessor_config.json")
