"""What a scenario's models are trained on instead of images, as records have it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from alharness.protocol.condition import Condition
from alharness.protocol.planning.ledger import Ledger
from alharness.protocol.planning.run import Run, Slot
from alharness.protocol.units.representation import NOT_VERIFIABLE
from alharness.results.setting import Probe, Representation

_TRAINING, _TEST = (Slot(0, "representation", number) for number in range(2))
"""Where a run that trains on features has the units that compute them."""


def representation(
    condition: Condition, runs: Iterable[Run], ledger: Ledger
) -> Representation | None:
    """The representation of a scenario; None where it trains on images.

    ``runs``: its runs, which share the units of its features.
    """
    shown = condition.representation
    if shown is None:
        return None
    recorded, tested = _recorded(runs, ledger)
    doubtful = [one for one in (recorded, tested) if one.get("order") == NOT_VERIFIABLE]
    probe = next((one["probe"] for one in doubtful if one.get("probe") is not None), None)
    return Representation(
        label=shown.label,
        distribution=shown.distribution,
        version=shown.version,
        source=shown.source,
        precision=condition.scenario.features,
        width=recorded.get("width"),
        digest=recorded.get("features"),
        order=NOT_VERIFIABLE if doubtful else recorded.get("order"),
        probe=None if probe is None else Probe(**probe),
    )


def _recorded(runs: Iterable[Run], ledger: Ledger) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """What records say of the training features and of the test features; nothing before."""
    for run in runs:
        return _result(run, _TRAINING, ledger), _result(run, _TEST, ledger)
    return {}, {}


def _result(run: Run, slot: Slot, ledger: Ledger) -> Mapping[str, Any]:
    unit = run.steps[slot].unit if slot in run.steps else None
    return {} if unit is None else ledger.result(unit) or {}
