"""What the commands print of bundles: lines, without anything that a terminal would act on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import click

from alharness.api.text import one_line


def say(line: str) -> None:
    """Print a line; what strangers wrote in it stands as text."""
    click.echo(one_line(line))


def kinds(counts: Mapping[str, int]) -> str:
    """Numbers of units: ``10 trials, 1 query``."""
    plurals = {"query": "queries"}
    return ", ".join(
        f"{number} {kind if number == 1 else plurals.get(kind, f'{kind}s')}"
        for kind, number in sorted(counts.items())
    )


def listed(lines: list[str], most: int = 20) -> Iterator[str]:
    """The first lines, and how many more there are."""
    yield from lines[:most]
    if len(lines) > most:
        yield f"and {len(lines) - most} more"
