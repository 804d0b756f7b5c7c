"""Statistics: what the runs say, and what they cannot say. Pure; imports SciPy only when used."""

from alharness.statistics.bootstrap import bootstrap_interval
from alharness.statistics.curves import Point, curve
from alharness.statistics.detectable import minimum_detectable_effect
from alharness.statistics.endpoint import endpoint
from alharness.statistics.equivalence import Equivalence, equivalence
from alharness.statistics.family import FamilyDecision, chance_of_a_verdict, familywise
from alharness.statistics.gap import GapShare, gap_share
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
from alharness.statistics.measures import MEASURES, Measure, measure, measured, oriented
from alharness.statistics.metrics import KEPT_BYTES, Metrics, log_probabilities, metrics
from alharness.statistics.paired import Comparison, Verdict, compare, marks, verdict
from alharness.statistics.paper_chain import PaperChain, paper_chain
from alharness.statistics.ranks import Rank, Ranking, ranks
from alharness.statistics.saving import Saving, SavingInterval, label_saving, saving_intervals
from alharness.statistics.win_matrix import WinMatrix, win_matrix

__all__ = [
    "FUTILITY",
    "KEPT_BYTES",
    "LOOKS",
    "MEASURES",
    "Comparison",
    "Equivalence",
    "FamilyDecision",
    "GapShare",
    "Holm",
    "Interval",
    "Look",
    "LookDecision",
    "Measure",
    "Metrics",
    "PaperChain",
    "Point",
    "Rank",
    "Ranking",
    "Saving",
    "SavingInterval",
    "Stop",
    "Verdict",
    "WinMatrix",
    "bootstrap_interval",
    "chance_of_a_verdict",
    "compare",
    "curve",
    "endpoint",
    "equivalence",
    "familywise",
    "gap_share",
    "holm",
    "label_saving",
    "log_probabilities",
    "look_at",
    "looks_of",
    "looks_taken",
    "marks",
    "measure",
    "measured",
    "metrics",
    "minimum_detectable_effect",
    "oriented",
    "paper_chain",
    "ranks",
    "saving_intervals",
    "verdict",
    "win_matrix",
]
