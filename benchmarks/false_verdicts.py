"""How often a method that equals the reference is called better or worse when tuning is shared.

    python benchmarks/false_verdicts.py

A verdict takes initial sets for independent. Where all of them share one tuning, its luck moves
all differences alike, and no number of initial sets averages it out.

The model, in units of a seed deviation (of runs that differ in their seed alone): the accuracy of
a run is what the method does to its initial set (deviation 0.5), plus its own noise (deviation 1),
one seed for each initial set. Added to all differences of an experiment is the same number: the
difference between the method's luck at tuning and the reference's, whose deviation is the luck.

Then, without such luck: how often at least one of several methods that all equal the reference gets
a verdict.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from alharness.statistics import Verdict, verdict

LUCK = (0.0, 0.25, 0.5, 1.0)
INITIAL_SETS = (9, 25)
OF_INITIAL_SETS = 0.5
METHODS = 7
EXPERIMENTS = 20_000
FAMILIES = 5_000
SEED = 0


class Share(NamedTuple):
    """The share of experiments with a false verdict, and its Monte Carlo standard error."""

    false: float
    error: float


def false_verdicts(luck: float, initial_sets: int, experiments: int, seed: int) -> Share:
    """Simulate ``experiments`` experiments of two methods that are equal in truth.

    ``luck``: its deviation in seed deviations, 0 or more.
    """
    rng = np.random.default_rng([seed, initial_sets, round(1000 * luck)])
    ours, theirs = _runs(rng, (2, experiments, initial_sets, 1))
    ours = ours + rng.normal(0, luck, (experiments, 1, 1))
    return _share([_is_wrong(*pair) for pair in zip(ours, theirs, strict=True)])


def families_with_one(methods: int, initial_sets: int, experiments: int, seed: int) -> Share:
    """Simulate ``experiments`` benches of ``methods`` that all equal the reference, tuned apart."""
    rng = np.random.default_rng([seed, initial_sets, methods])
    theirs, *ours = _runs(rng, (1 + methods, experiments, initial_sets, 1))
    return _share(
        [
            any(_is_wrong(method, reference) for method in bench)
            for reference, *bench in zip(theirs, *ours, strict=True)
        ]
    )


def _runs(rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.float64]:
    return rng.normal(0, OF_INITIAL_SETS, shape) + rng.normal(0, 1, shape)


def _is_wrong(ours: NDArray[np.float64], theirs: NDArray[np.float64]) -> bool:
    return verdict(ours, theirs) in (Verdict.BETTER, Verdict.WORSE)


def _share(wrong: Sequence[bool]) -> Share:
    false = float(np.mean(wrong))
    return Share(false, float(np.sqrt(false * (1 - false) / len(wrong))))


def main() -> None:
    """Print the figures of docs/statistics.md."""
    print(f"| luck | {' | '.join(f'{n} initial sets' for n in INITIAL_SETS)} |")
    for luck in LUCK:
        shares = (false_verdicts(luck, n, EXPERIMENTS, SEED) for n in INITIAL_SETS)
        cells = (f"{100 * share.false:.1f} ± {100 * share.error:.1f} %" for share in shares)
        print(f"| {luck:g} | {' | '.join(cells)} |")
    for n in INITIAL_SETS:
        share = families_with_one(METHODS, n, FAMILIES, SEED)
        print(
            f"at least one of {METHODS}, {n} initial sets: "
            f"{100 * share.false:.1f} ± {100 * share.error:.1f} %"
        )


if __name__ == "__main__":
    main()
