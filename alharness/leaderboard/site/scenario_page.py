"""The page of a scenario: what a template lays out, section by section."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from alharness.leaderboard import wording
from alharness.leaderboard.figures.curves import Chart, Style
from alharness.leaderboard.setting import sentences
from alharness.leaderboard.site.board import Board, Entry, Result
from alharness.leaderboard.site.cells import Cell, Column, Row, Table
from alharness.leaderboard.site.charts import differences, learning_curves, shown_at_first, styles
from alharness.leaderboard.site.facts import components, condition, provenance
from alharness.leaderboard.site.hyperparameters import chosen, importance
from alharness.leaderboard.site.matrices import Matrix, matrices
from alharness.leaderboard.site.overview import WORDS
from alharness.leaderboard.site.published import PublishedTable, published_tables
from alharness.leaderboard.site.recommendations import Recommendation, recommendations
from alharness.leaderboard.site.results_table import results_table
from alharness.leaderboard.site.times import times_tables
from alharness.leaderboard.site.values import values
from alharness.leaderboard.tables import numerals
from alharness.results.document import numbers


@dataclass(frozen=True)
class Key:
    """A method in the key of the charts."""

    label: str
    number: int
    style: Style
    shown: bool
    kind: str


@dataclass(frozen=True)
class ScenarioPage:
    """The page of an entry.

    setting: sentences on what is trained on and how samplers are asked. headline: numbers, and
    what they are. others: of the same protocol.
    """

    entry: Entry
    lead: str
    setting: tuple[str, ...]
    headline: tuple[tuple[str, str], ...]
    curves: Chart | None
    differences: Chart | None
    key: tuple[Key, ...]
    values: tuple[Table, ...]
    results: Table
    verdicts: tuple[str, ...]
    notes: tuple[str, ...]
    matrices: tuple[Matrix, ...]
    times: tuple[Table, ...]
    chosen: Table | None
    importance: Table | None
    published: tuple[PublishedTable, ...]
    chain: Table | None
    provenance: Table
    components: Table | None
    recommendations: tuple[Recommendation, ...]
    condition: tuple[tuple[str, str], ...]
    others: tuple[Entry, ...]
    failures: tuple[str, ...]


def scenario_page(entry: Entry, board: Board) -> ScenarioPage:
    """The page of an entry of a board."""
    document, scenario, found = entry.document, entry.scenario, entry.found
    of_document = [
        Result(one, method)
        for one in board.entries
        if one.document_digest == entry.document_digest
        for method in one.scenario.methods
    ]
    results = results_table(entry, board)
    return ScenarioPage(
        entry=entry,
        lead=lead(entry),
        setting=tuple(sentences(scenario)),
        headline=tuple(_headline(entry)),
        curves=learning_curves(entry),
        differences=differences(entry),
        key=_key(entry),
        values=values(entry, board),
        results=results,
        verdicts=tuple(dict.fromkeys(row.verdict for row in results.rows)),
        notes=tuple(wording.notes(scenario, found, document.n_models)),
        matrices=matrices(entry),
        times=times_tables(entry, board),
        chosen=chosen(entry, board),
        importance=importance(entry),
        published=published_tables(entry),
        chain=_chain(entry),
        provenance=provenance(entry, board),
        components=components(entry),
        recommendations=recommendations(of_document),
        condition=tuple(condition(entry)),
        others=tuple(board.same_protocol(entry)),
        failures=tuple(wording.counted(document.failures)),
    )


def lead(entry: Entry) -> str:
    """What was found, in a sentence."""
    verdicts = [one.verdict.verdict for one in entry.found.methods.values() if one.verdict]
    reference = entry.scenario.reference
    if not verdicts:
        return f"Nothing was compared with {reference}."
    counts = [(sum(one is verdict for one in verdicts), word) for verdict, word in WORDS.items()]
    said = [f"{n} {word}" for n, word in counts if n]
    listed = said[0] if len(said) == 1 else f"{', '.join(said[:-1])} and {said[-1]}"
    methods = "method" if len(verdicts) == 1 else "methods"
    return f"Of {len(verdicts)} {methods} compared with {reference}: {listed}."


def _headline(entry: Entry) -> Sequence[tuple[str, str]]:
    scenario = entry.scenario
    n_sets, n_seeds, _ = numbers(scenario.methods[0].accuracy).shape
    labels = scenario.labels
    span = str(labels[0]) if len(labels) == 1 else f"{labels[0]}–{labels[-1]}" if labels else "–"
    effects = sorted(
        one.verdict.minimum_detectable_effect
        for one in entry.found.methods.values()
        if one.verdict and one.verdict.minimum_detectable_effect is not None
    )
    given = [
        (str(len(scenario.methods)), "methods"),
        (f"{n_sets} × {n_seeds}", "initial sets × seeds"),
        (span, "labels"),
    ]
    if effects:
        middle = effects[(len(effects) - 1) // 2]
        given.append((numerals.number(middle, entry.scale), "detectable difference, median"))
    return given


def _key(entry: Entry) -> tuple[Key, ...]:
    drawn_as, at_first = styles(entry), shown_at_first(entry)
    return tuple(
        Key(
            label=one.method,
            number=n,
            style=drawn_as[one.method],
            shown=one.method in at_first,
            kind="outdated" if one.outdated else "",
        )
        for n, one in enumerate(entry.scenario.methods)
    )


def _chain(entry: Entry) -> Table | None:
    """The paper's chain of tests, as its Table 1; None where nothing is tested."""
    reference = entry.scenario.reference
    if not entry.found.paper_chain:
        return None
    columns = (f"better than {reference}", f"worse than {reference}", "undetermined")
    return Table(
        caption="The paper's chain of tests on pooled runs",
        columns=(
            Column("labels", numeric=False),
            *(Column(one, numeric=False) for one in columns),
            Column("Kruskal–Wallis p"),
        ),
        rows=tuple(
            Row(
                Cell(str(labels), str(labels)),
                (
                    *(_names(one) for one in (chain.better, chain.worse, chain.undetermined)),
                    Cell("–" if chain.kruskal_wallis is None else f"{chain.kruskal_wallis:.3g}"),
                ),
            )
            for labels, chain in entry.found.paper_chain.items()
        ),
    )


def _names(names: Sequence[str]) -> Cell:
    text = ", ".join(names) or "–"
    return Cell(text, text)
