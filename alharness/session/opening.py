"""What ``bench`` and ``plan`` do first: find plugins and suite, prepare workspace and data."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path

from alharness.protocol.bench import Bench
from alharness.protocol.components import parse_reference
from alharness.registry import Registry, discover
from alharness.session.asked import Opening
from alharness.session.resolve import Resolver, find_suite
from alharness.store.workspace import Workspace


@dataclass(frozen=True)
class Opened:
    """A bench with the plugins and the workspace it is carried out with."""

    registry: Registry
    workspace: Workspace
    bench: Bench
    plugin_files: tuple[Path, ...]


def open_bench(opening: Opening) -> Opened:
    """Resolve everything that the command line names.

    Raises UsageError or PluginError, saying what is wrong and where, before anything is computed.
    """
    registry = discover(opening.plugin_files)
    suite = find_suite(registry, opening.suite_name)
    if opening.plugins:
        suite = suite.with_methods(parse_reference(text) for text in opening.plugins)
    workspace = Workspace(opening.workspace_dir)
    workspace.require_writable()
    resolver = Resolver(registry, workspace, opening.data_dir, opening.download)
    # What plugins print must not get into the data on stdout.
    with redirect_stdout(sys.stderr):
        bench = resolver.bench(suite, f"suite '{opening.suite_name}'")
    return Opened(registry, workspace, bench, opening.plugin_files)
