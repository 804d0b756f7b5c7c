"""What a trial does: train one model, and keep the weights of its best epoch."""

from __future__ import annotations

from dataclasses import replace

import torch

from alharness.api.sampler import Sampler
from alharness.engine.extension import BuiltExtension, built_extension, joined
from alharness.engine.images import open_images
from alharness.engine.network import (
    Network,
    channel_statistics,
    make_network,
    make_regularizers,
)
from alharness.engine.optimizers import OptimizerOptions
from alharness.engine.randomness import controlled
from alharness.engine.recipe import require_carried_out
from alharness.engine.surroundings import Computed, Surroundings, finite, generator
from alharness.engine.training import Trained, Training
from alharness.protocol.units import TrialInputs
from alharness.store.curves import CURVES, write_curves


def train(around: Surroundings, inputs: TrialInputs, key: str) -> Computed:
    """Train one model; its weights become the checkpoint of this key.

    Raises UsageError for a recipe that the engine does not carry out.
    """
    recipe = inputs.recipe
    require_carried_out(recipe.precision, recipe.start)
    sets = around.workspace.sets
    labeled = sets.labeled(inputs.labeled)
    validation = sets.get(inputs.validation).indices
    assert labeled.labels is not None
    data = inputs.network.data
    true_labels = around.workspace.datasets.labels(data)[validation]
    regularizers = make_regularizers(
        around.plugins, inputs.network.regularizers, inputs.hyperparameters
    )
    with controlled(inputs.seed.torch_seed(), recipe.threads):
        statistics = _statistics(around, inputs)
        network = make_network(around.plugins, inputs.network, regularizers, statistics)
        network = network.to(around.device)
        extension = _extension(around, inputs, network)
        examples = around.examples(data, labeled.indices, labeled.labels)
        training = Training(
            network,
            examples,
            around.examples(data, validation, true_labels),
            inputs.hyperparameters,
            regularizers,
            order=generator(replace(inputs.seed, purpose="order"), torch.device("cpu")),
            augmentation=generator(replace(inputs.seed, purpose="augmentation"), around.device),
            n_classes=inputs.network.n_classes,
            loss=around.plugins.create("loss", inputs.loss),
            schedule=around.plugins.create("schedule", recipe.schedule),
            options=OptimizerOptions(recipe.momentum, recipe.nesterov, recipe.weight_decay),
            extension=extension,
        )
        trained = training.fit(recipe.epochs)
    weights = joined(trained.weights, trained.extension)
    checkpoint = around.workspace.checkpoints.write(key, weights)
    result = {
        "validation_accuracy": trained.best.accuracy,
        "validation_loss": finite(trained.best.loss),
        "best_epoch": trained.best_epoch,
        "replaced_by": trained.replaced_by,
        "checkpoint": checkpoint,
        "parameters": sum(parameter.numel() for parameter in network.parameters()),
    }
    return Computed(result, {CURVES: write_curves(_curves(trained))})


def _extension(
    around: Surroundings, inputs: TrialInputs, network: Network
) -> BuiltExtension | None:
    """The training extension of the sampler that the trial belongs to, if any."""
    if inputs.extension is None:
        return None
    sampler: Sampler = around.plugins.create("sampler", inputs.extension)
    extension = sampler.needs.extension
    assert extension is not None
    return built_extension(extension, network, inputs.network.n_classes, around.device)


def _curves(trained: Trained) -> dict[str, list[float]]:
    """What was measured after each epoch."""
    return {
        "training_loss": trained.training_loss,
        "validation_accuracy": [score.accuracy for score in trained.validation],
        "validation_loss": [score.loss for score in trained.validation],
    }


def _statistics(
    around: Surroundings, inputs: TrialInputs
) -> tuple[torch.Tensor, torch.Tensor] | None:
    """Mean and deviation of the initial labeled set, when the recipe normalizes."""
    name = inputs.recipe.normalization
    if name is None:
        return None
    indices = around.workspace.sets.get(name).indices
    stored = around.workspace.datasets.images(inputs.network.data)
    return channel_statistics(open_images(stored, indices, torch.device("cpu")))
