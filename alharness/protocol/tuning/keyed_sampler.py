"""Optuna's part that draws hyper-parameters. Imports Optuna: import it only where it is used."""

from __future__ import annotations

from typing import Any

from optuna import Study
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler
from optuna.trial import FrozenTrial

from alharness.api.space import Space
from alharness.protocol.seeds import SeedPath
from alharness.protocol.tuning.keyed import keyed_value


class KeyedSampler(BaseSampler):
    """Random search with keyed draws (``keyed_value``).

    (Optuna's RandomSampler repeats its first points when a study is resumed.)
    """

    def __init__(self, space: Space, path: SeedPath) -> None:
        self._space = space
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
        """The keyed value."""
        return keyed_value(self._path, trial.number, param_name, self._space[param_name])
