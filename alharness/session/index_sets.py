"""The index sets of a bench: its splits, and what its queries picked, out of a workspace."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from alharness.api.errors import UsageError
from alharness.protocol.condition import Condition
from alharness.protocol.index_sets.content import (
    SCHEMA,
    IndexSets,
    InitialSet,
    Queried,
    RunSets,
)
from alharness.protocol.index_sets.file import as_json, as_npz
from alharness.protocol.partition.splits import no_images
from alharness.protocol.planning.run import Run, Slot
from alharness.protocol.planning.survey import survey
from alharness.results.documents import Documents
from alharness.session.asked import Opening
from alharness.session.data import Data
from alharness.session.earlier import earlier_methods
from alharness.session.opening import Planned, open_plan
from alharness.store.files import write_over
from alharness.store.ledger import StoreLedger


def export_index_sets(opening: Opening, folder: Path, say: Callable[[str], None]) -> list[Path]:
    """Write ``SCENARIO.json`` and ``SCENARIO.npz`` of each scenario of a bench; their paths.

    They hold every split, and of each run of every method that was benched what its queries picked.
    ``say`` gets a line for each method that was benched and whose plugin cannot be used now: its
    queries are left out. Computes nothing. Raises UsageError where data is not prepared, as there
    are no splits then.
    """
    planned = open_plan(opening)
    for condition in planned.bench.conditions:
        if condition.prepared is None:
            raise UsageError(
                f"the data of scenario '{condition.name}' is not prepared here, so its splits are "
                "not known",
                where=str(planned.workspace.root),
                remedy="Run 'alharness bench' first, or name its --workspace",
            )
    paths = []
    for content in _contents(planned, opening.data_dir, say):
        for suffix, written in ((".json", as_json), (".npz", as_npz)):
            path = folder / f"{content.scenario}{suffix}"
            write_over(path, written(content))
            paths.append(path)
    return paths


def _contents(planned: Planned, data_dir: Path, say: Callable[[str], None]) -> Iterator[IndexSets]:
    ledger = StoreLedger(planned.workspace)
    document = Documents(planned.workspace.reports).last(planned.bench.suite.name)
    others = earlier_methods(planned, document)
    for label, why in others.unusable.items():
        say(f"Left out: {label}, as {why}.")
    runs = survey(others.beside(planned.bench), ledger).runs
    data = Data(planned.registry, planned.workspace.datasets, data_dir)
    for condition in planned.bench.conditions:
        own = [run for run in runs if run.condition is condition]
        names = data.train_names(condition.dataset)
        yield IndexSets(
            schema=SCHEMA,
            suite=planned.bench.suite.name,
            scenario=condition.name,
            dataset=condition.dataset.label,
            train_digest=condition.facts.train_digest,
            names=None if names is None else tuple(names),
            initial_sets=tuple(_initial_sets(condition)),
            runs=tuple(found for run in own if _picked(found := _queried(run, ledger))),
        )


def _picked(found: RunSets) -> bool:
    """Whether some query of a run is done."""
    return bool(found.queried) or found.chosen is not None


def _initial_sets(condition: Condition) -> Iterator[InitialSet]:
    everything = np.arange(condition.facts.n_train)
    for start in condition.starts:
        initial = no_images() if start.labeled is None else start.labeled.indices
        validation = start.validation.indices
        left_out = no_images() if start.left_out is None else start.left_out.indices
        pool = np.setdiff1d(everything, np.concatenate([initial, validation, left_out]))
        yield InitialSet(initial=initial, pool=pool, validation=validation, left_out=left_out)


def _queried(run: Run, ledger: StoreLedger) -> RunSets:
    slots = ((Slot(cycle, "query", 0), Slot(cycle, "annotation", 0)) for cycle in range(run.last))
    cycles = (_queried_at(run, *pair, ledger) for pair in slots)
    return RunSets(
        method=run.method.label,
        initial_set=run.place.initial_set,
        seed=run.place.seed,
        queried=tuple(queried for queried in cycles if queried is not None),
        chosen=_queried_at(run, Slot(0, "first-query", 0), Slot(0, "first-annotation", 0), ledger),
    )


def _queried_at(run: Run, query: Slot, annotation: Slot, ledger: StoreLedger) -> Queried | None:
    """What a query picked, with the labels it was given; None where one is not recorded."""
    picked, labeled = _result(run, query, ledger), _result(run, annotation, ledger)
    if picked is None or labeled is None:
        return None
    indices, labels = np.array(picked["indices"]), np.array(labeled["labels"])
    return Queried(cycle=query.cycle, indices=indices, labels=labels)


def _result(run: Run, slot: Slot, ledger: StoreLedger) -> Mapping[str, Any] | None:
    unit = run.steps[slot].unit if run.is_done(slot) else None
    record = None if unit is None else ledger.record(unit)
    return None if record is None else record.result
