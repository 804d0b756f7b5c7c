"""Budgets: the labeled images of every cycle, as a suite writes them.

Each is a number of images or a share of those that are in some set. Either comes in equal steps
(three keys of the suite) or as a list (one key).
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple, TypeAlias

from alharness.protocol.suite.bounds import LARGEST_NUMBER, MOST_CYCLES
from alharness.protocol.suite.errors import misfit

Budget: TypeAlias = int | Fraction
"""Labeled images: so many, or this share of the images that are not left out."""

ListedBudgets: TypeAlias = tuple[int, ...] | tuple[float, ...]
"""The budgets of a list, as it is written."""

A_LIST = "a list that rises, such as [20, 40, 60] (labels) or [0.1, 0.2] (shares)"


class Keys(NamedTuple):
    """Which keys of the suite say the first budget, the steps, and the last budget."""

    initial: str
    query: str
    final: str


SHARES = Keys("initial_fraction", "query_fraction", "final_fraction")
LABELS = Keys("initial_labels", "query_labels", "final_labels")
LIST = Keys("budgets", "budgets", "budgets")


class EqualSteps(NamedTuple):
    """From the first budget to the last, each by as much larger than the one before it."""

    initial: Budget
    query: Budget
    final: Budget
    keys: Keys

    @property
    def n_cycles(self) -> int:
        """How many budgets there are."""
        return int(self._queries) + 1

    @property
    def cumulative(self) -> tuple[Budget, ...]:
        """The budget of each cycle, cycle 0 first."""
        return tuple(self.initial + cycle * self.query for cycle in range(self.n_cycles))

    @property
    def _queries(self) -> Fraction:
        return Fraction(self.final - self.initial) / self.query

    def require_fitting(self) -> None:
        """For validators: raises what says which key does not fit the others."""
        initial, query, final = map(spelled, self[:3])
        if self.initial >= self.final:
            raise misfit(
                f"{final} leaves nothing to query after {self.keys.initial} = {initial}",
                f"Write a larger {self.keys.final}",
                key=self.keys.final,
            )
        if self._queries.denominator != 1:
            raise misfit(
                f"from {initial} to {final} is not a whole number of queries of {query}",
                f"Write one that divides {spelled(self.final - self.initial)}",
                key=self.keys.query,
            )
        if self.n_cycles > MOST_CYCLES:
            raise misfit(
                f"{query} makes more than {MOST_CYCLES} cycles from {initial} to {final}",
                f"Write a larger {self.keys.query}",
                key=self.keys.query,
            )


class Listed(NamedTuple):
    """Budgets that are written one by one."""

    cumulative: tuple[Budget, ...]
    keys: Keys = LIST

    @property
    def n_cycles(self) -> int:
        """How many budgets there are."""
        return len(self.cumulative)

    def require_fitting(self) -> None:
        """For validators: raises what says where the list does not rise, or how long it may be."""
        if not 2 <= self.n_cycles <= MOST_CYCLES:
            raise misfit(
                f"{self.n_cycles} budgets; a run has from 2 to {MOST_CYCLES}",
                "Write one for each cycle, that of the initial set first",
                key=self.keys.initial,
            )
        for earlier, later in pairwise(self.cumulative):
            if later <= earlier:
                raise misfit(
                    f"{spelled(later)} behind {spelled(earlier)} does not rise",
                    f"Write {A_LIST}",
                    key=self.keys.query,
                )


Schedule: TypeAlias = EqualSteps | Listed


def read_listed(value: object) -> ListedBudgets | None:
    """For validators: the list of a suite. Raises ValueError for what is none of budgets."""
    if value is None:
        return None
    if not isinstance(value, list | tuple):
        raise ValueError("no list")
    if all(type(one) is int and 1 <= one <= LARGEST_NUMBER for one in value):
        return tuple(value)
    if all(type(one) is float and 0 < one < 1 for one in value):
        return tuple(value)
    raise ValueError("neither numbers of labels nor shares")


def exact(written: Iterable[int | float]) -> tuple[Budget, ...]:
    """Budgets as they are written: 0.1 is 1/10, not the nearest binary number."""
    return tuple(one if isinstance(one, int) else Fraction(str(one)) for one in written)


def spelled(budget: Budget) -> str:
    """A budget as a suite writes it."""
    return str(budget if isinstance(budget, int) else float(budget))
