"""Tuning: the hyper-parameters of each trial, and which trial is best (paper, section 4)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from alharness.api.space import Choice, LogUniform, Space, Value
from alharness.protocol.seeds import SeedPath
from alharness.protocol.tuning.keyed import keyed_value

if TYPE_CHECKING:
    import optuna
    from optuna.distributions import BaseDistribution


@dataclass(frozen=True)
class TrialScore:
    """What a finished trial tells its tuning: validation accuracy and loss of its best epoch."""

    number: int
    validation_accuracy: float
    validation_loss: float

    @property
    def diverged(self) -> bool:
        """Whether accuracy or loss is infinite or not a number."""
        return not (math.isfinite(self.validation_accuracy) and math.isfinite(self.validation_loss))


def tuning_path(suite_seed: int, scenario: str, initial_set: int, cycle: int) -> SeedPath:
    """Where a tuning draws its hyper-parameters: the same for every sampler and seed."""
    return SeedPath(
        suite_seed=suite_seed,
        scenario=scenario,
        initial_set=initial_set,
        cycle=cycle,
        purpose="tuning",
    )


def hyperparameters(space: Space, path: SeedPath, n_trials: int) -> tuple[dict[str, Value], ...]:
    """The hyper-parameters of trials 0 … n_trials − 1 of the tuning at ``path``.

    Random search (paper, section 4; space in supplement 1.3). A value follows from the
    path, the trial's number, and the hyper-parameter's name and distribution, and from
    nothing else; ``study_of`` gives the same search as a study of Optuna.
    """
    return tuple(
        {
            name: keyed_value(path, number, name, distribution)
            for name, distribution in space.items()
        }
        for number in range(n_trials)
    )


def best_trial(scores: Iterable[TrialScore]) -> int:
    """Number of the best trial: highest validation accuracy, lower loss, lower number.

    A diverged trial loses to every one that did not diverge, whatever its accuracy.
    Raises ValueError when there is no score.
    """
    return min(scores, key=_rank).number


def study_of(
    space: Space, path: SeedPath, n_trials: int, scores: Iterable[TrialScore]
) -> optuna.Study:
    """The tuning at ``path`` as an Optuna study in memory, to look at with Optuna's tools.

    Every trial is asked for; those with an score are told their validation
    accuracy (the loss is the user attribute ``validation_loss``), diverged ones
    that they failed; the others stay running.
    """
    from optuna.trial import TrialState

    distributions = distributions_of(space)
    study = _new_study(space, path)
    trials = [study.ask(distributions) for _ in range(n_trials)]
    for score in scores:
        trial = trials[score.number]
        trial.set_user_attr("validation_loss", score.validation_loss)
        if score.diverged:
            study.tell(trial, state=TrialState.FAIL)
        else:
            study.tell(trial, score.validation_accuracy)
    return study


def _rank(score: TrialScore) -> tuple[bool, float, float, int]:
    if score.diverged:
        return (True, 0.0, 0.0, score.number)
    return (False, -score.validation_accuracy, score.validation_loss, score.number)


def _new_study(space: Space, path: SeedPath) -> optuna.Study:
    import optuna

    from alharness.protocol.tuning.keyed_sampler import KeyedSampler

    with quiet():
        return optuna.create_study(
            direction="maximize",
            sampler=KeyedSampler(space, path),
            pruner=optuna.pruners.NopPruner(),
        )


def distributions_of(space: Space) -> dict[str, BaseDistribution]:
    """A space as Optuna describes it."""
    from optuna.distributions import CategoricalDistribution, FloatDistribution

    return {
        name: CategoricalDistribution(distribution.options)
        if isinstance(distribution, Choice)
        else FloatDistribution(
            distribution.low, distribution.high, log=isinstance(distribution, LogUniform)
        )
        for name, distribution in space.items()
    }


@contextmanager
def quiet() -> Iterator[None]:
    """Without Optuna's line that a study was created; its verbosity is put back."""
    import optuna

    verbosity = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        yield
    finally:
        optuna.logging.set_verbosity(verbosity)
