"""Building what a component stands for: the only place that imports a plugin's factory."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from functools import reduce
from typing import Any

from alharness.api.errors import PluginError
from alharness.protocol.components import Component
from alharness.registry.boundary import plugin_code
from alharness.registry.parameters import as_arguments, checked
from alharness.registry.registered import Registered


def build(registered: Registered, component: Component) -> Any:
    """Call the factory: a family's member first, parameters by keyword.

    Raises PluginError when the plugin's source is not the component's, or its
    factory cannot be imported or raises; a HarnessError of the factory stays.
    """
    if registered.source != component.source:
        raise PluginError(
            f"its source here is {registered.source}, the unit was planned with "
            f"{component.source} of {component.distribution} {component.version}",
            where=registered.origin,
            remedy="Install the same code wherever units are planned and executed",
        )
    factory = import_factory(registered)
    arguments = as_arguments(checked(registered, component.parameters))
    members = [registered.member] if registered.is_family else []
    with plugin_code("its factory", registered.origin):
        return factory(*members, **arguments)


def import_factory(registered: Registered) -> Callable[..., Any]:
    """The factory itself, imported if the spec names it by an import string.

    Raises PluginError when that fails.
    """
    factory = registered.spec.factory
    if not isinstance(factory, str):
        return factory
    module, _, attributes = factory.partition(":")
    with plugin_code(f"importing its factory '{factory}'", registered.origin):
        found = reduce(getattr, attributes.split("."), importlib.import_module(module))
    if not callable(found):
        raise PluginError(f"its factory '{factory}' cannot be called", where=registered.origin)
    return found
