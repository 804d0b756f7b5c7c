"""Index sets."""

import numpy as np
import pytest

from alharness.protocol.partition.sets import Added, IndexSet, LabeledSet, joined


def of(indices, labels=None):
    as_labels = None if labels is None else np.array(labels, dtype=np.int64)
    return IndexSet(np.array(indices, dtype=np.int64), as_labels)


@pytest.mark.parametrize(
    "other", [of([2, 1], [0, 1]), of([1, 2], [0, 2]), of([1, 2]), of([1], [0]), of([2, 1], [1, 0])]
)
def test_digest_covers_indices_labels_and_order(other):
    assert other.digest != of([1, 2], [0, 1]).digest
    assert of([1, 2], [0, 1]).digest == of([1, 2], [0, 1]).digest


def test_joined_sets_are_behind_one_another():
    whole = joined([of([5, 3], [0, 1]), of([9, 1], [2, 2])])
    assert whole.digest == of([5, 3, 9, 1], [0, 1, 2, 2]).digest


def test_a_labeled_set_is_the_initial_set_and_what_was_added():
    start = LabeledSet(of([5, 3], [0, 1]))
    first, second = Added("a", "q0", "n0"), Added("b", "q1", "n1")
    after = start.extended(first).extended(second)
    assert start.digests == (start.initial.digest,)
    assert after.digests == (start.initial.digest, "a", "b")
    assert after.parts == (start.initial, first, second)


def test_labels_that_do_not_stay_turn_true_when_newer_ones_are_given():
    start = LabeledSet(of([5, 3], [0, 1]))
    one = start.extended(Added("a", "q0", "n0", "true a"))
    assert one.digests[1:] == ("a",)
    two = one.extended(Added("b", "q1", "n1", "true b"))
    assert two.digests[1:] == ("true a", "b")
    assert two.extended(Added("c", "q2", "n2", "true c")).digests[1:] == ("true a", "true b", "c")
