"""``alharness suites check``: whether a suite can be benched, without its data."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING

import click

from alharness.cli import options
from alharness.cli.layout import output
from alharness.cli.plugins.printing import print_json

if TYPE_CHECKING:
    from alharness.session.checking import CheckedSuite


@click.command()
@click.argument("name", metavar="NAME|PATH")
@options.as_json
@options.plugin_files
def check(name: str, as_json: bool, plugin_files: tuple[Path, ...]) -> None:
    """Check a suite, by its name or its TOML file, without data: read, resolved, tried.

    What is wrong with it is one line: exit code 2 for the suite, 3 for a plugin that cannot be
    used, 1 for a model that does not take what its scenario trains on.
    """
    # What plugins print must not get into the data on stdout.
    with redirect_stdout(sys.stderr):
        from alharness.protocol.suite.reading import suite_digest
        from alharness.session.checking import check_suite

        checked = check_suite(name, plugin_files)
    if as_json:
        suite = checked.suite
        print_json(
            suite=suite.name,
            version=suite.version,
            digest=suite_digest(suite),
            untried=checked.untried,
            notes=checked.notes,
        )
        return
    printed = output()
    for line in _said(checked):
        printed.print(line, markup=False, highlight=False)


def _said(checked: CheckedSuite) -> Iterator[str]:
    suite = checked.suite
    yield (
        f"{suite.name}, version {suite.version}: nothing is wrong with it, as far as that can be "
        "told without data."
    )
    if checked.untried:
        yield (
            "Networks that met no image, as it is not known how many classes or pixels there are: "
            f"{', '.join(checked.untried)}."
        )
    for note in checked.notes:
        yield f"Note: {note}."
