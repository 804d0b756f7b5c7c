"""``alharness leaderboard``: a group of commands, one file each."""

from __future__ import annotations

import click

from alharness.cli.leaderboard.build import build

__all__ = ["leaderboard"]


@click.group()
def leaderboard() -> None:
    """Publish what benches found."""


leaderboard.add_command(build)
