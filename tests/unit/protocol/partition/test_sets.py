"""Index sets."""

import numpy as np
import pytest

from alharness.protocol.partition.sets import IndexSet


def of(indices, labels=None):
    as_labels = None if labels is None else np.array(labels, dtype=np.int64)
    return IndexSet(np.array(indices, dtype=np.int64), as_labels)


@pytest.mark.parametrize(
    "other", [of([2, 1], [0, 1]), of([1, 2], [0, 2]), of([1, 2]), of([1], [0]), of([2, 1], [1, 0])]
)
def test_digest_covers_indices_labels_and_order(other):
    assert other.digest != of([1, 2], [0, 1]).digest
    assert of([1, 2], [0, 1]).digest == of([1, 2], [0, 1]).digest


def test_extended_appends():
    before = of([5, 3], [0, 1])
    after = before.extended(np.array([9, 1]), np.array([2, 2]))
    assert after.digest == of([5, 3, 9, 1], [0, 1, 2, 2]).digest
    assert len(before) == 2
