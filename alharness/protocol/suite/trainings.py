"""How many models a suite trains, from its protocol alone."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from alharness.protocol.suite.declaration import Suite


@dataclass(frozen=True)
class Trainings:
    """Trials of a suite, without members of committees; at most so many where runs may stop.

    ``cycle``: of one method in one cycle of one scenario; ``method``: of one method in all
    cycles and scenarios; ``total``: of all methods, which share those of cycle 0, but where each
    may choose what it starts from.
    """

    cycle: int
    method: int
    total: int


def trainings(suite: Suite) -> Trainings:
    """See ``Trainings``."""
    protocol, tuning = suite.protocol, suite.tuning
    runs = protocol.n_initial_sets * protocol.seeds
    tunings = {"per-initial-set": protocol.n_initial_sets, "first-initial-set": 1}
    tuned = tunings.get(tuning.scope, 0)
    cycle = runs + tuned * (tuning.trials - 1)
    cycles = [suite.of(scenario).protocol.n_cycles for scenario in suite.scenarios]
    methods = len(suite.methods.compared)
    first = methods if protocol.chooses_first_sets else 1
    return Trainings(
        cycle=cycle,
        method=cycle * sum(cycles),
        total=cycle * sum(first + methods * (number - 1) for number in cycles),
    )


def committee_trainings(suite: Suite, sizes: Collection[int]) -> int:
    """Members of committees that a suite trains, at most; ``sizes``: of each method that has one.

    Every cycle that queries trains one committee of each run. In cycle 0 methods share members.
    """
    if not sizes:
        return 0
    runs = suite.protocol.n_initial_sets * suite.protocol.seeds
    querying = [scenario for scenario in suite.scenarios if scenario.replay is None]
    queries = [suite.of(scenario).protocol.n_cycles - 1 for scenario in querying]
    return runs * sum(max(sizes) + sum(sizes) * (number - 1) for number in queries)
