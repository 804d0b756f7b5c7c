"""What ``bench`` and ``plan`` do first: find plugins and suite, workspace and data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from alharness.protocol.bench import Bench
from alharness.protocol.suite.declaration import Suite
from alharness.protocol.written_reference import parse_reference
from alharness.registry import Registry, discover
from alharness.results.published import Published
from alharness.session.asked import Opening
from alharness.session.data import DataFound
from alharness.session.looks import looks_note, with_looks
from alharness.session.notes import notes
from alharness.session.published import find_published
from alharness.session.resolve import Resolver, find_suite
from alharness.store.workspace import Workspace


@dataclass(frozen=True)
class Opened:
    """A bench with the plugins and the workspace it is carried out with.

    ``data_notes``: what a user has to know of its data; ``notes``: what else is not as it may
    seem; a line each.
    ``set_aside``: places in the workspace where something else stood than belongs there.
    ``published``: the published tables that each scenario is held against.
    """

    registry: Registry
    workspace: Workspace
    bench: Bench
    plugin_files: tuple[Path, ...]
    data_dir: Path
    data_notes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    set_aside: tuple[Path, ...] = ()
    published: Mapping[str, tuple[Published, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Planned:
    """A bench as far as its data is prepared, and what there is of it, by scenario."""

    registry: Registry
    workspace: Workspace
    bench: Bench
    data: Mapping[str, DataFound]
    notes: tuple[str, ...] = ()


def open_bench(opening: Opening) -> Opened:
    """Resolve everything that is asked for, and prepare its data.

    Raises UsageError or PluginError, saying what is wrong and where, before anything is computed.
    """
    registry, suite = named(opening)
    origin = f"suite '{opening.suite_label}'"
    published = find_published(registry, suite, origin)
    workspace = Workspace(opening.workspace_dir)
    workspace.require_writable()
    aside = tuple(workspace.make_way())
    resolver = Resolver(registry, workspace, opening.data_dir, opening.download)
    bench = with_looks(resolver.bench(suite, origin), workspace, opening.looks, origin)
    return Opened(
        registry,
        workspace,
        bench,
        opening.plugin_files,
        opening.data_dir,
        resolver.data_notes,
        (*notes(registry, bench, suite), *looks_note(bench, opening.looks)),
        aside,
        published,
    )


def open_plan(opening: Opening) -> Planned:
    """Resolve everything that is asked for. Prepares, fetches and writes nothing.

    Raises as ``open_bench`` does, but not for data that is not there.
    """
    registry, suite = named(opening)
    origin = f"suite '{opening.suite_label}'"
    find_published(registry, suite, origin)
    workspace = Workspace(opening.workspace_dir)
    workspace.require_readable()
    resolver = Resolver(registry, workspace, opening.data_dir, opening.download)
    bench, data = resolver.plan(suite, origin)
    bench = with_looks(bench, workspace, opening.looks, origin)
    told = (*notes(registry, bench, suite), *looks_note(bench, opening.looks))
    return Planned(registry, workspace, bench, data, told)


def named(opening: Opening) -> tuple[Registry, Suite]:
    """The plugins, and the suite with the methods that are compared. Raises as ``open_plan``."""
    registry = discover(opening.plugin_files)
    suite = find_suite(registry, opening.suite)
    if opening.plugins:
        suite = suite.with_methods(parse_reference(text) for text in opening.plugins)
    if opening.add:
        suite = suite.with_added(parse_reference(text) for text in opening.add)
    return registry, suite
