"""Plugins as units name them: by the identity in their inputs."""

from __future__ import annotations

from typing import Any

from alharness.api.errors import PluginError
from alharness.protocol.components import Component, Reference
from alharness.protocol.units import Identity
from alharness.registry import Registry


class Plugins:
    """Builds what the inputs of units name, from the plugins that are here."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def create(self, kind: str, identity: Identity) -> Any:
        """A new instance.

        Raises PluginError when it cannot be built, or when its source here is
        not the source that the unit was planned with.
        """
        component = self.component(kind, identity)
        if component.source != identity.source:
            raise PluginError(
                "its source differs from the one that the unit was planned with",
                where=component.origin,
                remedy="Install the same code wherever units are executed, then plan again",
            )
        return self._registry.create(component)

    def component(self, kind: str, identity: Identity) -> Component:
        """The plugin that an identity names, as it is here."""
        return self._registry.component(kind, Reference(identity.name, identity.parameters))
