"""Initial sets per class."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alharness import UsageError
from alharness.protocol.partition.by_class import equal_counts, with_counts
from alharness.protocol.partition.splits import Split
from alharness.protocol.seeds import SeedPath


def path(initial_set=0):
    return SeedPath(suite_seed=3, purpose="initial-classes", initial_set=initial_set)


@given(st.integers(1, 60), st.integers(0, 500), st.integers(0, 9))
def test_counts_are_as_equal_as_the_size_allows(n_classes, total, initial_set):
    counts = equal_counts(n_classes, total, path(initial_set))
    assert counts.sum() == total
    assert counts.max() - counts.min() == (total % n_classes > 0)


def test_which_classes_get_one_more_is_drawn():
    """Each of ten classes is among the three in 30 % of 2000 initial sets: ± 5 deviations."""
    more = sum(equal_counts(10, 23, path(number)) - 2 for number in range(2_000))
    assert more.sum() == 3 * 2_000
    assert (np.abs(more - 600) < 5 * np.sqrt(2_000 * 0.3 * 0.7)).all()


def parts_of(n, n_initial, n_validation, left_out, seed=0):
    order = np.random.default_rng(seed).permutation(n)
    order = order[~np.isin(order, left_out)]
    end = len(order) - n_validation
    return Split(order[:n_initial], order[n_initial:end], order[end:], left_out)


@given(
    n_classes=st.integers(2, 8),
    n_initial=st.integers(0, 30),
    n_validation=st.sampled_from([0, 20]),
    n_left_out=st.sampled_from([0, 15]),
    seed=st.integers(0, 50),
)
def test_the_sets_stay_disjoint_and_cover_everything(
    n_classes, n_initial, n_validation, n_left_out, seed
):
    n = 200
    labels = np.random.default_rng(seed).integers(0, n_classes, n)
    parts = parts_of(n, n_initial, n_validation, np.arange(n_left_out), seed)
    counts = equal_counts(n_classes, n_initial, path(seed))
    try:
        new = with_counts(parts, labels, counts, "here", "Lower it")
    except UsageError:
        usable = np.concatenate([parts.initial, parts.pool])
        assert (np.bincount(labels[usable], minlength=n_classes) < counts).any()
        return
    assert np.bincount(labels[new.initial], minlength=n_classes).tolist() == counts.tolist()
    everything = [new.initial, new.pool, new.validation, new.left_out]
    assert np.array_equal(np.sort(np.concatenate(everything)), np.arange(n))
    assert new.validation is parts.validation
    assert new.left_out is parts.left_out


def test_a_class_with_too_few_images_is_one_line():
    labels = np.array([0] * 95 + [1] * 5)
    parts = parts_of(100, 20, 0, np.zeros(0, dtype=np.int64))
    with pytest.raises(UsageError) as caught:
        with_counts(parts, labels, np.array([10, 10]), "protocol.initial_draw", "Lower it")
    assert str(caught.value).startswith(
        "protocol.initial_draw: the initial set wants 10 images of class 1, but only 5 are outside"
    )
