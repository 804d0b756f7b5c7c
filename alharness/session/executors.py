"""The executor that a session is asked for: found by its name, built, opened for a bench."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from alharness.api.errors import PluginError, UsageError
from alharness.api.executor import Executor, Site
from alharness.protocol.components import Component, Reference
from alharness.protocol.written_reference import parse_reference
from alharness.registry import Registered, Registry
from alharness.registry.boundary import plugin_code
from alharness.registry.parameters import describe_parameters
from alharness.session.asked import Computing
from alharness.session.opening import Opened
from alharness.work.landlock import cannot_confine


def open_executor(opened: Opened, computing: Computing, say: Callable[[str], None]) -> Executor:
    """The executor, ready for units; ``say`` is told when it does not isolate samplers.

    Raises UsageError for a name, a parameter or a device that cannot be used,
    PluginError for an executor that cannot be.
    """
    component = find_executor(opened.registry, computing)
    spec = opened.registry.find("executor", component.name).spec
    executor: Executor = opened.registry.create(component)
    _open(executor, component, _site(opened, computing))
    if not getattr(spec, "isolated", True):
        say(f"Executor {component.name}: samplers are not isolated. Use it to look for errors.")
    elif (refused := cannot_confine()) is not None:
        say(f"Samplers can read files with hidden labels if they set out to: {refused}.")
    return executor


def find_executor(registry: Registry, computing: Computing) -> Component:
    """The executor that is asked for, with all its parameters.

    Raises UsageError for a name or a parameter that cannot be used.
    """
    return registry.component("executor", executor_reference(registry, computing))


def executor_reference(registry: Registry, computing: Computing) -> Reference:
    """``--executor`` with what ``--jobs`` and ``--jobs-per-gpu`` set of its parameters.

    Raises UsageError for one that it does not take, or that is set twice.
    """
    reference = parse_reference(computing.executor)
    registered = registry.find("executor", reference.name)
    options = {"jobs": computing.jobs, "jobs_per_gpu": computing.jobs_per_gpu}
    given = {name: value for name, value in options.items() if value is not None}
    for name in given:
        _check_option(name, registered, reference)
    return Reference(reference.name, {**reference.parameters, **given})


def _check_option(name: str, registered: Registered, reference: Reference) -> None:
    option = f"--{name.replace('_', '-')}"
    if name in reference.parameters:
        raise UsageError(
            f"'{name}' is set by --executor, too", where=option, remedy="Set it in one place"
        )
    taken = [info.name for info in describe_parameters(registered.spec.parameters)]
    if name not in taken:
        raise UsageError(f"{registered.origin} has no parameter '{name}'", where=option)


def _site(opened: Opened, computing: Computing) -> Site:
    return Site(
        workspace=opened.workspace.root,
        plugin_files=tuple(path.expanduser().resolve() for path in opened.plugin_files),
        device=computing.device,
        silence=computing.silence or None,
        trial_timeout=computing.trial_timeout,
        trial_memory=computing.trial_memory,
        query_timeout=computing.query_timeout,
        query_memory=computing.query_memory,
        hidden=_hidden(opened),
    )


def _hidden(opened: Opened) -> tuple[Path, ...]:
    """Where the data lies: its folder, what the datasets name, and copies elsewhere."""
    root = opened.data_dir.expanduser().absolute()
    hidden = [root]
    for dataset in {one.dataset.label: one.dataset for one in opened.bench.conditions}.values():
        texts = [value for value in dataset.parameters.values() if isinstance(value, str)]
        hidden += [root / text for text in texts if text and (root / text).exists()]
        with plugin_code("copies", dataset.origin):
            hidden += opened.registry.create(dataset).copies()
    return tuple(dict.fromkeys(hidden))


def _open(executor: Executor, component: Component, site: Site) -> None:
    with plugin_code("open", component.origin):
        executor.open(site)
    slots: Any = executor.slots
    if isinstance(slots, bool) or not isinstance(slots, int) or slots < 1:
        executor.shutdown()
        raise PluginError(
            f"slots is {slots!r}, expected a whole number of 1 or more", where=component.origin
        )
