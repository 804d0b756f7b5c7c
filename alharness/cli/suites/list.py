"""``alharness suites list``: what plugins ship, and what of it cannot be read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from alharness import UsageError
from alharness.cli import options
from alharness.cli.layout import output
from alharness.cli.plugins.printing import print_json, table
from alharness.protocol.suite.reading import load_suite
from alharness.protocol.suite.trainings import trainings
from alharness.registry import Registry, discover
from alharness.registry.registered import RegisteredSuite


@click.command("list")
@options.as_json
@options.plugin_files
def list_(as_json: bool, plugin_files: tuple[Path, ...]) -> None:
    """List the suites of all plugins; one that cannot be used with the reason."""
    registry = discover(plugin_files)
    found = [_described(registry, suite) for suite in registry.suites]
    if as_json:
        print_json(suites=found)
        return
    rows = [
        (one["name"], one["distribution"], str(one["trainings"] or "-"), _said(one))
        for one in found
    ]
    output().print(table("", ("name", "distribution", "trainings", "title"), rows))


def _described(registry: Registry, shipped: RegisteredSuite) -> dict[str, Any]:
    found = {
        "name": shipped.name,
        "distribution": shipped.provenance.distribution,
        "version": shipped.provenance.version,
        "path": str(shipped.path),
        "conflict": sum(one.name == shipped.name for one in registry.suites) > 1,
    }
    try:
        suite = load_suite(shipped.path)
    except UsageError as error:
        return {**found, "title": None, "trainings": None, "reason": str(error)}
    return {**found, "title": suite.title, "trainings": trainings(suite).total, "reason": None}


def _said(described: dict[str, Any]) -> str:
    if described["reason"] is not None:
        return f"cannot be used: {described['reason']}"
    conflict = "(conflict) " if described["conflict"] else ""
    return f"{conflict}{described['title']}"
