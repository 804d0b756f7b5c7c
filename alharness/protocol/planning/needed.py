"""Whose weights a run needs: the chosen models of cycle 0, and what a planned unit reads."""

from __future__ import annotations

from collections.abc import Iterator

from alharness.protocol.bench import Bench
from alharness.protocol.planning.run import Run, Slot, slots_of_cycle


def needed(bench: Bench, run: Run) -> Iterator[str]:
    """Keys of the trials whose weights are to be kept for a run that was walked."""
    for cycle, chosen in enumerate(run.chosen):
        if cycle == 0 or not all(map(run.is_done, _readers(bench, run, cycle))):
            yield chosen.key
    for cycle, committee in enumerate(run.committees):
        for number, member in enumerate(committee):
            if not all(map(run.is_done, _readers_of_member(bench, run, cycle, number))):
                yield member.key


def _readers(bench: Bench, run: Run, cycle: int) -> Iterator[Slot]:
    """What reads the model that a cycle chose: warm, all trials of the next cycle, too."""
    yield Slot(cycle, "evaluation", 0)
    if not run.replays:
        yield from (Slot(one, "query", 0) for one in (cycle, cycle + 1) if one < run.last)
    if bench.suite.protocol.warm_start and cycle < run.last:
        following = slots_of_cycle(bench, run, cycle + 1)
        yield from (slot for slot in following if slot.kind == "trial")


def _readers_of_member(bench: Bench, run: Run, cycle: int, number: int) -> Iterator[Slot]:
    """What reads a member of a committee: warm, the same member of the next one, too."""
    yield Slot(cycle, "query", 0)
    if bench.suite.protocol.warm_start and cycle + 1 < run.last:
        yield Slot(cycle + 1, "committee", number)
