"""The analysis: from samples to all that the statistics say of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import cached_property, partial

import numpy as np
from numpy.typing import NDArray

from alharness import statistics
from alharness.api.errors import UsageError
from alharness.protocol.wording import did_you_mean
from alharness.results.document import FamilyFindings, members
from alharness.results.findings import chains, compared, family_decisions, said_of
from alharness.results.looks import looks_at
from alharness.results.samples import Samples
from alharness.results.statistics_report import (
    BudgetSaving,
    MethodStatistics,
    Ranking,
    ScenarioStatistics,
)
from alharness.statistics import (
    Comparison,
    FamilyDecision,
    bootstrap_interval,
    curve,
    endpoint,
    equivalence,
    gap_share,
    label_saving,
    marks,
    ranks,
    saving_intervals,
    win_matrix,
)

DEFAULT_MARGIN = 0.01
"""Of a metric that the suite declares none for, in its own unit."""

_SEED = 0
"""Of every bootstrap: none depends on which other methods are present."""


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
    if margin is None:
        margin = DEFAULT_MARGIN if samples.secondary else samples.declared.margin
    chosen = [one for one in samples.compared if not named or one in named]
    ranked = (one for one in chosen if one in samples.ranked)
    analysis = _Analysis(samples, margin, (samples.reference, *ranked))
    n_sets, n_seeds, _ = samples.values[samples.reference].shape
    shown = {samples.reference, *samples.upper_bounds, *chosen}
    return ScenarioStatistics(
        scenario=samples.title,
        suite=samples.suite,
        protocol_digest=samples.protocol,
        metric=samples.measure.name,
        unit=samples.measure.unit,
        higher_is_better=samples.measure.higher_is_better,
        secondary=samples.secondary,
        declared=samples.declared,
        margin=margin,
        margin_declared=not samples.secondary and margin == samples.declared.margin,
        reference=samples.reference,
        tuning=samples.tuning,
        n_initial_sets=n_sets,
        n_seeds=n_seeds,
        labels=samples.labels,
        budgets=samples.budgets,
        methods={name: analysis.method(name) for name in samples.values if name in shown},
        family=None if analysis.family is None else analysis.family[1],
        ranking=None if samples.untested else analysis.ranking(),
        paper_chain=chains(samples, analysis.ranked),
        notes=samples.notes,
        representation=samples.representation,
        not_applicable=tuple(
            one for one in samples.not_applicable if not named or one.method in named
        ),
    )


def _require_methods(named: Collection[str], samples: Samples) -> None:
    known = [*samples.values, *(one.method for one in samples.not_applicable)]
    for name in named:
        if name not in known:
            raise UsageError(
                f"there is no method '{name}'",
                where=samples.title,
                remedy=did_you_mean(name, known),
            )


class _Analysis:
    """What several parts of a scenario's statistics are made of, computed once.

    ranked: the reference and the methods that are ranked.
    """

    def __init__(self, samples: Samples, margin: float, ranked: Sequence[str]) -> None:
        self.samples, self.margin, self.ranked = samples, margin, ranked
        self.ends: Mapping[str, NDArray[np.float64]] = {
            name: endpoint(samples.tested(name), samples.budgets) for name in samples.values
        }

    @cached_property
    def verdicts(self) -> dict[str, Comparison]:
        return {name: compared(self.samples, name) for name in self.samples.compared}

    @cached_property
    def family(self) -> tuple[dict[str, FamilyDecision], FamilyFindings] | None:
        return family_decisions(self.samples, self.verdicts)

    @cached_property
    def ranks(self) -> statistics.Ranking:
        return ranks({name: self.ends[name] for name in self.ranked})

    def ranking(self) -> Ranking:
        wins = win_matrix({name: self.samples.tested(name) for name in self.ranked})
        return Ranking(
            methods=tuple(self.ranked),
            n_pairs=self.ranks.n_pairs,
            p_values=members(self.ranks.p_values),
            wins=members(wins.wins),
        )

    def method(self, name: str) -> MethodStatistics:
        samples = self.samples
        found = partial(
            MethodStatistics,
            curve=curve(samples.values[name]),
            co_trained=samples.co_trained.get(name),
        )
        rank = None if samples.untested else self.ranks.ranks.get(name)
        if name in samples.upper_bounds:
            return found(role="upper-bound")
        if name == samples.reference:
            return found(role="reference", rank=rank)
        verdict = self.verdicts[name]
        if name in samples.looked_at:
            return found(
                role="method",
                verdict=verdict,
                sentence=said_of(name, samples, verdict),
                looks=looks_at(samples, name),
            )
        ours, theirs = self.ends[name], self.ends[samples.reference]
        return found(
            role="method",
            verdict=verdict,
            sentence=said_of(name, samples, verdict),
            familywise=None if self.family is None else self.family[0].get(name),
            marks=marks(samples.tested(name), samples.tested(samples.reference)),
            equivalence=equivalence(ours, theirs, self.margin),
            bootstrap=bootstrap_interval(ours, theirs, np.random.default_rng(_SEED)),
            rank=rank,
            savings=self._savings(name)
            if name in samples.ranked and not samples.untested
            else None,
            gap_share={
                bound: gap_share(ours, theirs, self.ends[bound])
                for bound in self.ends
                if bound in samples.upper_bounds
            },
        )

    def _savings(self, name: str) -> tuple[BudgetSaving, ...]:
        oriented, labels = self.samples.oriented, self.samples.labels
        curves = oriented(name), oriented(self.samples.reference)
        estimates = label_saving(*curves, labels)
        intervals = saving_intervals(*curves, labels, np.random.default_rng(_SEED))
        return tuple(
            BudgetSaving(saving=saving, interval=interval)
            for saving, interval in zip(estimates, intervals, strict=True)
        )
