"""Naming units: each once, though runs share them and every survey names them again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from alharness.api.space import Value
from alharness.protocol.bench import Bench
from alharness.protocol.partition.sets import LabeledSet
from alharness.protocol.planning.run import Run
from alharness.protocol.units import Unit


class Names:
    """The units of a bench that were named, and the draws of its tunings: they never change."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._draws: dict[tuple[str, int, int], tuple[Mapping[str, Value], ...]] = {}
        self._trials: dict[tuple[object, ...], Unit] = {}
        self._features: dict[tuple[str, tuple[str, ...]], tuple[Unit, ...]] = {}

    def features(self, run: Run) -> tuple[Unit, ...]:
        """The units that compute what a run reads, in the order of ``Bench.features``."""
        at = (run.condition.name, run.asked_for)
        if at not in self._features:
            self._features[at] = self._bench.features(run.condition, run.method)
        return self._features[at]

    def draws(self, run: Run, cycle: int) -> tuple[Mapping[str, Value], ...]:
        """The hyper-parameters of a tuning's trials."""
        at = (run.condition.name, run.place.initial_set, cycle)
        if at not in self._draws:
            self._draws[at] = self._bench.draws(run.condition, run.place.initial_set, cycle)
        return self._draws[at]

    def trial(
        self,
        run: Run,
        cycle: int,
        number: int,
        labeled: LabeledSet,
        values: Mapping[str, Value],
        purpose: Literal["trial", "committee"],
        parent: Unit | None,
    ) -> Unit:
        """The same object for the same trial.

        A training extension belongs to the task model: committees do without.
        """
        condition, place = run.condition, run.place
        extension = run.extension if purpose == "trial" else None
        trained_along = None if extension is None else extension.label
        at = (
            *(condition.name, place, cycle, purpose, number, trained_along, parent),
            *(labeled.digests, *values.items()),
        )
        if at not in self._trials:
            self._trials[at] = self._bench.trial(
                condition, place, cycle, number, labeled, values, purpose, extension, parent
            )
        return self._trials[at]
