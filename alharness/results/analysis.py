"""The analysis: from samples to all that the statistics say of them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

import numpy as np

from alharness.api.errors import UsageError
from alharness.protocol.wording import did_you_mean
from alharness.results.document import members
from alharness.results.findings import chains, family_decisions, sentence
from alharness.results.samples import Samples
from alharness.results.statistics_report import MethodStatistics, Ranking, ScenarioStatistics
from alharness.statistics import (
    Comparison,
    FamilyDecision,
    GapShare,
    Rank,
    bootstrap_interval,
    compare,
    curve,
    endpoint,
    equivalence,
    gap_share,
    label_saving,
    marks,
    ranks,
    win_matrix,
)
from alharness.statistics.differences import FEWEST_INITIAL_SETS

DEFAULT_MARGIN = 0.01
"""Of a metric that the suite declares none for, in its own unit."""

_BOOTSTRAP_SEED = 0
"""The same for every method, so that none depends on which others are present."""


def analyse(
    samples: Samples, *, margin: float | None = None, named: Collection[str] = ()
) -> ScenarioStatistics:
    """Everything about samples; of the methods ``named`` alone, unless there are none.

    A method's verdict, marks and family-wise decision do not depend on which others are named:
    the family is all of it. Ranks, the win matrix and the paper's chain are within the methods
    named and the reference. ``margin``: of the equivalence, instead of the declared one.

    Raises UsageError for a method that is not there.
    """
    _require_methods(named, samples)
    chosen = [one for one in samples.compared if not named or one in named]
    ends = _endpoints(samples)
    verdicts = {one: compare(ends[one], ends[samples.reference]) for one in samples.compared}
    decided = family_decisions(samples, verdicts)
    decisions, family = ({}, None) if decided is None else decided
    ranked = (samples.reference, *chosen)
    ranking, places = (None, {}) if samples.untested else _ranking(samples, ends, ranked)
    applied = _margin(samples) if margin is None else margin
    n_sets, n_seeds, _ = samples.values[samples.reference].shape
    return ScenarioStatistics(
        scenario=samples.title,
        suite=samples.suite,
        protocol_digest=samples.protocol,
        metric=samples.measure.name,
        unit=samples.measure.unit,
        higher_is_better=samples.measure.higher_is_better,
        secondary=samples.secondary,
        declared=samples.declared,
        margin=applied,
        margin_declared=not samples.secondary and applied == samples.declared.margin,
        reference=samples.reference,
        tuning=samples.tuning,
        n_initial_sets=n_sets,
        n_seeds=n_seeds,
        labels=samples.labels,
        budgets=samples.budgets,
        methods={
            name: _compared(name, samples, ends, verdicts[name], decisions, places, applied)
            if name in chosen
            else _others(name, samples, places)
            for name in samples.values
            if name in (*chosen, samples.reference, *samples.upper_bounds)
        },
        family=family,
        ranking=ranking,
        paper_chain=chains(samples, ranked),
        notes=samples.notes,
    )
