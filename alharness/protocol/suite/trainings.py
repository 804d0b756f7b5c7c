"""How many models a suite trains, from its protocol alone."""

from __future__ import annotations

from dataclasses import dataclass

from alharness.protocol.suite.declaration import Suite


@dataclass(frozen=True)
class Trainings:
    """Trials of a suite, without members of committees; at most so many where runs may stop.

    ``cycle``: of one method in one cycle of one scenario; ``method``: of one method in all
    cycles and scenarios; ``total``: of all methods, which share those of cycle 0.
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
    scenarios, methods = len(suite.scenarios), len(suite.methods.compared)
    later = protocol.n_cycles - 1
    return Trainings(
        cycle=cycle,
        method=scenarios * cycle * (1 + later),
        total=scenarios * cycle * (1 + methods * later),
    )
