"""``alharness bundle``: a group of commands, one file each."""

from __future__ import annotations

import click

from alharness.cli.bundle.check import check
from alharness.cli.bundle.merge import merge
from alharness.cli.bundle.pack import pack
from alharness.cli.bundle.verify import verify

__all__ = ["bundle"]


@click.group()
def bundle() -> None:
    """Share the results of a bench: pack, check, verify and take over bundles."""


bundle.add_command(pack)
bundle.add_command(check)
bundle.add_command(verify)
bundle.add_command(merge)
