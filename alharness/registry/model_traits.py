"""What a model says of its networks, read once and refused where it is no answer."""

from __future__ import annotations

from typing import Any

from alharness.api.errors import PluginError
from alharness.api.model import Model
from alharness.protocol.components import ModelTraits
from alharness.registry.boundary import plugin_code

_GIVEN = frozenset({"images", "features"})


def traits_of(model: Any, origin: str) -> ModelTraits:
    """What a model says, as plain data; ``origin`` names it.

    Raises PluginError for what is no answer.
    """

    def refused(what: str) -> PluginError:
        return PluginError(what, where=origin, remedy="See alharness.Model")

    takes = getattr(model, "takes", Model.takes)
    if not isinstance(takes, frozenset) or not takes or not takes <= _GIVEN:
        raise refused(f"its takes is {takes!r}; it is a frozenset of 'images' and 'features'")
    has_layers = getattr(model, "has_layers", Model.has_layers)
    stackable = getattr(model, "stackable", Model.stackable)
    for name, value in (("has_layers", has_layers), ("stackable", stackable)):
        if not isinstance(value, bool):
            raise refused(f"its {name} is {value!r}; it is True or False")
    with plugin_code("has_dropout", origin):
        has_dropout = model.has_dropout() if hasattr(model, "has_dropout") else None
    if not isinstance(has_dropout, bool | None):
        raise refused(f"its has_dropout() gives {has_dropout!r}; it is True, False or None")
    return ModelTraits(takes, has_dropout, has_layers, stackable)
