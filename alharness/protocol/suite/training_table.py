"""The table ``[training]``: how a model is trained, in cycle 0 and in later ones."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal, NamedTuple

from pydantic import Field, model_validator

from alharness.protocol.components import Reference
from alharness.protocol.suite.bounds import MOST_EPOCHS
from alharness.protocol.suite.errors import misfit
from alharness.protocol.suite.fields import Number, from_1_to, is_none
from alharness.protocol.suite.references import ScheduleReference
from alharness.protocol.suite.table import Table

PAPERS_MOMENTUM = 0.9
"""Of SGD, in the paper's published code."""

_CONSTANT = Reference("constant")

_A_SCHEDULE = 'a schedule of the learning rate, such as "cosine"'
_A_MOMENTUM = "a number from 0 to below 1: of sgd"
_NESTEROV = "true or false: of sgd"
_A_DECAY = "a number from 0 to 1e6: of every optimizer, fixed"


class TrainingOfCycles(Table):
    """What some cycles are trained with in place of what ``[training]`` says; None: as it says."""

    epochs: Annotated[int, Field(ge=1, le=MOST_EPOCHS)] | None = Field(
        default=None, exclude_if=is_none, description=from_1_to(MOST_EPOCHS)
    )
    schedule: ScheduleReference | None = Field(
        default=None, exclude_if=is_none, description=_A_SCHEDULE
    )
    momentum: Annotated[Number, Field(ge=0, lt=1)] | None = Field(
        default=None, exclude_if=is_none, description=_A_MOMENTUM
    )
    nesterov: bool | None = Field(default=None, exclude_if=is_none, description=_NESTEROV)
    weight_decay: Annotated[Number, Field(ge=0, le=1e6)] | None = Field(
        default=None, exclude_if=is_none, description=_A_DECAY
    )


_AS_IT_SAYS = TrainingOfCycles()


class Said(NamedTuple):
    """What a table says of training: its dotted key, and a cycle that it is of, None for all."""

    key: str
    table: Training | TrainingOfCycles
    cycle: int | None


class Training(Table):
    """How a model is trained (paper, section 5).

    ``first`` replaces what it says in cycle 0, ``later`` in all cycles after it.
    """

    epochs: int = Field(ge=1, le=MOST_EPOCHS, description=from_1_to(MOST_EPOCHS))
    normalize: bool = Field(
        default=True,
        description="true (by mean and deviation of the initial labeled set) or false",
    )
    schedule: ScheduleReference = Field(
        default=_CONSTANT,
        exclude_if=lambda schedule: schedule == _CONSTANT,
        description=_A_SCHEDULE,
    )
    momentum: Annotated[Number, Field(ge=0, lt=1)] = Field(
        default=PAPERS_MOMENTUM,
        exclude_if=lambda momentum: momentum == PAPERS_MOMENTUM,
        description=_A_MOMENTUM,
    )
    nesterov: bool = Field(
        default=False,
        exclude_if=lambda nesterov: not nesterov,
        description=_NESTEROV,
    )
    weight_decay: Annotated[Number, Field(ge=0, le=1e6)] = Field(
        default=0.0,
        exclude_if=lambda decay: decay == 0,
        description=_A_DECAY,
    )
    same_start: bool = Field(
        default=False,
        exclude_if=lambda same: not same,
        description="true (all cycles of a run start from the same initial weights) or false",
    )
    drop_last: bool = Field(
        default=False,
        exclude_if=lambda drop: not drop,
        description="true (a last batch that is not whole is dropped, unless it is the only one) "
        "or false",
    )
    precision: Literal["float32", "bfloat16"] = Field(
        default="float32",
        exclude_if=lambda precision: precision == "float32",
        description='"float32" or "bfloat16": what training and validation compute in',
    )
    channels_last: bool = Field(
        default=False,
        exclude_if=lambda last: not last,
        description="true (in training and validation, channels lie last in memory) or false",
    )
    compile: Literal["default", "reduce-overhead"] | None = Field(
        default=None,
        exclude_if=is_none,
        description='"default" or "reduce-overhead" (with CUDA graphs): compiles training and '
        "validation",
    )
    first: TrainingOfCycles = Field(
        default=_AS_IT_SAYS,
        exclude_if=lambda first: first == _AS_IT_SAYS,
        description="a table [training.first]: what cycle 0 is trained with instead",
    )
    later: TrainingOfCycles = Field(
        default=_AS_IT_SAYS,
        exclude_if=lambda later: later == _AS_IT_SAYS,
        description="a table [training.later]: what cycles after cycle 0 are trained with instead",
    )

    def of_cycle(self, cycle: int) -> Training:
        """How the models of a cycle are trained: what is said of it in the place of the rest."""
        own = self.first if cycle == 0 else self.later
        values = {name: getattr(own, name) for name in TrainingOfCycles.model_fields}
        said = {name: value for name, value in values.items() if value is not None}
        return self.model_copy(update={**said, "first": _AS_IT_SAYS, "later": _AS_IT_SAYS})

    @property
    def computes_as_stacks_do(self) -> bool:
        """Whether trainings on features may be computed many at once: in float32, not compiled."""
        return self.precision == "float32" and self.compile is None

    def said(self) -> Iterator[Said]:
        """Its tables, itself first."""
        yield Said("training", self, None)
        yield Said("training.first", self.first, 0)
        yield Said("training.later", self.later, 1)

    @model_validator(mode="after")
    def _nesterov_has_momentum(self) -> Training:
        for cycle, key in ((0, "first.nesterov"), (1, "later.nesterov")):
            one = self.of_cycle(cycle)
            if one.nesterov and one.momentum == 0:
                everywhere = self.nesterov and self.momentum == 0
                raise misfit(
                    "true, but momentum = 0",
                    "Write a momentum above 0, or no nesterov",
                    key="nesterov" if everywhere else key,
                )
        return self
