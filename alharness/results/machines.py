"""Which kinds of machines a scenario's trainings ran on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from alharness.protocol.machine import Machine
from alharness.results import document
from alharness.results.document import TrainedOn


def trained_on(machines: Iterable[Machine | None]) -> tuple[TrainedOn, ...]:
    """Trainings by the machine of each, most first; last those of which it is not known."""
    counts = Counter(machines)
    unknown = counts.pop(None, 0)
    kinds = sorted(counts.items(), key=lambda one: (-one[1], one[0] or ()))
    return tuple(
        TrainedOn(
            machine=None if machine is None else document.Machine(**machine._asdict()),
            trainings=trainings,
        )
        for machine, trainings in [*kinds, *([(None, unknown)] if unknown else [])]
    )
