"""What is checked: a plugin with its parameters, found as a bench finds it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alharness.api.errors import UsageError
from alharness.protocol.components import Component
from alharness.protocol.written_reference import parse_reference
from alharness.registry import Registry, discover
from alharness.session.methods import find_method


@dataclass(frozen=True)
class Subject:
    """A plugin that is checked, or a suite.

    name: as given, parameters included: ``vaal:epochs=1``; a suite's name or path.
    component: what the name stands for; None for a suite.
    data_dir: the folder in which datasets look for their data.
    """

    registry: Registry
    kind: str
    name: str
    component: Component | None
    plugin_files: tuple[Path, ...]
    data_dir: Path

    @property
    def origin(self) -> str:
        """For messages: ``sampler 'vaal' (my-distribution 0.1)``."""
        return f"{self.kind} '{self.name}'" if self.component is None else self.component.origin

    @property
    def plugin(self) -> Component:
        """The component of what is no suite."""
        assert self.component is not None
        return self.component

    def create(self) -> Any:
        """A new instance. Raises PluginError when it cannot be built."""
        return self.registry.create(self.plugin)


def find_subject(
    name: str,
    kind: str | None = None,
    plugin_files: Sequence[Path] = (),
    data_dir: Path = Path("data"),
) -> Subject:
    """The plugin NAME or NAME:parameter=value, which can be built; a suite for that kind.

    Raises UsageError for a name or a parameter that does not exist or a name of several
    kinds, PluginError for a plugin that cannot be used.
    """
    registry = discover(plugin_files)
    files = tuple(path.expanduser().resolve() for path in plugin_files)
    if kind == "suite":
        path = Path(name) if name.endswith(".toml") else registry.find_suite(name)
        if not path.is_file():
            raise UsageError("there is no such file", where=name, remedy="Give a suite's path")
        return Subject(registry, kind, name, None, files, data_dir)
    reference = parse_reference(name)
    kind = kind or registry.find_any(reference.name).kind
    component = (
        find_method(registry, reference)
        if kind == "sampler"
        else registry.component(kind, reference)
    )
    subject = Subject(registry, kind, name, component, files, data_dir)
    subject.create()
    return subject
