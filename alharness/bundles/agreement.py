"""Whether a unit that was computed again agrees with its record: bit for bit, nearly, or not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np

from alharness.store.records import Record


class Outcome(Enum):
    """What came of computing a unit again."""

    IDENTICAL = "bit for bit"
    CLOSE = "within tolerance"
    DIFFERENT = "not"
    NOT_COMPUTED = "not computed"


@dataclass(frozen=True)
class Compared:
    """A unit that was to be computed again: what came of it, and a line that says how near it is.

    away: what its tolerance is held against; None where there is nothing to compare.
    """

    kind: str
    key: str
    outcome: Outcome
    said: str
    away: float | None = None


def compared(record: Record, again: Record, tolerances: Mapping[str, float]) -> Compared:
    """A record against another one of the same unit.

    Tolerances are for weights that differ in their last bits, and with them all that was computed
    from them. Where weights are the recorded ones, this machine computes as the recorded one did.
    """
    kind, key = record.unit.kind, record.unit.key
    if again.digest == record.digest:
        return Compared(kind, key, Outcome.IDENTICAL, "", 0.0)
    tolerance = 0.0 if _weights(again) == _weights(record) else tolerances.get(kind, 0.0)
    match kind:
        case "trial":
            return _accuracy(record, again, "validation_accuracy", tolerance)
        case "evaluation":
            return _accuracy(record, again, "test_accuracy", tolerance)
        case "query":
            return _picks(record, again, tolerance)
        case _:
            return _labels(record, again)


def _weights(record: Record) -> Any:
    """Digests of the weights that a unit left or read."""
    return record.result.get("checkpoints", record.result.get("checkpoint"))


def _accuracy(record: Record, again: Record, name: str, tolerance: float) -> Compared:
    recorded, found = record.result[name], again.result[name]
    if recorded is None or found is None:
        return _unmeasured(record, recorded is found, tolerance)
    away = abs(found - recorded)
    close = tolerance > 0 and away <= tolerance
    said = (
        f"{name.replace('_', ' ')} {found:.4f}, recorded {recorded:.4f}: "
        f"{100 * away:.2f} points apart, {_tolerated(tolerance)}"
    )
    outcome = Outcome.CLOSE if close else Outcome.DIFFERENT
    return Compared(record.unit.kind, record.unit.key, outcome, said, away)


def _unmeasured(record: Record, both: bool, tolerance: float) -> Compared:
    """A trial without a validation set: its weights are what evaluations and queries are of."""
    if both and tolerance > 0:
        said = "other weights; nothing was validated: their evaluation says how near they are"
        return Compared(record.unit.kind, record.unit.key, Outcome.CLOSE, said)
    said = "other weights, and nothing was validated" if both else "only one of the two validated"
    return Compared(record.unit.kind, record.unit.key, Outcome.DIFFERENT, said)


def _tolerated(tolerance: float) -> str:
    if tolerance == 0:
        return "the weights are the recorded ones: nothing is tolerated"
    return f"{100 * tolerance:g} are tolerated"


def _picks(record: Record, again: Record, tolerance: float) -> Compared:
    """How many images were picked again, and whether the others nearly were.

    Images near to the cut are those of the computation that one did oneself.
    """
    recorded, found = set(record.result["indices"]), set(again.result["indices"])
    same, budget = len(recorded & found), len(recorded)
    away = 1 - same / budget
    others = recorded ^ found
    near = _near(again)
    tied = bool(others) and near is not None and others <= near
    said = f"{same} of {budget} images picked again, {100 * (1 - tolerance):g} % are asked for"
    if others:
        said += "; the others were near-ties at the cut" if tied else _not_near(near, others)
    close = away <= tolerance or tied
    outcome = Outcome.CLOSE if close else Outcome.DIFFERENT
    return Compared("query", record.unit.key, outcome, said, away)


def _near(again: Record) -> set[int] | None:
    near: Any = again.facts.get("near_cut")
    return {one for one in near if isinstance(one, int)} if isinstance(near, list) else None


def _not_near(near: set[int] | None, others: set[int]) -> str:
    if near is None:
        return "; whether the others were near-ties is not known, this sampler gives no scores"
    return f"; {len(others - near)} of the {len(others)} others were no near-ties at the cut"


def _labels(record: Record, again: Record) -> Compared:
    recorded = np.asarray(record.result["labels"])
    found = np.asarray(again.result["labels"])
    same = int((recorded == found).sum()) if recorded.shape == found.shape else 0
    said = f"{same} of {len(recorded)} labels given again"
    return Compared(
        "annotation", record.unit.key, Outcome.DIFFERENT, said, 1 - same / len(recorded)
    )
