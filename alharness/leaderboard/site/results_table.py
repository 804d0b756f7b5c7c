"""The table of results of a scenario: a row for each method, nothing ranked that must not be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from alharness.leaderboard import wording
from alharness.leaderboard.setting import NOT_APPLICABLE, titled
from alharness.leaderboard.site.board import Board, Entry
from alharness.leaderboard.site.cells import Bar, Cell, Column, Row, Table, bars, number
from alharness.leaderboard.site.times import selection_seconds
from alharness.leaderboard.tables import numerals
from alharness.leaderboard.tables.numerals import PERCENT, Scale
from alharness.results.document import Method, MethodFindings, Scenario
from alharness.results.setting import NotApplicable
from alharness.statistics import Comparison, GapShare, Interval, Point, Verdict

MARKS = {Verdict.BETTER: "better", Verdict.WORSE: "worse"}
VERDICT = "verdict"
_BOUNDS = {"at-least": "≥ ", "at-most": "≤ ", "exact": ""}


def results_table(entry: Entry, board: Board) -> Table:
    """Verdicts, how methods stand to one another, curves and costs, as the document orders them."""
    scenario, found = entry.scenario, entry.found
    of_method = [found.methods[method.method] for method in scenario.methods]
    drawn = bars(difference_of(one.verdict) for one in of_method)
    columns = tuple(_columns(entry))
    rows = [
        _row(method, bar, entry, board) for method, bar in zip(scenario.methods, drawn, strict=True)
    ]
    lacking = [_lacking(one, columns) for one in scenario.not_applicable or ()]
    return Table(
        caption=f"Methods in {titled(scenario.scenario, scenario.representation)}",
        columns=columns,
        rows=(*rows, *lacking),
    )


def _lacking(one: NotApplicable, columns: Sequence[Column]) -> Row:
    """A row of what the scenario lacks something for: the reason, and nothing else."""
    said = Cell(NOT_APPLICABLE, "~", "muted", detail=one.reason)
    return Row(
        head=Cell(one.method, one.method),
        cells=tuple(
            said if column.title == VERDICT else Cell("–", "", "muted") for column in columns[1:]
        ),
        kind="lacking",
        verdict=NOT_APPLICABLE,
    )


def _columns(entry: Entry) -> Iterator[Column]:
    scenario, found, standing = entry.scenario, entry.found, entry.standing
    what = f"{entry.measure.title.lower()}, {entry.unit}".rstrip(", ")
    yield Column("method", numeric=False)
    if standing.ranks:
        yield Column("rank", note="ties share one")
    yield Column(VERDICT, numeric=False, note=f"against {scenario.reference}")
    yield Column("difference", note=f"{entry.unit_of_differences}, 95 % interval")
    if found.family is not None:
        yield Column(f"in a family of {len(found.family.methods)}", numeric=False, note="Holm")
    yield Column("detectable", note="with 80 % power")
    for labels in scenario.labels:
        yield Column(wording.budget(labels, scenario.n_images), note=what)
    if standing.equivalence:
        margin = numerals.number(scenario.endpoint.margin, entry.scale)
        yield Column("equivalent", numeric=False, note=f"within {margin}, 90 % interval")
    if standing.savings:
        yield Column("label saving", note="at the last budget, %")
    for bound in standing.gaps:
        yield Column("share of gap", note=f"to {bound}, %")
    if scenario.stop_at_accuracy is not None:
        yield Column(f"labels to {wording.threshold(scenario.stop_at_accuracy)}", note="mean")
    if selection_seconds(scenario):
        yield Column("selection", note="seconds a run, one machine")
    yield Column("labels", note="in the last cycle")
    yield Column("with validation", note="labels in all")
    yield Column("trainings", note="tunings, seeds, committees")


def _row(method: Method, bar: Bar | None, entry: Entry, board: Board) -> Row:
    verdict = entry.found.methods[method.method].verdict
    otherwise = wording.untested(method, entry.scenario)
    return Row(
        head=Cell(method.method, method.method, href=board.path_of(method)),
        cells=tuple(_cells(method, bar, entry)),
        kind=kind(method, entry.scenario),
        verdict=verdict.verdict.replace("-", " ") if verdict else otherwise,
    )


def kind(method: Method, scenario: Scenario) -> str:
    """What a row is, if it is none that is compared."""
    if method.method == scenario.reference:
        return "reference"
    if method.outdated:
        return "outdated"
    if method.sees_labels:
        return "upper"
    if method.co_trained:
        return "co-trained"
    return "looked" if method.looked_at else ""


def _cells(method: Method, bar: Bar | None, entry: Entry) -> Iterator[Cell]:
    scenario, standing, scale = entry.scenario, entry.standing, entry.scale
    label, found = method.method, entry.found.methods[method.method]
    if standing.ranks:
        rank = standing.ranks[label].rank if label in standing.ranks else None
        yield number(rank, str(rank))
    yield verdict_cell(method, found, scenario)
    yield difference_cell(found.verdict, bar, scale)
    if entry.found.family is not None:
        yield familywise_cell(found)
    yield detectable_cell(found.verdict, scale)
    yield from _curve(found, scenario, scale)
    if standing.equivalence:
        yield _equivalent(label, entry)
    if standing.savings:
        yield _saving(label, entry)
    for shares in standing.gaps.values():
        yield _gap(shares.get(label))
    yield from _spent(method, found, scenario)
    yield number(method.trainings, str(method.trainings))


def _curve(found: MethodFindings, scenario: Scenario, scale: Scale) -> Iterator[Cell]:
    for point, mark in wording.marked(found, scenario):
        color = MARKS.get(mark.verdict, "") if mark else ""
        symbol = wording.SYMBOLS[mark.verdict] if mark else ""
        yield number(point.mean, f"{mean_text(point, scale)} {symbol}".rstrip(), color)


def mean_text(point: Point, scale: Scale) -> str:
    """The mean at a budget ± half its interval, a dash where there is none."""
    return "–" if point.mean is None else numerals.mean(point.mean, point.interval, scale)


def verdict_cell(method: Method, found: MethodFindings, scenario: Scenario) -> Cell:
    """The verdict with what it is conditional on, or what stands in its place."""
    if found.verdict is None:
        return Cell(wording.untested(method, scenario), "~", "muted", detail=method.outdated or "")
    verdict = found.verdict.verdict
    symbol = wording.SYMBOLS[verdict]
    words, _, condition = (found.sentence or "").partition(", ")
    text = f"{symbol} {words}" if symbol else words
    return Cell(text, str(verdict), f"word {MARKS.get(verdict, 'muted')}", detail=condition)


def familywise_cell(found: MethodFindings) -> Cell:
    """The decision with the family counted, sorted by its adjusted p."""
    if found.verdict is None:
        return Cell("–", "", "muted")
    decision = found.familywise
    mark = "muted" if decision is None else MARKS.get(decision.verdict, "muted")
    p_value = 2.0 if decision is None or decision.p_value is None else decision.p_value
    return Cell(wording.familywise(found), f"{p_value:.6f}", f"word {mark}")


def difference_of(verdict: Comparison | None) -> tuple[float, Interval | None] | None:
    """The difference of a verdict with its interval, to be drawn."""
    if verdict is None or verdict.difference is None:
        return None
    return verdict.difference, verdict.interval


def difference_cell(verdict: Comparison | None, bar: Bar | None, scale: Scale) -> Cell:
    """The difference with its interval, and the bar of it."""
    if verdict is None or verdict.difference is None:
        return Cell("–", "", "muted")
    text = numerals.effect(verdict.difference, verdict.interval, scale)
    return Cell(text, f"{verdict.difference:.12g}", MARKS.get(verdict.verdict, ""), bar=bar)


def detectable_cell(verdict: Comparison | None, scale: Scale) -> Cell:
    """The smallest true difference that would be found with 80 % power."""
    if verdict is None or verdict.minimum_detectable_effect is None:
        return Cell("–", "", "muted")
    effect, between = verdict.minimum_detectable_effect, verdict.minimum_detectable_effect_interval
    return number(effect, numerals.ranged(effect, between, scale))


def _equivalent(label: str, entry: Entry) -> Cell:
    one = entry.standing.equivalence.get(label)
    if one is None or one.equivalent is None or one.interval is None:
        return Cell("–", "", "muted")
    text = "equivalent" if one.equivalent else "not shown"
    mark = "" if one.equivalent else "muted"
    return Cell(text, text, mark, detail=numerals.interval(one.interval, entry.scale))


def _saving(label: str, entry: Entry) -> Cell:
    one = entry.standing.savings.get(label)
    if one is None or one.saving is None:
        return Cell("–", "", "muted")
    return number(one.saving, f"{_BOUNDS[one.bound]}{numerals.number(one.saving, Scale(100, 0))}")


def _gap(one: GapShare | None) -> Cell:
    if one is None or one.share is None:
        return Cell("–", "", "muted")
    return number(one.share, numerals.ranged(one.share, one.interval, PERCENT))


def _spent(method: Method, found: MethodFindings, scenario: Scenario) -> Iterator[Cell]:
    """Labels to an accuracy, seconds of selection, labels without and with validation."""
    if scenario.stop_at_accuracy is not None:
        reached = [value for row in method.labels_spent for value in row if value is not None]
        mean = sum(reached) / len(reached) if reached else None
        yield number(mean, wording.spent(method))
    seconds = selection_seconds(scenario)
    if seconds:
        of_method = seconds.get(method.method)
        yield number(of_method, "" if of_method is None else f"{of_method:.3g}")
    last = [
        labels
        for labels, point in zip(scenario.labels, found.curve, strict=True)
        if point.mean is not None
    ]
    labels = last[-1] if last else None
    yield number(labels, str(labels))
    both = None if labels is None else labels + scenario.n_validation
    yield number(both, str(both))
