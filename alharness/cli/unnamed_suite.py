"""What ``alharness bench`` says in place of hours of work that nobody asked for by name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from alharness.cli.suites.show import described
from alharness.session.asked import Opening
from alharness.session.opening import named


def would_do(
    suite: str, plugins: tuple[str, ...], add: tuple[str, ...], plugin_files: tuple[Path, ...]
) -> Iterator[str]:
    """What a bench of the default suite would take, and how to start it.

    Raises UsageError or PluginError for plugins that cannot be used.
    """
    registry, found = named(Opening(suite, plugins, add, plugin_files))
    for method in found.methods.compared:
        registry.component("sampler", method)
    yield f"No suite is named, so nothing was started. With --suite {suite} this would be done:"
    yield ""
    yield from described(found, registry)
    for dataset in dict.fromkeys(scenario.dataset.name for scenario in found.scenarios):
        requires = registry.find("dataset", dataset).spec.requires
        yield f"Requires, for the dataset {dataset}: {requires or 'not stated.'}"
    yield ""
    yield f"Start it: the same command with its name, alharness bench --suite {suite}"
    yield f"How long it takes: alharness plan --suite {suite}"
    yield "Other suites, smaller ones among them: alharness suites list"
