"""What others published, beside what was found here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from alharness.leaderboard import wording
from alharness.leaderboard.site.board import Entry
from alharness.leaderboard.site.cells import Cell, Column, Row, Table
from alharness.results.document import Scenario
from alharness.results.published import Published, PublishedMethod
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
            notes=(_setting(one), *one.notes),
        )
        for one in entry.scenario.published or ()
    )


def _setting(one: Published) -> str:
    strong = "with" if one.strong_regularization else "without"
    return (
        f"{one.dataset}, {one.model}, {strong} strong regularization, {one.runs} runs. "
        "Mean (standard deviation of runs), in %; ours counts all initial sets."
    )


def _table(one: Published, entry: Entry) -> Table:
    columns = [
        Column(f"{wording.share(fraction)} {whose}")
        for fraction in one.fractions
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
    for mean, deviation, point in zip(row.mean, row.deviation, ours, strict=False):
        yield Cell(f"{mean:.2f} ({deviation:.2f})", f"{mean:.12g}")
        if point is None or point.mean is None:
            yield Cell("–", "", "muted")
        else:
            spread = "" if point.std is None else f" ({100 * point.std:.2f})"
            yield Cell(f"{100 * point.mean:.2f}{spread}", f"{100 * point.mean:.12g}")


def published_points(method: str, one: Published, entry: Entry) -> list[Point | None]:
    """Ours at each fraction of a published table; None where there is none of that many labels."""
    scenario = entry.scenario
    label = _label(method, scenario)
    nothing: list[Point | None] = [None] * len(one.fractions)
    if label is None or scenario.n_train is None or entry.measure.name != "accuracy":
        return nothing
    curve = entry.found.methods[label].curve
    there = dict(zip(scenario.labels, curve, strict=True))
    return [there.get(labels) for labels in one.labels(scenario.n_train)]


def _label(method: str, scenario: Scenario) -> str | None:
    """Our row of a published method: that of its name, with its parameters at their defaults."""
    return next((one.method for one in scenario.methods if one.method == method), None)
