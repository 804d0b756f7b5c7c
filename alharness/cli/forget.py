"""``alharness forget``: have a unit, and what was computed from it, computed anew."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import click

from alharness.cli import options


@click.command()
@click.argument("key")
@options.workspace
def forget(key: str, workspace: Path) -> None:
    """Set aside the record of the unit with this KEY and of all that was computed from it.

    The next bench computes them anew. For a unit that gives another result than its record,
    because that came from another processor, device or version.
    """
    from alharness.store.forgetting import FOLDER
    from alharness.store.forgetting import forget as set_aside
    from alharness.store.workspace import Workspace

    opened = Workspace(workspace)
    opened.require_readable()
    forgotten = Counter(record.unit.kind for record in set_aside(opened, key))
    told = ", ".join(f"{kind}: {number}" for kind, number in sorted(forgotten.items()))
    click.echo(f"Set aside in {opened.root / FOLDER} ({told}). Run the bench again.")
