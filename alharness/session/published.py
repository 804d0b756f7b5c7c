"""The published results that a suite's scenarios are held against."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from alharness.api.errors import UsageError
from alharness.protocol.suite.declaration import Suite
from alharness.protocol.suite.tables import Scenario
from alharness.registry import Registry
from alharness.registry.boundary import located
from alharness.results.document import Document
from alharness.results.publication import Publication, read_publication
from alharness.results.published import Published
from alharness.session.held_against import differences


def find_published(
    registry: Registry, suite: Suite, origin: str
) -> Mapping[str, tuple[Published, ...]]:
    """The published tables that scenarios name, by scenario; ``origin`` names the suite.

    Raises UsageError for a name that no plugin ships, for a file that does not keep to its
    format and for a table of another condition than the scenario's, PluginError when two plugins
    share a name.
    """
    read: dict[Path, Publication] = {}
    found = {}
    for scenario in suite.scenarios:
        with located(f"{origin}, scenario '{scenario.name}', published"):
            tables = tuple(_table(registry, name, read) for name in scenario.published)
            for table in tables:
                _require_agreement(registry, suite, scenario, table)
            found[scenario.name] = tables
    return found


def _require_agreement(
    registry: Registry, suite: Suite, scenario: Scenario, table: Published
) -> None:
    for difference in differences(registry, suite, scenario, table):
        raise UsageError(
            f"'{table.name}' is of another condition: {difference}",
            remedy="Leave it out, or name tables of the scenario's own condition",
        )


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
