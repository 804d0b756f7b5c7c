"""What earlier benches of a workspace left: the suite's document, and the methods they tried."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from alharness.api.errors import HarnessError, UsageError
from alharness.protocol.bench import Bench
from alharness.protocol.components import Component, Reference
from alharness.protocol.suite.reading import protocol_digest
from alharness.protocol.written_reference import name_in, parse_reference
from alharness.registry import Registry
from alharness.results.document import Document
from alharness.results.documents import Documents
from alharness.results.reading import read_document
from alharness.session.methods import distinct, find_method
from alharness.session.opening import Opened, Planned
from alharness.session.representations import Representations
from alharness.store.files import set_aside
from alharness.store.workspace import Workspace


@dataclass(frozen=True)
class EarlierMethods:
    """The methods of earlier benches that a bench does not compare itself.

    usable: what their plugins are today. unusable: why a plugin cannot be used, by label.
    representations: those that usable methods ask for by name, by that name.
    """

    usable: tuple[Component, ...]
    unusable: Mapping[str, str]
    representations: Mapping[str, Component]

    def beside(self, bench: Bench) -> Bench:
        """A bench with these methods behind its own."""
        return replace(
            bench,
            methods=(*bench.methods, *self.usable),
            representations={**self.representations, **bench.representations},
        )


def earlier_document(
    workspace: Workspace, suite: str, say: Callable[[str], None]
) -> Document | None:
    """The document that an earlier bench of a suite left, or None.

    One that cannot be read is set aside; ``say`` gets a line.
    """
    path = Documents(workspace.reports).path(suite)
    if not os.path.lexists(path):
        return None
    try:
        return read_document(path)
    except HarnessError as error:
        said = f"the earlier document {path} {error.what}"
    try:
        set_aside(path, workspace.root / "damaged")
        say(f"Note: {said}; it was set aside in 'damaged'.")
    except HarnessError as error:
        say(f"Note: {said}, and it {error.what}.")
    return None


def earlier_methods(opened: Opened | Planned, document: Document | None) -> EarlierMethods:
    """The methods of an earlier document, and those that the workspace noted as tried.

    Of both only what was benched under the protocol digest of one of the bench's scenarios.
    """
    methods = opened.bench.methods
    usable: list[Component] = []
    unusable: dict[str, str] = {}
    seen = {method.label for method in methods}
    representations = Representations(opened.registry, download=False)
    asked_for: dict[str, Component] = {}
    for label, parameters in _benched(opened, document):
        if label in seen:
            continue
        seen.add(label)
        try:
            method = _find(opened.registry, label, parameters)
            asked_for |= representations.asked_for([method], representations.noted)
            usable.append(method)
        except HarnessError as error:
            unusable[label] = _why(opened.registry, label, error)
    every = distinct([*methods, *usable], opened.bench.suite.methods.reference.label)
    return EarlierMethods(every[len(methods) :], unusable, asked_for)


def _benched(
    opened: Opened | Planned, document: Document | None
) -> Iterator[tuple[str, Mapping[str, Any] | None]]:
    """Labels of methods, with their parameters where these are known."""
    suite = opened.bench.suite
    digests = [protocol_digest(suite, one.scenario) for one in opened.bench.conditions]
    for scenario in () if document is None else document.scenarios:
        if scenario.protocol_digest in digests:
            for row in scenario.methods:
                yield row.method, row.sampler.parameters
    for digest in digests:
        noted = opened.workspace.tried.under(digest).values()
        for label in sorted(one.method for one in noted):
            yield label, None


def _why(registry: Registry, label: str, error: HarnessError) -> str:
    if isinstance(error, UsageError) and "sampler" not in registry.kinds_of(name_in(label)):
        return "its plugin is not here: not installed, or its file not given"
    return f"its plugin cannot be used: {error.what}"


def _find(registry: Registry, label: str, parameters: Mapping[str, Any] | None) -> Component:
    """The sampler that a label stands for, under this label."""
    reference = (
        parse_reference(label) if parameters is None else Reference(name_in(label), parameters)
    )
    return replace(find_method(registry, reference), label=label)
