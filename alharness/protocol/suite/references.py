"""References to plugins that a suite declares: ``"vaal"``, ``{ sampler = "vaal", epochs = 15 }``.

Types for pydantic's models: each is a Reference, read from TOML and written as JSON.
"""

from __future__ import annotations

import re
from typing import Annotated, TypeAlias

from pydantic import PlainSerializer, PlainValidator

from alharness.api.text import one_line
from alharness.protocol.components import Reference
from alharness.protocol.keys import canonical_json
from alharness.protocol.suite.bounds import LONGEST_NAME, has_larger_number
from alharness.protocol.suite.errors import misfit
from alharness.protocol.wording import spell

_PLUGIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*(?::[^=,\s]*)?")
"""A plugin's name, or ``family:member``."""


REGULARIZER_SETS = {"strong": ("randaugment", "swa")}
"""Names for several regularizers: ``strong`` is the paper's strong regularization, "-SR"."""


def written_out(regularizers: object) -> object:
    """A suite's list of regularizers with named sets written out."""
    if not isinstance(regularizers, list | tuple):
        return regularizers
    return tuple(
        one
        for name in regularizers
        for one in (REGULARIZER_SETS.get(name, (name,)) if isinstance(name, str) else (name,))
    )


def _is_name(text: str) -> bool:
    return len(text) <= LONGEST_NAME and text.isprintable() and bool(_PLUGIN.fullmatch(text))


def _reader(kind: str) -> PlainValidator:

    def read(value: object) -> Reference:
        if isinstance(value, Reference):
            return value
        parameters = dict(value) if isinstance(value, dict) else {kind: value}
        name = parameters.pop(kind, None)
        if not (isinstance(name, str) and _is_name(name)):
            raise misfit(
                f"{one_line(spell(value), 100)} names no {kind}",
                f'Write "NAME" or {{ {kind} = "NAME", parameter = value }}',
            )
        try:
            canonical_json(parameters)
            if has_larger_number(parameters):
                raise ValueError
        except (TypeError, ValueError, RecursionError):
            raise misfit(
                f"a parameter of {kind} '{name}' is a date, a time, infinite, not a number or "
                "has more than 64 bits",
                "Write a finite number, a string, a boolean, a list or a table",
            ) from None
        return Reference(name, parameters)

    return PlainValidator(read)


_as_json = PlainSerializer(
    lambda reference: {"name": reference.name, "parameters": dict(reference.parameters)}
)

_as_written = PlainSerializer(
    lambda reference: (
        {"name": reference.name, "parameters": dict(reference.parameters)}
        if reference.parameters
        else reference.name
    )
)
"""Of what was a name before it was a plugin: digests of suites stay."""

SamplerReference: TypeAlias = Annotated[Reference, _reader("sampler"), _as_json]
DatasetReference: TypeAlias = Annotated[Reference, _reader("dataset"), _as_json]
ModelReference: TypeAlias = Annotated[Reference, _reader("model"), _as_json]
RegularizerReference: TypeAlias = Annotated[Reference, _reader("regularizer"), _as_json]
RepresentationReference: TypeAlias = Annotated[Reference, _reader("representation"), _as_json]
OracleReference: TypeAlias = Annotated[Reference, _reader("oracle"), _as_json]
LossReference: TypeAlias = Annotated[Reference, _reader("loss"), _as_written]
ScheduleReference: TypeAlias = Annotated[Reference, _reader("schedule"), _as_written]
