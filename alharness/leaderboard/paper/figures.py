"""The figures of a scenario: which there are, and what stands below each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from alharness.leaderboard.figures.heat_map import heat_map
from alharness.leaderboard.figures.lines import At, Line, lines
from alharness.leaderboard.figures.sheet import Specification
from alharness.leaderboard.setting import titled
from alharness.leaderboard.site.board import Entry
from alharness.leaderboard.site.charts import in_unit, shown_at_first, styles
from alharness.leaderboard.site.matrices import kept_of
from alharness.leaderboard.tables.numerals import PERCENT, Scale
from alharness.results.statistics_report import BudgetSaving, MethodStatistics, ScenarioStatistics
from alharness.statistics import Interval

_DRAWABLE = 1e6
"""Numbers beyond are not drawn: a document may hold any."""

_Values: TypeAlias = Callable[[MethodStatistics], Iterable[At | None]]


@dataclass(frozen=True)
class Figure:
    """A figure. name: in kebab-case, for files. caption: below it."""

    name: str
    caption: str
    specification: Specification


def scenario_figures(entry: Entry, found: ScenarioStatistics) -> Iterator[Figure]:
    """Learning curves, differences, labels saved, wins and overlaps, as far as there are any."""
    reference, phrase = found.reference, entry.measure.phrase
    first = len(found.labels) - len(found.budgets)
    runs = f"{found.n_initial_sets} initial sets × {found.n_seeds} seeds"
    yield from _curves(
        entry, found, "curves", f"{entry.measure.title}{in_unit(entry.unit)}",
        f"Test {phrase} at each number of labels, mean over {runs} with 95 % intervals over "
        "initial sets",
        lambda one: (
            _at(labels, point.mean, point.interval, entry.scale)
            for labels, point in zip(found.labels, one.curve, strict=True)
        ),
    )  # fmt: skip
    yield from _curves(
        entry, found, "differences", f"Difference{in_unit(entry.unit_of_differences)}",
        f"Difference to {reference} in {phrase}, paired by initial set, with intervals that are "
        "adjusted for all budgets (Holm); above 0 is better",
        lambda one: (
            _at(labels, mark.difference, mark.interval, entry.scale)
            for labels, mark in zip(found.budgets, one.marks or (), strict=False)
        ),
    )  # fmt: skip
    yield from _curves(
        entry, found, "savings", "Labels saved, in %",
        f"Labels saved against {reference}, in % of the labels that it needs for what a method "
        "reaches, with 95 % bootstrap intervals over initial sets. Hollow: a bound, as what is "
        f"reached lies beyond all that {reference} reaches",
        lambda one: map(_saving, (one.savings or ())[first:]),
    )  # fmt: skip
    yield from _matrices(entry, found)


def _curves(
    entry: Entry, found: ScenarioStatistics, name: str, title: str, caption: str, values: _Values
) -> Iterator[Figure]:
    drawn_as, shown = styles(entry), shown_at_first(entry)
    there = {
        label: line
        for label, method in found.methods.items()
        if (line := tuple(filter(None, values(method))))
    }
    curves = [Line(label, drawn_as[label], line) for label, line in there.items() if label in shown]
    around_zero = name != "curves"
    specification = lines(curves, title, around_zero=around_zero)
    if specification is not None:
        left_out = len(there) - len(curves)
        yield Figure(name, f"{_of(entry, caption)}.{_left_out(left_out)}", specification)


def _at(labels: int, value: float | None, interval: Interval | None, scale: Scale) -> At | None:
    if value is None or abs(value) > _DRAWABLE:
        return None
    if interval is None or max(map(abs, interval)) > _DRAWABLE:
        return At(labels, scale.factor * value)
    factor = scale.factor
    return At(labels, factor * value, factor * interval.low, factor * interval.high)


def _saving(at: BudgetSaving) -> At | None:
    saving = at.saving
    if at.interval is None or saving.bound != "exact":
        one = _at(saving.labels, saving.saving, None, PERCENT)
        return one and At(one.labels, one.value, bound=saving.bound != "exact")
    low, high = at.interval.low.saving, at.interval.high.saving
    interval = None if low is None or high is None else Interval(low, high)
    return _at(saving.labels, saving.saving, interval, PERCENT)


def _matrices(entry: Entry, found: ScenarioStatistics) -> Iterator[Figure]:
    if found.ranking is not None and len(found.ranking.methods) > 1:
        caption = (
            "Wins: budgets, in %, at which the method of the row is better than that of the column "
            "(paired, Holm over the budgets of each pair)"
        )
        names = found.ranking.methods
        yield _matrix(entry, "wins", caption, names, found.ranking.wins, ("worse", "better"))
    overlap = entry.scenario.overlap
    names = tuple(one.method for one in entry.scenario.methods)
    if overlap is None or len(names) < 2:
        return
    for name, shares, what in (
        ("overlap-first", overlap.first, "of the first query: images, in %, that two methods both "
         "picked from the same pool"),
        ("overlap-all", overlap.all, "of all that was queried by the end of a run, in %"),
    ):  # fmt: skip
        yield _matrix(entry, name, f"Overlap {what}; mean over runs", names, shares, ("", ""))


def _matrix(
    entry: Entry,
    name: str,
    caption: str,
    names: Sequence[str],
    shares: Sequence[Sequence[float | None]],
    titles: tuple[str, str],
) -> Figure:
    kept = kept_of(names, entry.standing.means, entry.scenario.reference)
    part = [[shares[row][column] for column in kept] for row in kept]
    specification = heat_map([names[n] for n in kept], part, *titles)
    left_out = _left_out(len(names) - len(kept))
    return Figure(name, f"{_of(entry, caption)}.{left_out}", specification)


def _of(entry: Entry, caption: str) -> str:
    what = f"{entry.document.suite.name} {entry.scenario.scenario}"
    return f"{titled(what, entry.scenario.representation)}. {caption}"


def _left_out(n: int) -> str:
    """Which methods are shown where not all are."""
    return f" Shown are the reference and those of highest endpoint; {n} are left out." if n else ""
