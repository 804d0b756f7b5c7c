"""The table of results of a scenario: a row for each method, nothing ranked that must not be."""

from __future__ import annotations

from collections.abc import Iterator

from alharness.leaderboard import wording
from alharness.leaderboard.site.board import Board, Entry
from alharness.leaderboard.site.cells import Bar, Cell, Column, Row, Table, bars, number
from alharness.results.document import Method, MethodFindings, Scenario
from alharness.statistics import Comparison, Interval, Verdict

MARKS = {Verdict.BETTER: "better", Verdict.WORSE: "worse"}


def results_table(entry: Entry, board: Board) -> Table:
    """Curves, verdicts and what they cost, method by method, as the document orders them."""
    scenario, found = entry.scenario, entry.found
    of_method = [found.methods[method.method] for method in scenario.methods]
    drawn = bars(difference_of(one.verdict) for one in of_method)
    return Table(
        caption=f"Methods in {scenario.scenario}",
        columns=tuple(_columns(entry)),
        rows=tuple(
            _row(method, one, bar, entry, board)
            for method, one, bar in zip(scenario.methods, of_method, drawn, strict=True)
        ),
    )


def _columns(entry: Entry) -> Iterator[Column]:
    scenario, found = entry.scenario, entry.found
    yield Column("method", numeric=False)
    for labels in scenario.labels:
        yield Column(wording.budget(labels, scenario.n_train), note="test accuracy, %")
    yield Column("verdict", numeric=False, note=f"against {scenario.reference}")
    if found.family is not None:
        yield Column(f"in a family of {len(found.family.methods)}", numeric=False, note="Holm")
    yield Column("difference", note="percentage points, 95 % interval")
    yield Column("detectable", note="with 80 % power, points")
    if scenario.stop_at_accuracy is not None:
        yield Column(f"labels to {wording.threshold(scenario.stop_at_accuracy)}", note="mean")
    yield Column("labels", note="in the last cycle")
    yield Column("with validation", note="labels in all")
    yield Column("trainings", note="tunings, seeds, committees")


def _row(method: Method, found: MethodFindings, bar: Bar | None, entry: Entry, board: Board) -> Row:
    scenario = entry.scenario
    verdict = found.verdict
    return Row(
        head=Cell(method.method, method.method, href=board.path_of(method)),
        cells=tuple(_cells(method, found, bar, entry)),
        kind=kind(method, scenario),
        verdict=str(verdict.verdict) if verdict else wording.untested(method, scenario),
    )


def kind(method: Method, scenario: Scenario) -> str:
    """What a row is, if it is none that is compared."""
    if method.method == scenario.reference:
        return "reference"
    if method.outdated:
        return "outdated"
    return "upper" if method.sees_labels else ""


def _cells(
    method: Method, found: MethodFindings, bar: Bar | None, entry: Entry
) -> Iterator[Cell]:
    scenario = entry.scenario
    marks: list[Comparison | None] = [None, *(found.marks or [None] * (len(found.curve) - 1))]
    for point, mark in zip(found.curve, marks, strict=True):
        color = MARKS.get(mark.verdict, "") if mark else ""
        yield number(point.mean, wording.cell(point, mark), color)
    yield verdict_cell(method, found, scenario)
    if entry.found.family is not None:
        yield familywise_cell(found)
    yield difference_cell(found.verdict, bar)
    effect = found.verdict.minimum_detectable_effect if found.verdict else None
    yield number(effect, wording.detectable(found.verdict) if found.verdict else "")
    if scenario.stop_at_accuracy is not None:
        reached = [value for row in method.labels_spent for value in row if value is not None]
        mean = sum(reached) / len(reached) if reached else None
        yield number(mean, wording.spent(method))
    yield from _spent(found, scenario)
    yield number(method.trainings, str(method.trainings))


def verdict_cell(method: Method, found: MethodFindings, scenario: Scenario) -> Cell:
    """The verdict with what it is conditional on, or what stands in its place."""
    if found.verdict is None:
        return Cell(wording.untested(method, scenario), "~", "muted", detail=method.outdated or "")
    verdict = found.verdict.verdict
    symbol = wording.SYMBOLS[verdict]
    words, _, condition = (found.sentence or "").partition(", ")
    text = f"{symbol} {words}" if symbol else words
    return Cell(text, str(verdict), MARKS.get(verdict, "muted"), detail=condition)


def familywise_cell(found: MethodFindings) -> Cell:
    if found.verdict is None:
        return Cell("–", "", "muted")
    decision = found.familywise
    mark = "muted" if decision is None else MARKS.get(decision.verdict, "muted")
    p_value = 2.0 if decision is None or decision.p_value is None else decision.p_value
    return Cell(wording.familywise(found), f"{p_value:.12g}", mark)


def difference_of(verdict: Comparison | None) -> tuple[float, Interval | None] | None:
    if verdict is None or verdict.difference is None:
        return None
    return verdict.difference, verdict.interval


def difference_cell(verdict: Comparison | None, bar: Bar | None) -> Cell:
    if verdict is None or verdict.difference is None:
        return Cell("–", "", "muted")
    mark = MARKS.get(verdict.verdict, "")
    return Cell(wording.difference(verdict), f"{verdict.difference:.12g}", mark, bar=bar)


def _spent(found: MethodFindings, scenario: Scenario) -> Iterator[Cell]:
    """Labels of the last cycle that any run of the method reached, without and with validation."""
    reached = [
        labels
        for labels, point in zip(scenario.labels, found.curve, strict=True)
        if point.mean is not None
    ]
    labels = reached[-1] if reached else None
    yield number(labels, str(labels))
    both = None if labels is None else labels + scenario.n_validation
    yield number(both, str(both))
