"""``alharness report``: what the benches in a workspace found, from their documents alone."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from alharness import HarnessError, UsageError
from alharness.cli import options

if TYPE_CHECKING:
    from alharness.results.document import Document
    from alharness.results.documents import Documents


@click.command()
@options.workspace
@click.option("--suite", metavar="NAME", help="Only the document of this suite.")
@options.family
@options.as_json
@click.option("--markdown", "as_markdown", is_flag=True, help="Print Markdown.")
@click.pass_context
def report(
    ctx: click.Context,
    /,
    workspace: Path,
    suite: str | None,
    family: tuple[str, ...],
    as_json: bool,
    as_markdown: bool,
) -> None:
    """Show again what the benches in a workspace found.

    Reads the documents that bench left, also those of older versions, and computes nothing:
    no plugin, no dataset and no suite has to be there. With --json a list of the documents,
    with --markdown the reports. With --family they are shown narrowed, and stay as they are.
    A document that cannot be read is named, and the others are shown.
    """
    from alharness.cli.tables import print_report
    from alharness.leaderboard.report import report_markdown
    from alharness.results.documents import documents_of
    from alharness.results.family import members_of, narrowed, read_labels, require_members

    if as_json and as_markdown:
        raise UsageError("--json and --markdown: one of them at a time")
    documents = documents_of(workspace)
    found, unread = _read(documents, documents.suites() if suite is None else [suite])
    if family and found:
        labels = read_labels(family)
        known = set[str]().union(*map(members_of, found))
        require_members(labels, known, str(workspace))
        found = [narrowed(document, labels) for document in found]
    if as_json and found:
        everything = [document.to_json() for document in found]
        click.echo(json.dumps(everything, indent=2, allow_nan=False))
    elif as_markdown:
        click.echo("\n".join(map(report_markdown, found)), nl=False)
    else:
        for document in found:
            print_report(document)
    for why in unread:
        click.echo(f"Error: {why}", err=True)
    if unread:
        ctx.exit(unread[0].exit_code)


def _read(documents: Documents, suites: Iterable[str]) -> tuple[list[Document], list[HarnessError]]:
    """The documents of suites, and why others cannot be read."""
    found, unread = [], []
    for name in suites:
        try:
            found.append(documents.read(name))
        except HarnessError as error:
            unread.append(error)
    return found, unread
