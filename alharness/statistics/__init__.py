"""Statistics: what the runs say, and what they cannot say. Pure; imports SciPy only when used."""

from alharness.statistics.curves import Point, curve
from alharness.statistics.detectable import minimum_detectable_effect
from alharness.statistics.endpoint import endpoint
from alharness.statistics.family import FamilyDecision, chance_of_a_verdict, familywise
from alharness.statistics.holm import Holm, holm
from alharness.statistics.intervals import Interval
from alharness.statistics.looks import (
    FUTILITY,
    LOOKS,
    Look,
    LookDecision,
    Stop,
    look_at,
    looks_of,
    looks_taken,
)
from alharness.statistics.metrics import KEPT_BYTES, Metrics, log_probabilities, metrics
from alharness.statistics.paired import Comparison, Verdict, compare, marks, verdict
from alharness.statistics.paper_chain import PaperChain, paper_chain

__all__ = [
    "FUTILITY",
    "KEPT_BYTES",
    "LOOKS",
    "Comparison",
    "FamilyDecision",
    "Holm",
    "Interval",
    "Look",
    "LookDecision",
    "Metrics",
    "PaperChain",
    "Point",
    "Stop",
    "Verdict",
    "chance_of_a_verdict",
    "compare",
    "curve",
    "endpoint",
    "familywise",
    "holm",
    "log_probabilities",
    "look_at",
    "looks_of",
    "looks_taken",
    "marks",
    "metrics",
    "minimum_detectable_effect",
    "paper_chain",
    "verdict",
]
