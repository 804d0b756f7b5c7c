"""Finding plugins, one by one: entry points of distributions, and plugin files."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from importlib.metadata import Distribution, EntryPoint, distributions
from pathlib import Path
from typing import Any

from alharness.api.errors import UsageError
from alharness.api.text import one_line
from alharness.protocol.keys import digest_bytes
from alharness.registry.boundary import RefusedPlugin, plugin_code
from alharness.registry.catalog import Registry
from alharness.registry.loading import FILE, Candidate, Plugin, load
from alharness.registry.modules import module_file
from alharness.registry.registered import BrokenPlugin, Source
from alharness.registry.source import (
    GROUP,
    Digests,
    distribution_files,
    own_files,
    plugin_file_files,
)

CORE = "alharness"


def discover(plugin_files: Sequence[Path] = ()) -> Registry:
    """Load every installed plugin, then the plugin files.

    Core's come first, then those of other distributions by name, then by name
    of the entry point; plugin files in the order given. None can stop another from
    being found: what cannot be used is in ``Registry.broken``. Raises UsageError for a
    plugin file that is not there.
    """
    plugins: list[Plugin] = []
    broken: list[BrokenPlugin] = []
    for candidate in [*installed(), *from_files(plugin_files)]:
        try:
            plugins.append(load(candidate))
        except RefusedPlugin as refused:
            broken.append(
                BrokenPlugin(
                    candidate.plugin,
                    candidate.distribution,
                    candidate.version,
                    one_line(str(refused)),
                )
            )
    return Registry(tuple(plugins), tuple(broken))


def installed() -> list[Candidate]:
    """Candidates of installed distributions: core first, then by distribution, then by name."""
    found: dict[str, list[Candidate]] = {}
    for distribution in distributions():
        if f"[{GROUP}]" in _entry_points_text(distribution):
            name, version = _metadata(distribution)
            # The first on the path is the one that gets imported.
            if name.lower() not in found:
                found[name.lower()] = list(_candidates(distribution, name, version))
    order = sorted(found, key=lambda name: (name != CORE, name))
    return [
        candidate
        for name in order
        for candidate in sorted(found[name], key=lambda candidate: candidate.plugin)
    ]


def _entry_points_text(distribution: Distribution) -> str:
    """What a distribution's ``entry_points.txt`` says; of a stranger's, anything may be wrong."""
    try:
        return distribution.read_text("entry_points.txt") or ""
    except UnicodeDecodeError as error:
        return error.object.decode("latin-1")
    except Exception:
        return ""


def _metadata(distribution: Distribution) -> tuple[str, str]:
    """Name and version; of a METADATA that says neither, what stands for them."""
    try:
        name, version = distribution.name, distribution.version
    except Exception:
        return "(unknown)", "-"
    return one_line(str(name or "(unknown)"), 100), one_line(str(version or "-"), 100)


def _candidates(distribution: Distribution, name: str, version: str) -> Iterator[Candidate]:
    digests = Digests()
    try:
        entry_points = list(distribution.entry_points.select(group=GROUP))
    except Exception:
        entry_points = []
    if not entry_points:
        yield Candidate(name, name, version, _unreadable, lambda _: Source(dict, digests.of))
        return
    for entry_point in entry_points:
        yield _candidate(entry_point, distribution, name, version, digests)


def _candidate(
    entry_point: EntryPoint, distribution: Distribution, name: str, version: str, digests: Digests
) -> Candidate:
    def source(factory: str | None) -> Source:
        if name.lower() == CORE:
            return Source(partial(own_files, entry_point.module, factory), digests.of)
        return Source(partial(files, factory), digests.of)

    def files(factory: str | None) -> Mapping[str, Path]:
        with plugin_code("listing its files", f"plugin '{entry_point.name}' ({name} {version})"):
            return distribution_files(distribution, factory)

    def imported() -> Any:
        if not module_file(entry_point.module):
            raise RefusedPlugin(
                "its source files are not found, so no result could be tied to it; install its "
                "source, and not in a zip"
            )
        return entry_point.load()

    return Candidate(entry_point.name, name, version, imported, source)


def _unreadable() -> Any:
    raise RefusedPlugin(
        "its entry_points.txt is malformed, not UTF-8 or names no plugin; reinstall it"
    )


def from_files(paths: Iterable[Path]) -> list[Candidate]:
    """Candidates of plugin files, in the order given; a path given twice counts once.

    Raises UsageError for a path that is no Python file.
    """
    resolved = dict.fromkeys(map(_plugin_file, paths))
    return [_file_candidate(path) for path in resolved]


def _plugin_file(path: Path) -> Path:
    """The path, absolute."""
    try:
        found = path.expanduser().resolve()
        if found.is_file() and found.suffix == ".py":
            return found
    except (OSError, ValueError, RuntimeError):  # no path on any machine, or ~ of nobody
        pass
    raise UsageError(
        f"plugin file '{one_line(str(path), 200)}' is not a Python file",
        remedy="Give the path of a .py file that exists",
    )


def _file_candidate(path: Path) -> Candidate:
    digests = Digests()

    def source(factory: str | None) -> Source:
        return Source(partial(files, factory), digests.of)

    def files(factory: str | None) -> Mapping[str, Path]:
        with plugin_code("listing its files", f"plugin '{path.stem}' ({path})"):
            return plugin_file_files(path, factory)

    return Candidate(path.stem, FILE, "-", partial(_import_file, path), source)


def _import_file(path: Path) -> Any:
    # Named after the path: files with one stem do not collide, and a worker
    # that loads the same file can unpickle its classes.
    name = f"alharness_file_{path.stem}_{digest_bytes(str(path).encode())[:8]}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module
