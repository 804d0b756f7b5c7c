"""The two-level paired bootstrap: the difference once more, without a law for it."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from alharness.statistics.differences import aligned, differences
from alharness.statistics.intervals import Interval
from alharness.statistics.paired import ALPHA

_CHUNK = 1000
"""Repetitions drawn at once: bounds memory. Another number draws other numbers."""


def bootstrap_interval(
    method: ArrayLike,
    reference: ArrayLike,
    rng: np.random.Generator,
    repetitions: int = 10_000,
    alpha: float = ALPHA,
) -> Interval | None:
    """Percentile interval of D at level 1 − ``alpha``: sensitivity, not a verdict.

    ``method`` and ``reference``: (I, J) endpoints, as ``compare`` takes them, with its rules for
    missing runs. Each repetition draws I initial sets with replacement, and within each drawn
    one as many of its pairs as it has, also with replacement; a pair stays together (Davison and
    Hinkley, Bootstrap Methods and their Application, 1997, section 3.8). ``rng`` decides all of
    it. ``repetitions``: >= 1; ``alpha``: in (0, 1).

    None exactly where ``compare`` has no interval. It knows no law, but it has no correction for
    few initial sets either: with five it is narrower than Student's and too narrow. Where both
    say the same, the verdict does not hang on the normal law.

    Raises ValueError for numbers outside these ranges, and as ``compare`` does.
    """
    if repetitions < 1 or not 0 < alpha < 1:
        raise ValueError("needs repetitions >= 1 and alpha in (0, 1)")
    ours, theirs = aligned(method, reference, ndim=2)
    if not differences(ours, theirs).deviation > 0:
        return None
    means = bootstrap_means(ours - theirs, rng, repetitions)
    low, high = np.quantile(means, [alpha / 2, 1 - alpha / 2])
    return Interval(float(low), float(high))


def bootstrap_means(
    pairs: NDArray[np.float64], rng: np.random.Generator, repetitions: int
) -> NDArray[np.float64]:
    """The mean over drawn initial sets of the means of their drawn pairs: (repetitions,).

    ``pairs``: (I, J), differences, NaN where there is none; an initial set needs one to count.
    """
    counts = (~np.isnan(pairs)).sum(axis=1)
    # The pairs of each initial set first; only those are ever drawn.
    packed = np.sort(pairs[counts > 0], axis=1)
    counts = counts[counts > 0]
    sizes = [min(_CHUNK, repetitions - done) for done in range(0, repetitions, _CHUNK)]
    return np.concatenate([_draw(packed, counts, rng, size) for size in sizes])


def _draw(
    packed: NDArray[np.float64], counts: NDArray[np.int64], rng: np.random.Generator, size: int
) -> NDArray[np.float64]:
    n, n_seeds = packed.shape
    sets = rng.integers(n, size=(size, n))
    n_drawn = counts[sets][..., np.newaxis]
    seeds = (rng.random((size, n, n_seeds)) * n_drawn).astype(np.int64)
    counted = np.arange(n_seeds) < n_drawn
    drawn = np.where(counted, packed[sets[..., np.newaxis], seeds], 0.0)
    return np.asarray((drawn.sum(axis=-1) / counts[sets]).mean(axis=-1))
