"""The first page: what each suite's scenarios found, and every method in every scenario."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from alharness.leaderboard import wording
from alharness.leaderboard.figures.curves import Chart
from alharness.leaderboard.figures.scales import Scale
from alharness.leaderboard.setting import NOT_APPLICABLE, features
from alharness.leaderboard.site.board import Board, Entrant, Entry
from alharness.leaderboard.site.cells import Cell, Column, Row, Table
from alharness.leaderboard.site.charts import learning_curves
from alharness.leaderboard.site.results_table import MARKS
from alharness.leaderboard.tables import numerals
from alharness.results.document import Document, MethodFindings, numbers
from alharness.statistics import Comparison, Verdict

WORDS = {
    Verdict.BETTER: "better",
    Verdict.UNDETERMINED: "undetermined",
    Verdict.WORSE: "worse",
    Verdict.NOT_TESTABLE: "not testable",
}


@dataclass(frozen=True)
class Dot:
    """A method's difference in a strip of all: its place from 0 to 100."""

    at: str
    mark: str
    said: str


@dataclass(frozen=True)
class Strip:
    """All methods' differences to the reference on one line."""

    zero: str
    dots: tuple[Dot, ...]


@dataclass(frozen=True)
class Summary:
    """What a scenario found, in short."""

    entry: Entry
    condition: str
    runs: str
    best: str
    best_href: str | None
    best_detail: str
    best_mark: str
    counts: tuple[tuple[str, int], ...]
    strip: Strip | None
    curves: Chart | None


@dataclass(frozen=True)
class Section:
    """A document, and its scenarios. again: another document of the same suite stands above."""

    document: Document
    again: bool
    summaries: tuple[Summary, ...]


@dataclass(frozen=True)
class Overview:
    """The first page. totals: numbers and what they count. grid: methods by scenarios."""

    title: str
    totals: tuple[tuple[int, str], ...]
    sections: tuple[Section, ...]
    grid: Table | None
    methods: tuple[Entrant, ...]


def overview(board: Board) -> Overview:
    """The first page of a board."""
    return Overview(
        title=title(board),
        totals=tuple(_totals(board)),
        sections=tuple(_sections(board)),
        grid=_grid(board),
        methods=board.entrants,
    )


def title(board: Board) -> str:
    """Of the site: that of its only suite, or a general one."""
    titles = {document.title for document in board.documents}
    return titles.pop() if len(titles) == 1 else "Active learning, compared"


def _totals(board: Board) -> Iterable[tuple[int, str]]:
    trainings = sum(
        machine.trainings for entry in board.entries for machine in entry.scenario.machines or ()
    )
    suites = len({document.suite.name for document in board.documents})
    runs = sum(len(one.runs) for entry in board.entries for one in entry.scenario.methods)
    for n, one, more in (
        (suites, "suite", "suites"),
        (len(board.entries), "scenario", "scenarios"),
        (len(board.entrants), "method", "methods"),
        (runs, "run", "runs"),
        (trainings, "training", "trainings"),
    ):
        if n:
            yield n, one if n == 1 else more


def _sections(board: Board) -> Iterable[Section]:
    seen: set[str] = set()
    for _, entries in groupby(board.entries, key=lambda entry: entry.document_digest):
        of_document = list(entries)
        document = of_document[0].document
        summaries = tuple(_summary(entry, board) for entry in of_document)
        yield Section(document, document.suite.name in seen, summaries)
        seen.add(document.suite.name)


def _summary(entry: Entry, board: Board) -> Summary:
    tested = _tested(entry)
    counts = [(WORDS[one], sum(v.verdict is one for _, v in tested)) for one in WORDS]
    label, text, detail, mark = _best(entry, tested)
    hrefs = {one.method: board.path_of(one) for one in entry.scenario.methods}
    n_sets, n_seeds, _ = numbers(entry.scenario.methods[0].accuracy).shape
    return Summary(
        entry=entry,
        condition=_condition(entry),
        runs=f"{n_sets} × {n_seeds}",
        best=text,
        best_href=hrefs.get(label or ""),
        best_detail=detail,
        best_mark=mark,
        counts=tuple(one for one in counts if one[1]),
        strip=_strip(tested, entry),
        curves=learning_curves(entry),
    )


def _condition(entry: Entry) -> str:
    dataset, *others = (
        " + ".join(one.label for one in entry.scenario.plugins(kind))
        for kind in ("dataset", "model", "regularizer")
    )
    shown = entry.scenario.representation
    on = "" if shown is None else features(shown)
    return " · ".join(filter(None, (dataset, on, *others)))


def _tested(entry: Entry) -> list[tuple[str, Comparison]]:
    """Methods with a verdict, and these, in the document's order."""
    return [(label, found.verdict) for label, found in entry.found.methods.items() if found.verdict]


def _best(
    entry: Entry, tested: Sequence[tuple[str, Comparison]]
) -> tuple[str | None, str, str, str]:
    """Label, text, detail and mark of what came out best; nothing undetermined is called best.

    Nor is what looks stopped early: it is not ranked with what was run in full.
    """
    reference = entry.scenario.reference
    full = {label for label, found in entry.found.methods.items() if found.looks is None}
    better = [one for one in tested if one[1].verdict is Verdict.BETTER and one[0] in full]
    if better:
        label, verdict = max(better, key=lambda one: one[1].difference or 0.0)
        detail = f"{_difference(verdict, entry)} {entry.unit_of_differences}{_tied(label, entry)}"
        return label, label, detail, "better"
    if not tested or all(one[1].verdict is Verdict.NOT_TESTABLE for one in tested):
        return None, "nothing tested", "", "muted"
    return None, f"none better than {reference}", "", "muted"


def _tied(label: str, entry: Entry) -> str:
    """How many others share its rank, where it is the first."""
    ranks = entry.standing.ranks
    own = ranks[label].rank if label in ranks else None
    tied = sum(one.rank == own for one in ranks.values()) - 1
    return f", tied with {tied} more" if own is not None and tied > 0 else ""


def _difference(verdict: Comparison, entry: Entry) -> str:
    assert verdict.difference is not None
    return numerals.effect(verdict.difference, verdict.interval, entry.scale)


def _strip(tested: Sequence[tuple[str, Comparison]], entry: Entry) -> Strip | None:
    there = [(label, one, one.difference) for label, one in tested if one.difference is not None]
    if not there:
        return None
    ends = [0.0, *(difference for *_, difference in there)]
    scale = Scale(min(ends), max(ends), 4, 96)
    reference = entry.scenario.reference
    dots = tuple(
        Dot(
            at=f"{scale(difference):z.1f}",
            mark=MARKS.get(verdict.verdict, "muted"),
            said=f"{label} {_difference(verdict, entry)}, {verdict.verdict.sentence(reference)}",
        )
        for label, verdict, difference in there
    )
    return Strip(f"{scale(0.0):z.1f}", dots)


def _grid(board: Board) -> Table | None:
    """The difference of every method in every scenario, where there are several scenarios."""
    if len(board.entries) < 2:
        return None
    return Table(
        caption="Difference to the reference, in percentage points where the metric is a share",
        columns=(
            Column("method", numeric=False),
            *(Column(entry.scenario.scenario, note=entry.document.suite.name)
              for entry in board.entries),
        ),
        rows=tuple(
            Row(Cell(one.label, one.label, href=one.path), tuple(_grid_cells(one, board)))
            for one in board.entrants
        ),
    )  # fmt: skip


def _grid_cells(entrant: Entrant, board: Board) -> Iterable[Cell]:
    there = {
        result.entry.path: (result.method, result.entry.found.methods[result.method.method])
        for result in entrant.results
    }
    for entry in board.entries:
        if entry.path not in there:
            yield _absent(entrant, entry)
            continue
        method, found = there[entry.path]
        yield grid_cell(found, wording.untested(method, entry.scenario), entry)


def _absent(entrant: Entrant, entry: Entry) -> Cell:
    """Of a method without results: nothing, or that it could not have any."""
    lacking = entry.scenario.not_applicable or ()
    if any(one.method == entrant.label for one in lacking):
        return Cell(NOT_APPLICABLE, "", "muted")
    return Cell()


def grid_cell(found: MethodFindings, otherwise: str, entry: Entry) -> Cell:
    """A difference with its symbol, or what stands in its place."""
    verdict = found.verdict
    if verdict is None:
        return Cell(otherwise, "", "muted")
    if verdict.difference is None:
        return Cell("–", "", "muted")
    symbol = wording.SYMBOLS[verdict.verdict]
    text = f"{numerals.signed(verdict.difference, entry.scale)} {symbol}".rstrip()
    return Cell(text, f"{verdict.difference:.12g}", MARKS.get(verdict.verdict, ""))
