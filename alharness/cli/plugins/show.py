"""``alharness plugins show``: everything about one plugin."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from alharness.cli import options
from alharness.cli.layout import output
from alharness.cli.plugins.printing import print_json, row, table
from alharness.registry import Registered, Registry, discover
from alharness.registry.hookspecs import KINDS
from alharness.registry.parameters import describe_parameters


@click.command()
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
        print_json(plugin=description)
    else:
        _print_description(description)


def _description(registry: Registry, registered: Registered) -> dict[str, Any]:
    factory = registered.spec.factory
    return {
        **row(registry, registered),
        "citation": registered.spec.citation,
        "requires": registered.spec.requires,
        "cost": registered.spec.cost,
        "factory": factory
        if isinstance(factory, str)
        else f"{getattr(factory, '__module__', '')}:{getattr(factory, '__qualname__', factory)}",
        "parameters": [asdict(info) for info in describe_parameters(registered.spec.parameters)],
    }


def _print_description(description: dict[str, Any]) -> None:
    printed = output()
    parameters = description["parameters"]
    facts = [
        (name.replace("_", " "), _spelled(value))
        for name, value in description.items()
        if name != "parameters"
    ]
    printed.print(table("", ("", ""), facts, show_header=False))
    if parameters:
        rows = [
            (info["name"], info["type"], json.dumps(info["default"]), info["description"])
            for info in parameters
        ]
        printed.print(table("parameters", ("name", "type", "default", "description"), rows))


def _spelled(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value or "-")
