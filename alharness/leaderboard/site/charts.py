"""The charts of a scenario: learning curves, and what they differ from the reference by."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from alharness.leaderboard import wording
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
from alharness.results.document import Method, Scenario, numbers
from alharness.statistics import Comparison, Interval, Point

SHOWN = 10
"""Curves that are drawn at first: more are no longer told apart at a glance."""

_DRAWABLE = 1e6
"""Numbers beyond are not drawn: a document may hold any."""


def styles(scenario: Scenario) -> dict[str, Style]:
    """The style of each method; those that are shown at first differ most."""
    at_first = shown_at_first(scenario)
    others = [one.method for one in scenario.methods if one.method != scenario.reference]
    ordered = sorted(others, key=lambda label: label not in at_first)
    return {
        scenario.reference: REFERENCE,
        **{label: style(number) for number, label in enumerate(ordered)},
    }


def shown_at_first(scenario: Scenario) -> set[str]:
    """The reference and the methods with the highest mean accuracy after cycle 0."""

    def key(method: Method) -> tuple[bool, float]:
        values = numbers(method.accuracy)[:, :, 1:]
        there = values[~np.isnan(values)]
        return bool(method.outdated), -float(there.mean()) if len(there) else np.inf

    others = [one for one in scenario.methods if one.method != scenario.reference]
    best = sorted(others, key=key)[: SHOWN - 1]
    return {scenario.reference, *(one.method for one in best if not one.outdated)}


def learning_curves(entry: Entry) -> Chart | None:
    """Mean test accuracy in percent at each number of labels, with 95 % intervals."""
    drawn_as, at_first = styles(entry.scenario), shown_at_first(entry.scenario)
    series = [
        Series(
            name=method.method,
            style=drawn_as[method.method],
            values=tuple(_accuracies(method.method, entry)),
            shown=method.method in at_first,
        )
        for method in entry.scenario.methods
    ]
    return chart(
        series,
        entry.scenario.labels,
        title="Learning curves: test accuracy in %, mean and 95 % interval",
        y_title="test accuracy, %",
    )


def differences(entry: Entry) -> Chart | None:
    """Differences to the reference in percentage points at each budget, with their intervals."""
    scenario = entry.scenario
    drawn_as, at_first = styles(scenario), shown_at_first(scenario)
    series = [
        Series(
            name=method.method,
            style=drawn_as[method.method],
            values=(None, *_differences(method.method, marks, scenario)),
            shown=method.method in at_first,
        )
        for method in scenario.methods
        if (marks := entry.found.methods[method.method].marks) is not None
    ]
    return chart(
        series,
        scenario.labels,
        title=f"Difference to {scenario.reference} in percentage points, with adjusted interval",
        y_title=f"difference to {scenario.reference}, points",
        around_zero=True,
    )


def _accuracies(label: str, entry: Entry) -> Iterator[Value | None]:
    curve = entry.found.methods[label].curve
    for labels, point in zip(entry.scenario.labels, curve, strict=True):
        yield _value(point.mean, point.interval, f"{label}, {labels} labels: {_said(point)}")


def _said(point: Point) -> str:
    return f"{wording.cell(point, None)} %, {point.n_runs} runs"


def _differences(
    label: str, marks: tuple[Comparison, ...], scenario: Scenario
) -> Iterator[Value | None]:
    for labels, mark in zip(scenario.labels[1:], marks, strict=True):
        verdict = mark.verdict.sentence(scenario.reference)
        said = f"{label}, {labels} labels: {wording.difference(mark)} points, {verdict}"
        yield _value(mark.difference, mark.interval, said)


def _value(mean: float | None, interval: Interval | None, said: str) -> Value | None:
    if mean is None or abs(100 * mean) > _DRAWABLE:
        return None
    if interval is None or max(abs(interval.low), abs(interval.high)) > _DRAWABLE:
        return Value(100 * mean, None, None, said)
    return Value(100 * mean, 100 * interval.low, 100 * interval.high, said)
