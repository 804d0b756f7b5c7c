"""Whether a published table is of a scenario's condition: only then do its numbers stand beside."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise

from alharness.protocol.components import Reference
from alharness.protocol.suite.declaration import Suite
from alharness.protocol.suite.references import REGULARIZER_SETS
from alharness.protocol.suite.tables import Scenario
from alharness.protocol.written_reference import parse_reference
from alharness.registry import Registry
from alharness.results.published import Published


def differences(
    registry: Registry, suite: Suite, scenario: Scenario, table: Published
) -> Iterator[str]:
    """What a table tells of its condition that the scenario does otherwise, a line each.

    Plugins agree where their names do, and the parameters that the table tells. Budgets are
    compared in numbers of labels, cell by cell, when they are shown. Raises UsageError for
    plugins or parameters that do not exist.
    """
    kinds = (
        ("dataset", table.dataset, scenario.dataset),
        ("model", table.model, scenario.model),
        ("oracle", table.oracle, scenario.oracle),
    )
    for kind, told, here in kinds:
        if not _agree(registry, kind, parse_reference(told), here):
            yield f"its {kind} is {told}, the scenario's {here.label}"
    labeled_by, here = table.labeled_by or table.model, (suite.source(scenario) or scenario).model
    if not _agree(registry, "model", parse_reference(labeled_by), here):
        yield f"its sets were labeled with {labeled_by}, the scenario's with {here.label}"
    strong = _strong_regularizers(table)
    has = {one.name for one in scenario.regularizers} & set(REGULARIZER_SETS["strong"])
    if has != strong:
        yield (f"its strong regularization is {_listed(strong)}, the scenario's {_listed(has)}")
    protocol = suite.of(scenario).protocol
    validated = table.validation_fraction
    if validated is not None and protocol.exact_validation_fraction != _exact(validated):
        yield (
            f"its validation fraction is {validated:g}, the scenario's "
            f"{protocol.validation_fraction:g}"
        )
    steps = {later - earlier for earlier, later in pairwise(protocol.schedule.cumulative)}
    queried, shares = table.query_fraction, all(isinstance(one, Fraction) for one in steps)
    if queried is not None and shares and steps != {_exact(queried)}:
        said = ", ".join(f"{float(one):g}" for one in sorted(steps))
        yield f"its queries are of the fraction {queried:g}, the scenario's of {said}"


def _agree(registry: Registry, kind: str, told: Reference, here: Reference) -> bool:
    if told.name != here.name:
        return False
    if not told.parameters:
        return True
    parameters = registry.component(kind, here).parameters
    return all(parameters[name] == value for name, value in told.parameters.items())


def _strong_regularizers(table: Published) -> set[str]:
    if not table.strong_regularization:
        return set()
    return set(table.strong_regularizers or REGULARIZER_SETS["strong"])


def _exact(fraction: float) -> Fraction:
    return Fraction(str(fraction))


def _listed(names: set[str]) -> str:
    return " and ".join(sorted(names)) or "none"
