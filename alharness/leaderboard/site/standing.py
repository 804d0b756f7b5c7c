"""How the methods of a scenario stand to one another, computed from the numbers of its document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from alharness.results.document import Scenario
from alharness.results.samples import Samples, samples_of
from alharness.statistics import (
    Equivalence,
    GapShare,
    Rank,
    Saving,
    WinMatrix,
    endpoint,
    equivalence,
    gap_share,
    label_saving,
    ranks,
    win_matrix,
)


@dataclass(frozen=True)
class Standing:
    """By method; empty where nothing is tested.

    means: of the endpoint, oriented so that more is better, for all that is not outdated.
    savings: at the last budget. gaps: by the upper bound, of the reference's gap to it.
    """

    means: Mapping[str, float] = field(default_factory=dict)
    ranks: Mapping[str, Rank] = field(default_factory=dict)
    wins: WinMatrix | None = None
    equivalence: Mapping[str, Equivalence] = field(default_factory=dict)
    savings: Mapping[str, Saving] = field(default_factory=dict)
    gaps: Mapping[str, Mapping[str, GapShare]] = field(default_factory=dict)


def standing(scenario: Scenario) -> Standing:
    """The standing in a scenario, without what sees labels, is looked at or is outdated.

    A stranger's document may hold numbers that no statistics are made of: there is none then.
    """
    try:
        return _standing(samples_of(scenario), scenario.endpoint.margin)
    except (ValueError, OverflowError):
        return Standing()


def _standing(samples: Samples, margin: float) -> Standing:
    if not samples.budgets:
        return Standing()
    shown = {name: samples.oriented(name)[:, :, samples.first :] for name in samples.values}
    ends = {name: endpoint(one, samples.budgets) for name, one in shown.items()}
    there = {name: one[~np.isnan(one)] for name, one in ends.items()}
    means = {name: float(one.mean()) for name, one in there.items() if len(one)}
    if samples.untested:
        return Standing(means=means)
    theirs = ends[samples.reference]
    ranked = [samples.reference, *samples.ranked]
    return Standing(
        means=means,
        ranks=ranks({name: ends[name] for name in ranked}).ranks,
        wins=win_matrix({name: shown[name] for name in ranked}),
        equivalence={one: equivalence(ends[one], theirs, margin) for one in samples.ranked},
        savings={one: _saving(one, samples) for one in samples.ranked},
        gaps={
            bound: {one: gap_share(ends[one], theirs, ends[bound]) for one in samples.ranked}
            for bound in ends
            if bound in samples.upper_bounds
        },
    )


def _saving(name: str, samples: Samples) -> Saving:
    both = samples.oriented(name), samples.oriented(samples.reference)
    return label_saving(*both, samples.labels)[-1]
