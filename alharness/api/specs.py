"""Specs: what a plugin registers. Listing them imports nothing heavy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict

from alharness.api.dataset import DatasetShape

API_VERSION = 1
"""Major version of the plugin API; a plugin module may ask for one with ``ALHARNESS_API``."""


class Parameters(BaseModel):
    """Base of a plugin's typed parameters: every field has a default, unknown names are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)


@dataclass(frozen=True)
class Spec:
    """One registered plugin.

    name: kebab- or snake-case; a name that ends in ``:`` registers a family, and
        what follows the colon is passed to the factory as first argument.
    factory: a class, or an import string ``"package.module:Class"`` that is
        imported only when the plugin is used. Called with the parameters as
        keyword arguments.
    requires: what has to be there for it to work, in a sentence.
    cost: what using it takes, in a sentence.
    parameters: the typed parameters; None when there are none.
    step_version: when set, stands for the plugin's source in the keys of units:
        the author's promise that other changes of the source change no result.
    """

    kind: ClassVar[str]
    name: str
    factory: Callable[..., Any] | str
    summary: str = ""
    citation: str = ""
    requires: str = ""
    cost: str = ""
    parameters: type[Parameters] | None = None
    step_version: str | None = None


@dataclass(frozen=True)
class SamplerSpec(Spec):
    """A sampler."""

    kind: ClassVar[str] = "sampler"


@dataclass(frozen=True)
class ModelSpec(Spec):
    """A model."""

    kind: ClassVar[str] = "model"


@dataclass(frozen=True)
class RegularizerSpec(Spec):
    """A regularizer."""

    kind: ClassVar[str] = "regularizer"


@dataclass(frozen=True)
class LossSpec(Spec):
    """A loss."""

    kind: ClassVar[str] = "loss"


@dataclass(frozen=True)
class ScheduleSpec(Spec):
    """A schedule of the learning rate."""

    kind: ClassVar[str] = "schedule"


@dataclass(frozen=True)
class OracleSpec(Spec):
    """An oracle."""

    kind: ClassVar[str] = "oracle"


@dataclass(frozen=True)
class DatasetSpec(Spec):
    """A dataset.

    declares: what the dataset is, told before its data is there, so that it can be
        planned: called like the factory with the parameters as keyword arguments. It reads
        nothing and imports nothing heavy.
    """

    kind: ClassVar[str] = "dataset"
    declares: Callable[..., DatasetShape] | None = None


@dataclass(frozen=True)
class RepresentationSpec(Spec):
    """A representation."""

    kind: ClassVar[str] = "representation"


@dataclass(frozen=True)
class ExecutorSpec(Spec):
    """An executor.

    isolated: whether samplers are asked in processes of their own, as a work site does.
        Where false, a bench says so: it is for debugging.
    """

    kind: ClassVar[str] = "executor"
    isolated: bool = True
