"""What an evaluation does: measure a chosen model on the test images."""

from __future__ import annotations

import io

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from alharness.engine.network import trained_network
from alharness.engine.questions import recorded_checkpoint
from alharness.engine.randomness import controlled
from alharness.engine.surroundings import Computed, Surroundings, finite
from alharness.engine.training import evaluate
from alharness.protocol.units import EvaluationInputs
from alharness.statistics.metrics import KEPT_BYTES, log_probabilities, metrics
from alharness.store.records import OUTPUTS


def measure(around: Surroundings, inputs: EvaluationInputs) -> Computed:
    """Test accuracy and its companions. The only kind of unit that opens test images."""
    labels = around.workspace.datasets.labels(inputs.test)
    examples = around.examples(inputs.test, np.arange(len(labels)), labels, inputs.features)
    checkpoint = recorded_checkpoint(around.workspace, inputs.trial)
    path = around.workspace.checkpoints.checked(inputs.trial, checkpoint)
    with controlled(0):
        network = trained_network(
            around.plugins,
            inputs.network,
            inputs.hyperparameters,
            path,
            around.device,
            examples.images.width,
        )
        kept = _KeptOutputs(network)
        score = evaluate(kept, examples)
    logits = torch.cat(kept.logits).float().cpu().numpy()
    result = {
        "test_accuracy": score.accuracy,
        "test_loss": finite(score.loss),
        "metrics": metrics(logits, labels).to_json(),
        "checkpoint": checkpoint,
    }
    outputs = log_probabilities(logits)
    small = outputs.nbytes <= KEPT_BYTES
    return Computed(result, {OUTPUTS: _npz(outputs)} if small else {})


class _KeptOutputs(nn.Module):
    """A network whose logits are kept as they are handed out, batch by batch, on their device."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network
        self.logits: list[torch.Tensor] = []

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """The network's logits, (n, C)."""
        logits: torch.Tensor = self.network(images)
        self.logits.append(logits)
        return logits


def _npz(outputs: NDArray[np.float16]) -> bytes:
    stream = io.BytesIO()
    np.savez(stream, allow_pickle=False, log_probabilities=outputs)
    return stream.getvalue()
