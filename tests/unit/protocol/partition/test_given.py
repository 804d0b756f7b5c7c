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
