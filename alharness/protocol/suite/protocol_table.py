"""The table ``[protocol]``: initial sets, seeds, budgets, and which images are in no set."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Field, PlainSerializer, PlainValidator, model_validator

from alharness.protocol.partition.given import GivenSplits
from alharness.protocol.partition.splits import MUNJAL2022_SEEDS
from alharness.protocol.suite.bounds import MOST_SETS
from alharness.protocol.suite.budgets import LIST, spelled
from alharness.protocol.suite.errors import misfit
from alharness.protocol.suite.fields import (
    A_SHARE_OR_NONE,
    Share,
    ShareOrNone,
    from_1_to,
    is_none,
)
from alharness.protocol.suite.written_budgets import A_WAY, WrittenBudgets
from alharness.protocol.wording import spell

InitialSets: TypeAlias = "int | Literal['munjal2022'] | GivenSplits"

_DRAWN = {"held_back_fraction": 0.0, "initial_draw": "uniform"}
"""What changes how splits are drawn, and its defaults."""

BUDGET_KEYS = tuple(WrittenBudgets.model_fields)
"""What a scenario's own budgets take the place of."""


def _initial_sets(value: object) -> InitialSets:
    if isinstance(value, GivenSplits) and len(value.splits) <= MOST_SETS:
        return value
    if value == "munjal2022":
        return "munjal2022"
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MOST_SETS:
        raise ValueError("out of range")
    return value


def _written_sets(value: InitialSets) -> Any:
    """Given splits by their content, so that it, and not where it lies, tells suites apart."""
    if isinstance(value, GivenSplits):
        return {"given": value.digest, "initial_sets": len(value.splits)}
    return value


class Protocol(WrittenBudgets):
    """Initial sets, seeds and budgets (paper, sections 4, 5 and 6.1).

    Budgets are written in one of three ways; a scenario may have its own, and a validation set of
    its own size. Shares, that of the validation set too, are of the images that are not left out;
    ``held_back_fraction`` is of all training images.
    """

    initial_sets: Annotated[
        InitialSets, PlainValidator(_initial_sets), PlainSerializer(_written_sets)
    ] = Field(
        description=f"a whole number from 1 to {MOST_SETS}, "
        '"munjal2022" for the paper\'s five partitions, or the file of splits that are given, '
        "a .npz or .json"
    )
    seeds: int = Field(ge=1, le=MOST_SETS, description=from_1_to(MOST_SETS))
    validation_fraction: ShareOrNone = Field(description=A_SHARE_OR_NONE)
    held_back_fraction: ShareOrNone = Field(
        default=0.0,
        exclude_if=lambda share: share == 0,
        description=f"{A_SHARE_OR_NONE}: the training images that are in no set",
    )
    held_out: int = Field(
        default=0,
        ge=0,
        exclude_if=lambda n: n == 0,
        description="a whole number of 0 or more: the images that every pool gives up, on which "
        "upper bounds measure gains",
    )
    initial_draw: Literal["uniform", "per-class", "chosen"] = Field(
        default="uniform",
        exclude_if=lambda draw: draw == "uniform",
        description='"uniform", "per-class", or "chosen" by the samplers',
    )
    stop_at_accuracy: Share | None = Field(
        default=None,
        exclude_if=is_none,
        description="a validation accuracy above 0 and below 1: a run that reaches it is done",
    )
    warm_start: bool = Field(
        default=False,
        exclude_if=lambda warm: not warm,
        description="true (a cycle's trainings start from the weights that its run chose in the "
        "cycle before) or false",
    )

    @property
    def n_initial_sets(self) -> int:
        """How many initial sets there are: five for the paper's partitions."""
        if isinstance(self.initial_sets, GivenSplits):
            return len(self.initial_sets.splits)
        return len(MUNJAL2022_SEEDS) if self.initial_sets == "munjal2022" else self.initial_sets

    @property
    def chooses_first_sets(self) -> bool:
        """Whether samplers choose what their runs start from (cold start)."""
        return self.initial_draw == "chosen"

    @property
    def first_tested_cycle(self) -> int:
        """The first cycle that belongs to the endpoint: cycle 0 only where methods differ there."""
        return 0 if self.chooses_first_sets else 1

    @property
    def n_cycles(self) -> int:
        """How many cycles a run has: one more than queries."""
        return self.schedule.n_cycles

    @property
    def exact_validation_fraction(self) -> Fraction:
        """The validation fraction, exactly as written in decimals."""
        return Fraction(str(self.validation_fraction))

    @property
    def exact_held_back_fraction(self) -> Fraction:
        """The fraction that is held back, exactly as written in decimals."""
        return Fraction(str(self.held_back_fraction))

    def with_sizes(self, own: WrittenBudgets, validation: float | None) -> Protocol:
        """This protocol at the budgets of a table that says some, and with another validation set.

        What is not said stays as it is.
        """
        update = {key: getattr(own, key) for key in BUDGET_KEYS} if own.says_budgets else {}
        if validation is not None:
            update["validation_fraction"] = validation
        return self.model_copy(update=update) if update else self

    def require_room(self, key: str) -> None:
        """For validators: raises what says that budgets leave no room for validation.

        ``key``: what to blame.
        """
        schedule = self.schedule
        final = schedule.cumulative[-1]
        if isinstance(final, Fraction) and final + self.exact_validation_fraction > 1:
            raise misfit(
                f"{spelled(final)} and validation_fraction = {self.validation_fraction} are more "
                "than all training images",
                "Lower one of them",
                key=key,
            )

    @model_validator(mode="after")
    def _budgets_fit(self) -> Protocol:
        if not self.says_budgets:
            raise misfit("is missing", f"Write {A_WAY}", key=LIST.initial)
        self.require_room(self.schedule.keys.final)
        return self

    @model_validator(mode="after")
    def _stops_by_validation(self) -> Protocol:
        if self.stop_at_accuracy is not None and self.validation_fraction == 0:
            raise misfit(
                "it is of a validation set, and validation_fraction = 0",
                "Leave it out, or write a larger validation_fraction",
                key="stop_at_accuracy",
            )
        return self

    @model_validator(mode="after")
    def _only_what_is_drawn_is_drawn_otherwise(self) -> Protocol:
        for key, default in _DRAWN.items():
            value = getattr(self, key)
            if value != default and not isinstance(self.initial_sets, int):
                raise misfit(
                    f"{spell(value)} is for splits that the suite's seed draws",
                    "Leave it out, or write a number of initial_sets",
                    key=key,
                )
        return self
