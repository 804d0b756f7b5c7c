"""Algorithms that samplers share, for plugin authors. Each is imported when it is asked for."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from alharness.selection.k_center import greedy_k_center, greedy_k_center_reference
    from alharness.selection.mixed_integer import Cover, robust_k_center
    from alharness.selection.streaming import (
        entropy,
        entropy_of_mean,
        mean_entropy,
        mutual_information,
        variance_ratio,
    )

__all__ = [
    "Cover",
    "entropy",
    "entropy_of_mean",
    "greedy_k_center",
    "greedy_k_center_reference",
    "mean_entropy",
    "mutual_information",
    "robust_k_center",
    "variance_ratio",
]

_MODULES = {
    "Cover": "mixed_integer",
    "entropy": "streaming",
    "entropy_of_mean": "streaming",
    "greedy_k_center": "k_center",
    "greedy_k_center_reference": "k_center",
    "mean_entropy": "streaming",
    "mutual_information": "streaming",
    "robust_k_center": "mixed_integer",
    "variance_ratio": "streaming",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
