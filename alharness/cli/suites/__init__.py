"""``alharness suites``: a group of commands, one file each."""

from __future__ import annotations

import click

from alharness.cli.suites.check import check
from alharness.cli.suites.list import list_
from alharness.cli.suites.show import show

__all__ = ["suites"]


@click.group()
def suites() -> None:
    """List, describe and check suites."""


suites.add_command(list_)
suites.add_command(show)
suites.add_command(check)
