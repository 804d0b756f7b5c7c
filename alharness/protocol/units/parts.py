"""What the inputs of units are made of: frozen, typed, and spelled in one way for keys.

A field at its default is not spelled. So a later version may add a field with a default
without changing the key of any unit that does without it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import cache, cached_property
from json.encoder import encode_basestring_ascii
from typing import Any, ClassVar, NamedTuple

from pydantic import BaseModel, ConfigDict

from alharness.api.space import Value
from alharness.protocol.keys import canonical_json, digest_bytes
from alharness.protocol.seeds import SeedPath


class Part(BaseModel):
    """Frozen fields whose spelling is canonical JSON (``alharness.protocol.keys``)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    def spelled(self) -> str:
        """Canonical JSON of the fields that differ from their defaults."""
        written = []
        for name, default in _fields(type(self)):
            value = getattr(self, name)
            if value != default:
                written.append(f'"{name}":{_spelled(value)}')
        return f"{{{','.join(written)}}}"


class SharedPart(Part):
    """A part that many units have in common: spelled once."""

    @cached_property
    def spelling(self) -> str:
        """What ``spelled`` gives."""
        return super().spelled()

    def spelled(self) -> str:
        """Canonical JSON of the fields that differ from their defaults."""
        return self.spelling


@cache
def _fields(part: type[Part]) -> tuple[tuple[str, Any], ...]:
    """The names of a part's fields, sorted, each with its default; required ones have none."""
    return tuple((name, part.model_fields[name].default) for name in sorted(part.model_fields))


def _spelled(value: Any) -> str:
    """Canonical JSON of a field's value; what is frequent in large benches takes a short way."""
    if isinstance(value, str):
        return encode_basestring_ascii(value)
    if type(value) is int:
        return str(value)
    if isinstance(value, Part):
        return value.spelled()
    if isinstance(value, SeedPath):
        return _spelled_path(value)
    if isinstance(value, tuple):
        return f"[{','.join(map(_spelled, value))}]"
    return canonical_json(value).decode()


def _spelled_path(path: SeedPath) -> str:
    written = [f'"{name}":{_spelled(value)}' for name, value in sorted(path.to_json().items())]
    return f"{{{','.join(written)}}}"


class Identity(SharedPart):
    """What determines a plugin's behaviour.

    parameters: those that differ from the plugin's own defaults, JSON values.
    source: digest of its source, or the ``step_version`` that its author declared.
    files: by parameter, the digest of the file that it names.
    fingerprint: tells apart what nothing of this does.
    """

    name: str
    parameters: dict[str, Any] = {}
    source: str
    files: dict[str, str] = {}
    fingerprint: str = ""


class Plugin(NamedTuple):
    """A plugin that a unit names, with its kind."""

    kind: str
    identity: Identity


class Network(SharedPart):
    """What a network is built from, but for its hyper-parameters.

    data: digest of the training split.
    representation, features: what it is given instead of images, and the key of the unit that
        computes that for the training images; the channels and the size remain the images'.
    """

    data: str
    n_classes: int
    in_channels: int
    image_size: int
    model: Identity
    regularizers: tuple[Identity, ...] = ()
    representation: Identity | None = None
    features: str | None = None

    def plugins(self) -> tuple[Plugin, ...]:
        """The model, its regularizers, and the representation."""
        others = [Plugin("regularizer", identity) for identity in self.regularizers]
        if self.representation is not None:
            others.append(Plugin("representation", self.representation))
        return (Plugin("model", self.model), *others)

    def reads(self) -> tuple[str, ...]:
        """The training features that it is given."""
        return () if self.features is None else (self.features,)


class ChosenModel(Part):
    """A trained model of a run: its trial's key, and the hyper-parameters it was built with."""

    trial: str
    hyperparameters: dict[str, Value]


class Stored(Part):
    """What a sampler stored at a query: that query's key, and the digest of what it stored."""

    query: str
    digest: str


class Reads(NamedTuple):
    """Keys of the units that a unit reads.

    Trials for their weights, representations for their features, others for their records.
    """

    weights: tuple[str, ...] = ()
    records: tuple[str, ...] = ()
    features: tuple[str, ...] = ()


class Inputs(Part, ABC):
    """Everything that determines what a unit computes. A subclass is a kind of unit.

    kind: its name in keys, records and messages.
    step: raised when the core computes this kind differently: older records then no longer
        apply. Part of the key and of the record.
    slim: the fields of a result that planning and results need at once.
    """

    kind: ClassVar[str]
    step: ClassVar[int]
    slim: ClassVar[tuple[str, ...]]

    @abstractmethod
    def reads(self) -> Reads:
        """The units whose weights or records are read."""

    @abstractmethod
    def plugins(self) -> tuple[Plugin, ...]:
        """The plugins that are built for it."""

    def key(self) -> str:
        """The unit's key: digest of kind, step and inputs."""
        spelled = f'{{"inputs":{self.spelled()},"kind":"{self.kind}","step":{self.step}}}'
        return digest_bytes(spelled.encode("ascii"))

    @classmethod
    @abstractmethod
    def position(cls, inputs: dict[str, Any]) -> list[Any]:
        """What two units have in common of which one outdates the other; JSON in, JSON out."""
