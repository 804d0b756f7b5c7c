"""The tables of a scenario's statistics."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from alharness.leaderboard.setting import NOT_APPLICABLE, titled
from alharness.leaderboard.tables.numerals import PERCENT, Scale, number, scale_of
from alharness.leaderboard.tables.paper_chain import paper_chain_table
from alharness.leaderboard.tables.table import Bound, Cell, Column, Estimate, Kind, Mark, Table
from alharness.leaderboard.wording import CO_TRAINED, SYMBOLS, co_trained, differences, unit
from alharness.results.setting import NotApplicable
from alharness.results.statistics_report import BudgetSaving, MethodStatistics, ScenarioStatistics
from alharness.statistics import Comparison, Interval, Point, measure

METHOD = Column("method", "method")

_WHOLE = Scale(100, 0)

_BOUNDS: Mapping[str, Bound] = {"exact": "", "at-least": "≥", "at-most": "≤"}


def statistics_tables(one: ScenarioStatistics) -> list[Table]:
    """Means with marks, verdicts, and, where anything is tested, savings, wins, the paper's chain.

    Everything says which metric it is on, and that it is secondary where it is.
    """
    tables = [means(one), verdicts(one)]
    if one.ranking is not None:
        tables += [savings(one), wins(one)]
    return [*tables, _paper_chain(one)] if one.paper_chain else tables


def all_verdicts(scenarios: Iterable[ScenarioStatistics]) -> Table:
    """The verdicts of all scenarios in one table, with the scenario and the metric of each row."""
    said = tuple(Column(name, name) for name in ("suite", "scenario", "metric", "secondary"))
    parts = [(one, verdicts(one)) for one in scenarios]
    columns = {column.key: column for _, table in parts for column in table.columns}
    rows: list[tuple[Cell, ...]] = []
    for one, table in parts:
        keys = [column.key for column in table.columns]
        for row in table.rows:
            cells = dict(zip(keys, row, strict=True))
            where = (one.suite, one.scenario, one.metric, "yes" if one.secondary else "no")
            rows.append((*where, *(cells.get(key) for key in columns)))
    return Table("verdicts", "", "Verdicts", (*said, *columns.values()), tuple(rows))


def group(one: ScenarioStatistics) -> str:
    """What the tables of a scenario are together: the suite and the scenario."""
    return " ".join(filter(None, (one.suite, one.scenario)))


def _paper_chain(one: ScenarioStatistics) -> Table:
    return paper_chain_table(one.paper_chain, one.reference, group(one), title(one))


def title(one: ScenarioStatistics) -> str:
    """The scenario with its metric, and what the metric is beside the endpoint."""
    metric = measure(one.metric)
    what = titled(group(one), one.representation)
    if not one.secondary:
        return f"{what}: {metric.phrase}"
    declared = measure(one.declared.metric)
    return f"{what}: {metric.phrase} (secondary; the endpoint is {declared.phrase})"


def means(one: ScenarioStatistics) -> Table:
    """The mean of each method at each budget, with marks."""
    metric = measure(one.metric)
    columns = [
        Column(f"at_{labels}", f"{labels} labels", Kind.MEAN, scale_of(metric))
        for labels in one.labels
    ]
    table = Table(
        name="means",
        group=group(one),
        caption=title(one),
        columns=(METHOD, *columns),
        rows=tuple(
            (name, *_means(method, len(one.labels) - len(one.budgets)))
            for name, method in one.methods.items()
        ),
        notes=(
            f"Test {metric.phrase}{unit(metric)}, mean over {one.n_initial_sets} initial sets x "
            f"{one.n_seeds} seeds ± half a 95 % interval over initial sets. ▲ ▼: better, worse "
            f"than {one.reference} at that budget (Holm over the method's budgets).",
        ),
    )
    return _with_co_trained(table, one)


def _means(method: MethodStatistics, first: int) -> Iterator[Estimate]:
    marks: Sequence[Comparison | None] = method.marks or [None] * (len(method.curve) - first)
    for point, mark in zip(method.curve, [*[None] * first, *marks], strict=True):
        yield _mean(point, "" if mark is None else SYMBOLS[mark.verdict])


def _mean(point: Point, mark: Mark) -> Estimate:
    low, high = point.interval or (None, None)
    return Estimate(point.mean, low, high, mark)


def verdicts(one: ScenarioStatistics) -> Table:
    """Everything that is on the whole curve: the verdict and what stands beside it."""
    scale = scale_of(measure(one.metric))
    margin = number(one.margin, scale)
    family = "family" if one.family is None else f"family of {len(one.family.methods)}"
    bounds = [name for name, method in one.methods.items() if method.role == "upper-bound"]
    table = Table(
        name="verdicts",
        group=group(one),
        caption=f"{title(one)}, verdicts against {one.reference}",
        columns=(
            METHOD,
            Column("verdict", f"verdict against {one.reference}"),
            Column("familywise", f"in a {family}"),
            Column("familywise_p", f"p in the {family}", Kind.P_VALUE),
            Column("difference", "difference", Kind.EFFECT, scale),
            Column("p", "p", Kind.P_VALUE),
            Column("detectable", "detectable", Kind.RANGE, scale),
            Column("equivalent", f"within ±{margin}"),
            Column("equivalence", "90 % interval", Kind.INTERVAL, scale),
            Column("bootstrap", "95 % by bootstrap", Kind.INTERVAL, scale),
            Column("rank", "rank", Kind.COUNT),
            *(_gap(name) for name in bounds),
        ),
        rows=(
            *(_verdict(name, method, bounds) for name, method in one.methods.items()),
            *(_lacking(lacking, bounds) for lacking in one.not_applicable),
        ),
        notes=_verdict_notes(one, margin),
    )
    return _with_co_trained(table, one)


def _with_co_trained(table: Table, one: ScenarioStatistics) -> Table:
    """A table of methods, with a column and a note that mark the co-trained, if there are any."""
    along = [name for name, method in one.methods.items() if method.co_trained]
    if not along:
        return table
    return replace(
        table,
        columns=(*table.columns, Column("co_trained", CO_TRAINED)),
        rows=tuple((*row, "yes" if row[0] in along else None) for row in table.rows),
        notes=(*table.notes, *co_trained(along)),
    )


def _gap(bound: str) -> Column:
    return Column(f"gap_{bound}", f"% of the gap to {bound}", Kind.RANGE, PERCENT)


def _verdict(name: str, method: MethodStatistics, bounds: Sequence[str]) -> tuple[Cell, ...]:
    verdict, decision, equivalence = method.verdict, method.familywise, method.equivalence
    rank = None if method.rank is None else method.rank.rank
    if verdict is None:
        why = {"reference": "reference", "upper-bound": "sees labels"}[method.role]
        return (name, why, *[None] * 8, rank, *[None] * len(bounds))
    shares = [method.gap_share[bound] for bound in bounds]
    return (
        name,
        method.sentence,
        None if decision is None else decision.verdict.replace("-", " "),
        None if decision is None else decision.p_value,
        _estimate(verdict.difference, verdict.interval),
        verdict.p_value,
        _estimate(verdict.minimum_detectable_effect, verdict.minimum_detectable_effect_interval),
        _equivalent(method),
        None if equivalence is None else _estimate(verdict.difference, equivalence.interval),
        _estimate(verdict.difference, method.bootstrap),
        rank,
        *(_estimate(one.share, one.interval) for one in shares),
    )


def _lacking(one: NotApplicable, bounds: Sequence[str]) -> tuple[Cell, ...]:
    return (one.method, f"{NOT_APPLICABLE}: {one.reason}", *[None] * (9 + len(bounds)))


def _equivalent(method: MethodStatistics) -> str | None:
    if method.equivalence is None or method.equivalence.equivalent is None:
        return None
    return "yes" if method.equivalence.equivalent else "not shown"


def _estimate(value: float | None, interval: Interval | None) -> Estimate | None:
    low, high = interval or (None, None)
    return None if value is None else Estimate(value, low, high)


def _verdict_notes(one: ScenarioStatistics, margin: str) -> tuple[str, ...]:
    metric = measure(one.metric)
    by = "declared by the suite" if one.margin_declared else "not declared by a suite"
    if one.suite is None and one.margin_declared:
        by = "the default"
    return (
        f"Area under the {metric.phrase}-log(labels) curve over {_budgets(one)}, paired by "
        f"initial set{differences(metric)}. Detectable: the smallest true difference found with "
        "80 % power.",
        f"Within ±{margin}: whether the 90 % interval of the difference lies within the margin, "
        f"{by}. Bootstrap: of initial sets and of seeds within them, to see how far the verdict "
        "hangs on the normal law.",
        f"Rank: 1 + the number of methods that are better, among {_ranked(one)}; ties share one.",
        *_family(one),
        *_upper_bounds(one),
    )


def _budgets(one: ScenarioStatistics) -> str:
    if len(one.budgets) < len(one.labels):
        return "the budgets after cycle 0"
    return "all budgets"


def _ranked(one: ScenarioStatistics) -> str:
    if one.ranking is None:
        return "none, as nothing is tested"
    return f"{', '.join(one.ranking.methods)} (Holm over {one.ranking.n_pairs} pairs)"


def _family(one: ScenarioStatistics) -> Iterator[str]:
    if one.family is not None and one.family.methods:
        size, narrowed = len(one.family.methods), one.family.narrowed_from
        how = "" if narrowed is None else f", narrowed from {narrowed}"
        yield f"Family of {size}{how} (Holm): {', '.join(one.family.methods)}."


def _upper_bounds(one: ScenarioStatistics) -> Iterator[str]:
    bounds = [name for name, method in one.methods.items() if method.role == "upper-bound"]
    if bounds:
        yield (
            f"{', '.join(bounds)}: shown the hidden labels. An upper bound, not a method: it is "
            "neither tested nor ranked. % of the gap: of what it gains over "
            f"{one.reference}, how much a method gains (interval by Fieller)."
        )


def savings(one: ScenarioStatistics) -> Table:
    """How many labels each method saves at each budget after cycle 0."""
    columns = [
        Column(f"saving_at_{labels}", f"{labels} labels", Kind.RANGE, PERCENT)
        for labels in one.budgets
    ]
    first = len(one.labels) - len(one.budgets)
    return Table(
        name="savings",
        group=group(one),
        caption=f"{title(one)}, labels saved against {one.reference}",
        columns=(METHOD, *columns),
        rows=tuple(
            (name, *map(_saving, method.savings[first:]))
            for name, method in one.methods.items()
            if method.savings is not None
        ),
        notes=(
            f"In % of the labels that {one.reference} needs for what the method reaches, read from "
            "its isotonic curve, with a 95 % bootstrap interval over initial sets. ≥ ≤: what is "
            f"reached lies beyond all that {one.reference} reaches, and the number is a bound; so "
            "is an end of an interval there.",
        ),
    )


def _saving(at: BudgetSaving) -> Estimate:
    bound = _BOUNDS[at.saving.bound]
    if at.interval is None or bound:
        return Estimate(at.saving.saving, bound=bound)
    return Estimate(at.saving.saving, at.interval.low.saving, at.interval.high.saving)


def wins(one: ScenarioStatistics) -> Table:
    """At which share of budgets the method of a row is better than that of a column."""
    ranking = one.ranking
    names = () if ranking is None else ranking.methods
    rows = () if ranking is None else ranking.wins
    return Table(
        name="wins",
        group=group(one),
        caption=f"{title(one)}, wins",
        columns=(
            METHOD,
            *(Column(f"over_{name}", f"over {name}", Kind.NUMBER, _WHOLE) for name in names),
        ),
        rows=tuple((name, *row) for name, row in zip(names, rows, strict=True)),
        notes=(
            "In % of budgets, at how many the method of the row is better than that of the column "
            "(paired, Holm over the budgets of each pair).",
        ),
    )
