"""``alharness plugins list``: what is installed, by kind, and what cannot be used."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path

import click
from rich.table import Table

from alharness.cli import options
from alharness.cli.layout import output
from alharness.cli.plugins.printing import print_json, row, table
from alharness.registry import BrokenPlugin, Registered, Registry, discover
from alharness.registry.hookspecs import KINDS


@click.command("list")
@options.as_json
@options.plugin_files
@click.option("--kind", type=click.Choice(KINDS), help="Only plugins of this kind.")
def list_(as_json: bool, plugin_files: tuple[Path, ...], kind: str | None) -> None:
    """List plugins by kind; at the end those that cannot be used, with the reason."""
    registry = discover(plugin_files)
    listed = [one for one in registry.registered if kind in (None, one.kind)]
    if as_json:
        print_json(
            plugins=[row(registry, one) for one in listed],
            broken=[asdict(broken) for broken in registry.broken],
        )
    else:
        _print_lists(registry, listed)


def _print_lists(registry: Registry, listed: Sequence[Registered]) -> None:
    printed = output()
    for kind in KINDS:
        rows = [
            (
                f"{one.name} (conflict)" if registry.conflicts(one) else one.name,
                one.provenance.distribution,
                one.provenance.version,
                one.spec.summary,
            )
            for one in listed
            if one.kind == kind
        ]
        if rows:
            printed.print(table(kind, ("name", "distribution", "version", "summary"), rows))
    if registry.broken:
        printed.print(_broken_table(registry.broken))


def _broken_table(broken: Iterable[BrokenPlugin]) -> Table:
    rows = [(one.plugin, one.distribution, one.version, one.reason) for one in broken]
    return table("cannot be used", ("plugin", "distribution", "version", "reason"), rows)
