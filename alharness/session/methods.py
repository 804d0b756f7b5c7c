"""Methods: samplers by their references, with what they declare that they need."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from alharness.api.errors import HarnessError, PluginError
from alharness.api.extension import TrainingExtension
from alharness.api.needs import TASK_MODEL, Needs
from alharness.protocol.components import Component, MethodNeeds, Reference
from alharness.protocol.suite.declaration import Suite
from alharness.registry import Registry

_LARGEST_COMMITTEE = 1_000


def find_method(registry: Registry, reference: Reference) -> Component:
    """The sampler that a reference stands for, with what it declares that it needs.

    Raises UsageError or PluginError for one that is not there or cannot be used.
    """
    component = registry.component("sampler", reference)
    needs = getattr(registry.create(component), "needs", Needs())
    return replace(component, needs=_declared(needs, component.origin))


def committees(registry: Registry, suite: Suite) -> tuple[Mapping[str, int], tuple[str, ...]]:
    """How many models the committee has of each method that has one, by label.

    And the labels of the methods that cannot be used here, of which nothing is known.
    """
    sizes, unknown = {}, []
    for reference in suite.methods.compared:
        try:
            size = find_method(registry, reference).needs.committee
        except HarnessError:
            unknown.append(reference.label)
        else:
            if size:
                sizes[reference.label] = size
    return sizes, tuple(unknown)


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
    if not isinstance(needs.representation, str | None):
        raise refused(f"the representation {needs.representation!r}; it is a name, or None")
    if needs.extension is not None and not isinstance(needs.extension, TrainingExtension):
        raise refused(f"{needs.extension!r}, which is no alharness.TrainingExtension")
    for name in ("sees_labels", "images", "dropout", "layers", "model"):
        value = getattr(needs, name)
        if not isinstance(value, bool):
            raise refused(f"{name} = {value!r}; it is True or False")
    if isinstance(needs.held_out, bool) or not isinstance(needs.held_out, int):
        raise refused(f"{needs.held_out!r} images held out; it is a whole number")
    if needs.held_out > 0 and not needs.sees_labels:
        raise refused(
            f"{needs.held_out} images held out, which are for upper bounds (sees_labels=True)"
        )
    if isinstance(needs.pool, bool) or not isinstance(needs.pool, int) or needs.pool < 1:
        raise refused(f"a pool of {needs.pool!r}; it is a whole number of 1 or more")
    asked_of_model = _asked_of_a_model(needs)
    if asked_of_model and not needs.model:
        raise refused(f"{asked_of_model[0]}, and says that it needs no model (model = False)")
    return MethodNeeds(
        committee=needs.committee,
        extension=needs.extension is not None,
        representation=needs.representation,
        sees_labels=needs.sees_labels,
        held_out=needs.held_out,
        images=needs.images,
        dropout=needs.dropout,
        layers=needs.layers,
        pool=needs.pool,
        model=needs.model,
    )


def _asked_of_a_model(needs: Needs) -> list[str]:
    """What a sampler needs that there is only with a trained model, in words."""
    asked = {
        "a committee": needs.committee > 0,
        "a training extension": needs.extension is not None,
        "the task model's features": needs.representation == TASK_MODEL,
        "dropout": needs.dropout,
        "layers": needs.layers,
    }
    return [what for what, wanted in asked.items() if wanted]


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
