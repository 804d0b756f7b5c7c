"""What is here of what a bundle rests on: the same plugins, by their sources, and the same data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from alharness.api.errors import HarnessError, UsageError
from alharness.bundles.checking import Bundle
from alharness.bundles.evidence import Rested
from alharness.protocol.bench import Bench
from alharness.protocol.components import Component, Reference
from alharness.protocol.units import Unit
from alharness.protocol.units.parts import Plugin
from alharness.registry import Registry
from alharness.session.data import Data
from alharness.session.representations import Representations
from alharness.store.workspace import Workspace


class Here:
    """Says of a unit why it cannot be computed here, and of a scenario which bench it is here."""

    def __init__(self, registry: Registry, bundle: Bundle) -> None:
        self._registry = registry
        self._versions = _versions(bundle)
        self._known: dict[tuple[str, str], str | None] = {}

    def missing(self, unit: Unit) -> list[str]:
        """A line for each plugin of a unit that is not here, or is another."""
        found = (self._missing(plugin) for plugin in unit.inputs.plugins())
        return list(dict.fromkeys(filter(None, found)))

    def bench(self, one: Rested, workspace: Workspace, data_dir: Path, download: bool) -> Bench:
        """The bench of a scenario with the dataset that is here, prepared in a workspace.

        Raises UsageError or PluginError for data that is not here, or has another digest.
        """
        (condition,) = one.bench.conditions
        told = condition.dataset
        reference = Reference(told.name, told.parameters)
        dataset = self._registry.component("dataset", reference)
        data = Data(self._registry, workspace.datasets, data_dir)
        facts = data.prepare(dataset, download)
        for split, here, recorded in (
            ("training", facts.train_digest, condition.facts.train_digest),
            ("test", facts.test_digest, condition.facts.test_digest),
        ):
            if here != recorded:
                raise UsageError(
                    f"its {split} images or labels here are others: digest {here}, recorded "
                    f"{recorded}",
                    where=dataset.origin,
                    remedy="Use the same data",
                )
        conditions = (replace(condition, dataset=dataset),)
        return replace(one.bench, conditions=conditions)

    def _missing(self, plugin: Plugin) -> str | None:
        key = (plugin.kind, plugin.identity.spelled())
        if key not in self._known:
            self._known[key] = self._look(plugin)
        return self._known[key]

    def _look(self, plugin: Plugin) -> str | None:
        kind, identity = plugin
        recorded = self._versions.get((kind, identity.name), "an unknown distribution")
        who = f"{kind} '{identity.name}' of {recorded}"
        try:
            reference = Reference(identity.name, identity.parameters)
            component = self._registry.component(kind, reference)
        except HarnessError as error:
            return f"{who} is not here: {error.what}"
        if component.source != identity.source:
            here = f"{component.distribution} {component.version}"
            return (
                f"{who} is another here ({here}): its source is {component.source}, recorded "
                f"{identity.source}"
            )
        other = _other_files(component, identity.files, who)
        if other is None and kind == "representation":
            return self._other_weights(component, identity.fingerprint, who)
        return other

    def _other_weights(self, component: Component, fingerprint: str, who: str) -> str | None:
        """A representation's weights may be absent, or others; nothing is fetched for it."""
        try:
            found = Representations(self._registry, download=False).ready(component)
        except HarnessError as error:
            return f"{who} cannot be computed here: {error}"
        if found.fingerprint != fingerprint:
            return (
                f"{who} is another here: its fingerprint is {found.fingerprint}, recorded "
                f"{fingerprint}"
            )
        return None


def _other_files(component: Component, files: dict[str, str], who: str) -> str | None:
    for name in sorted({*component.files, *files}):
        if component.files.get(name) != files.get(name):
            return f"{who} is another here: the file that its '{name}' names has another content"
    return None


def _versions(bundle: Bundle) -> dict[tuple[str, str], str]:
    """Distribution and version of plugins, as the document tells of them."""
    return {
        (one.kind, one.name): f"{one.distribution} {one.version}" for one in _components(bundle)
    }


def _components(bundle: Bundle) -> Iterator[Component]:
    for one in bundle.rests_on:
        yield from one.bench.components()
