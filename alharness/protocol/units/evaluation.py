"""Evaluations: one measurement of a chosen model on the test images."""

from __future__ import annotations

from typing import Any, ClassVar

from alharness.api.space import Value
from alharness.protocol.units.parts import Inputs, Network, Plugin, Reads


class EvaluationInputs(Inputs):
    """Measure a chosen model on the test images, once.

    trial: the model's key; test: digest of the test split; features: key of the unit that computes
        its features, where the model was trained on features.
    """

    kind: ClassVar[str] = "evaluation"
    step: ClassVar[int] = 2
    slim: ClassVar[tuple[str, ...]] = ("test_accuracy", "test_loss", "metrics")

    network: Network
    hyperparameters: dict[str, Value]
    trial: str
    test: str
    features: str | None = None

    def reads(self) -> Reads:
        """The chosen model's weights, and the features of the test images."""
        return Reads((self.trial,), features=() if self.features is None else (self.features,))

    def plugins(self) -> tuple[Plugin, ...]:
        """What is measured."""
        return self.network.plugins()

    @classmethod
    def position(cls, inputs: dict[str, Any]) -> list[Any]:
        """A model has one evaluation."""
        return [inputs["trial"]]
