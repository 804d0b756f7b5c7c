"""``alharness stats``: what the statistics say of a workspace, a document or a CSV."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from alharness import UsageError, __version__
from alharness.cli import options
from alharness.cli.given_documents import documents_given, is_bundle
from alharness.session.asked import Opening

if TYPE_CHECKING:
    from alharness.results.statistics_report import StatisticsReport

FORMATS = ("csv", "markdown", "latex")


@click.command()
@click.argument(
    "path",
    default=Opening.workspace_dir,
    type=click.Path(path_type=Path),
    envvar="ALHARNESS_WORKSPACE",
)
@click.option("--suite", metavar="NAME", help="Of a workspace, only the document of this suite.")
@click.option(
    "--reference",
    metavar="METHOD",
    help="The method that all others are compared with; by default the suite's, of a CSV random.",
)
@click.option(
    "--metric",
    metavar="METRIC",
    help="accuracy, balanced_accuracy, nll, brier, calibration_error, auroc or class_accuracy:K; "
    "by default the suite's endpoint, of a CSV accuracy. Any other is called secondary.",
)
@click.option(
    "--margin",
    type=click.FloatRange(min=0, max=1e6, min_open=True),
    help="Of equivalence, in the metric's unit: 0.01 is one point of accuracy. By default what the "
    "suite declares, else 0.01.",
)
@click.option(
    "--methods",
    multiple=True,
    metavar="METHOD[,METHOD…]",
    help="Show and rank these and the reference, instead of all; may be repeated. Verdicts and "
    "their family stay as they are.",
)
@options.as_json
@click.option(
    "--format",
    "written",
    type=click.Choice(FORMATS),
    help="Print tables for a paper; csv: the table of verdicts alone.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Write statistics.json, and every table in every format, into this folder.",
)
def stats(
    path: Path,
    suite: str | None,
    reference: str | None,
    metric: str | None,
    margin: float | None,
    methods: tuple[str, ...],
    as_json: bool,
    written: str | None,
    out: Path | None,
) -> None:
    """Say what the statistics say of results.

    PATH is a workspace, the document of a bench (reports/SUITE.json in a workspace), a bundle,
    which is checked first, or a CSV made anywhere with the columns method, initial_set, seed,
    budget and accuracy (0 to 1), a row for each run and budget. Everything is computed anew from
    the numbers: verdicts with intervals and detectable effects, marks, family-wise decisions,
    equivalence, ranks, wins, label savings, the paper's chain of tests. No plugin and no dataset
    has to be there.
    """
    from alharness.leaderboard.statistics_files import write_statistics
    from alharness.leaderboard.tables.writing import json_text
    from alharness.results.analysis import analyse
    from alharness.results.family import read_labels
    from alharness.results.sources import read_samples, samples_of_document
    from alharness.results.statistics_report import StatisticsReport

    if as_json and written:
        raise UsageError("--json and --format: one of them at a time")
    if is_bundle(path):
        samples = [
            one
            for document in documents_given(path)
            for one in samples_of_document(document, metric, reference)
        ]
    else:
        samples = read_samples(path, suite=suite, metric=metric, reference=reference)
    named = read_labels(methods)
    report = StatisticsReport(
        alharness=__version__,
        scenarios=tuple(analyse(one, margin=margin, named=named) for one in samples),
    )
    if out is not None:
        write_statistics(report, out)
    if as_json:
        click.echo(json_text(report.to_json()), nl=False)
    elif written:
        click.echo(_written(report, written), nl=False)
    else:
        _print(report)


def _written(report: StatisticsReport, written: str) -> str:
    from alharness.leaderboard.tables.csv import csv_text
    from alharness.leaderboard.tables.latex import latex
    from alharness.leaderboard.tables.markdown import markdown
    from alharness.leaderboard.tables.statistics_tables import all_verdicts, statistics_tables

    if written == "csv":
        return csv_text(all_verdicts(report.scenarios))
    write = latex if written == "latex" else markdown
    tables = (table for one in report.scenarios for table in statistics_tables(one))
    return "\n".join(map(write, tables))


def _print(report: StatisticsReport) -> None:
    from alharness.cli.tables import print_notes, print_table
    from alharness.leaderboard.tables.statistics_tables import statistics_tables

    for one in report.scenarios:
        for table in statistics_tables(one):
            print_table(table)
            click.echo()
        print_notes(one.notes)
