"""What ``bench`` and ``plan`` do first: find plugins and suite, workspace and data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from alharness.protocol.bench import Bench
from alharness.protocol.components import Reference
from alharness.protocol.suite.declaration import Suite
from alharness.protocol.written_reference import parse_reference
from alharness.registry import Registry, discover
from alharness.results.published import Published
from alharness.session.applicability import require_applicable
from alharness.session.asked import Opening
from alharness.session.data import DataFound
from alharness.session.looks import looks_note, with_looks
from alharness.session.notes import notes, replayed_notes
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
    resolver = _resolver(registry, workspace, opening)
    bench = resolver.bench(suite, origin)
    require_applicable(registry, bench, _asked(opening), origin)
    bench = with_looks(bench, workspace, opening.looks, origin)
    return Opened(
        registry,
        workspace,
        bench,
        opening.plugin_files,
        opening.data_dir,
        resolver.data_notes,
        _told(registry, bench, suite, opening),
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
    resolver = _resolver(registry, workspace, opening)
    bench, data = resolver.plan(suite, origin)
    require_applicable(registry, bench, _asked(opening), origin)
    bench = with_looks(bench, workspace, opening.looks, origin)
    told = (*_told(registry, bench, suite, opening), *resolver.missing)
    return Planned(registry, workspace, bench, data, told)


def named(opening: Opening) -> tuple[Registry, Suite]:
    """The plugins, and the suite with the methods that are compared. Raises as ``open_plan``."""
    registry = discover(opening.plugin_files)
    suite = find_suite(registry, opening.suite)
    if opening.plugins:
        suite = suite.with_methods(map(parse_reference, opening.plugins))
    if opening.add:
        suite = suite.with_added(map(parse_reference, opening.add))
    return registry, suite


def _resolver(registry: Registry, workspace: Workspace, opening: Opening) -> Resolver:
    return Resolver(registry, workspace, opening.data_dir, opening.download, opening.scenarios)


def _told(registry: Registry, bench: Bench, suite: Suite, opening: Opening) -> tuple[str, ...]:
    """What is not as it may seem, a line each."""
    return (
        *notes(registry, bench, suite),
        *replayed_notes(bench, opening.scenarios),
        *looks_note(bench, opening.looks),
    )


def _asked(opening: Opening) -> Iterator[Reference]:
    """The methods that are asked for beside those that the suite compares."""
    return map(parse_reference, (*opening.plugins, *opening.add))
