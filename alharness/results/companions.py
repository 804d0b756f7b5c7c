"""What a document tells beside results: machines, times, overlap, what hyper-parameters mattered.

None of it decides anything, and no statistics rest on it.
"""

from __future__ import annotations

from typing import Annotated, TypeAlias

from pydantic import Field

from alharness.results.part import Part


class Machine(Part):
    """A kind of machine, as ``alharness.protocol.machine.Machine`` tells of it."""

    processor: str
    instructions: str
    device: str


class TrainedOn(Part):
    """How many trainings ran on one kind of machine; None where their records do not say which."""

    machine: Machine | None
    trainings: int


class QueryTimes(Part):
    """How long queries of one cycle took, in seconds: how many there are, median and total.

    ``median`` is None where there is none.
    """

    n: int
    median: float | None
    total: float


class Times(Part):
    """How long a method's units took on one kind of machine; None where it is not known.

    queries: for each cycle that queries. trainings, training_seconds: of those that the method's
    runs are made of, shared ones included. Only units whose records tell their time count.
    Times of different machines do not compare.
    """

    method: str
    machine: Machine | None
    queries: tuple[QueryTimes, ...]
    trainings: int
    training_seconds: float


Share: TypeAlias = Annotated[float, Field(ge=0, le=1)]
Shares: TypeAlias = tuple[tuple[Share | None, ...], ...]
"""A share for each two methods, in the document's order; None where there is none."""


class Overlap(Part):
    """How much of what one method queried another queried too, from the same initial set and seed.

    first: |A∩B|/b at the first query, where all methods choose from the same pool with the same
    models (paper, Figure 7), or with none where it chooses the initial set. all:
    |A∩B|/min(|A|, |B|) of all that was queried by the end of a run. Means over the runs that both
    have, to four digits.
    """

    first: Shares
    all: Shares


class Importance(Part):
    """How much each hyper-parameter mattered for validation accuracy in the tunings of a cycle.

    settings: how many settings of the hyper-parameters were tried. shares: of each
    hyper-parameter that has more than one value; they sum to 1.
    """

    settings: int
    shares: dict[str, Share]
