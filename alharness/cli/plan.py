"""``alharness plan``: what bench would compute."""

from __future__ import annotations

import json
import sys
from contextlib import redirect_stdout
from typing import Any

import click

from alharness.cli import options


@click.command()
@options.opening
@options.as_json
def plan(as_json: bool, **asked: Any) -> None:
    """Show what bench would compute. Computes, prepares and fetches nothing.

    Units per method and cycle: how many there are, are done, are shared with other
    methods, and can be executed now; how long the rest takes, from what was measured;
    why units that were computed before have to be computed again. Of data that is not
    prepared yet, what its dataset declares; of data that is missing, how to get it.
    """
    from alharness.cli.plan_tables import print_plan
    from alharness.session import commands

    # What plugins print must not get into the data on stdout.
    with redirect_stdout(sys.stderr):
        planned = commands.plan(**asked)
    if as_json:
        click.echo(json.dumps(planned.to_json(), indent=2))
    else:
        print_plan(planned)
