"""Whether the partition that a document rests on is its suite's, and queries keep to it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alharness.bundles.described import mismatch
from alharness.bundles.held import Held
from alharness.protocol.bench import Bench
from alharness.protocol.condition import Condition, Start
from alharness.protocol.partition.given import GivenSplits
from alharness.protocol.partition.left_out import held_back, with_spared
from alharness.protocol.partition.of_scenario import initial_counts
from alharness.protocol.partition.pool import unlabeled_pool
from alharness.protocol.partition.sets import IndexSet
from alharness.protocol.partition.splits import Split, no_images, split
from alharness.protocol.planning.run import Run, Slot
from alharness.protocol.planning.survey import Survey
from alharness.protocol.units import QueryInputs


def require_partition(bench: Bench, state: Survey, held: Held) -> None:
    """Initial and validation sets are those of the protocol, and queries pick from the rest.

    Splits that were given cannot be drawn again here. Raises MismatchError.
    """
    (condition,) = bench.conditions
    if not isinstance(bench.suite.protocol.initial_sets, GivenSplits):
        for number in range(len(condition.starts)):
            _require_drawn(bench, condition, number)
    for run in state.runs:
        _require_picks(run, held)


def _require_drawn(bench: Bench, condition: Condition, number: int) -> None:
    """As far as it can be told without the labels of all images.

    What a long tail drops follows from these, and so does what is held out of a pool, and so do the
    images of an initial set whose classes have sizes; these sizes are told by its own labels.
    """
    suite, start, n_train = (
        bench.suite.of(condition.scenario),
        condition.starts[number],
        condition.facts.n_train,
    )
    left_out = _left_out(start)
    parts = split(suite.protocol, n_train, number, suite.seed, left_out)
    same = (
        parts.n_images == n_train - len(left_out)
        and _is_left_out(left_out, bench, condition, number)
        and np.array_equal(parts.validation, start.validation.indices)
        and _is_initial(start.labeled, parts, bench, condition, number)
        and _is_held_out(start.held_out, start.labeled, parts, suite.protocol.held_out)
    )
    if not same:
        raise mismatch(
            f"initial set {number} is not the one that its suite draws",
            f"document, {condition.name}",
        )


def _is_left_out(
    left_out: NDArray[np.int64], bench: Bench, condition: Condition, number: int
) -> bool:
    suite, n_train = bench.suite, condition.facts.n_train
    held = held_back(suite.protocol, n_train, suite.seed)
    tail = condition.scenario.long_tail
    if tail is None or tail.ratio is None:
        drawn = with_spared(suite.protocol, held, n_train, number, suite.seed)
        return np.array_equal(left_out, drawn)
    alike = suite.protocol.chooses_first_sets or np.array_equal(
        left_out, _left_out(condition.starts[0])
    )
    return alike and bool(np.isin(held, left_out).all())


def _is_initial(
    labeled: IndexSet | None, parts: Split, bench: Bench, condition: Condition, number: int
) -> bool:
    if labeled is None:
        return len(parts.initial) == 0
    n_classes = condition.facts.n_classes
    counts = initial_counts(bench.suite, condition.scenario, n_classes, number, len(labeled))
    if counts is None:
        return np.array_equal(parts.initial, labeled.indices)
    assert labeled.labels is not None
    usable = np.concatenate([parts.initial, parts.pool])
    return (
        len(np.unique(labeled.indices)) == len(parts.initial) == len(labeled)
        and bool(np.isin(labeled.indices, usable).all())
        and np.array_equal(np.bincount(labeled.labels, minlength=n_classes), counts)
    )


def _is_held_out(
    held_out: IndexSet | None, labeled: IndexSet | None, parts: Split, size: int
) -> bool:
    """Where queries tell it; without one, nothing was held out of anything."""
    if held_out is None:
        return True
    drawn = no_images() if labeled is None else labeled.indices
    pool = np.setdiff1d(np.concatenate([parts.initial, parts.pool]), drawn)
    indices = held_out.indices
    return len(np.unique(indices)) == len(indices) == size and bool(np.isin(indices, pool).all())


def _left_out(start: Start) -> NDArray[np.int64]:
    return no_images() if start.left_out is None else start.left_out.indices


def _require_picks(run: Run, held: Held) -> None:
    start = run.condition.starts[run.place.initial_set]
    drawn = () if start.labeled is None else (start.labeled.indices,)
    taken = [*drawn, *(part.indices for part in start.in_no_pool)]
    for slots in _asked(run):
        query, annotation = (_recorded(run, slot, held) for slot in slots)
        picked = np.asarray(query.result["indices"], dtype=np.int64)
        where = f"query {query.unit.key}"
        if len(picked) != query.unit.inputs.budget:
            raise mismatch(f"picked {len(picked)}, not {query.unit.inputs.budget}", where)
        everything = np.concatenate([*taken, picked])
        outside = picked[(picked < 0) | (picked >= run.condition.facts.n_train)]
        if len(outside) or len(np.unique(everything)) < len(everything):
            raise mismatch("picked an image twice, or one that was not in the pool", where)
        _require_shown(query.unit.inputs, run.condition.facts.n_train, taken, picked, where)
        taken.append(picked)
        _require_labels(annotation, picked, held)


def _asked(run: Run) -> Iterator[tuple[Slot, Slot]]:
    """Each query of a run with its annotation, in their order."""
    if run.replays:
        return
    if run.chooser is not None:
        yield Slot(0, "first-query", 0), Slot(0, "first-annotation", 0)
    for cycle in range(run.last):
        yield Slot(cycle, "query", 0), Slot(cycle, "annotation", 0)


def _require_shown(
    query: QueryInputs,
    n_train: int,
    taken: Sequence[NDArray[np.int64]],
    picked: NDArray[np.int64],
    where: str,
) -> None:
    """A sampler that sees a subset of the pool picks from it."""
    if not query.pool_subset:
        return
    shown = unlabeled_pool(n_train, taken, query.pool_subset, query.seed)
    if not np.isin(picked, shown).all():
        raise mismatch("picked an image that its sampler was not shown", where)


def _require_labels(annotation: Any, picked: Any, held: Held) -> None:
    where = f"annotation {annotation.unit.key}"
    labels = np.asarray(annotation.result["labels"], dtype=np.int64)
    if (
        labels.shape != picked.shape
        or IndexSet(picked, labels).digest != annotation.result["added"]
    ):
        raise mismatch("the labels that it gave are not those that were added", where)
    corrected = annotation.result.get("corrected")
    if corrected is not None and not np.array_equal(held.index_set(corrected).indices, picked):
        raise mismatch("what was corrected are not the images that were queried", where)


def _recorded(run: Run, slot: Slot, held: Held) -> Any:
    unit = run.steps[slot].unit
    assert unit is not None
    return held.record(unit.kind, unit.key)
