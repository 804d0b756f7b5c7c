"""``alharness forget``: have a unit, and what was computed from it, computed anew."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import click

from alharness import UsageError
from alharness.cli import options


@click.command()
@click.argument("key", required=False)
@click.option(
    "--origin",
    metavar="BUNDLE",
    help="Every record that was taken over from this bundle, by the beginning of its identity.",
)
@options.workspace
def forget(key: str | None, origin: str | None, workspace: Path) -> None:
    """Set aside the record of the unit with this KEY and of all that was computed from it.

    The next bench computes them anew. For a unit that gives another result than its record,
    because that came from another processor, device or version. With --origin likewise every
    record that `bundle merge` took over from a bundle.
    """
    from alharness.store.forgetting import FOLDER, forget_origin
    from alharness.store.forgetting import forget as set_aside
    from alharness.store.workspace import Workspace

    if (key is None) == (origin is None):
        raise UsageError("give a KEY, or --origin with a bundle: one of them")
    opened = Workspace(workspace)
    opened.require_readable()
    if origin is not None:
        records = forget_origin(opened, opened.origins.find(origin))
    else:
        assert key is not None
        records = set_aside(opened, key)
    forgotten = Counter(record.unit.kind for record in records)
    told = ", ".join(f"{kind}: {number}" for kind, number in sorted(forgotten.items()))
    click.echo(f"Set aside in {opened.root / FOLDER} ({told or 'no record'}). Run the bench again.")
