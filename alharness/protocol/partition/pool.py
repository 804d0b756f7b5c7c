"""The pool of a query: the unlabeled images that a sampler may pick."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from alharness.protocol.seeds import SeedPath


def unlabeled_pool(
    n_images: int, taken: Iterable[NDArray[np.int64]], subset: int, query: SeedPath
) -> NDArray[np.int64]:
    """Dataset indices of all images that are not ``taken``, rising, (n_unlabeled,) int64.

    Of more than ``subset`` images so many are drawn uniformly, where that is not 0: the first of a
    random order of all ``n_images``. The order follows from the query's seed path, which does not
    name the sampler, so samplers that labeled the same images see the same, and others see what
    they have in common.
    """
    hidden = np.setdiff1d(np.arange(n_images), np.concatenate(list(taken)))
    if not 0 < subset < len(hidden):
        return hidden
    order = replace(query, purpose="pool/subset").permutation(n_images)
    return np.sort(order[np.isin(order, hidden)][:subset])
