"""The paper's own analysis, as in its Table 1 (section 6.2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from alharness.statistics.intervals import standard_deviation

ALPHA = 0.05
FEWEST_FOR_NORMALITY = 4
"""Where Lilliefors' table begins: three numbers say nothing about a shape."""

_SIMULATED = 9999
"""Samples behind a normality p."""


@dataclass(frozen=True)
class PaperChain:
    """One row of the paper's Table 1: all methods at one budget. Every p-value is in [0, 1].

    normality: per method, p of Kolmogorov–Smirnov against a normal fitted to its runs, as
        Lilliefors (1967) has it; simulated, so never below 0.0001.
    levene: p of equal variances, deviations from the median (Brown and Forsythe, 1974).
    kruskal_wallis: p of equal distributions: the last column of Table 1.
    games_howell: per method other than the reference, p of equal means.
    better, worse, undetermined: names of methods against the reference at 0.05, in the order
        given: the columns ">RSB", "<RSB" and "Undetermined".

    A p-value is None where the test does not exist; such a method is *undetermined*.
    """

    normality: Mapping[str, float | None]
    levene: float | None
    kruskal_wallis: float | None
    games_howell: Mapping[str, float | None]
    better: tuple[str, ...]
    worse: tuple[str, ...]
    undetermined: tuple[str, ...]


def paper_chain(accuracies: Mapping[str, ArrayLike], reference: str) -> PaperChain:
    """Normality, Levene, Kruskal–Wallis, then Games–Howell against the reference at 0.05.

    ``accuracies``: method name (the reference's included) to its runs at one budget, any shape,
    pooled; NaN is a missing run. All four tests are always made, as the paper made them.

    This repeats the paper, it is not our verdict: the tests take pooled runs for independent,
    but seeds are nested in initial sets and methods share both, so its p-values are not what
    they say. And Games–Howell's p-values depend on which other methods are present.

    Rules where a test does not exist. A method with fewer than two runs is left out of all tests;
    with fewer than two methods left there are none. A method with fewer than four runs, or whose
    runs are all equal, has no normality p. Two methods that each have equal runs have no
    Games–Howell p, however far apart they are. Kruskal–Wallis has none when all runs are equal;
    Levene when in each method all runs are equally far from the median, as two always are.

    The simulation of the normality p has a fixed seed: equal input, equal output. Raises ValueError
    when the reference is not among the methods, or for infinite values. Paper, section 6.2;
    design, section 8.3.
    """
    if reference not in accuracies:
        raise ValueError(f"the reference {reference!r} is not among {list(accuracies)}")
    runs = {name: _present(values) for name, values in accuracies.items()}
    tested = {name: values for name, values in runs.items() if len(values) > 1}
    p_values = _games_howell(tested, reference)
    others = [name for name in runs if name != reference]
    games_howell = {name: p_values.get(name) for name in others}
    above = {name for name in p_values if tested[name].mean() > tested[reference].mean()}
    significant = {name for name, p in p_values.items() if p is not None and p < ALPHA}
    return PaperChain(
        normality={name: _normality(values) for name, values in runs.items()},
        levene=_levene(list(tested.values())),
        kruskal_wallis=_kruskal_wallis(list(tested.values())),
        games_howell=games_howell,
        better=tuple(name for name in others if name in significant & above),
        worse=tuple(name for name in others if name in significant - above),
        undetermined=tuple(name for name in others if name not in significant),
    )


def _present(values: ArrayLike) -> NDArray[np.float64]:
    array = np.asarray(values, dtype=np.float64).ravel()
    if np.isinf(array).any():
        raise ValueError("infinite accuracies")
    return array[~np.isnan(array)]


def _equal(runs: NDArray[np.float64]) -> bool:
    return standard_deviation(runs, float(np.abs(runs).max())) == 0


def _equally_far(runs: NDArray[np.float64]) -> bool:
    """Whether all runs are equally far from their median, as two always are."""
    distances = np.abs(runs - np.median(runs))
    return standard_deviation(distances, float(np.abs(runs).max())) == 0


def _normality(runs: NDArray[np.float64]) -> float | None:
    if len(runs) < FEWEST_FOR_NORMALITY or _equal(runs):
        return None
    distances = _null_distances(len(runs))
    return float((1 + (distances >= _distance(runs)).sum()) / (1 + len(distances)))


@cache
def _null_distances(n: int) -> NDArray[np.float64]:
    """Lilliefors' table by simulation: distances of normal samples of ``n`` from fitted normals.

    They depend on ``n`` alone, as the fit takes mean and deviation out.
    """
    return _distance(np.random.default_rng(0).standard_normal((_SIMULATED, n)))


def _distance(samples: NDArray[np.float64]) -> NDArray[np.float64]:
    """Kolmogorov–Smirnov distance of samples, (..., n), from a normal fitted to each: (...)."""
    from scipy import special

    n = samples.shape[-1]
    deviations = samples - samples.mean(axis=-1, keepdims=True)
    scaled = np.sort(deviations / samples.std(axis=-1, ddof=1, keepdims=True), axis=-1)
    expected = special.ndtr(scaled)
    above = (np.arange(1, n + 1) / n - expected).max(axis=-1)
    below = (expected - np.arange(n) / n).max(axis=-1)
    return np.asarray(np.maximum(above, below))


def _levene(groups: list[NDArray[np.float64]]) -> float | None:
    if len(groups) < 2 or all(_equally_far(runs) for runs in groups):
        return None
    from scipy import stats

    return float(stats.levene(*groups, center="median").pvalue)


def _kruskal_wallis(groups: list[NDArray[np.float64]]) -> float | None:
    if len(groups) < 2 or _equal(np.concatenate(groups)):
        return None
    from scipy import stats

    return float(stats.kruskal(*groups).pvalue)


def _games_howell(
    groups: Mapping[str, NDArray[np.float64]], reference: str
) -> dict[str, float | None]:
    if len(groups) < 2 or reference not in groups:
        return {}
    equal = {name for name in groups if _equal(groups[name])}
    # Asked of the runs and not of NaN: a variance of equal numbers may be 1e-34.
    return {
        name: None
        if {name, reference} <= equal
        else _games_howell_p(runs, groups[reference], len(groups))
        for name, runs in groups.items()
        if name != reference
    }


def _games_howell_p(runs: NDArray[np.float64], others: NDArray[np.float64], n_groups: int) -> float:
    """Of equal means of two of ``n_groups`` groups (Games and Howell, 1976).

    What ``scipy.stats.tukey_hsd(equal_var=False)`` gives, of one pair instead of all.
    """
    from scipy import stats

    a, b = runs.var(ddof=1) / len(runs), others.var(ddof=1) / len(others)
    df = (a + b) ** 2 / (a**2 / (len(runs) - 1) + b**2 / (len(others) - 1))
    distance = abs(runs.mean() - others.mean()) / np.sqrt((a + b) / 2)
    return float(stats.studentized_range.sf(distance, n_groups, df))
