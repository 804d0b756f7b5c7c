"""Optuna's part that draws hyper-parameters. Imports Optuna: import it only where it is used."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from optuna import Study
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution
from optuna.samplers import BaseSampler
from optuna.trial import FrozenTrial

from alharness.protocol.seeds import SeedPath


class KeyedSampler(BaseSampler):
    """Random search in which every value depends on its own path only.

    The value of a hyper-parameter follows from the tuning's path, the trial's
    number and the hyper-parameter's name: not from the order of the draws, what
    else is drawn, an interruption or the methods compared. (Optuna's RandomSampler
    repeats its first points when a study is resumed.)
    """

    def __init__(self, path: SeedPath) -> None:
        self._path = path

    def infer_relative_search_space(
        self, study: Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        """Empty: hyper-parameters are drawn independently."""
        return {}

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Empty: hyper-parameters are drawn independently."""
        return {}

    def sample_independent(
        self,
        study: Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        """The distribution's quantile at a number drawn from the value's own stream."""
        path = replace(
            self._path, purpose=f"{self._path.purpose}/{param_name}", number=trial.number
        )
        return _quantile(param_distribution, path.generator().random())


def _quantile(distribution: BaseDistribution, probability: float) -> Any:
    """The value below which a share of ``probability``, in [0, 1), of the distribution lies.

    Of a range, to six significant digits: readable, and the same in every key though
    logarithms differ in the last bit between platforms.
    """
    if isinstance(distribution, CategoricalDistribution):
        return distribution.choices[int(probability * len(distribution.choices))]
    if not isinstance(distribution, FloatDistribution):
        raise TypeError(f"no search space of a suite has a {type(distribution).__name__}")
    low, high = distribution.low, distribution.high
    if distribution.log:
        value = math.exp(math.log(low) + probability * (math.log(high) - math.log(low)))
    else:
        value = low + probability * (high - low)
    rounded = float(f"{value:.6g}")
    return min(max(rounded, low), math.nextafter(high, low))
