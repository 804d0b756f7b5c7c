"""Whether features that were computed again agree with those that were recorded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alharness.bundles.agreement import Compared, Outcome
from alharness.store.features import StoredFeatures
from alharness.store.records import Record


def compared_features(
    record: Record,
    again: Record,
    recorded: NDArray[Any] | None,
    found: StoredFeatures,
    tolerances: Mapping[str, float],
) -> Compared:
    """A representation's record against another one of the same unit.

    ``recorded`` are the features, (n, D) in the order of the data set, that the record names; None
    where nobody has them: then only what was computed from them says how near they are. No image
    may be farther away than the tolerance, as a share of the length of its recorded features.
    """
    kind, key = record.unit.kind, record.unit.key
    if again.digest == record.digest:
        return Compared(kind, key, Outcome.IDENTICAL, "", 0.0)
    differing = [name for name in ("n", "width", "order") if _said(record, again, name)]
    if differing:
        name = differing[0]
        said = f"{name} {again.result[name]}, recorded {record.result[name]}"
        return Compared(kind, key, Outcome.DIFFERENT, said)
    if recorded is None:
        said = "others; the recorded ones are not in the bundle: trials say how near they are"
        return Compared(kind, key, Outcome.CLOSE, said)
    away, tolerance = farthest(recorded, found), tolerances.get(kind, 0.0)
    said = (
        f"features at most {100 * away:.3g} % of their length away, "
        f"{100 * tolerance:g} are tolerated"
    )
    outcome = Outcome.CLOSE if away <= tolerance else Outcome.DIFFERENT
    return Compared(kind, key, outcome, said, away)


def _said(record: Record, again: Record, name: str) -> bool:
    return bool(record.result[name] != again.result[name])


def farthest(recorded: NDArray[Any], found: StoredFeatures) -> float:
    """The largest distance of an image's features, as a share of the recorded ones' length.

    1 at most; of features that are all 0 it is 1, unless they are found so.
    """
    first, largest = 0, 0.0
    for block in found.blocks():
        one = recorded[first : first + len(block)].astype(np.float64)
        first += len(block)
        away = np.linalg.norm(block.astype(np.float64) - one, axis=1)
        length = np.linalg.norm(one, axis=1)
        share = np.divide(away, length, out=np.where(away > 0, 1.0, 0.0), where=length > 0)
        largest = max(largest, float(share.max()))
    return min(largest, 1.0)
