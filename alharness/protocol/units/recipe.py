"""Recipes: how a model is trained, beside its hyper-parameters."""

from __future__ import annotations

from alharness.protocol.units.parts import Identity, SharedPart


class Recipe(SharedPart):
    """How a trial trains. The engine refuses every value that it does not carry out.

    epochs: passes over the labeled set.
    schedule: the learning rate's course.
    momentum, nesterov, weight_decay: the optimizer's options, where it has them.
    precision: of weights and activations.
    threads: on the CPU.
    normalization: digest of the index set whose images give mean and deviation, or None.
    start: key of the trial whose weights are gone on from, or None.
    """

    epochs: int
    schedule: Identity
    momentum: float = 0.9
    nesterov: bool = False
    weight_decay: float = 0.0
    precision: str = "float32"
    threads: int = 1
    normalization: str | None = None
    start: str | None = None
