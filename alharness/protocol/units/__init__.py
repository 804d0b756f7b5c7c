"""Units: one file per kind, with typed inputs, what it reads, and its step version."""

from alharness.protocol.units.annotation import AnnotationInputs
from alharness.protocol.units.evaluation import EvaluationInputs
from alharness.protocol.units.parts import (
    ChosenModel,
    Identity,
    Inputs,
    Network,
    Part,
    Reads,
    Stored,
)
from alharness.protocol.units.query import QueryInputs
from alharness.protocol.units.recipe import Recipe
from alharness.protocol.units.representation import RepresentationInputs
from alharness.protocol.units.trial import TrialInputs
from alharness.protocol.units.unit import KINDS, Unit, UnitKind, described_key, make_unit

__all__ = [
    "KINDS",
    "AnnotationInputs",
    "ChosenModel",
    "EvaluationInputs",
    "Identity",
    "Inputs",
    "Network",
    "Part",
    "QueryInputs",
    "Reads",
    "Recipe",
    "RepresentationInputs",
    "Stored",
    "TrialInputs",
    "Unit",
    "UnitKind",
    "described_key",
    "make_unit",
]
