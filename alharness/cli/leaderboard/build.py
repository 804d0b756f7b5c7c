"""``alharness leaderboard build``: a static site of result documents."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from alharness.cli import options

if TYPE_CHECKING:
    from alharness.results.document import Document


@click.command()
@click.argument(
    "paths", nargs=-1, metavar="[DOCUMENT.json|WORKSPACE]...", type=click.Path(path_type=Path)
)
@options.workspace
@click.option(
    "--out",
    required=True,
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="A new or empty folder, or one that holds a site already.",
)
def build(paths: tuple[Path, ...], workspace: Path, out: Path) -> None:
    """Make a static site of result documents.

    DOCUMENT.json is a bench's document, WORKSPACE a folder that benches were run in: all of its
    documents then. Without any, those of --workspace. No plugin, no dataset and no suite has to be
    there. The site asks nothing of any other host, and may be opened from the disk.
    """
    from alharness.leaderboard.site.build import FIRST, site
    from alharness.leaderboard.site.writing import require_place, write_site

    require_place(out)
    documents = list(_documents(paths or (workspace,)))
    write_site(site(documents), out)
    click.echo(out / FIRST)


def _documents(paths: Sequence[Path]) -> Iterator[Document]:
    """Those at the paths, in turn. Raises UsageError and MismatchError as reading does."""
    from alharness.results.documents import documents_of
    from alharness.results.reading import read_document

    for path in paths:
        if path.is_dir():
            documents = documents_of(path)
            for suite in documents.suites():
                yield documents.read(suite)
        else:
            yield read_document(path)
