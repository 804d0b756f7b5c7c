"""Trials on features, computed many at a time: each with its own result, or its own failure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import starmap
from typing import Any, NamedTuple

import torch

from alharness.api.errors import HarnessError
from alharness.engine.network import make_network, make_regularizers
from alharness.engine.optimizers import OptimizerOptions
from alharness.engine.randomness import controlled
from alharness.engine.recipe import require_carried_out
from alharness.engine.stacked import StackedTraining, StackShape, fit_stacked, stack_shape
from alharness.engine.surroundings import Computed, Surroundings, generator
from alharness.engine.trained import kept, statistics_of
from alharness.engine.training import Trained
from alharness.engine.warm_start import start_warm
from alharness.protocol.units import TrialInputs

CPU = torch.device("cpu")


class Trial(NamedTuple):
    """A trial to be computed: its inputs and its unit's key."""

    inputs: TrialInputs
    key: str


@dataclass(frozen=True)
class _Prepared:
    """A trial that is ready for a stack; ``number`` is its place among those asked for.

    ``start``: digest of the weights that it goes on from, if any.
    """

    number: int
    trial: Trial
    training: StackedTraining
    start: str | None


def train_stacked(
    around: Surroundings, trials: Sequence[tuple[TrialInputs, str]]
) -> list[Computed | Exception]:
    """What each trial computed, or what it raised, in their order.

    Whatever ``around`` says, on the CPU: which trials share a stack changes no result there. One
    that cannot be prepared keeps none of the others from its result.
    """
    around = replace(around, device=CPU)
    outcomes: dict[int, Computed | Exception] = {}
    alike: dict[tuple[int, StackShape], list[_Prepared]] = defaultdict(list)
    for number, trial in enumerate(starmap(Trial, trials)):
        try:
            training = _training(around, trial.inputs)
            start = start_warm(around, trial.inputs.recipe.start, training.network, None)
            one = _Prepared(number, trial, training, start)
            alike[trial.inputs.recipe.epochs, stack_shape(training)].append(one)
        except Exception as error:
            outcomes[number] = error
    for (epochs, _), prepared in alike.items():
        outcomes |= _fitted(around, prepared, epochs)
    return [outcomes[number] for number in range(len(trials))]


def _fitted(
    around: Surroundings, prepared: Sequence[_Prepared], epochs: int
) -> dict[int, Computed | Exception]:
    """By their numbers, what trials of one shape computed; what cannot be fitted fails each."""
    try:
        with controlled(0):
            trained = fit_stacked([one.training for one in prepared], epochs, around.sign)
    except Exception as error:
        return {one.number: error for one in prepared}
    return {
        one.number: _kept(around, one, fitted)
        for one, fitted in zip(prepared, trained, strict=True)
    }


def _kept(around: Surroundings, one: _Prepared, fitted: Trained) -> Computed | Exception:
    try:
        return kept(around, one.trial.key, one.training.network, fitted, one.start)
    except Exception as error:
        return error


def _training(around: Surroundings, inputs: TrialInputs) -> StackedTraining:
    """One training as its inputs describe it, its network initialized as it would be alone."""
    recipe, values = inputs.recipe, inputs.hyperparameters
    require_carried_out(recipe.precision, recipe.compile)
    sets, data, features = around.workspace.sets, inputs.network.data, inputs.network.features
    labeled = sets.labeled(inputs.labeled)
    validation = sets.get(inputs.validation).indices
    assert labeled.labels is not None
    true_labels = around.workspace.datasets.labels(data)[validation]
    regularizers = make_regularizers(around.plugins, inputs.network.regularizers, values)
    examples = around.examples(data, labeled.indices, labeled.labels, features)
    with controlled(inputs.initialization.torch_seed()):
        network = make_network(
            around.plugins,
            inputs.network,
            regularizers,
            examples.images.width,
            statistics_of(around, inputs),
        )
    asked: dict[str, Any] = {}
    for regularizer in regularizers:
        asked |= regularizer.optimizer_options(values)
    if not asked.keys() <= {"weight_decay"}:
        raise HarnessError(
            f"a stack of trainings knows no {', '.join(sorted(asked))}", where="regularizers"
        )
    return StackedTraining(
        network,
        examples,
        around.examples(data, validation, true_labels, features) if len(validation) else None,
        values,
        order=generator(replace(inputs.seed, purpose="order"), CPU),
        dropout=generator(replace(inputs.seed, purpose="dropout"), CPU),
        n_classes=inputs.network.n_classes,
        schedule=around.plugins.create("schedule", recipe.schedule),
        options=OptimizerOptions(recipe.momentum, recipe.nesterov, recipe.weight_decay),
        weight_decay=asked.get("weight_decay"),
        drop_last=recipe.drop_last,
    )
