"""``alharness leaderboard build``: a static site of result documents."""

from __future__ import annotations

from pathlib import Path

import click

from alharness.cli import options
from alharness.cli.given_documents import documents_given


@click.command()
@click.argument(
    "paths",
    nargs=-1,
    metavar="[DOCUMENT.json|WORKSPACE|BUNDLE]...",
    type=click.Path(path_type=Path),
)
@options.workspace
@click.option(
    "--out",
    required=True,
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="A new or empty folder, or one that holds a site already.",
)
@click.option(
    "--paper",
    is_flag=True,
    help="Beside the site, DIR/paper: tables, figures and prose for a paper.",
)
def build(paths: tuple[Path, ...], workspace: Path, out: Path, paper: bool) -> None:
    """Make a static site of result documents.

    DOCUMENT.json is a bench's document, or a list of them; WORKSPACE a folder that benches were run
    in: all of its documents then; BUNDLE is checked first. Without any, those of --workspace. No
    plugin, no dataset and no suite has to be there. The site asks nothing of any other host, and
    may be opened from the disk.
    """
    from alharness.leaderboard.paper.kit import FOLDER, paper_kit
    from alharness.leaderboard.site.build import FIRST, site
    from alharness.leaderboard.site.writing import require_place, write_site

    require_place(out)
    documents = [one for path in paths or (workspace,) for one in documents_given(path)]
    write_site({**site(documents), **(paper_kit(documents) if paper else {})}, out)
    click.echo(out / FIRST)
    if paper:
        click.echo(out / FOLDER)
