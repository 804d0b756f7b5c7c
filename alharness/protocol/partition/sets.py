"""Index sets: which images of the training split, and what the oracle called them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from alharness.protocol.keys import digest_arrays


@dataclass(frozen=True, eq=False)
class IndexSet:
    """Positions in the training split, (n,), int64, with the labels given to them or None.

    The order is kept: the initial set in the order of its shuffle, then each
    query in the order of the sampler's answer.
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

    def extended(self, indices: NDArray[np.int64], labels: NDArray[np.int64]) -> IndexSet:
        """This labeled set with newly labeled images behind it."""
        assert self.labels is not None
        return IndexSet(
            np.concatenate([self.indices, indices]), np.concatenate([self.labels, labels])
        )
