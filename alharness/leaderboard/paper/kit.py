"""The paper kit of documents: a pure function to the bytes of each of its files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import PurePosixPath

from alharness.leaderboard.figures import images
from alharness.leaderboard.figures.lines import CURVES_WIDTH
from alharness.leaderboard.figures.sheet import width_of
from alharness.leaderboard.paper.figures import Figure, scenario_figures
from alharness.leaderboard.paper.findings_prose import findings_paragraphs
from alharness.leaderboard.paper.prose import Section, name, to_latex, to_markdown
from alharness.leaderboard.paper.protocol_prose import protocol_paragraphs
from alharness.leaderboard.paper.tables import document_tables, group
from alharness.leaderboard.site.board import Board, Entry, board
from alharness.leaderboard.tables import latex, markdown
from alharness.leaderboard.tables.statistics_tables import statistics_tables
from alharness.leaderboard.tables.table import Table
from alharness.leaderboard.tables.writing import WRITERS, json_text
from alharness.results.analysis import analyse
from alharness.results.document import Document
from alharness.results.samples import samples_of
from alharness.results.statistics_report import ScenarioStatistics

FOLDER = "paper"
"""Of the kit, within a site."""

_PREAMBLE = rf"""\documentclass{{article}}
\usepackage[landscape,margin=1cm]{{geometry}}
\usepackage{{{",".join((*latex.PACKAGES, "graphicx"))}}}
\setlength{{\tabcolsep}}{{3pt}}
\begin{{document}}
\scriptsize
"""


def paper_kit(documents: Iterable[Document]) -> dict[str, bytes]:
    """The files of the kit, by their paths beside those of a site.

    A folder for each scenario has every table in each format, and every figure with its
    specification; ``methods`` is prose, ``everything.tex`` a document that has it all. But for PNG
    and PDF, the same documents give the same bytes on every machine, in whatever order they come.
    """
    everything = board(documents)
    files: dict[str, bytes] = {}
    sections, inputs = [], []
    for entry in everything.entries:
        folder = PurePosixPath(entry.path).stem
        found = _analysed(entry)
        tables = _tables(entry, everything, found)
        figures = () if found is None else tuple(scenario_figures(entry, found))
        sections.append(_section(entry, found))
        inputs += [f"{folder}/{one.name}" for one in tables]
        files |= {f"{folder}/{path}": data for path, data in _table_files(tables)}
        files |= {f"{folder}/{path}": data for path, data in _figure_files(figures, folder)}
        if figures:
            inputs.append(f"{folder}/figures")
    sections.append(_cited(everything))
    files["methods.md"] = to_markdown("Methods", sections).encode()
    files["methods.tex"] = to_latex(sections).encode()
    files["everything.tex"] = _everything(["methods", *inputs]).encode()
    return {f"{FOLDER}/{path}": files[path] for path in sorted(files)}


def _analysed(entry: Entry) -> ScenarioStatistics | None:
    """None for numbers that no statistics are made of: a stranger's document may hold any."""
    try:
        return analyse(samples_of(entry.scenario, entry.document.suite.name))
    except (ValueError, OverflowError):
        return None


def _tables(entry: Entry, everything: Board, found: ScenarioStatistics | None) -> list[Table]:
    statistics = [] if found is None else statistics_tables(found)
    return [*statistics, *document_tables(entry, everything)]


def _table_files(tables: Iterable[Table]) -> Iterator[tuple[str, bytes]]:
    for table in tables:
        for ending, text in WRITERS.items():
            yield f"{table.name}.{ending}", text(table).encode()


def _figure_files(figures: Sequence[Figure], folder: str) -> Iterator[tuple[str, bytes]]:
    for one in figures:
        drawing = images.svg(one.specification)
        yield f"{one.name}.vl.json", json_text(one.specification).encode()
        yield f"{one.name}.svg", drawing.encode()
        yield f"{one.name}.png", images.png(drawing)
        yield f"{one.name}.pdf", images.pdf(drawing)
    if figures:
        yield "figures.md", _figures_markdown(figures).encode()
        yield "figures.tex", _figures_latex(figures, folder).encode()


def _figures_markdown(figures: Iterable[Figure]) -> str:
    parts = (f"![]({one.name}.svg)\n\n{markdown.escaped(one.caption)}\n" for one in figures)
    return "\n".join(parts)


def _figures_latex(figures: Iterable[Figure], folder: str) -> str:
    lines = ["% \\usepackage{graphicx}"]
    for one in figures:
        lines += [
            r"\begin{figure}",
            r"\centering",
            f"\\includegraphics[{_size(one)}]{{{folder}/{one.name}.pdf}}",
            f"\\caption{{{latex.escaped(one.caption)}}}",
            f"\\label{{fig:{folder}-{one.name}}}",
            r"\end{figure}",
        ]
    return "\n".join([*lines, ""])


def _size(figure: Figure) -> str:
    """Of a line: all of it for curves, and of smaller figures so much that letters are as large."""
    share = min(1.0, width_of(figure.specification) / CURVES_WIDTH)
    return rf"width={share:.2f}\linewidth,height=0.8\textheight,keepaspectratio"


def _section(entry: Entry, found: ScenarioStatistics | None) -> Section:
    findings = (
        ["No statistics can be made of the numbers of this document."]
        if found is None
        else findings_paragraphs(entry, found)
    )
    return Section(group(entry), (*protocol_paragraphs(entry), *findings))


def _cited(everything: Board) -> Section:
    """What each method is, and whom to cite for it."""
    paragraphs = []
    for one in everything.entrants:
        method = one.results[0].method
        said = filter(None, (method.summary, method.citation))
        sentences = [f"{text.rstrip('.')}." for text in said] or ["Nothing is said of it."]
        paragraphs.append(f"{name(one.label)}: {' '.join(sentences)}")
    return Section("Methods compared", tuple(paragraphs))


def _everything(inputs: Iterable[str]) -> str:
    """A document of all tables, figures and prose, to look through: wide and small."""
    parts = (f"\\input{{{one}}}\n\\clearpage\n" for one in inputs)
    return f"{_PREAMBLE}{''.join(parts)}\\end{{document}}\n"
