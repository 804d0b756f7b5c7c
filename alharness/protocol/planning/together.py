"""Which units travel together: trainings that one program computes at the price of a few."""

from __future__ import annotations

from collections.abc import Hashable, Iterable

from alharness.protocol.units import TrialInputs, Unit

MOST = 128
"""Units that travel together, at most: what a lost worker loses."""


def travels_with(unit: Unit) -> Hashable | None:
    """What units have in common that are computed together; None for one that goes alone.

    How each ends depends on no other one: see ``alharness.engine.stacked``.
    """
    inputs = unit.inputs
    if not isinstance(inputs, TrialInputs) or not inputs.recipe.stacked:
        return None
    return inputs.network.spelled(), inputs.recipe.epochs, len(inputs.labeled)


def together(ready: Iterable[Unit], slots: int) -> list[list[Unit]]:
    """Ready units in the order given, those that travel together at the place of their first.

    A company is divided so that each of ``slots`` has a share of it.
    """
    companies: dict[Hashable, list[Unit]] = {}
    for unit in ready:
        common = travels_with(unit)
        companies.setdefault(unit.key if common is None else common, []).append(unit)
    parted = []
    for company in companies.values():
        size = min(MOST, -(-len(company) // slots))
        parted += [company[start : start + size] for start in range(0, len(company), size)]
    return parted
