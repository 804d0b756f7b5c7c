"""Methods that scenarios lack something for: what a bench is refused for, and what is said."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from alharness.api.errors import UsageError
from alharness.protocol.bench import Bench
from alharness.protocol.components import Component, Reference
from alharness.registry import Registry


class NotApplicable(NamedTuple):
    """A method that has no runs in a scenario, which lacks what it needs."""

    scenario: str
    method: str
    reason: str

    def __str__(self) -> str:
        return f"{self.method} is not applicable in {self.scenario}: {self.reason}"


def not_applicable(bench: Bench) -> tuple[NotApplicable, ...]:
    """Every such method of a bench, by scenario."""
    return tuple(
        NotApplicable(scenario, method, reason)
        for (scenario, method), reason in bench.not_applicable.items()
    )


def require_applicable(
    registry: Registry, bench: Bench, asked: Iterable[Reference], origin: str
) -> None:
    """Raises UsageError where a scenario has no reference, or no scenario a method asked for.

    And for a reference that needs a model where it has to choose initial sets without.

    ``asked``: methods that the bench was asked for beside those that its suite compares.
    """
    reference = bench.suite.methods.reference.label
    if bench.suite.protocol.chooses_first_sets and bench.reference.needs.model:
        raise UsageError(
            f"the reference '{reference}' needs a trained model, and protocol.initial_draw = "
            '"chosen" has it choose initial sets before any training',
            where=f"{origin}, methods.reference",
            remedy="Write a reference that needs none, such as random",
        )
    for scenario, method, reason in not_applicable(bench):
        if method == reference:
            raise UsageError(
                f"the reference '{method}' is not applicable in '{scenario}' ({reason})",
                where=f"{origin}, methods.reference",
                remedy="Write another reference, or a scenario that has what it needs",
            )
    for sampler in _named(registry, bench, asked):
        lacking = [one for one in not_applicable(bench) if one.method == sampler.label]
        if len(lacking) == len(bench.conditions):
            reasons = dict.fromkeys(one.reason for one in lacking)
            raise UsageError(
                f"it is applicable in no scenario ({'; '.join(reasons)})",
                where=f"{origin}, {sampler.origin}",
                remedy="Leave it out, or take a suite with a scenario that has what it needs",
            )


def _named(registry: Registry, bench: Bench, asked: Iterable[Reference]) -> Iterator[Component]:
    """The methods of a bench that references stand for, whichever label they have there."""
    wanted = {registry.component("sampler", one).identity.spelled() for one in asked}
    return (method for method in bench.methods if method.identity.spelled() in wanted)
