"""Plugins as units name them: by the identity in their inputs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, suppress
from typing import Any

from alharness.api.errors import HarnessError, PluginError
from alharness.protocol.components import Component, Reference
from alharness.protocol.units import Identity
from alharness.protocol.units.parts import Plugin
from alharness.registry import Registered, Registry
from alharness.registry.boundary import unit_code


class Plugins:
    """Builds what the inputs of units name, from the plugins that are here."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def create(self, kind: str, identity: Identity) -> Any:
        """A new instance.

        Raises PluginError when it cannot be built, or when its source or what its parameters
        name here is not what the unit was planned with.
        """
        component = self.component(kind, identity)
        if component.source != identity.source:
            raise PluginError(
                "its source differs from the one that the unit was planned with",
                where=component.origin,
                remedy="Install the same code wherever units are executed, then plan again",
            )
        for name in sorted({*component.files, *identity.files}):
            if component.files.get(name) != identity.files.get(name):
                raise PluginError(
                    f"what its parameter '{name}' names has changed since the unit was planned",
                    where=component.origin,
                    remedy="Run the same command again: it is planned anew",
                )
        return self._registry.create(component)

    def component(self, kind: str, identity: Identity) -> Component:
        """The plugin that an identity names, as it is here."""
        return self._registry.component(kind, Reference(identity.name, identity.parameters))

    def boundary(self, unit: str, named: Iterable[Plugin]) -> AbstractContextManager[None]:
        """The one boundary round the computation of a unit; see ``registry.boundary``.

        ``named`` are the plugins that its inputs name, each with its kind.
        """
        return unit_code(unit, lambda: self.registered(named))

    def registered(self, named: Iterable[Plugin]) -> Iterator[Registered]:
        """Those of the plugins that are here, each with its kind."""
        for kind, identity in named:
            with suppress(HarnessError):
                yield self._registry.find(kind, identity.name)
