"""What trials of every recipe have in common: what is normalized by, and what they leave."""

from __future__ import annotations

import torch
from torch import nn

from alharness.engine.extension import joined
from alharness.engine.features import checked_features, hold_features
from alharness.engine.network import channel_statistics
from alharness.engine.surroundings import Computed, Surroundings, finite
from alharness.engine.training import Trained
from alharness.protocol.units import TrialInputs
from alharness.store.curves import CURVES, write_curves


def kept(
    around: Surroundings, key: str, network: nn.Module, trained: Trained, start: str | None = None
) -> Computed:
    """The result of a trial; its weights become the checkpoint of this key.

    ``start`` is the digest of the weights that it went on from, if any: the result names it.
    """
    weights = joined(trained.weights, trained.extension)
    checkpoint = around.workspace.checkpoints.write(key, weights)
    result = {
        "validation_accuracy": None if trained.best is None else trained.best.accuracy,
        "validation_loss": None if trained.best is None else finite(trained.best.loss),
        "best_epoch": trained.best_epoch,
        "replaced_by": trained.replaced_by,
        "checkpoint": checkpoint,
        "parameters": sum(parameter.numel() for parameter in network.parameters()),
    }
    if start is not None:
        result["start"] = start
    return Computed(result, {CURVES: write_curves(_curves(trained))})


def statistics_of(
    around: Surroundings, inputs: TrialInputs
) -> tuple[torch.Tensor, torch.Tensor] | None:
    """Mean and deviation of the initial labeled set, when the recipe normalizes."""
    name = inputs.recipe.normalization
    if name is None:
        return None
    indices = around.workspace.sets.get(name).indices
    network, cpu = inputs.network, torch.device("cpu")
    if network.features is not None:
        folder = checked_features(around.workspace, network.features)
        return channel_statistics(hold_features(folder, indices, cpu))
    return channel_statistics(around.images(network.data, indices, cpu))


def _curves(trained: Trained) -> dict[str, list[float]]:
    """What was measured after each epoch."""
    curves = {"training_loss": trained.training_loss}
    if not trained.validation:
        return curves
    return curves | {
        "validation_accuracy": [score.accuracy for score in trained.validation],
        "validation_loss": [score.loss for score in trained.validation],
    }
