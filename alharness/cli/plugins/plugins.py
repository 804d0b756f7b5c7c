"""``alharness plugins``: what is installed, everything about one of it, and its conformance."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from contextlib import redirect_stdout
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from alharness import ExitCode
from alharness.cli import options
from alharness.registry import BrokenPlugin, Registered, Registry, discover
from alharness.registry.hookspecs import KINDS
from alharness.registry.parameters import describe_parameters

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
    "executor",
    "suite",
)
"""Those of alharness.testing, which imports torch: help and mistaken options do without."""

JSON_SCHEMA = 1
"""Version of the JSON that these commands print."""


@click.group()
def plugins() -> None:
    """List, describe and check plugins."""


@plugins.command("list")
@options.as_json
@options.plugin_files
@click.option("--kind", type=click.Choice(KINDS), help="Only plugins of this kind.")
def list_(as_json: bool, plugin_files: tuple[Path, ...], kind: str | None) -> None:
    """List plugins by kind; at the end those that cannot be used, with the reason."""
    registry = discover(plugin_files)
    listed = [one for one in registry.registered if kind in (None, one.kind)]
    if as_json:
        _print_json(
            plugins=[_row(registry, one) for one in listed],
            broken=[asdict(broken) for broken in registry.broken],
        )
    else:
        _print_lists(registry, listed)


@plugins.command()
@click.argument("name")
@options.as_json
@options.plugin_files
@click.option("--kind", type=click.Choice(KINDS), help="When several kinds have the name.")
def show(name: str, as_json: bool, plugin_files: tuple[Path, ...], kind: str | None) -> None:
    """Show everything about the plugin NAME, its parameters included."""
    registry = discover(plugin_files)
    registered = registry.find(kind, name) if kind else registry.find_any(name)
    description = _description(registry, registered)
    if as_json:
        _print_json(plugin=description)
    else:
        _print_description(description)


@plugins.command()
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
        _print_json(kind=subject.kind, name=subject.name, rules=rules)
    else:
        rows = [tuple(_checked_row(one).values()) for one in found]
        _console().print(_table(subject.origin, ("rule", "demand", "outcome", "seen"), rows))
    if any(one.outcome is Outcome.BROKEN for one in found):
        ctx.exit(ExitCode.CONFORMANCE)


def _checked_row(one: Checked) -> dict[str, str]:
    return {
        "rule": one.rule.name,
        "demand": one.rule.demand,
        "outcome": one.outcome.value,
        "seen": one.seen,
    }


def _row(registry: Registry, registered: Registered) -> dict[str, Any]:
    return {
        "kind": registered.kind,
        "name": registered.name,
        "summary": registered.spec.summary,
        "plugin": registered.provenance.plugin,
        "distribution": registered.provenance.distribution,
        "version": registered.provenance.version,
        "source": registered.provenance.source,
        "step_version": registered.spec.step_version,
        "conflict": registry.conflicts(registered),
    }


def _description(registry: Registry, registered: Registered) -> dict[str, Any]:
    factory = registered.spec.factory
    return {
        **_row(registry, registered),
        "citation": registered.spec.citation,
        "requires": registered.spec.requires,
        "cost": registered.spec.cost,
        "factory": factory
        if isinstance(factory, str)
        else f"{factory.__module__}:{factory.__qualname__}",
        "parameters": [asdict(info) for info in describe_parameters(registered.spec.parameters)],
    }


def _print_json(**content: Any) -> None:
    click.echo(json.dumps({"schema": JSON_SCHEMA, **content}, indent=2))


def _print_lists(registry: Registry, listed: Sequence[Registered]) -> None:
    console = _console()
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
            console.print(_table(kind, ("name", "distribution", "version", "summary"), rows))
    if registry.broken:
        console.print(_broken_table(registry.broken))


def _broken_table(broken: Iterable[BrokenPlugin]) -> Table:
    rows = [(one.plugin, one.distribution, one.version, one.reason) for one in broken]
    return _table("cannot be used", ("plugin", "distribution", "version", "reason"), rows)


def _print_description(description: dict[str, Any]) -> None:
    console = _console()
    parameters = description["parameters"]
    facts = [
        (name.replace("_", " "), _spelled(value))
        for name, value in description.items()
        if name != "parameters"
    ]
    console.print(_table("", ("", ""), facts, show_header=False))
    if parameters:
        rows = [
            (info["name"], info["type"], json.dumps(info["default"]), info["description"])
            for info in parameters
        ]
        console.print(_table("parameters", ("name", "type", "default", "description"), rows))


def _spelled(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value or "-")


def _table(
    title: str, columns: Sequence[str], rows: Iterable[Sequence[str]], show_header: bool = True
) -> Table:
    table = Table(
        title=title or None, title_justify="left", box=None, pad_edge=False, show_header=show_header
    )
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        # Text, because what plugins say is not markup.
        table.add_row(*map(Text, row))
    return table


def _console() -> Console:
    """A console that wraps for a terminal and never for a pipe, where lines are for grep."""
    console = Console()
    return console if console.is_terminal else Console(width=10_000)
