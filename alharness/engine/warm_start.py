"""Warm starts: the weights that a training goes on from, exactly those that its parent left."""

from __future__ import annotations

from torch import nn

from alharness.api.errors import HarnessError
from alharness.engine.extension import BuiltExtension, parted
from alharness.engine.questions import recorded_checkpoint
from alharness.engine.surroundings import Surroundings
from alharness.store.checkpoints import load_weights


def start_warm(
    around: Surroundings, parent: str | None, network: nn.Module, extension: BuiltExtension | None
) -> str | None:
    """Load a parent's weights and buffers, and those of its extension's module; their digest.

    Nothing happens without a ``parent``, the key of a trial, and None is returned. Optimizer,
    schedule and what regularizers average are no part of a checkpoint: they begin anew.

    Raises CheckpointMissing when the weights are not there, or not those that the parent's record
    names, HarnessError for weights of another network.
    """
    if parent is None:
        return None
    digest = recorded_checkpoint(around.workspace, parent)
    loaded = load_weights(around.workspace.checkpoints.checked(parent, digest))
    weights, of_extension = parted(loaded)
    try:
        network.load_state_dict(weights)
        if extension is not None:
            extension.module.load_state_dict(of_extension)
    except RuntimeError as error:
        raise HarnessError(
            f"the weights of trial {parent} are of another network: "
            f"{str(error).splitlines()[-1].strip()}",
            where="protocol.warm_start",
            remedy="Leave out what builds other networks with other hyper-parameters, or fix these",
        ) from error
    return digest
