"""Applicability: what a scenario lacks of what its sampler needs, and of what its model takes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, TypeAlias

from alharness.api.errors import UsageError
from alharness.api.needs import SCENARIO
from alharness.protocol.components import Component
from alharness.protocol.condition import Condition

Given: TypeAlias = Literal["images", "features"]
"""What a scenario gives its model."""


def inapplicable(condition: Condition, method: Component) -> str | None:
    """What a scenario lacks of what a sampler needs, in a line; None where it lacks nothing.

    A model that does not say what it has lacks nothing, nor does data of which nobody knows yet
    how many images there are.
    """
    return next(_lacking(condition, method), None)


def require_given(model: Component, given: Given) -> None:
    """Raises UsageError for a model that does not take what its scenario gives."""
    if given not in model.traits.takes:
        taken = ", ".join(sorted(model.traits.takes))
        remedy = (
            "Take a model that does, such as linear, or leave the scenario's representation out"
            if given == "features"
            else "Take another model, or give the scenario a representation"
        )
        raise UsageError(
            f"it takes {taken}, and its scenario gives it {given}",
            where=model.origin,
            remedy=remedy,
        )


def _lacking(condition: Condition, method: Component) -> Iterator[str]:
    needs, model, shown = method.needs, condition.model, condition.scenario.representation
    if needs.images and shown is not None:
        yield f"no images: the scenario trains on {shown.label}"
    if needs.representation == SCENARIO and shown is None:
        named = (
            f": name one, {method.name}:representation=…"
            if "representation" in method.parameters
            else ""
        )
        yield f"no representation: the scenario trains on images{named}"
    if needs.dropout and model.traits.has_dropout is False:
        yield f"no dropout: {model.label} has none"
    if needs.layers and not model.traits.has_layers:
        yield f"no layers: {model.label} has none between its input and its last layer"
    if condition.held_out < needs.held_out:
        yield (
            f"too few images held out to measure gains on, {condition.held_out}: it needs "
            f"{needs.held_out} or more (protocol.held_out)"
        )
    yield from _too_small(condition, needs.pool)


def _too_small(condition: Condition, least: int) -> Iterator[str]:
    """The first query whose pool is too small for the sampler, or for the query itself."""
    after_queries = condition.sizes[-len(condition.pools) :]
    for pool, n, after in zip(condition.pools, condition.queried, after_queries, strict=False):
        if pool < max(least, n):
            wanted = f"it needs {least}" if pool < least else f"it is for {n}"
            yield (
                f"too small a pool: the query for {after} labels picks from {pool} images, and "
                f"{wanted}"
            )
            return
