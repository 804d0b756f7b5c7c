"""What plugins have registered, what could not be used, and where each comes from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from alharness.api.specs import Spec


@dataclass(frozen=True)
class Origin:
    """The plugin and the distribution that brought it.

    plugin: name of the entry point, or stem of the plugin file.
    distribution: name of the installed distribution, or ``(file)``.
    version: of the distribution, or ``-``.
    """

    plugin: str
    distribution: str
    version: str

    @property
    def origin(self) -> str:
        """For messages: ``plugin 'vaal' (my-distribution 0.1)``."""
        return f"plugin '{self.plugin}' ({self.distribution} {self.version})"


@dataclass(frozen=True)
class BrokenPlugin(Origin):
    """A plugin that was found and skipped; ``reason`` is one line."""

    reason: str


@dataclass(frozen=True)
class Source:
    """The files behind a spec or a suite: found when asked for, and hashed when asked for.

    ``find`` gives them by relative name; ``hashed`` gives their digest. Listing plugins
    needs neither.
    """

    find: Callable[[], Mapping[str, Path]]
    hashed: Callable[[Mapping[str, Path]], str]

    @cached_property
    def files(self) -> Mapping[str, Path]:
        """See ``alharness.registry.source`` for which they are."""
        return self.find()

    @cached_property
    def digest(self) -> str:
        """Raises PluginError when a file cannot be read."""
        return self.hashed(self.files)


@dataclass(frozen=True)
class Provenance(Origin):
    """Origin of a registered spec or suite, and the code behind it."""

    code: Source = field(repr=False, compare=False)

    @property
    def source(self) -> str:
        """Digest of the files behind it. Raises PluginError when one cannot be read."""
        return self.code.digest


@dataclass(frozen=True)
class Registered:
    """A spec, where it comes from, and the member that was asked for when it is a family's."""

    spec: Spec
    provenance: Provenance
    member: str | None = None

    @property
    def kind(self) -> str:
        """``sampler``, ``model``, ..."""
        return self.spec.kind

    @property
    def name(self) -> str:
        """The spec's name, followed by the member of a family."""
        return self.spec.name + (self.member or "")

    @property
    def is_family(self) -> bool:
        """Whether the name needs a member after its colon."""
        return self.spec.name.endswith(":")

    @property
    def source(self) -> str:
        """What stands for the source in keys: ``step_version`` if declared, else the digest."""
        return self.spec.step_version or self.provenance.source

    @property
    def origin(self) -> str:
        """For messages: ``sampler 'vaal' (my-distribution 0.1)``."""
        where = f"{self.provenance.distribution} {self.provenance.version}"
        return f"{self.kind} '{self.name}' ({where})"


@dataclass(frozen=True)
class RegisteredSuite:
    """A suite file that a plugin ships; ``name`` is the one that it declares, else its stem."""

    name: str
    path: Path
    provenance: Provenance


@dataclass(frozen=True)
class RegisteredResults:
    """A table of published results by its name, and the file of the publication that has it."""

    name: str
    path: Path
    provenance: Provenance
