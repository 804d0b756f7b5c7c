"""Queries: one call of a sampler."""

from __future__ import annotations

from typing import Any, ClassVar

from alharness.api.space import Value
from alharness.protocol.seeds import SeedPath
from alharness.protocol.units.parts import (
    ChosenModel,
    Identity,
    Inputs,
    Network,
    Plugin,
    Reads,
    Stored,
)


class QueryInputs(Inputs):
    """Ask a sampler for the next cycle's images.

    trial: key of the chosen model; previous: that of the cycle before.
    committee: keys of the further models that the sampler declares.
    labeled, validation: digests of index sets, as of a trial.
    stored: what the sampler stored at its last query of this run.
    sees_labels: whether it is handed the hidden labels.
    """

    kind: ClassVar[str] = "query"
    step: ClassVar[int] = 2
    slim: ClassVar[tuple[str, ...]] = ("share_of_ties", "stored")

    network: Network
    hyperparameters: dict[str, Value]
    sampler: Identity
    trial: str
    previous: ChosenModel | None = None
    committee: tuple[str, ...] = ()
    labeled: tuple[str, ...]
    validation: str
    budget: int
    stored: Stored | None = None
    sees_labels: bool = False
    seed: SeedPath

    def reads(self) -> Reads:
        """The weights of every model that the pool can show, and what was stored."""
        previous = () if self.previous is None else (self.previous.trial,)
        stored = () if self.stored is None else (self.stored.query,)
        return Reads((self.trial, *previous, *self.committee), stored)

    def plugins(self) -> tuple[Plugin, ...]:
        """The sampler, and the models that it is shown."""
        return (Plugin("sampler", self.sampler), *self.network.plugins())

    @classmethod
    def position(cls, inputs: dict[str, Any]) -> list[Any]:
        """Another sampler, or other parameters of one, are another method."""
        sampler = inputs["sampler"]
        return [inputs["seed"], sampler["name"], sampler.get("parameters", {})]
