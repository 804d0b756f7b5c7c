"""Under declared looks: how many seeds of each method are run (design, section 8.5).

The one place where a test result decides anything, and it decides only this.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from alharness.protocol.bench import Bench
from alharness.protocol.planning.ledger import Ledger
from alharness.protocol.planning.run import Run, Slot, State
from alharness.statistics import LOOKS, Look, endpoint, look_at, measure, oriented


def seeds_wanted(
    bench: Bench, runs: Sequence[Run], ledger: Ledger
) -> Mapping[tuple[str, str], int]:
    """How many seeds of each initial set are to be run, by scenario and label of the method.

    All of the suite's, but of methods that are looked at: of these as many as the first look asks
    for whose runs are not all over, or which stops; of the reference, when it is looked at, as many
    as of any method that it is compared with.
    """
    seeds, reference = bench.suite.protocol.seeds, bench.suite.methods.reference.label
    wanted = {
        (condition.name, method.label): seeds
        for condition in bench.conditions
        for method in bench.applicable(condition)
    }
    if not bench.looked_at:
        return wanted
    for condition in bench.conditions:
        own = [run for run in runs if run.condition is condition]
        theirs = [run for run in own if run.method.label == reference]
        for method in bench.applicable(condition):
            if method.label in bench.looked_at - {reference} and not method.needs.sees_labels:
                ours = [run for run in own if run.method.label == method.label]
                wanted[condition.name, method.label] = _seeds(bench, ours, theirs, ledger)
        compared = [
            wanted[condition.name, method.label]
            for method in bench.applicable(condition)
            if method.label != reference and not method.needs.sees_labels
        ]
        for method in bench.applicable(condition):
            if method.label in bench.looked_at and (
                method.label == reference or method.needs.sees_labels
            ):
                wanted[condition.name, method.label] = max(compared, default=seeds)
    return _with_replayed(bench, wanted)


def _with_replayed(bench: Bench, wanted: dict[tuple[str, str], int]) -> dict[tuple[str, str], int]:
    """A scenario that is replayed has the seeds that whoever replays it asks for, too."""
    for condition in bench.conditions:
        source = condition.scenario.replay
        for method in bench.applicable(condition):
            at = (source or condition.name, method.label)
            wanted[at] = max(wanted.get(at, 0), wanted[condition.name, method.label])
    return wanted


def _seeds(bench: Bench, ours: Sequence[Run], theirs: Sequence[Run], ledger: Ledger) -> int:
    for look in LOOKS[:-1]:
        if not (_are_over(bench, ours, look) and _are_over(bench, theirs, look)):
            return look.seeds
        method, reference = (_endpoints(bench, runs, ledger) for runs in (ours, theirs))
        if look_at(method, reference, look).stop:
            return look.seeds
    return LOOKS[-1].seeds


def _are_over(bench: Bench, runs: Sequence[Run], look: Look) -> bool:
    """Whether all runs of a look's seeds are known and done, or can go no further."""
    own = [run for run in runs if run.place.seed < look.seeds]
    n_runs = bench.suite.protocol.n_initial_sets * look.seeds
    return len(own) == n_runs and all(
        run.state in (State.DONE, State.FAILED, State.BLOCKED) and not run.ready for run in own
    )


def _endpoints(bench: Bench, runs: Sequence[Run], ledger: Ledger) -> NDArray[np.float64]:
    """(I, J), oriented so that more is better; NaN where a run is missing or failed."""
    protocol, metric = bench.suite.protocol, measure(bench.suite.endpoint.metric)
    condition = runs[0].condition
    first = protocol.first_tested_cycle
    values = np.full((protocol.n_initial_sets, protocol.seeds, condition.cycles), np.nan)
    for run in runs:
        for cycle in range(first, condition.cycles):
            values[(*run.place, cycle)] = _value(run, cycle, metric.name, ledger)
    return endpoint(oriented(values[:, :, first:], metric), condition.sizes[first:])


def _value(run: Run, cycle: int, metric: str, ledger: Ledger) -> float:
    """What an evaluation measured; NaN where it did not."""
    step = run.steps.get(Slot(cycle, "evaluation", 0))
    result = None if step is None or step.unit is None else ledger.result(step.unit)
    if result is None:
        return float("nan")
    found = result["test_accuracy"] if metric == "accuracy" else result["metrics"].get(metric)
    return float("nan") if found is None else float(found)
