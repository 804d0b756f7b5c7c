"""What an evaluation does: measure a chosen model on the test images."""

from __future__ import annotations

import numpy as np

from alharness.engine.network import trained_network
from alharness.engine.questions import recorded_checkpoint
from alharness.engine.randomness import controlled
from alharness.engine.surroundings import Computed, Surroundings, finite
from alharness.engine.training import evaluate
from alharness.protocol.units import EvaluationInputs


def measure(around: Surroundings, inputs: EvaluationInputs) -> Computed:
    """Test accuracy and its companions. The only kind of unit that opens test images."""
    labels = around.workspace.datasets.labels(inputs.test)
    examples = around.examples(inputs.test, np.arange(len(labels)), labels)
    checkpoint = recorded_checkpoint(around.workspace, inputs.trial)
    path = around.workspace.checkpoints.checked(inputs.trial, checkpoint)
    with controlled(0):
        network = trained_network(
            around.plugins, inputs.network, inputs.hyperparameters, path, around.device
        )
        score = evaluate(network, examples)
    return Computed(
        {
            "test_accuracy": score.accuracy,
            "test_loss": finite(score.loss),
            "checkpoint": checkpoint,
        }
    )
