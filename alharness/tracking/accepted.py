"""What MLflow accepts: a run whose names and texts it would refuse is written with others.

One name that MLflow does not know how to spell makes it refuse all that comes with it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

from alharness.api.text import block, one_line, plain_name
from alharness.tracking.logged_run import LoggedRun

NAME, PARAM, TAG = 250, 6000, 5000
"""Characters of a name, of a param's value and of a tag's value, at most; MLflow's own limits."""


def accepted(run: LoggedRun) -> LoggedRun:
    """The same run as MLflow takes it: names cleaned, texts bounded, numbers that are none left
    out."""
    return replace(
        run,
        name=one_line(run.name, NAME),
        params=_texts(run.params, PARAM),
        tags=_texts(run.tags, TAG),
        metrics=[
            point._replace(metric=accepted_name(point.metric))
            for point in run.metrics
            if math.isfinite(point.value)
        ],
    )


def accepted_name(name: str) -> str:
    """A name of a metric, a param or a tag: spelled plainly, and a relative path.

    MLflow refuses ``/x``, ``x/../y`` and ``.``.
    """
    parts = [part for part in plain_name(name, NAME).split("/") if part.strip()]
    plain = "/".join("_" * len(part) if set(part) <= {"."} else part for part in parts)
    return plain or "_"


def _texts(values: Mapping[str, str], limit: int) -> dict[str, str]:
    return {accepted_name(name): block(value, limit) for name, value in values.items()}
