"""Which units of a bundle are computed again."""

from __future__ import annotations

import secrets

import numpy as np

from alharness.api.errors import UsageError
from alharness.bundles.checking import Bundle


def every(bundle: Bundle) -> list[str]:
    """All of them."""
    return sorted(bundle.records)


def of_row(bundle: Bundle, method: str) -> list[str]:
    """Those that the rows of a method rest on. Raises UsageError when there is no such row."""
    found: set[str] = set()
    for one in bundle.rests_on:
        found |= one.units_of(method).keys()
    if not found:
        rows = {row.method: None for one in bundle.document.scenarios for row in one.methods}
        raise UsageError(
            f"'{method}' is no row of the bundle",
            where="--row",
            remedy=f"Rows are {', '.join(rows)}",
        )
    return sorted(found)


def sample(bundle: Bundle, units: int, seed: int) -> list[str]:
    """So many of them, each as likely as any other; all when there are no more."""
    keys = sorted(bundle.records)
    drawn = np.random.default_rng(seed).permutation(len(keys))[:units]
    return sorted(keys[number] for number in drawn)


def new_seed() -> int:
    """A seed that who packed a bundle cannot have known, in [0, 2³²)."""
    return secrets.randbelow(2**32)
