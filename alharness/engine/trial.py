"""What a trial does: train one model, and keep the weights of its best epoch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import torch

from alharness.api.regularizer import Regularizer
from alharness.api.sampler import Sampler
from alharness.engine.extension import BuiltExtension, built_extension
from alharness.engine.images import Images
from alharness.engine.network import (
    Network,
    make_network,
    make_regularizers,
)
from alharness.engine.optimizers import OptimizerOptions
from alharness.engine.passes import passes_of
from alharness.engine.randomness import controlled
from alharness.engine.stacked_trials import train_stacked
from alharness.engine.surroundings import (
    Computed,
    Surroundings,
    generator,
)
from alharness.engine.trained import kept, statistics_of
from alharness.engine.training import Training
from alharness.engine.warm_start import start_warm
from alharness.protocol.units import TrialInputs


def train(around: Surroundings, inputs: TrialInputs, key: str) -> Computed:
    """Train one model; its weights become the checkpoint of this key.

    With an empty validation set nothing is evaluated, and the last epoch's weights count.
    Raises UsageError for a recipe that the engine does not carry out, CheckpointMissing when it
    starts from weights that are not there.
    """
    recipe = inputs.recipe
    if recipe.stacked:
        (computed,) = train_stacked(around, [(inputs, key)])
        if isinstance(computed, Exception):
            raise computed
        return computed
    passes = passes_of(recipe)
    sets = around.workspace.sets
    labeled = sets.labeled(inputs.labeled)
    validation = sets.get(inputs.validation).indices
    assert labeled.labels is not None
    data, features = inputs.network.data, inputs.network.features
    true_labels = around.workspace.datasets.labels(data)[validation]
    regularizers = make_regularizers(
        around.plugins, inputs.network.regularizers, inputs.hyperparameters
    )
    with controlled(inputs.seed.torch_seed(), recipe.threads):
        statistics = statistics_of(around, inputs)
        examples = around.examples(data, labeled.indices, labeled.labels, features)
        network = _initialized(around, inputs, regularizers, examples.images.width, statistics)
        network = network.to(around.device)
        extension = _extension(around, inputs, network, examples.images)
        start = start_warm(around, recipe.start, network, extension)
        training = Training(
            network,
            examples,
            around.examples(data, validation, true_labels, features) if len(validation) else None,
            inputs.hyperparameters,
            regularizers,
            order=generator(replace(inputs.seed, purpose="order"), torch.device("cpu")),
            augmentation=generator(replace(inputs.seed, purpose="augmentation"), around.device),
            n_classes=inputs.network.n_classes,
            loss=around.plugins.create("loss", inputs.loss),
            schedule=around.plugins.create("schedule", recipe.schedule),
            options=OptimizerOptions(recipe.momentum, recipe.nesterov, recipe.weight_decay),
            extension=extension,
            drop_last=recipe.drop_last,
            passes=passes,
        )
        trained = training.fit(recipe.epochs)
    return kept(around, key, network, trained, start)


def _initialized(
    around: Surroundings,
    inputs: TrialInputs,
    regularizers: Sequence[Regularizer],
    width: int | None,
    statistics: tuple[torch.Tensor, torch.Tensor] | None,
) -> Network:
    """The network with its initial weights, from a stream of their own where cycles share them."""
    made = partial(make_network, around.plugins, inputs.network, regularizers, width, statistics)
    if inputs.initialization == inputs.seed:
        return made()
    with controlled(inputs.initialization.torch_seed(), inputs.recipe.threads):
        return made()


def _extension(
    around: Surroundings, inputs: TrialInputs, network: Network, images: Images
) -> BuiltExtension | None:
    """The training extension of the sampler that the trial belongs to, if any."""
    if inputs.extension is None:
        return None
    sampler: Sampler = around.plugins.create("sampler", inputs.extension)
    extension = sampler.needs.extension
    assert extension is not None
    n_classes, example = inputs.network.n_classes, images.batch(slice(0, 1))
    return built_extension(extension, network, n_classes, around.device, example)
