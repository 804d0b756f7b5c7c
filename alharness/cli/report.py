"""``alharness report``: what the benches in a workspace found, from their documents alone."""

from __future__ import annotations

import json
from pathlib import Path

import click

from alharness.cli import options


@click.command()
@options.workspace
@click.option("--suite", metavar="NAME", help="Only the document of this suite.")
@options.family
@options.as_json
def report(workspace: Path, suite: str | None, family: tuple[str, ...], as_json: bool) -> None:
    """Show again what the benches in a workspace found.

    Reads the documents that bench left, also those of older versions: no plugin, no
    dataset and no suite has to be there. With --json a list of the documents.
    With --family they are shown narrowed, and stay as they are.
    """
    from alharness.cli.tables import print_report
    from alharness.results.documents import documents_of, results
    from alharness.results.family import members_of, narrowed, read_labels, require_members

    names = documents_of(workspace).suites() if suite is None else [suite]
    found = [results(workspace, name) for name in names]
    if family:
        labels = read_labels(family)
        known = set[str]().union(*map(members_of, found))
        require_members(labels, known, str(workspace))
        found = [narrowed(document, labels) for document in found]
    if as_json:
        everything = [document.to_json() for document in found]
        click.echo(json.dumps(everything, indent=2, allow_nan=False))
    else:
        for document in found:
            print_report(document)
