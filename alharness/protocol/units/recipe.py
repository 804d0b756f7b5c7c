"""Recipes: how a model is trained, beside its hyper-parameters."""

from __future__ import annotations

from typing import Any

from alharness.protocol.units.parts import Identity, SharedPart


class Recipe(SharedPart):
    """How a trial trains. The engine refuses every value that it does not carry out.

    epochs: passes over the labeled set.
    schedule: the learning rate's course.
    momentum, nesterov, weight_decay: the optimizer's options, where it has them.
    precision: of the passes of training and validation; weights are float32 in any case.
    channels_last: in these passes images and weights lie with their channels last.
    compile: how these passes are compiled, or None.
    threads: on the CPU.
    normalization: digest of the index set whose images give mean and deviation, or None.
    stacked: computed as one of many trainings of the same shape, on the CPU; which of them share a
        stack changes no result.
    start: key of the trial whose weights are gone on from (warm start), or None.
    same_start: the initial weights are those of all cycles of its run.
    drop_last: a last batch that is not whole is dropped, unless it is the only one.
    """

    epochs: int
    schedule: Identity
    momentum: float = 0.9
    nesterov: bool = False
    weight_decay: float = 0.0
    precision: str = "float32"
    channels_last: bool = False
    compile: str | None = None
    threads: int = 1
    normalization: str | None = None
    stacked: bool = False
    start: str | None = None
    same_start: bool = False
    drop_last: bool = False

    def alone(self) -> Recipe:
        """The same for a training that no stack can take."""
        return self._with(stacked=False) if self.stacked else self

    def starting_from(self, trial: str) -> Recipe:
        """The same for a training that starts from the weights of this trial."""
        return self._with(start=trial)

    def _with(self, **changes: Any) -> Recipe:
        values = {name: getattr(self, name) for name in type(self).model_fields}
        return Recipe(**{**values, **changes})
