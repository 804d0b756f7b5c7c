"""The charts of a scenario: learning curves, and what they differ from the reference by."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from alharness.leaderboard.figures.curves import (
    REFERENCE,
    Chart,
    Series,
    Style,
    Value,
    chart,
    style,
)
from alharness.leaderboard.site.board import Entry
from alharness.leaderboard.site.results_table import mean_text
from alharness.leaderboard.tables import numerals
from alharness.leaderboard.tables.numerals import Scale
from alharness.results.document import Method
from alharness.statistics import Comparison, Interval

SHOWN = 10
"""Curves that are drawn at first: more are no longer told apart at a glance."""

_DRAWABLE = 1e6
"""Numbers beyond are not drawn: a document may hold any."""


def styles(entry: Entry) -> dict[str, Style]:
    """The style of each method; those that are shown at first differ most."""
    scenario, at_first = entry.scenario, shown_at_first(entry)
    others = [one.method for one in scenario.methods if one.method != scenario.reference]
    ordered = sorted(others, key=lambda label: label not in at_first)
    return {
        scenario.reference: REFERENCE,
        **{label: style(number) for number, label in enumerate(ordered)},
    }


def shown_at_first(entry: Entry) -> set[str]:
    """The reference and the methods that come out highest, outdated ones last of all."""
    scenario, means = entry.scenario, entry.standing.means

    def place(method: Method) -> tuple[bool, float]:
        return bool(method.outdated), -means.get(method.method, -np.inf)

    others = [one for one in scenario.methods if one.method != scenario.reference]
    best = sorted(others, key=place)[: SHOWN - 1]
    return {scenario.reference, *(one.method for one in best if not one.outdated)}


def learning_curves(entry: Entry) -> Chart | None:
    """Mean test accuracy in percent at each number of labels, with 95 % intervals."""
    drawn_as, at_first = styles(entry), shown_at_first(entry)
    series = [
        Series(
            name=method.method,
            style=drawn_as[method.method],
            values=tuple(_means(method.method, entry)),
            shown=method.method in at_first,
        )
        for method in entry.scenario.methods
    ]
    return chart(
        series,
        entry.scenario.labels,
        title=f"{entry.measure.title}{in_unit(entry.unit)}, with 95 % intervals",
    )


def differences(entry: Entry) -> Chart | None:
    """Differences to the reference in percentage points at each budget, with their intervals."""
    scenario = entry.scenario
    drawn_as, at_first = styles(entry), shown_at_first(entry)
    untested = (None,) * scenario.first_tested
    series = [
        Series(
            name=method.method,
            style=drawn_as[method.method],
            values=(*untested, *_differences(method.method, marks, entry)),
            shown=method.method in at_first,
        )
        for method in scenario.methods
        if (marks := entry.found.methods[method.method].marks) is not None
    ]
    return chart(
        series,
        scenario.labels,
        title=f"Difference to {scenario.reference}{in_unit(entry.unit_of_differences)}",
        around_zero=True,
    )


def in_unit(unit: str) -> str:
    """``, in %`` for a heading; nothing for what has no unit."""
    return f", in {unit}" if unit else ""


def _means(label: str, entry: Entry) -> Iterator[Value | None]:
    curve = entry.found.methods[label].curve
    for labels, point in zip(entry.scenario.labels, curve, strict=True):
        text = f"{mean_text(point, entry.scale)} {entry.unit}".rstrip()
        said = f"{label}, {labels} labels: {text}, {point.n_runs} runs"
        yield _value(point.mean, point.interval, said, entry.scale)


def _differences(label: str, marks: tuple[Comparison, ...], entry: Entry) -> Iterator[Value | None]:
    reference = entry.scenario.reference
    tested = entry.scenario.labels[entry.scenario.first_tested :]
    for labels, mark in zip(tested, marks, strict=True):
        if mark.difference is None:
            yield None
            continue
        text = numerals.effect(mark.difference, mark.interval, entry.scale)
        said = f"{label}, {labels} labels: {text}, {mark.verdict.sentence(reference)}"
        yield _value(mark.difference, mark.interval, said, entry.scale)


def _value(mean: float | None, interval: Interval | None, said: str, scale: Scale) -> Value | None:
    if mean is None or abs(mean) > _DRAWABLE:
        return None
    factor = scale.factor
    if interval is None or max(abs(interval.low), abs(interval.high)) > _DRAWABLE:
        return Value(factor * mean, None, None, said)
    return Value(factor * mean, factor * interval.low, factor * interval.high, said)
