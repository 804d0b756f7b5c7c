"""``alharness plugins``: a group of commands, one file each."""

from __future__ import annotations

import click

from alharness.cli.plugins.check import check
from alharness.cli.plugins.list import list_
from alharness.cli.plugins.show import show

__all__ = ["plugins"]


@click.group()
def plugins() -> None:
    """List, describe and check plugins."""


plugins.add_command(list_)
plugins.add_command(show)
plugins.add_command(check)
