"""Trials: one training of the task model with one set of hyper-parameters."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

from alharness.api.space import Value
from alharness.protocol.seeds import SeedPath
from alharness.protocol.units.parts import Identity, Inputs, Network, Plugin, Reads
from alharness.protocol.units.recipe import Recipe


class TrialInputs(Inputs):
    """Train one model on a labeled set. The sampler is no part of it, but for its extension.

    labeled: digests of the index sets that make up the labeled set, the initial set first,
        then what each annotation added.
    validation: digest of the validation set.
    extension: the sampler whose training extension is trained along.
    """

    kind: ClassVar[str] = "trial"
    step: ClassVar[int] = 3
    slim: ClassVar[tuple[str, ...]] = ("validation_accuracy", "validation_loss", "checkpoint")

    network: Network
    hyperparameters: dict[str, Value]
    labeled: tuple[str, ...]
    validation: str
    loss: Identity
    recipe: Recipe
    extension: Identity | None = None
    seed: SeedPath

    @property
    def initialization(self) -> SeedPath:
        """Where the initial weights come from: its own path, or that of all cycles of its run."""
        return replace(self.seed, cycle=None) if self.recipe.same_start else self.seed

    def reads(self) -> Reads:
        """The weights that it starts from, and the features that it trains on."""
        start = () if self.recipe.start is None else (self.recipe.start,)
        return Reads(start, features=self.network.reads())

    def plugins(self) -> tuple[Plugin, ...]:
        """What is trained, how, and whose extension is trained along."""
        loss, schedule = Plugin("loss", self.loss), Plugin("schedule", self.recipe.schedule)
        extension = () if self.extension is None else (Plugin("sampler", self.extension),)
        return (loss, schedule, *extension, *self.network.plugins())

    @classmethod
    def position(cls, inputs: dict[str, Any]) -> list[Any]:
        """Samplers share seed paths: a trial after cycle 0 belongs to its labeled set."""
        later = inputs["seed"]["cycle"] > 0
        return [inputs["seed"], inputs["labeled"] if later else None]
