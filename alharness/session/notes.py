"""What is said of a bench before it is carried out: what is not as it may seem."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from alharness.protocol.bench import Bench
from alharness.protocol.suite.declaration import Suite
from alharness.registry import Registry


def notes(registry: Registry, bench: Bench, suite: Suite) -> tuple[str, ...]:
    """A line for each thing that keys do not cover, and for each method that is there twice."""
    uncovered = (line for one in bench.components() for line in registry.unfollowed(one))
    return tuple(dict.fromkeys([*uncovered, *_compared_once(registry, bench, suite)]))


def replayed_notes(bench: Bench, asked: Sequence[str]) -> Iterator[str]:
    """A line for each scenario that is benched since one that was asked for by name replays it."""
    for one in bench.conditions:
        replay = one.scenario.replay
        if replay is not None and asked and replay not in asked:
            yield f"{one.name} replays the labeled sets of {replay}, which is benched with it"


def unreadable_records(unreadable: Sequence[Path]) -> tuple[str, ...]:
    """A line for the files that stand in the place of records and are none; nothing without any."""
    if not unreadable:
        return ()
    n = len(unreadable)
    which = f"records that are damaged or of no known schema: {n}, such as '{unreadable[0]}'"
    return (f"{which}; units that need one are computed again, and it is set aside in 'damaged'",)


def _compared_once(registry: Registry, bench: Bench, suite: Suite) -> Iterator[str]:
    compared = {method.identity.spelled(): method.label for method in bench.methods}
    for reference in suite.methods.compared:
        if reference.label not in compared.values():
            same = compared[registry.component("sampler", reference).identity.spelled()]
            yield f"method '{reference.label}' is '{same}', written out: it is compared once"
