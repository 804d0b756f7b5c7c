"""Records of strangers: read from JSON, and refused with the reason."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from alharness.bundles.anonymous import absolute_path
from alharness.bundles.contents import refused
from alharness.bundles.layout import Place
from alharness.bundles.strict_json import parsed
from alharness.protocol.units import KINDS, Unit, described_key
from alharness.protocol.units.representation import ORDERS
from alharness.store.records import SCHEMA, Record

FACTS_BYTES = 1 << 20
"""JSON that the facts of a record may be."""

Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
Share = Annotated[float, Field(ge=0, le=1)]
Index = Annotated[int, Field(ge=0, lt=2**63)]
_ORDER = f"^({'|'.join(ORDERS)})$"


class Result(BaseModel):
    """What a kind of unit computes; nothing else is in it."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class TrialResult(Result):
    """Of a trial; without a validation set it has no accuracy and no loss.

    start: digest of the weights that it started from; none where it has an initialization.
    """

    validation_accuracy: Share | None
    validation_loss: float | None
    best_epoch: int | None
    replaced_by: str | None
    checkpoint: Digest
    parameters: Index
    start: Digest | None = None


class MetricsResult(Result):
    """The metrics of an evaluation."""

    accuracy: Share
    balanced_accuracy: float | None = None
    nll: float | None = None
    brier: float | None = None
    calibration_error: float | None = None
    auroc: float | None = None
    class_accuracy: list[float | None] | None = None


class EvaluationResult(Result):
    """Of an evaluation."""

    test_accuracy: Share
    test_loss: float | None
    metrics: dict[str, Any]
    checkpoint: Digest


class QueryResult(Result):
    """Of a query."""

    indices: list[Index]
    share_of_ties: Share
    checkpoints: dict[Digest, Digest]
    stored: Digest | None = None


class AnnotationResult(Result):
    """Of an annotation."""

    labels: list[Index]
    cost: float
    added: Digest
    corrected: Digest | None = None


class ProbeResult(Result):
    """What a linear probe made of features that somebody else computed."""

    accuracy: Share
    chance: Share
    n: Annotated[int, Field(ge=1, lt=2**63)]


class RepresentationResult(Result):
    """Of a representation."""

    features: Digest
    n: Index
    width: Annotated[int, Field(ge=1, lt=2**32)]
    order: Annotated[str, Field(pattern=_ORDER)]
    probe: ProbeResult | None


RESULTS: dict[str, type[Result]] = {
    "trial": TrialResult,
    "evaluation": EvaluationResult,
    "query": QueryResult,
    "annotation": AnnotationResult,
    "representation": RepresentationResult,
}
_MEMBERS = {"schema", "kind", "step", "key", "inputs", "result", "digest", "facts"}


def read_record(data: bytes, name: str, place: Place) -> Record:
    """The record in a file of a bundle.

    Raises MismatchError unless its key is the digest of its inputs, its digest that of its
    result, and both what this version knows.
    """
    fields = parsed(data, name)
    if not isinstance(fields, dict) or not _MEMBERS <= fields.keys() <= {*_MEMBERS, "beside"}:
        raise refused("has not the members of a record", name)
    if fields["schema"] != SCHEMA:
        raise refused(f"its schema is {fields['schema']}, this alharness knows {SCHEMA}", name)
    if (fields["kind"], fields["key"]) != (place.kind, place.key):
        raise refused("is not of the unit that its name says", name)
    if described_key(fields) != fields["key"]:
        raise refused("its key is not the digest of its inputs", name)
    record = Record(_unit(fields, name), fields["result"], fields["facts"], _beside(fields, name))
    if record.digest != fields["digest"]:
        raise refused("its digest is not that of its result", name)
    _require_result(record, name)
    path = absolute_path(fields["inputs"])
    if path is not None:
        raise refused(f"names the path '{path}' of somebody's machine", name)
    if not isinstance(record.facts, dict):
        raise refused("its facts are none", name)
    return record


def _unit(fields: dict[str, Any], name: str) -> Unit:
    kind = KINDS.get(fields["kind"])
    if kind is not None and kind.step != fields["step"]:
        raise refused(
            f"is a {fields['kind']} of step {fields['step']}, this alharness computes step "
            f"{kind.step}",
            name,
        )
    try:
        unit = Unit.from_json(fields)
    except (ValueError, TypeError, KeyError, RecursionError):
        raise refused("its inputs are none of this version", name) from None
    if unit.inputs.key() != unit.key:
        raise refused("its inputs are not spelled as keys spell them", name)
    return unit


def _beside(fields: dict[str, Any], name: str) -> dict[str, str]:
    beside = fields.get("beside", {})
    texts = isinstance(beside, dict) and all(isinstance(one, str) for one in beside.values())
    if not texts:
        raise refused("names no files beside it", name)
    return dict(beside)


def _require_result(record: Record, name: str) -> None:
    try:
        RESULTS[record.unit.kind].model_validate(record.result)
        if record.unit.kind == "evaluation":
            MetricsResult.model_validate(record.result["metrics"])
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        place = ".".join(["result", *map(str, first["loc"])])
        raise refused(f"{place}: {first['msg']}", name) from None
