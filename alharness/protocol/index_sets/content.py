"""What a file of index sets says: which images each initial set, pool, query and run had."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, PlainValidator

from alharness.protocol.partition.given import GivenSplits
from alharness.protocol.partition.splits import Split, no_images
from alharness.protocol.suite.fields import as_tuple, is_none

SCHEMA: Final = 1


def _indices(value: object) -> NDArray[np.int64]:
    if isinstance(value, np.ndarray):
        if value.ndim != 1 or not np.issubdtype(value.dtype, np.integer):
            raise ValueError("no list of whole numbers")
        return value.astype(np.int64)
    if not isinstance(value, list) or any(type(one) is not int for one in value):
        raise ValueError("no list of whole numbers")
    return np.array(value, dtype=np.int64)


Indices: TypeAlias = Annotated[
    NDArray[np.int64],
    PlainValidator(_indices),
    PlainSerializer(lambda value: value.tolist(), return_type=list),
]
"""Positions in the training split in the dataset's official order, or labels: (n,), int64."""


class Part(BaseModel):
    """A part of such a file: a member that it does not have is refused."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, arbitrary_types_allowed=True
    )


class InitialSet(Part):
    """The split of an initial set: each training image in one of four.

    ``initial`` is empty where samplers choose it: out of the pool, and each run's ``chosen``.
    """

    initial: Indices
    pool: Indices
    validation: Indices
    left_out: Indices = Field(
        default_factory=no_images, exclude_if=lambda left_out: len(left_out) == 0
    )


class Queried(Part):
    """What a query of a run picked, in the sampler's order, with the labels that it was given."""

    cycle: int
    indices: Indices
    labels: Indices


class RunSets(Part):
    """What the queries of one run picked, cycle by cycle.

    chosen: what it started from, where a sampler chose that (its cycle is 0), else None.
    """

    method: str
    initial_set: int
    seed: int
    queried: Annotated[tuple[Queried, ...], as_tuple]
    chosen: Queried | None = Field(default=None, exclude_if=is_none)


class IndexSets(Part):
    """The index sets of a scenario.

    suite, scenario, dataset: what they come from. train_digest: of the training images with
    their labels, or None where nobody noted it. names: of the training images, such as their
    files, in the order that indices refer to; None where they have none.
    """

    schema_version: Literal[1] = Field(alias="schema")
    suite: str | None
    scenario: str | None
    dataset: str | None
    train_digest: str | None
    names: Annotated[tuple[str, ...] | None, as_tuple]
    initial_sets: Annotated[tuple[InitialSet, ...], as_tuple]
    runs: Annotated[tuple[RunSets, ...], as_tuple]

    def to_json(self) -> dict[str, Any]:
        """The JSON form."""
        return self.model_dump(mode="json", by_alias=True)

    def given(self) -> GivenSplits:
        """Its splits, for a suite. Raises ValueError when they are none."""
        splits = (
            Split(one.initial, one.pool, one.validation, one.left_out) for one in self.initial_sets
        )
        return GivenSplits(tuple(splits), self.train_digest)


def of_splits(
    given: GivenSplits, *, suite: str | None, scenario: str | None, dataset: str | None
) -> IndexSets:
    """The content of a file that holds splits alone."""
    return IndexSets(
        schema=SCHEMA,
        suite=suite,
        scenario=scenario,
        dataset=dataset,
        train_digest=given.train_digest,
        names=None,
        initial_sets=tuple(
            InitialSet(
                initial=one.initial,
                pool=one.pool,
                validation=one.validation,
                left_out=one.left_out,
            )
            for one in given.splits
        ),
        runs=(),
    )
