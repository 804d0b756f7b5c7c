"""Who computed the units of a row: this workspace, and the bundles that records came from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from alharness.results.document import Origin


def origins(bundles: Iterable[str | None]) -> tuple[Origin, ...]:
    """Units by the bundle that each was taken over from, None for this workspace; most first."""
    counts = Counter(bundles)
    ordered = sorted(counts.items(), key=lambda one: (-one[1], one[0] or ""))
    return tuple(Origin(bundle=bundle, units=units) for bundle, units in ordered)
