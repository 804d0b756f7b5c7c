"""The plan of a bench: what it would compute, what there is of it, and how long the rest takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from alharness.protocol.bench import Bench
from alharness.protocol.planning.outdated import Outdated, outdated
from alharness.protocol.planning.survey import survey
from alharness.protocol.planning.tally import (
    Group,
    Kind,
    Tally,
    estimate,
    overall,
    tallies,
    trainings,
)
from alharness.session.applicability import NotApplicable, not_applicable
from alharness.session.data import DataFound, DataState
from alharness.session.notes import unreadable_records
from alharness.session.opening import Planned
from alharness.store.allocating import uncollected
from alharness.store.ledger import StoreLedger

JSON_SCHEMA: Final = 1
"""Version of the JSON form."""


@dataclass(frozen=True)
class PlannedData:
    """The data of a scenario.

    ``why`` and ``remedy`` say what is missing and how to get it. ``n_train`` and ``n_classes``
    are None where the data is not prepared and its dataset does not declare them.
    ``notes``: what a user has to know of it: which files are used and which passed over, classes
    without images, test images that are training images too.
    """

    scenario: str
    dataset: str
    state: DataState
    why: str | None
    remedy: str | None
    n_train: int | None
    n_classes: int | None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class PlannedUnits:
    """The units of one kind in a cycle of a method.

    ``labels``: how many images are labeled then; None while nobody knows how many there are.
    """

    group: Group
    labels: int | None
    tally: Tally


@dataclass(frozen=True)
class Plan:
    """What a bench would compute.

    ``units`` count a unit that serves several methods with each of them, ``distinct_units``
    once, and of these ``trainings`` train: trials and members of committees. ``seconds_left``:
    what is left takes about so long on one worker; None while nothing like it was measured, and
    longer by what is ``not_measured``, kinds of units by scenario. ``outdated``: why units that
    were computed have to be computed again. ``not_applicable``: methods that have no units in a
    scenario, which lacks what they need.
    ``notes``: what keys do not cover, methods that are there twice, records that are damaged.
    ``pool_subset``: how many unlabeled images a sampler sees at most, by scenario; None for all.
    ``not_run``: why nobody who ships the suite has run a scenario, by scenario.
    ``warm_start``: after cycle 0 trainings go on from the weights of the cycle before.
    ``replay``: the scenario whose labeled sets another one trains on, by that one.
    """

    suite: str
    data: tuple[PlannedData, ...]
    units: tuple[PlannedUnits, ...]
    distinct_units: Tally
    trainings: Tally
    seconds_left: float | None
    not_measured: tuple[Kind, ...]
    outdated: tuple[Outdated, ...]
    notes: tuple[str, ...] = ()
    not_applicable: tuple[NotApplicable, ...] = ()
    pool_subset: Mapping[str, int | None] = field(default_factory=dict)
    not_run: Mapping[str, str] = field(default_factory=dict)
    warm_start: bool = False
    replay: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The JSON form, which ``plan --json`` prints."""
        return {
            "schema": JSON_SCHEMA,
            "suite": self.suite,
            "data": [
                {**asdict(one), "state": one.state.value, "notes": list(one.notes)}
                for one in self.data
            ],
            "units": [
                {**one.group._asdict(), "labels": one.labels, **_tally_json(one.tally)}
                for one in self.units
            ],
            "distinct_units": _tally_json(self.distinct_units),
            "trainings": _tally_json(self.trainings),
            "seconds_left": self.seconds_left,
            "not_measured": [one._asdict() for one in self.not_measured],
            "outdated": [asdict(reason) for reason in self.outdated],
            "not_applicable": [one._asdict() for one in self.not_applicable],
            "notes": list(self.notes),
            "pool_subset": dict(self.pool_subset),
            "not_run": dict(self.not_run),
            "warm_start": self.warm_start,
            "replay": dict(self.replay),
        }


def make_plan(planned: Planned) -> Plan:
    """The plan of what was opened, by what its workspace holds."""
    with uncollected():
        return _plan(planned)


def _plan(planned: Planned) -> Plan:
    ledger = StoreLedger(planned.workspace)
    state = survey(planned.bench, ledger)
    left = estimate(state, ledger.seconds)
    suite, conditions = planned.bench.suite, planned.bench.conditions
    return Plan(
        suite=suite.name,
        data=tuple(_data(*one) for one in planned.data.items()),
        units=_units(planned.bench, tallies(state)),
        distinct_units=overall(state),
        trainings=trainings(state),
        seconds_left=None if left is None else left.seconds,
        not_measured=() if left is None else left.uncounted,
        outdated=(*outdated(state.ready(), ledger.recorded_at), *_superseded(ledger)),
        notes=(*planned.notes, *unreadable_records(ledger.unreadable)),
        not_applicable=not_applicable(planned.bench),
        pool_subset={
            one.name: suite.pool_subset(one.scenario)
            for one in conditions
            if one.scenario.replay is None
        },
        not_run={
            one.name: one.scenario.not_run for one in conditions if one.scenario.not_run is not None
        },
        warm_start=suite.protocol.warm_start,
        replay={
            one.name: one.scenario.replay for one in conditions if one.scenario.replay is not None
        },
    )


def _data(scenario: str, found: DataFound) -> PlannedData:
    return PlannedData(
        scenario=scenario,
        dataset=found.dataset.label,
        state=found.state,
        why=found.missing.what if found.missing else None,
        remedy=found.missing.remedy if found.missing else None,
        n_train=found.known.n_train,
        n_classes=found.known.n_classes,
        notes=found.notes,
    )


def _units(bench: Bench, numbers: Mapping[Group, Tally]) -> tuple[PlannedUnits, ...]:
    sizes = {one.name: one.sizes for one in bench.conditions}
    return tuple(
        PlannedUnits(
            group, sizes[group.scenario][group.cycle] if sizes[group.scenario] else None, tally
        )
        for group, tally in numbers.items()
    )


def _tally_json(tally: Tally) -> dict[str, int]:
    return {**asdict(tally), "total": tally.total}


def _superseded(ledger: StoreLedger) -> tuple[Outdated, ...]:
    """What records of alharness 0.1 mean for a plan: nothing of theirs is found by its key."""
    records = ledger.superseded()
    why = "alharness 0.1 recorded them under other keys; its records are kept"
    return (Outdated("every kind", why, records),) if records else ()
