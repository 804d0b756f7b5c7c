"""What others published, beside what was found here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from alharness.leaderboard import wording
from alharness.leaderboard.site.board import Entry
from alharness.leaderboard.site.cells import Cell, Column, Row, Table, number
from alharness.results.document import Scenario
from alharness.results.published import Printed, Published, PublishedMethod
from alharness.statistics import Point

_HTTPS = "https://"


@dataclass(frozen=True)
class PublishedTable:
    """A published table. url: of the publication, empty where it is no https address."""

    source: str
    citation: str
    url: str
    table: Table
    notes: tuple[str, ...]


def published_tables(entry: Entry) -> tuple[PublishedTable, ...]:
    """The published tables that the document holds, each with ours beside it."""
    return tuple(
        PublishedTable(
            source=one.source,
            citation=one.citation,
            url=one.url if one.url.startswith(_HTTPS) else "",
            table=_table(one, entry),
            notes=(*published_setting(one, entry), *one.notes),
        )
        for one in entry.scenario.published or ()
    )


def published_setting(one: Published, entry: Entry) -> Iterator[str]:
    """Of which condition the published numbers are, and where ours is written otherwise."""
    told = [one.dataset, one.model, f"oracle {one.oracle}", _regularized(one)]
    if one.labeled_by is not None:
        told.append(f"sets labeled with {one.labeled_by}")
    if one.validation_fraction is not None:
        told.append(f"{wording.share(one.validation_fraction)} for validation")
    if one.query_fraction is not None:
        told.append(f"queries of {wording.share(one.query_fraction)}")
    told.append("runs not told" if one.runs is None else f"{one.runs} runs")
    yield f"Published for {', '.join(told)}."
    yield (
        "Mean (standard deviation of runs, where there is one), in %; ours counts all initial sets."
    )
    theirs = {"dataset": one.dataset, "model": one.model, "oracle": one.oracle}
    here = [
        f"{kind} {plugin.label}"
        for kind, told_of in theirs.items()
        for plugin in entry.scenario.plugins(kind)
        if plugin.label != told_of
    ]
    if here:
        yield f"Here: {', '.join(here)}."


def _regularized(one: Published) -> str:
    if not one.strong_regularization:
        return "without strong regularization"
    return f"with {' and '.join(one.strong_regularizers or ('strong regularization',))}"


def _table(one: Published, entry: Entry) -> Table:
    columns = [
        Column(f"{wording.share(fraction)} {whose}")
        for fraction in one.budgets
        for whose in ("published", "here")
    ]
    return Table(
        caption=f"{one.source}: {one.caption}",
        columns=(Column("method", numeric=False), *columns),
        rows=tuple(
            Row(
                Cell(row.row, row.row, detail="" if row.method == row.row else row.method),
                tuple(_cells(row, one, entry)),
            )
            for row in one.methods
        ),
    )


def _cells(row: PublishedMethod, one: Published, entry: Entry) -> Iterator[Cell]:
    ours = published_points(row.method, one, entry)
    for printed, point in zip(one.printed(row), ours, strict=True):
        yield number(printed.mean, _written(printed))
        if point is None or point.mean is None:
            yield Cell("–", "", "muted")
        else:
            spread = "" if point.std is None else f" ({100 * point.std:.2f})"
            yield Cell(f"{100 * point.mean:.2f}{spread}", f"{100 * point.mean:.12g}")


def _written(printed: Printed) -> str:
    spread = "" if printed.deviation is None else f" ({printed.deviation:.2f})"
    return "" if printed.mean is None else f"{printed.mean:.2f}{spread}"


def published_points(method: str, one: Published, entry: Entry) -> list[Point | None]:
    """Ours at each budget of a published table; None where there is none of that many labels."""
    scenario = entry.scenario
    label = _label(method, scenario)
    nothing: list[Point | None] = [None] * len(one.budgets)
    if label is None or scenario.n_train is None or entry.measure.name != "accuracy":
        return nothing
    curve = entry.found.methods[label].curve
    there = dict(zip(scenario.labels, curve, strict=True))
    return [there.get(labels) for labels in one.labels(scenario.n_train)]


def _label(method: str, scenario: Scenario) -> str | None:
    """Our row of a published method: that of its name, with its parameters at their defaults."""
    return next((one.method for one in scenario.methods if one.method == method), None)
