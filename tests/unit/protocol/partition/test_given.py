"""Given splits: taken as they are, and refused where they do not fit."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alharness import UsageError
from alharness.protocol.partition.given import GivenSplits
from alharness.protocol.partition.sizes import fraction_of
from alharness.protocol.partition.splits import Split, split


def drawn(n=20, initial_sets=3, train_digest=None):
    orders = (np.random.default_rng(number).permutation(n) for number in range(initial_sets))
    return GivenSplits(tuple(Split(o[:2], o[2:-2], o[-2:]) for o in orders), train_digest)


def test_they_are_taken_as_they_are(protocol):
    sets = drawn()
    declared = protocol(initial_sets=sets)
    assert declared.n_initial_sets == 3
    for number in range(3):
        assert split(declared, 20, number, 7) is sets.splits[number]
    with pytest.raises(ValueError, match="initial set 3 of 3"):
        split(declared, 20, 3, 7)


def test_what_does_not_fit_the_dataset_or_the_protocol_is_said(protocol):
    with pytest.raises(UsageError, match="are of 20 training images, the dataset has 30"):
        split(protocol(initial_sets=drawn()), 30, 0, 0)
    declared = protocol(initial_sets=drawn(), validation_fraction=0.2)
    with pytest.raises(UsageError, match=r"Write validation_fraction = 0\.1$"):
        split(declared, 20, 0, 0)
    drawn(train_digest="a").require_data("a")
    drawn().require_data("b")
    with pytest.raises(UsageError, match="drawn from other images or labels"):
        drawn(train_digest="a").require_data("b")


def test_their_content_is_in_the_suite_and_not_where_it_lies(protocol):
    written = protocol(initial_sets=drawn()).model_dump(mode="json")["initial_sets"]
    assert written == {"given": drawn().digest, "initial_sets": 3}
    first, *others = drawn().splits
    other = GivenSplits((Split(first.initial[::-1].copy(), *first_rest(first)), *others))
    assert other.digest != drawn().digest
    assert protocol(initial_sets=4).model_dump(mode="json")["initial_sets"] == 4


def with_left_out(sizes=(4, 4, 4)):
    orders = (np.random.default_rng(number).permutation(20) for number in range(len(sizes)))
    splits = (
        Split(o[:2], o[2 : -2 - k], o[-2 - k : 20 - k], o[20 - k :])
        for o, k in zip(orders, sizes, strict=True)
    )
    return GivenSplits(tuple(splits))


def test_they_may_leave_images_out(protocol):
    """Fractions are then of the others: 2 of 16 are 0.12, of 20 they are 0.1."""
    given_splits = with_left_out()
    assert (given_splits.n_train, given_splits.n_images) == (20, 16)
    declared = protocol(
        {"budgets": [0.125, 0.5]}, initial_sets=given_splits, validation_fraction=0.125
    )
    assert split(declared, 20, 1, 0) is given_splits.splits[1]
    with pytest.raises(UsageError, match=r"Write budgets = \[0\.1, …\]$"):
        split(protocol({"budgets": [0.25, 0.5]}, initial_sets=given_splits), 20, 1, 0)
    labels = protocol({"budgets": [3, 5]}, initial_sets=given_splits)
    with pytest.raises(
        UsageError, match=r"protocol\.budgets asks for 3\. Write budgets = \[2, …\]$"
    ):
        split(labels, 20, 1, 0)


def test_what_they_leave_out_is_part_of_them():
    with pytest.raises(ValueError, match="split 1 leaves out 3 images, split 0 leaves out 4"):
        with_left_out((4, 3, 4))
    assert with_left_out().digest != drawn().digest
    first, *_ = drawn().splits
    assert GivenSplits((first,)).digest == GivenSplits((Split(*first_three(first)),)).digest


def first_three(parts):
    return parts.initial, *first_rest(parts)


def test_they_may_have_no_validation_set(protocol):
    order = np.random.default_rng(0).permutation(20)
    given_splits = GivenSplits((Split(order[:2], order[2:], order[:0]),))
    declared = protocol({"budgets": [2, 5]}, initial_sets=given_splits, validation_fraction=0)
    assert len(split(declared, 20, 0, 0).validation) == 0


def first_rest(parts):
    return parts.pool, parts.validation


@given(st.integers(1, 2_000_000), st.data())
def test_the_shortest_fraction_comes_to_the_size(n_train, data):
    size = data.draw(st.integers(0, n_train))
    written = fraction_of(size, n_train)
    assert round(Fraction(written) * n_train) == size
    if len(written) > 3:
        shorter = f"{size / n_train:.{len(written) - 3}f}"
        assert round(Fraction(shorter) * n_train) != size
