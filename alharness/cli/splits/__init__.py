"""``alharness splits``: a group of commands, one file each."""

from __future__ import annotations

import click

from alharness.cli.splits.export import export
from alharness.cli.splits.import_ import import_

__all__ = ["splits"]


@click.group()
def splits() -> None:
    """Export and import index sets."""


splits.add_command(export)
splits.add_command(import_)
