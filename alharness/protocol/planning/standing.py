"""Where the units of a run stand: done, ready, waiting, failed or blocked."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from alharness.protocol.bench import Bench
from alharness.protocol.planning.ledger import Ledger
from alharness.protocol.planning.run import Run, Slot, State, Step, slots, slots_of_cycle
from alharness.protocol.units import Unit


def note(
    ledger: Ledger, run: Run, slot: Slot, unit: Unit, failed: Collection[str]
) -> Mapping[str, Any] | None:
    """Note where a unit stands; the slim part of its result when it is recorded."""
    result = ledger.result(unit)
    if result is not None:
        state = State.DONE
    elif unit.key in failed:
        state = State.FAILED
    else:
        state = _state(ledger, run, unit, failed)
    run.steps[slot] = Step(state, unit)
    return result


def block(run: Run, cycle: int, why: str) -> None:
    """Nothing of a cycle can be trained, since another run failed or is blocked."""
    run.steps[Slot(cycle, "trial", 0)] = Step(State.BLOCKED, None)
    run.blocked_by = why


def give_up_tuning(run: Run, cycle: int) -> None:
    """Once a trial of a tuning failed, the others would be trained for nothing."""
    trials = [slot for slot in run.steps if slot.cycle == cycle and slot.kind == "trial"]
    if any(run.steps[slot].state is State.FAILED for slot in trials):
        for slot in trials:
            if run.steps[slot].state is State.READY:
                run.steps[slot] = Step(State.BLOCKED, run.steps[slot].unit)


def conclude(bench: Bench, run: Run) -> None:
    """Note the slots that a walk did not reach, and count the cycles that are complete."""
    state = State.BLOCKED if run.stopped else State.WAITING
    for slot in slots(bench, run):
        run.steps.setdefault(slot, Step(state, None))
    while run.complete <= run.last and all(
        run.is_done(slot) for slot in slots_of_cycle(bench, run, run.complete)
    ):
        run.complete += 1


def _state(ledger: Ledger, run: Run, unit: Unit, failed: Collection[str]) -> State:
    """Of a unit to be computed; what it reads and is gone is asked for again."""
    reads, there = unit.inputs.reads(), ledger.weights
    missing = [key for key in (*reads.weights, *reads.features) if key not in there]
    lost = any(key in failed for key in missing)
    for key in missing:
        lost |= _ask_again(ledger, run, key, failed) in (State.FAILED, State.BLOCKED)
    return State.BLOCKED if lost else State.WAITING if missing else State.READY


def _ask_again(ledger: Ledger, run: Run, key: str, failed: Collection[str]) -> State | None:
    """A unit of the run whose weights or features are needed and gone; how it stands then.

    It may read such ones itself: those of the cycle before, in a warm start.
    """
    found = [slot for slot, step in run.steps.items() if step.unit and step.unit.key == key]
    state = None
    for slot in found:
        unit = run.steps[slot].unit
        assert unit is not None
        state = State.FAILED if key in failed else _state(ledger, run, unit, failed)
        run.steps[slot] = Step(state, unit)
        run.complete = min(run.complete, slot.cycle)
    return state
