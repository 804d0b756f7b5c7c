"""The published results that a suite's scenarios are held against."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from alharness.protocol.suite.declaration import Suite
from alharness.registry import Registry
from alharness.registry.boundary import located
from alharness.results.document import Document
from alharness.results.published import Publication, Published, read_publication


def find_published(
    registry: Registry, suite: Suite, origin: str
) -> Mapping[str, tuple[Published, ...]]:
    """The published tables that scenarios name, by scenario; ``origin`` names the suite.

    Raises UsageError for a name that no plugin ships and for a file that does not keep to its
    format, PluginError when two plugins share a name.
    """
    read: dict[Path, Publication] = {}
    found = {}
    for scenario in suite.scenarios:
        with located(f"{origin}, scenario '{scenario.name}', published"):
            found[scenario.name] = tuple(
                _table(registry, name, read) for name in scenario.published
            )
    return found


def _table(registry: Registry, name: str, read: dict[Path, Publication]) -> Published:
    path = registry.find_published(name)
    if path not in read:
        read[path] = read_publication(path)
    return next(table for table in read[path].published() if table.name == name)


def with_published(document: Document, published: Mapping[str, tuple[Published, ...]]) -> Document:
    """The document with the published tables beside its own results."""
    scenarios = tuple(
        scenario.model_copy(update={"published": published.get(scenario.scenario, ())})
        for scenario in document.scenarios
    )
    return document.model_copy(update={"scenarios": scenarios})
