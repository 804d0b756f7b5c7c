"""An MLflow run as it should be: what the tracking plan says and the MLflow store writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

KEY_TAG = "alharness.key"
STATE_TAG = "alharness.state"
FAILURE_TAG = "alharness.failure"
LAYOUT_TAG = "alharness.layout"
SUPERSEDED_TAG = "alharness.superseded"

LAYOUT = 2
"""Raised when runs are logged differently, or units have other keys.

An experiment says its layout in a tag; that of alharness 0.1 (layout 1) has none.
"""


class MetricValue(NamedTuple):
    """One value of a metric; ``time`` in milliseconds since 1970."""

    metric: str
    value: float
    step: int
    time: int


@dataclass(frozen=True)
class LoggedRun:
    """One MLflow run: the nested run of a trial, or a parent.

    ``key`` says which run it is, in one experiment: writing it again continues it.
    ``state`` says how far it has come, and is written last: a run that has this
    state need not be written again. ``parent`` is a key. Times are in
    milliseconds since 1970. ``whole``: it is not continued but replaced by what
    is written later.
    """

    key: str
    state: str
    name: str
    parent: str | None
    status: str
    started: int
    ended: int | None
    params: Mapping[str, str]
    metrics: Sequence[MetricValue]
    tags: Mapping[str, str]
    whole: bool = False

    def to_json(self) -> dict[str, Any]:
        """The form that travels to the process that writes."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> LoggedRun:
        """The run that ``to_json`` described."""
        return cls(**{**data, "metrics": [MetricValue(*point) for point in data["metrics"]]})
