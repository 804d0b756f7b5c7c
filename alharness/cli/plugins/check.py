"""``alharness plugins check``: whether a plugin keeps its contract."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING

import click

from alharness import ExitCode
from alharness.cli import options
from alharness.cli.layout import output
from alharness.cli.plugins.printing import print_json, table

if TYPE_CHECKING:
    from alharness.testing import Checked

CHECKED_KINDS = (
    "sampler",
    "model",
    "regularizer",
    "loss",
    "schedule",
    "oracle",
    "dataset",
    "representation",
    "executor",
    "suite",
)
"""Those of alharness.testing, which imports torch: help and mistaken options do without."""


@click.command()
@click.argument("name", metavar="NAME[:PARAMETER=VALUE,…]")
@options.as_json
@options.plugin_files
@options.data_dir
@click.option(
    "--kind",
    type=click.Choice(CHECKED_KINDS),
    help="When several kinds have the name; needed for a suite.",
)
@click.pass_context
def check(
    ctx: click.Context,
    name: str,
    as_json: bool,
    plugin_files: tuple[Path, ...],
    data_dir: Path,
    kind: str | None,
) -> None:
    """Check that the plugin NAME keeps its contract; exit code 5 when it breaks a rule.

    The conformance kit, alharness.testing, checks the same in a plugin's own tests.
    """
    # What plugins print must not get into the data on stdout.
    with redirect_stdout(sys.stderr):
        from alharness.testing import Outcome, checked, find_subject

        subject = find_subject(name, kind, plugin_files, data_dir)
        found = checked(subject)
    if as_json:
        rules = [_checked_row(one) for one in found]
        print_json(kind=subject.kind, name=subject.name, rules=rules)
    else:
        rows = [tuple(_checked_row(one).values()) for one in found]
        output().print(table(subject.origin, ("rule", "demand", "outcome", "seen"), rows))
    if any(one.outcome is Outcome.BROKEN for one in found):
        ctx.exit(ExitCode.CONFORMANCE)


def _checked_row(one: Checked) -> dict[str, str]:
    return {
        "rule": one.rule.name,
        "demand": one.rule.demand,
        "outcome": one.outcome.value,
        "seen": one.seen,
    }
