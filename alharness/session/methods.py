"""Methods: samplers by their references, with what they declare that they need."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from alharness.api.errors import PluginError
from alharness.api.extension import TrainingExtension
from alharness.api.needs import REPRESENTATIONS, Needs
from alharness.protocol.components import Component, MethodNeeds, Reference
from alharness.registry import Registry

_LARGEST_COMMITTEE = 1_000


def find_method(registry: Registry, reference: Reference) -> Component:
    """The sampler that a reference stands for, with what it declares that it needs.

    Raises UsageError or PluginError for one that is not there or cannot be used.
    """
    component = registry.component("sampler", reference)
    needs = getattr(registry.create(component), "needs", Needs())
    return replace(component, needs=_declared(needs, component.origin))


def _declared(needs: Any, origin: str) -> MethodNeeds:
    """A sampler's ``needs`` as plain data. Raises PluginError for what nobody can provide."""

    def refused(what: str) -> PluginError:
        return PluginError(f"it needs {what}", where=origin, remedy="Correct its 'needs'")

    if not isinstance(needs, Needs):
        raise refused(f"{needs!r}, which is no alharness.Needs")
    if isinstance(needs.committee, bool) or not isinstance(needs.committee, int):
        raise refused(f"a committee of {needs.committee!r}; it is a whole number of models")
    if not 0 <= needs.committee <= _LARGEST_COMMITTEE:
        raise refused(
            f"a committee of {needs.committee} models; it is from 0 to {_LARGEST_COMMITTEE}"
        )
    if needs.representation not in (None, *REPRESENTATIONS):
        raise refused(
            f"the representation {needs.representation!r}; there is {', '.join(REPRESENTATIONS)}"
        )
    if needs.extension is not None and not isinstance(needs.extension, TrainingExtension):
        raise refused(f"{needs.extension!r}, which is no alharness.TrainingExtension")
    if not isinstance(needs.sees_labels, bool):
        raise refused(f"sees_labels = {needs.sees_labels!r}; it is True or False")
    return MethodNeeds(
        committee=needs.committee,
        extension=needs.extension is not None,
        representation=needs.representation,
        sees_labels=needs.sees_labels,
    )


def distinct(methods: Iterable[Component], reference: str) -> tuple[Component, ...]:
    """One method of those that are one under several labels (``bald``, ``bald:passes=25``).

    The first label stands for all, or ``reference`` when it is among them: every table is
    read against that one.
    """
    found: dict[str, Component] = {}
    for method in methods:
        key = method.identity.spelled()
        if key not in found or method.label == reference:
            found[key] = method
    return tuple(found.values())
