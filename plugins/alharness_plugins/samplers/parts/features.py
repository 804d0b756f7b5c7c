"""Features that a sampler picks by, asked for by name, and what it needs for that."""

from __future__ import annotations

from pydantic import Field

import alharness

TASK_MODEL = "task-model"


class FeatureParameters(alharness.Parameters):
    """Parameters of what picks by features."""

    representation: str = Field(
        "scenario",
        description="what it picks by: 'scenario', the features that the scenario trains on; "
        "'task-model', the model's own; or a representation as the command line spells it",
    )


def features_alone(representation: str) -> alharness.Needs:
    """These features, and no model but for the model's own."""
    return alharness.Needs(representation=representation, model=representation == TASK_MODEL)
