"""``alharness splits export``: the index sets of a bench, for others."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import click

from alharness.cli import options


@click.command()
@options.opening
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    help="The folder to write into.",
)
def export(out: Path, **asked: Any) -> None:
    """Write which images each initial set, pool, validation set and query of a bench had.

    SCENARIO.json and SCENARIO.npz for each scenario, with the same content: indices into the
    training images in the dataset's official order, and what the images are called where they are
    somebody's own files. Of the suite's methods, and of all others that were benched in the
    workspace under the same protocol.
    """
    from alharness.session.commands import opening
    from alharness.session.index_sets import export_index_sets

    def say(line: str) -> None:
        click.echo(line, err=True)

    with redirect_stdout(sys.stderr):
        paths = export_index_sets(opening(**asked), out, say)
    for path in paths:
        click.echo(path)
