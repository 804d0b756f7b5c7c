"""The tables of a scenario beside statistics: overlap, hyper-parameters, costs, provenance."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from alharness.leaderboard.caveats import machine_words
from alharness.leaderboard.setting import titled
from alharness.leaderboard.site.board import Board, Entry
from alharness.leaderboard.site.cells import Table as PageTable
from alharness.leaderboard.site.facts import provenance
from alharness.leaderboard.site.hyperparameters import chosen
from alharness.leaderboard.site.published import published_points, published_setting
from alharness.leaderboard.tables.numerals import PERCENT, PLAIN
from alharness.leaderboard.tables.statistics_tables import METHOD
from alharness.leaderboard.tables.table import Cell, Column, Kind, Table
from alharness.results.published import Published, PublishedMethod


def document_tables(entry: Entry, board: Board) -> Iterator[Table]:
    """As far as the document has them."""
    overlap = entry.scenario.overlap
    if overlap is not None:
        of_first = "overlap of the first query: images that both picked from the same pool"
        yield _overlap("overlap-first", of_first, overlap.first, entry)
        of_all = "overlap of all that was queried by the end of a run"
        yield _overlap("overlap-all", of_all, overlap.all, entry)
    yield _costs(entry)
    if entry.scenario.times:
        yield _times(entry)
    hyperparameters = chosen(entry, board)
    if hyperparameters is not None:
        notes = (
            "Of all runs and cycles: of numbers the median and the extremes, of others how often.",
        )
        yield _as_text("hyperparameters", "chosen hyper-parameters", hyperparameters, notes, entry)
    yield from _importance(entry)
    for number, one in enumerate(entry.scenario.published or (), start=1):
        yield _published(f"published-{number}", one, entry)
    yield _as_text("provenance", "where every row comes from", provenance(entry, board), (), entry)


def group(entry: Entry) -> str:
    """What the tables of an entry are together."""
    return f"{entry.document.suite.name} {entry.scenario.scenario}"


def _caption(entry: Entry, what: str) -> str:
    return f"{titled(group(entry), entry.scenario.representation)}: {what}"


def _overlap(name: str, what: str, shares: Sequence[Sequence[float | None]], entry: Entry) -> Table:
    names = [one.method for one in entry.scenario.methods]
    return Table(
        name=name,
        group=group(entry),
        caption=_caption(entry, what),
        columns=(METHOD, *(Column(f"with_{one}", one, Kind.NUMBER, PERCENT) for one in names)),
        rows=tuple((label, *row) for label, row in zip(names, shares, strict=True)),
        notes=("In %, mean over the runs that both have.",),
    )


def _costs(entry: Entry) -> Table:
    scenario = entry.scenario
    rows = []
    for method in scenario.methods:
        costs = [one for row in method.annotation_cost for one in row if one is not None]
        curve = zip(scenario.labels, entry.found.methods[method.method].curve, strict=True)
        labels = [one for one, point in curve if point.mean is not None]
        last = labels[-1] if labels else None
        both = None if last is None else last + scenario.n_validation
        cost = sum(costs) / len(costs) if costs else None
        rows.append((method.method, last, both, cost, method.trainings))
    return Table(
        name="costs",
        group=group(entry),
        caption=_caption(entry, "what results cost"),
        columns=(
            METHOD,
            Column("labels", "labels", Kind.COUNT),
            Column("labels_with_validation", "with validation", Kind.COUNT),
            Column("annotation_cost", "cost of a run", Kind.NUMBER, PLAIN),
            Column("trainings", "trainings", Kind.COUNT),
        ),
        rows=tuple(rows),
        notes=(
            "Labels: in the last cycle. Cost: of a run's queried labels, in the oracle's unit, "
            "mean over runs. Trainings: tunings, seeds and committees of all runs.",
        ),
    )


def _times(entry: Entry) -> Table:
    queries = entry.scenario.labels[:-1]
    return Table(
        name="times",
        group=group(entry),
        caption=_caption(entry, "how long it took, in seconds"),
        columns=(
            METHOD,
            Column("machine", "machine"),
            *(Column(f"query_at_{n}", f"query at {n} labels", Kind.NUMBER, PLAIN) for n in queries),
            Column("trainings", "trainings", Kind.COUNT),
            Column("training_seconds", "trainings in all", Kind.NUMBER, PLAIN),
        ),
        rows=tuple(
            (
                one.method,
                machine_words(one.machine),
                *(query.median for query in one.queries),
                one.trainings,
                one.training_seconds,
            )
            for one in entry.scenario.times or ()
        ),
        notes=("Queries: median. Times compare within one kind of machine only.",),
    )


def _importance(entry: Entry) -> Iterator[Table]:
    told = [one for one in entry.scenario.importance or () if one is not None]
    names = list(dict.fromkeys(name for one in told for name in one.shares))
    if not names:
        return
    given = zip(entry.scenario.labels, entry.scenario.importance or (), strict=True)
    yield Table(
        name="importance",
        group=group(entry),
        caption=_caption(entry, "importance of hyper-parameters for validation accuracy"),
        columns=(
            Column("labels", "labels", Kind.COUNT),
            *(Column(f"share_{name}", name, Kind.NUMBER, PERCENT) for name in names),
            Column("settings", "settings tried", Kind.COUNT),
        ),
        rows=tuple(
            (labels, *(one.shares.get(name) for name in names), one.settings)
            for labels, one in given
            if one is not None
        ),
        notes=("In %, by PED-ANOVA.",),
    )


def _published(name: str, one: Published, entry: Entry) -> Table:
    budgets = [f"{100 * fraction:g}" for fraction in one.budgets]
    parts = ("published", "published sd", "here", "here sd")
    return Table(
        name=name,
        group=group(entry),
        caption=_caption(entry, f"{one.source} of {one.citation}, and what was found here"),
        columns=(
            METHOD,
            *(
                Column(f"{part.replace(' ', '_')}_at_{at}", f"{at}% {part}", Kind.NUMBER, PLAIN)
                for at in budgets
                for part in parts
            ),
        ),
        rows=tuple((row.row, *_published_cells(row, one, entry)) for row in one.methods),
        notes=(
            "Test accuracy in % with the standard deviation of runs (sd), at shares of all "
            "training images.",
            *published_setting(one, entry),
            *one.notes,
        ),
    )


def _published_cells(row: PublishedMethod, one: Published, entry: Entry) -> Iterator[Cell]:
    """Four for each budget."""
    ours = published_points(row.method, one, entry)
    for printed, point in zip(one.printed(row), ours, strict=True):
        yield from printed
        for value in (None, None) if point is None else (point.mean, point.std):
            yield None if value is None else 100 * value


def _as_text(name: str, what: str, table: PageTable, notes: tuple[str, ...], entry: Entry) -> Table:
    """A table of a page, its cells as they are read there."""
    return Table(
        name=name,
        group=group(entry),
        caption=_caption(entry, what),
        columns=(METHOD, *(Column(one.title, one.title) for one in table.columns[1:])),
        rows=tuple((row.head.text, *(cell.text for cell in row.cells)) for row in table.rows),
        notes=notes,
    )
