"""How much each hyper-parameter mattered, by Optuna's PED-ANOVA over the tunings of a cycle.

Watanabe, Bansal and Hutter: PED-ANOVA (IJCAI 2023). It has no randomness, and takes milliseconds
where a random forest (fANOVA) takes minutes. Importing Optuna's evaluators takes half a second.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from alharness.api.space import Choice, Space, Value
from alharness.protocol.planning.ledger import Ledger
from alharness.protocol.planning.run import Run, Slot
from alharness.protocol.tuning.search import distributions_of, quiet
from alharness.protocol.units import TrialInputs, Unit
from alharness.results.companions import Importance

BEST = 0.2
"""Importance is that for being among this share of the settings."""
FEWEST = 25
"""Settings: five are then among the best, as many as Optuna's documentation asks for."""
_DIGITS = 6


class Setting(NamedTuple):
    """A setting of the hyper-parameters, and how much better it did than its tunings' means."""

    hyperparameters: Mapping[str, Value]
    gain: float


def importance(
    spaces: Sequence[Space], trials: int, runs: Sequence[Run], ledger: Ledger
) -> tuple[Importance | None, ...]:
    """The importance of the hyper-parameters at each cycle, of which each has its space.

    ``trials``: of a tuning. ``runs``: of all methods. None where too few settings were tried,
    where each hyper-parameter has one value, and where the settings did equally well.
    """
    return tuple(
        importance_of(space, settings(cycle, trials, runs, ledger))
        for cycle, space in enumerate(spaces)
    )


def settings(cycle: int, trials: int, runs: Sequence[Run], ledger: Ledger) -> list[Setting]:
    """The settings that the tunings of a cycle tried.

    Trial t of an initial set's tuning has the same setting for every method: it is one
    observation, the mean over the distinct trials. Only tunings that are done count.
    """
    tried: dict[tuple[int, int], dict[str, Setting]] = defaultdict(dict)
    for run in runs:
        units = _tuning(run, cycle, trials)
        accuracies = [accuracy for unit in units for accuracy in _accuracy(unit, ledger)]
        if not accuracies or len(accuracies) < trials:
            continue
        mean = math.fsum(accuracies) / trials
        for number, (unit, accuracy) in enumerate(zip(units, accuracies, strict=True)):
            assert isinstance(unit.inputs, TrialInputs)
            one = Setting(unit.inputs.hyperparameters, accuracy - mean)
            tried[run.place.initial_set, number][unit.key] = one
    return [_mean(list(tried[place].values())) for place in sorted(tried)]


def importance_of(space: Space, settings: Sequence[Setting]) -> Importance | None:
    """The importance of each hyper-parameter that has more than one value, or None."""
    varied = {name: way for name, way in space.items() if not _is_fixed(way)}
    gains = sorted((one.gain for one in settings), reverse=True)
    if not varied or len(gains) < FEWEST:
        return None
    if gains[math.ceil(BEST * len(gains)) - 1] == gains[-1]:
        return None  # the best are no better than the worst
    shares = _shares(varied, settings)
    return Importance(
        settings=len(gains), shares={name: round(shares[name], _DIGITS) for name in varied}
    )


def _shares(space: Space, settings: Sequence[Setting]) -> dict[str, float]:
    import optuna
    from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances

    distributions = distributions_of(space)
    with quiet():
        study = optuna.create_study(direction="maximize")
    study.add_trials(
        optuna.trial.create_trial(
            params={name: one.hyperparameters[name] for name in space},
            distributions=distributions,
            value=one.gain,
        )
        for one in settings
    )
    evaluator = PedAnovaImportanceEvaluator(target_quantile=BEST)
    return get_param_importances(study, evaluator=evaluator, params=list(space))


def _is_fixed(way: object) -> bool:
    return isinstance(way, Choice) and len(way.options) == 1


def _tuning(run: Run, cycle: int, trials: int) -> list[Unit]:
    """The trials of a run's tuning that are done."""
    slots = [Slot(cycle, "trial", number) for number in range(trials if run.tunes else 0)]
    steps = [run.steps[slot] for slot in slots if run.is_done(slot)]
    return [step.unit for step in steps if step.unit is not None]


def _accuracy(unit: Unit, ledger: Ledger) -> Iterator[float]:
    result = ledger.result(unit)
    accuracy = None if result is None else result["validation_accuracy"]
    if accuracy is not None and math.isfinite(accuracy):
        yield accuracy


def _mean(tried: Sequence[Setting]) -> Setting:
    gain = math.fsum(one.gain for one in tried) / len(tried)
    # So that what is equal stays equal, whatever was subtracted from it.
    return Setting(tried[0].hyperparameters, round(gain, 9))
