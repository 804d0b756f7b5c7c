"""How ``alharness plugins`` prints: JSON for programs, tables for people and for grep."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

import click
from rich.table import Table
from rich.text import Text

from alharness.api.errors import PluginError
from alharness.registry import Registered, Registry

JSON_SCHEMA = 1
"""Version of the JSON that these commands print."""


def row(registry: Registry, registered: Registered) -> dict[str, Any]:
    """What is said of a plugin in JSON."""
    return {
        "kind": registered.kind,
        "name": registered.name,
        "summary": registered.spec.summary,
        "plugin": registered.provenance.plugin,
        "distribution": registered.provenance.distribution,
        "version": registered.provenance.version,
        "source": _source(registered),
        "step_version": registered.spec.step_version,
        "conflict": registry.conflicts(registered),
    }


def _source(registered: Registered) -> str | None:
    """The digest of its source; None, with a word on stderr, when it cannot be read."""
    try:
        return registered.provenance.source
    except PluginError as error:
        click.echo(f"Note: {error}", err=True)
        return None


def print_json(**content: Any) -> None:
    """Print members, behind the version of what they are."""
    click.echo(json.dumps({"schema": JSON_SCHEMA, **content}, indent=2))


def table(
    title: str, columns: Sequence[str], rows: Iterable[Sequence[str]], show_header: bool = True
) -> Table:
    """A table of texts, without lines; nothing in it is markup."""
    made = Table(
        title=title or None, title_justify="left", box=None, pad_edge=False, show_header=show_header
    )
    for column in columns:
        made.add_column(column, overflow="fold")
    for row in rows:
        # Text, because what plugins say is not markup.
        made.add_row(*map(Text, row))
    return made
