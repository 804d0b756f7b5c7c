"""Entries: the units of runs as plans count them, each with the run and the slot it is for."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from typing import NamedTuple

from alharness.protocol.planning.run import CHOOSING, Run, Slot, State, Step

_BEFORE_A_QUERY = (*CHOOSING, "trial", "evaluation", "committee")
"""What no sampler determines in cycle 0, but who chose the set that it starts from."""


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
    """The key where it is known; before, what will make units equal.

    Cycle 0 is shared by all methods that start from the same set.
    """
    if step.unit is not None:
        return step.unit.key
    if slot.kind == "representation":
        shown = run.condition.representation
        own = slot.number - 2 * (shown is not None)
        asked: str | int = run.asked_for[own] if own >= 0 else slot.number
        if shown is not None and asked == shown.label:
            asked = 0  # it asks for what the training images are given as, too
        return (run.condition.name, slot.kind, asked)
    own_training = run.extension is not None and slot.kind in ("trial", "evaluation")
    shared = slot.cycle == 0 and slot.kind in _BEFORE_A_QUERY and not own_training
    whose = run.chooser if shared else run.method
    return (run.condition.name, None if whose is None else whose.label, run.place, slot)
