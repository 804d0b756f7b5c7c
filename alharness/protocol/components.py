"""References to plugins as suites write them, and components: the plugins they stand for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from alharness.protocol.keys import canonical_json
from alharness.protocol.units.parts import Identity


@dataclass(frozen=True)
class Reference:
    """A plugin by name, with the parameters that differ from its defaults (JSON values)."""

    name: str
    parameters: Mapping[str, Any] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """The command line's spelling: ``vaal:epochs=15,beta=0.5``; names sorted."""
        if not self.parameters:
            return self.name
        values = (f"{name}={json.dumps(self.parameters[name])}" for name in sorted(self.parameters))
        return f"{self.name}:{','.join(values)}"


@dataclass(frozen=True)
class MethodNeeds:
    """What a sampler declares that it needs, as the plan reads it (see ``alharness.Needs``)."""

    committee: int = 0
    extension: bool = False
    representation: str | None = None
    sees_labels: bool = False
    images: bool = False
    dropout: bool = False
    layers: bool = False
    pool: int = 1
    model: bool = True
    held_out: int = 0


@dataclass(frozen=True)
class ModelTraits:
    """What a model says of its networks, as the plan reads it (see ``alharness.Model``).

    By default what refuses nothing: of a model that nobody asked.
    """

    takes: frozenset[str] = frozenset({"images", "features"})
    has_dropout: bool | None = None
    has_layers: bool = True
    stackable: bool = False


@dataclass(frozen=True)
class Component:
    """A plugin that is there, with all its parameters.

    ``parameters`` and ``defaults`` are JSON values by name. ``source`` is the digest of the
    files behind the plugin, or the ``step_version`` that its author declared to stand for them;
    ``files`` are the digests of what parameters name that hold paths, by parameter;
    ``fingerprint`` tells apart what none of these do.
    ``needs``, ``traits`` and ``labels_stay`` are what a sampler, a model and an oracle declare;
    ``summary`` and ``citation`` what an author says of it, which determines nothing.
    """

    kind: str
    name: str
    parameters: Mapping[str, Any]
    source: str
    plugin: str
    distribution: str
    version: str
    label: str
    defaults: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    fingerprint: str = ""
    needs: MethodNeeds = MethodNeeds()
    traits: ModelTraits = ModelTraits()
    labels_stay: bool = True
    summary: str = ""
    citation: str = ""

    @cached_property
    def identity(self) -> Identity:
        """What determines the component's behaviour, as it enters keys.

        A parameter at its default does not enter, so that one that comes later, with a
        default that does what was done before, outdates nothing.
        """
        own = {
            name: value
            for name, value in self.parameters.items()
            if name not in self.defaults or not _same(value, self.defaults[name])
        }
        return Identity(
            name=self.name,
            parameters=own,
            source=self.source,
            files=dict(self.files),
            fingerprint=self.fingerprint,
        )

    @property
    def origin(self) -> str:
        """For messages: ``sampler 'my_sampler' (my-distribution 0.1)``."""
        return f"{self.kind} '{self.name}' ({self.distribution} {self.version})"


def _same(one: Any, other: Any) -> bool:
    """Whether two JSON values are one: 1 is not true, and not 1.0."""
    return canonical_json(one) == canonical_json(other)
