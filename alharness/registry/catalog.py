"""The registry: everything that plugins have registered, by kind and name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from alharness.api.errors import HarnessError, PluginError, UsageError
from alharness.protocol.components import Component, Reference
from alharness.registry import building
from alharness.registry.hookspecs import KINDS
from alharness.registry.loading import Plugin
from alharness.registry.missing import PUBLISHED, missing
from alharness.registry.parameters import NamedFiles, checked, default_values, json_values
from alharness.registry.registered import (
    BrokenPlugin,
    Registered,
    RegisteredResults,
    RegisteredSuite,
)
from alharness.registry.unfollowed import unfollowed


@dataclass(frozen=True)
class Registry:
    """The plugins of one discovery, in its order; nothing changes after it."""

    plugins: tuple[Plugin, ...]
    broken: tuple[BrokenPlugin, ...]
    named_files: NamedFiles = field(default_factory=NamedFiles, repr=False, compare=False)

    @cached_property
    def registered(self) -> tuple[Registered, ...]:
        """Every registered spec, by kind, then in the order of discovery; conflicts included."""
        everything = [one for plugin in self.plugins for one in plugin.registered]
        return tuple(sorted(everything, key=lambda one: KINDS.index(one.kind)))

    @property
    def suites(self) -> tuple[RegisteredSuite, ...]:
        """Every registered suite in the order of discovery, conflicts included."""
        return tuple(suite for plugin in self.plugins for suite in plugin.suites)

    @property
    def published(self) -> tuple[RegisteredResults, ...]:
        """Every table of published results in the order of discovery, conflicts included."""
        return tuple(results for plugin in self.plugins for results in plugin.published)

    def conflicts(self, registered: Registered) -> bool:
        """Whether another spec of the same kind has the same name."""
        same = [
            one
            for one in self.registered
            if (one.kind, one.spec.name) == (registered.kind, registered.spec.name)
        ]
        return len(same) > 1

    def kinds_of(self, name: str) -> list[str]:
        """Kinds that have this name, exactly or by a family; empty when none has."""
        return [kind for kind in KINDS if self._matches(kind, name)]

    def find(self, kind: str, name: str) -> Registered:
        """The plugin of a kind with this name; exact names win over families.

        Raises UsageError when there is none, PluginError when two plugins share
        the name or when the one that was meant seems to be broken.
        """
        found = self._matches(kind, name)
        if not found:
            raise self._missing(name, kind)
        return _only(found, f"{kind} '{name}'")

    def find_any(self, name: str) -> Registered:
        """The plugin with this name when one kind alone has it.

        Raises UsageError when no kind or several have it; PluginError as ``find`` does.
        """
        kinds = self.kinds_of(name)
        if len(kinds) > 1:
            raise UsageError(
                f"'{name}' names a plugin of several kinds: {', '.join(kinds)}",
                remedy=f"Give --kind {'|'.join(kinds)}",
            )
        if not kinds:
            raise self._missing(name, None)
        return self.find(kinds[0], name)

    def find_suite(self, name: str) -> Path:
        """The file of the suite that declares this name.

        Raises UsageError when there is none, PluginError when two plugins share
        the name or when the one that was meant seems to be broken.
        """
        found = [suite for suite in self.suites if suite.name == name]
        if not found:
            stem = next((suite for suite in self.suites if suite.path.stem == name), None)
            if stem is not None:
                what = f"no suite named '{name}'; the file of this name declares '{stem.name}'"
                raise UsageError(what, remedy=f"Did you mean '{stem.name}'?")
            raise missing(name, "suite", {suite.name for suite in self.suites}, self.broken)
        return _only(found, f"suite '{name}'").path

    def find_published(self, name: str) -> Path:
        """The file of the publication that has a table of this name.

        Raises as ``find_suite`` does.
        """
        found = [results for results in self.published if results.name == name]
        if not found:
            known = {results.name for results in self.published}
            raise missing(name, PUBLISHED, known, self.broken)
        return _only(found, f"{PUBLISHED} '{name}'").path

    def component(self, kind: str, reference: Reference) -> Component:
        """What a reference stands for, with all its parameters and the content they name.

        Raises what ``find`` raises, and UsageError for parameters that the plugin does not
        take, files that cannot be read or a family without member.
        """
        registered = self.find(kind, reference.name)
        if registered.is_family and not registered.member:
            raise UsageError(
                f"'{registered.name}' is a family", remedy=f"Name a member: {registered.name}NAME"
            )
        parameters = checked(registered, reference.parameters)
        return Component(
            kind=kind,
            name=registered.name,
            parameters=json_values(parameters),
            defaults=default_values(registered),
            files=self.named_files.digests(registered, parameters),
            source=registered.source,
            plugin=registered.provenance.plugin,
            distribution=registered.provenance.distribution,
            version=registered.provenance.version,
            label=reference.label,
            summary=registered.spec.summary,
            citation=registered.spec.citation,
        )

    def unfollowed(self, component: Component) -> Iterator[str]:
        """A line for each thing that a component uses and its key does not cover.

        Raises what ``find`` and ``component`` raise.
        """
        registered = self.find(component.kind, component.name)
        yield from unfollowed(registered, checked(registered, component.parameters))

    def create(self, component: Component) -> Any:
        """Build what a component stands for.

        Raises PluginError when the plugin is not here, is not the one that the
        component was made from, or cannot be imported or built.
        """
        try:
            registered = self.find(component.kind, component.name)
        except UsageError as error:
            raise PluginError(
                "it is not installed here",
                where=component.origin,
                remedy=f"Install {component.distribution} {component.version} on this machine",
            ) from error
        return building.build(registered, component)

    def _matches(self, kind: str, name: str) -> list[Registered]:
        of_kind = [one for one in self.registered if one.kind == kind]
        exact = [one for one in of_kind if one.spec.name == name]
        family, _, member = name.partition(":")
        if exact or not member:
            return exact
        return [replace(one, member=member) for one in of_kind if one.spec.name == f"{family}:"]

    def _missing(self, name: str, kind: str | None) -> HarnessError:
        names = {one.spec.name for one in self.registered if kind in (None, one.kind)}
        return missing(name, kind, names, self.broken, self.kinds_of(name))


_Found = TypeVar("_Found", Registered, RegisteredSuite, RegisteredResults)


def _only(found: Sequence[_Found], what: str) -> _Found:
    if len(found) > 1:
        raise PluginError(
            f"{what} is registered by {' and by '.join(one.provenance.origin for one in found)}",
            remedy="Uninstall or leave out all but one",
        )
    return found[0]
