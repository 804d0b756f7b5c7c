"""Which kinds of machines a scenario's trainings ran on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from alharness.protocol.machine import Machine
from alharness.results import companions
from alharness.results.companions import TrainedOn


def written(machine: Machine | None) -> companions.Machine | None:
    """A kind of machine as a document tells it."""
    return None if machine is None else companions.Machine(**machine._asdict())


def trained_on(machines: Iterable[Machine | None]) -> tuple[TrainedOn, ...]:
    """Trainings by the machine of each, most first; last those of which it is not known."""
    counts = Counter(machines)
    unknown = counts.pop(None, 0)
    kinds = sorted(counts.items(), key=lambda one: (-one[1], one[0] or ()))
    return tuple(
        TrainedOn(
            machine=written(machine),
            trainings=trainings,
        )
        for machine, trainings in [*kinds, *([(None, unknown)] if unknown else [])]
    )
