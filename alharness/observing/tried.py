"""An observer that notes in the workspace which methods have results, as soon as they have."""

from __future__ import annotations

from typing import TYPE_CHECKING

import alharness
from alharness.protocol.planning.run import Run, Slot
from alharness.protocol.suite.reading import protocol_digest
from alharness.store.tried import TriedMethods

if TYPE_CHECKING:
    from alharness.protocol.bench import Bench
    from alharness.protocol.planning.survey import Survey


class TriedObserver:
    """Notes each method that is compared with the reference, once it was measured.

    After cycle 0, or in it, where methods differ there already.

    Not at the end of a bench only: who stops it has seen its results in MLflow.
    """

    def __init__(self, tried: TriedMethods) -> None:
        self._tried = tried
        self._bench: Bench | None = None
        self._noted: set[tuple[str, str]] = set()

    @alharness.hookimpl
    def alharness_bench_started(self, bench: Bench) -> None:
        """Remember the bench."""
        self._bench = bench

    @alharness.hookimpl
    def alharness_bench_surveyed(self, survey: Survey) -> None:
        """Note what has results now."""
        if self._bench is None:
            return
        suite = self._bench.suite
        reference = suite.methods.reference.label
        for run in survey.runs:
            place = (run.condition.name, run.method.label)
            if place in self._noted or run.method.label == reference:
                continue
            first = suite.protocol.first_tested_cycle
            if not run.method.needs.sees_labels and _is_measured(run, first):
                protocol = protocol_digest(suite, run.condition.scenario)
                self._tried.note(protocol, run.method, reference)
                self._noted.add(place)


def _is_measured(run: Run, first: int) -> bool:
    cycles = range(first, run.last + 1)
    return any(run.is_done(Slot(cycle, "evaluation", 0)) for cycle in cycles)
