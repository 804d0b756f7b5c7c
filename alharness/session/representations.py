"""Representations by their references, with what tells their features apart."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TypeAlias

from alharness.api.errors import UsageError
from alharness.api.needs import SCENARIO, TASK_MODEL
from alharness.api.representation import Representation
from alharness.protocol.components import Component, Reference
from alharness.protocol.wording import several
from alharness.protocol.written_reference import parse_reference
from alharness.registry import Registry
from alharness.registry.boundary import located, plugin_code

Identified: TypeAlias = Callable[[Component], Component]
"""A representation with its fingerprint: of a bench, or of a plan."""


class Representations:
    """The representations that one command needs, each looked at once.

    ``missing``: those whose weights a plan did not find, by their labels.
    """

    def __init__(self, registry: Registry, download: bool) -> None:
        self._registry = registry
        self._download = download
        self._found: dict[str, Component] = {}
        self.missing: dict[str, UsageError] = {}

    def trained_on(self, reference: Reference, identified: Identified) -> Component:
        """The representation that a scenario trains on.

        Raises UsageError for one that belongs to a trial: it is there only after training.
        """
        component = self._registry.component("representation", reference)
        if self._registry.create(component).belongs_to_trial:
            raise UsageError(
                "a model cannot be trained on what it is the outcome of",
                where=component.origin,
                remedy="Train on images, or on another representation",
            )
        return identified(component)

    def asked_for(
        self, methods: Iterable[Component], identified: Identified
    ) -> dict[str, Component]:
        """Those that methods ask for by name, by that name; without those that the pool answers."""
        found = {}
        for method in methods:
            name = method.needs.representation
            if name in (None, SCENARIO, TASK_MODEL):
                continue
            with located(f"needs of {method.origin}"):
                component = self._registry.component("representation", parse_reference(name))
                if not self._registry.create(component).belongs_to_trial:
                    found[name] = identified(component)
        return found

    def ready(self, component: Component) -> Component:
        """One that features can be computed with; what is missing is fetched where that is allowed.

        Raises UsageError where it is missing and may not be fetched.
        """
        key = component.identity.spelled()
        if key not in self._found:
            representation: Representation = self._registry.create(component)
            missing = self._looked_for(component, representation)
            if missing is not None and not self._download:
                raise missing
            if missing is not None:
                with plugin_code("fetch", component.origin):
                    representation.fetch()
            self._found[key] = self._fingerprinted(component, representation)
        return self._found[key]

    def noted(self, component: Component) -> Component:
        """One as it is here, and what is missing of it noted; fetches nothing."""
        key = component.identity.spelled()
        if key not in self._found:
            representation: Representation = self._registry.create(component)
            missing = self._looked_for(component, representation)
            if missing is None:
                self._found[key] = self._fingerprinted(component, representation)
            else:
                told = self._to_be_fetched(component, representation, missing)
                self.missing[component.label] = told
                self._found[key] = component
        return self._found[key]

    def _looked_for(
        self, component: Component, representation: Representation
    ) -> UsageError | None:
        with plugin_code("missing", component.origin):
            return representation.missing()

    def _fingerprinted(self, component: Component, representation: Representation) -> Component:
        with plugin_code("fingerprint", component.origin):
            return replace(component, fingerprint=representation.fingerprint())

    def _to_be_fetched(
        self, component: Component, representation: Representation, missing: UsageError
    ) -> UsageError:
        """What is missing, with bench as the remedy where that fetches it."""
        with plugin_code("sources", component.origin):
            sources = list(representation.sources()) if self._download else []
        if not sources:
            return missing
        remedy = f"bench fetches it from {several(sources)}"
        return UsageError(missing.what, where=missing.where, remedy=remedy)
