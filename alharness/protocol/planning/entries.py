"""Entries: the units of runs as plans count them, each with the run and the slot it is for."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from typing import NamedTuple

from alharness.protocol.planning.run import Run, Slot, State, Step


class Entry(NamedTuple):
    """A unit as the plan sees it; equal ``identity``, same unit."""

    identity: Hashable
    run: Run
    slot: Slot
    step: Step


def entries(runs: Iterable[Run]) -> Iterator[Entry]:
    """Every unit of every run; a shared unit comes once per run."""
    for run in runs:
        for slot, step in run.steps.items():
            yield Entry(_identity(run, slot, step), run, slot, step)


def unique(runs: Iterable[Run]) -> dict[Hashable, Entry]:
    """Every unit once; one that a run needs again is not done, though others have done with it."""
    once: dict[Hashable, Entry] = {}
    for entry in entries(runs):
        known = once.get(entry.identity)
        if known is None or known.step.state is State.DONE:
            once[entry.identity] = entry
    return once


def _identity(run: Run, slot: Slot, step: Step) -> Hashable:
    """The key where it is known; before, what will make units equal: cycle 0 is shared by all."""
    if step.unit is not None:
        return step.unit.key
    own = run.method.needs.extension and slot.kind != "committee"
    shared = slot.cycle == 0 and slot.kind in ("trial", "evaluation", "committee") and not own
    return (run.condition.name, None if shared else run.method.label, run.place, slot)
