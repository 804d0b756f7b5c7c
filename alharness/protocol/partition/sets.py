"""Index sets: which images of the training split, and what the oracle called them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from alharness.protocol.keys import digest_arrays


@dataclass(frozen=True, eq=False)
class IndexSet:
    """Positions in the training split, (n,), int64, with the labels given to them or None.

    The order is kept: the initial set in the order of its shuffle, what a query added in the
    order of the sampler's answer.
    """

    indices: NDArray[np.int64]
    labels: NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self.indices)

    @cached_property
    def digest(self) -> str:
        """Digest of indices and labels: the set's name in keys and in the store."""
        return digest_arrays(**self.arrays())

    def arrays(self) -> dict[str, NDArray[np.int64]]:
        """The arrays by name, as they are stored."""
        arrays = {"indices": self.indices}
        return arrays if self.labels is None else arrays | {"labels": self.labels}


def joined(parts: Sequence[IndexSet]) -> IndexSet:
    """Labeled index sets behind one another."""
    nothing = np.zeros(0, dtype=np.int64)
    labels = [part.labels for part in parts if part.labels is not None]
    indices = [part.indices for part in parts]
    return IndexSet(np.concatenate([nothing, *indices]), np.concatenate([nothing, *labels]))


@dataclass(frozen=True, slots=True)
class Added:
    """The index set that an annotation added to a labeled set, by its digest.

    Its images are in the record of ``query``, its labels in that of ``annotation``: a plan
    knows it without holding either. ``corrected`` is the digest of the same set with true
    labels where an oracle's labels do not stay, else None.
    """

    digest: str
    query: str
    annotation: str
    corrected: str | None = None


@dataclass(frozen=True)
class LabeledSet:
    """The labeled set of a run in one cycle: the initial set, and what annotations added.

    initial: None where a sampler chooses it: then it is the first that was added.
    """

    initial: IndexSet | None
    added: tuple[Added, ...] = ()

    @cached_property
    def digests(self) -> tuple[str, ...]:
        """The digests of its parts, in their order: what names it in keys."""
        return tuple(part.digest for part in self.parts)

    @property
    def parts(self) -> tuple[IndexSet | Added, ...]:
        """The index sets that it is made of, in their order."""
        return self.added if self.initial is None else (self.initial, *self.added)

    def extended(self, newest: Added) -> LabeledSet:
        """This labeled set with what a further annotation added.

        What was added before turns into its corrected form, where it has one.
        """
        before = (
            part if part.corrected is None else replace(part, digest=part.corrected)
            for part in self.added
        )
        return LabeledSet(self.initial, (*before, newest))
