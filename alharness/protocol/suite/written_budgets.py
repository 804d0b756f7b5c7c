"""The keys that say budgets: in the table ``[protocol]``, and of a scenario that has its own."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from pydantic import Field, PlainSerializer, PlainValidator, model_validator

from alharness.protocol.suite.bounds import LARGEST_NUMBER
from alharness.protocol.suite.budgets import (
    A_LIST,
    LABELS,
    LIST,
    SHARES,
    EqualSteps,
    Listed,
    ListedBudgets,
    Schedule,
    exact,
    read_listed,
)
from alharness.protocol.suite.errors import misfit
from alharness.protocol.suite.fields import A_SHARE, Share, is_none
from alharness.protocol.suite.table import Table

Labels: TypeAlias = Annotated[int, Field(ge=1, le=LARGEST_NUMBER)]

A_WAY = f"{', '.join(SHARES)}, or {', '.join(LABELS)}, or budgets = {A_LIST}"
"""What to write where budgets are missing."""

_WAYS = (SHARES, LABELS, LIST)
_A_NUMBER_OF_LABELS = "a number of labels, 1 or more"


class WrittenBudgets(Table):
    """A table that says budgets in one of three ways, or none.

    Shares in equal steps, numbers of labels in equal steps, or a list of either.
    """

    initial_fraction: Share | None = Field(default=None, exclude_if=is_none, description=A_SHARE)
    query_fraction: Share | None = Field(default=None, exclude_if=is_none, description=A_SHARE)
    final_fraction: Share | None = Field(default=None, exclude_if=is_none, description=A_SHARE)
    initial_labels: Labels | None = Field(
        default=None, exclude_if=is_none, description=_A_NUMBER_OF_LABELS
    )
    query_labels: Labels | None = Field(
        default=None, exclude_if=is_none, description=_A_NUMBER_OF_LABELS
    )
    final_labels: Labels | None = Field(
        default=None, exclude_if=is_none, description=_A_NUMBER_OF_LABELS
    )
    budgets: Annotated[ListedBudgets | None, PlainValidator(read_listed), PlainSerializer(list)] = (
        Field(default=None, exclude_if=is_none, description=A_LIST)
    )

    @property
    def says_budgets(self) -> bool:
        """Whether there are any."""
        return bool(self._written)

    @property
    def schedule(self) -> Schedule:
        """The budgets of a run's cycles, exactly as written in decimals, where there are any."""
        if self.budgets is not None:
            return Listed(exact(self.budgets))
        keys = SHARES if self.initial_fraction is not None else LABELS
        initial, query, final = exact(getattr(self, key) for key in keys)
        return EqualSteps(initial, query, final, keys)

    @property
    def _written(self) -> list[str]:
        return [key for way in _WAYS for key in way if getattr(self, key) is not None]

    @model_validator(mode="after")
    def _budgets_are_written_once(self) -> WrittenBudgets:
        written = self._written
        way = next((way for way in _WAYS if written and written[0] in way), ())
        for key in written:
            if key not in way:
                raise misfit(
                    f"budgets are written in two ways, by {written[0]} and by {key}",
                    "Leave one of them out",
                    key=key,
                )
        for key in way:
            if key not in written:
                description = WrittenBudgets.model_fields[key].description
                raise misfit("is missing", f"Write {description}", key=key)
        if written:
            self.schedule.require_fitting()
        return self
