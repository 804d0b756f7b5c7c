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
    """Ask a sampler for the next cycle's images, or for those that its run starts from.

    trial: key of the chosen model, None before any training; previous: that of the cycle before.
    committee: keys of the further models that the sampler declares.
    labeled, validation: digests of index sets, as of a trial; left_out: that of the images that
        are in no set, None where there are none; held_out: that of those that the pool gives up.
    pool_subset: how many unlabeled images the sampler sees at most, drawn at random; 0 for all.
    stored: what the sampler stored at its last query of this run.
    sees_labels: whether it is handed the hidden labels, and what is held out.
    own_features: key of the unit that computes the features which the sampler asks for by name.
    """

    kind: ClassVar[str] = "query"
    step: ClassVar[int] = 2
    slim: ClassVar[tuple[str, ...]] = ("share_of_ties", "stored")

    network: Network
    hyperparameters: dict[str, Value]
    sampler: Identity
    trial: str | None = None
    previous: ChosenModel | None = None
    committee: tuple[str, ...] = ()
    labeled: tuple[str, ...]
    validation: str
    left_out: str | None = None
    held_out: str | None = None
    budget: int
    pool_subset: int = 0
    stored: Stored | None = None
    sees_labels: bool = False
    own_features: str | None = None
    seed: SeedPath

    def reads(self) -> Reads:
        """The weights of every model that the pool can show, and what was stored."""
        chosen = () if self.trial is None else (self.trial,)
        previous = () if self.previous is None else (self.previous.trial,)
        stored = () if self.stored is None else (self.stored.query,)
        own = () if self.own_features is None else (self.own_features,)
        features = (*self.network.reads(), *own)
        return Reads((*chosen, *previous, *self.committee), stored, features)

    def plugins(self) -> tuple[Plugin, ...]:
        """The sampler, and the models that it is shown."""
        return (Plugin("sampler", self.sampler), *self.network.plugins())

    @classmethod
    def position(cls, inputs: dict[str, Any]) -> list[Any]:
        """Another sampler, or other parameters of one, are another method."""
        sampler = inputs["sampler"]
        return [inputs["seed"], sampler["name"], sampler.get("parameters", {})]
