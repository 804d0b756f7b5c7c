"""Budget schedules: exact sizes, and errors for datasets that are too small."""

import itertools
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from alharness import UsageError
from alharness.protocol.partition.sizes import (
    absolute_sizes,
    held_back_size,
    labeled_sizes,
    require_subset,
    validation_size,
)


def test_the_papers_sizes(protocol):
    """Section 5: 10, 20, 30, 40 % of 50 000 images, validation 5 000."""
    assert labeled_sizes(protocol(), 50_000) == (5_000, 10_000, 15_000, 20_000)
    assert validation_size(protocol(), 50_000) == 5_000


def test_the_papers_small_budget(protocol):
    """Section 6.2: 5 % per query, 10 … 40 %."""
    sizes = labeled_sizes(protocol(query_fraction=0.05), 50_000)
    assert sizes == (5_000, 7_500, 10_000, 12_500, 15_000, 17_500, 20_000)


def test_digits(protocol):
    """1 437 training images: round(143.7), round(287.4), round(431.1), round(574.8)."""
    assert labeled_sizes(protocol(), 1_437) == (144, 287, 431, 575)
    assert validation_size(protocol(), 1_437) == 144


def test_sums_of_fractions_are_exact(protocol):
    """In floats 0.1 + 0.1 + 0.1 is above 0.3, and 15 images would make it 5; 4.5 rounds to 4."""
    declared = protocol()
    assert declared.schedule.cumulative == tuple(map(Fraction, ("0.1", "0.2", "0.3", "0.4")))
    assert labeled_sizes(declared, 15) == (2, 3, 4, 6)


def test_halves_are_exact(protocol):
    """0.575 · 100 is 57.49999999999999 in floats; 57.5 rounds to the even 58, 62.5 to 62."""
    declared = protocol(initial_fraction=0.575, query_fraction=0.05, final_fraction=0.675)
    assert labeled_sizes(declared, 100) == (58, 62, 68)


@given(
    n_train=st.integers(20, 10**7),
    initial=st.integers(1, 300),
    query=st.integers(1, 300),
    queries=st.integers(1, 30),
    validation=st.integers(1, 400),
)
def test_sizes_are_the_rounded_fractions(protocol, n_train, initial, query, queries, validation):
    """In thousandths, by integers only."""
    final = initial + query * queries
    assume(final + validation <= 1000 and final < 1000)
    declared = protocol(
        initial_fraction=initial / 1000,
        query_fraction=query / 1000,
        final_fraction=final / 1000,
        validation_fraction=validation / 1000,
    )
    assert declared.n_cycles == queries + 1
    try:
        sizes = labeled_sizes(declared, n_train)
    except UsageError:
        assert n_train * min(initial, query, validation) <= 1000 or final + validation == 1000
        return
    assert len(sizes) == queries + 1
    for cycle, size in enumerate(sizes):
        assert abs(1000 * size - (initial + query * cycle) * n_train) <= 500
    assert all(later > earlier for earlier, later in itertools.pairwise(sizes))
    assert sizes[-1] + validation_size(declared, n_train) <= n_train


@pytest.mark.parametrize(
    ("changes", "n_train", "where"),
    [
        ({}, 0, "protocol.initial_fraction"),
        ({}, 4, "protocol.initial_fraction"),
        ({"initial_fraction": 0.3, "query_fraction": 0.02}, 10, "protocol.query_fraction"),
        (
            {"initial_fraction": 0.3, "validation_fraction": 0.01},
            40,
            "protocol.validation_fraction",
        ),
        (
            {"initial_fraction": 0.3, "query_fraction": 0.2, "final_fraction": 0.5}
            | {"validation_fraction": 0.5},
            3,
            "protocol.final_fraction",
        ),
    ],
)
def test_too_small_a_dataset_names_the_key(protocol, changes, n_train, where):
    with pytest.raises(UsageError) as caught:
        labeled_sizes(protocol(**changes), n_train)
    assert caught.value.where == where
    assert caught.value.remedy


LABELS = {"initial_labels": 10, "query_labels": 10, "final_labels": 210}


@pytest.mark.parametrize(
    ("budgets", "sizes"),
    [
        (LABELS, tuple(range(10, 211, 10))),
        ({"budgets": [20, 40, 60, 200, 400]}, (20, 40, 60, 200, 400)),
    ],
)
def test_numbers_of_labels_are_as_written_whatever_the_data(protocol, budgets, sizes):
    declared = protocol(budgets)
    assert labeled_sizes(declared, 1_437) == labeled_sizes(declared, 50_000) == sizes
    assert absolute_sizes(declared) == sizes


def test_listed_shares(protocol):
    declared = protocol({"budgets": [0.1, 0.15, 0.575]})
    assert labeled_sizes(declared, 100) == (10, 15, 58)
    assert absolute_sizes(declared) is None
    assert absolute_sizes(protocol()) is None


@pytest.mark.parametrize(
    ("budgets", "n_images", "where", "said"),
    [
        (LABELS, 220, "protocol.final_labels", "wants 210 labeled images, but only 198 of 220"),
        ({"budgets": [20, 400]}, 300, "protocol.budgets", "wants 400 labeled images, but only 270"),
        ({"budgets": [0.01, 0.5]}, 20, "protocol.budgets", "initial set of 20 training images is"),
        ({"budgets": [0.1, 0.11]}, 30, "protocol.budgets", "is for no image"),
    ],
)
def test_budgets_that_the_data_does_not_have_name_their_key(
    protocol, budgets, n_images, where, said
):
    with pytest.raises(UsageError, match=said) as caught:
        labeled_sizes(protocol(budgets), n_images)
    assert caught.value.where == where
    assert caught.value.remedy


def test_no_validation_set_is_one_of_no_images(protocol):
    declared = protocol({"budgets": [0.5, 0.999]}, validation_fraction=0)
    assert validation_size(declared, 1_000) == 0
    assert labeled_sizes(declared, 1_000) == (500, 999)


def test_what_is_held_back_is_rounded_as_all_shares(protocol):
    assert held_back_size(protocol(), 50_000) == 0
    assert held_back_size(protocol(held_back_fraction=0.1), 50_000) == 5_000
    assert held_back_size(protocol(held_back_fraction=0.1), 1_437) == 144
    with pytest.raises(UsageError, match="what is held back of 40 training images is") as caught:
        held_back_size(protocol(held_back_fraction=0.01), 40)
    assert caught.value.where == "protocol.held_back_fraction"


def test_a_subset_holds_the_largest_query():
    require_subset(None, (10, 500))
    require_subset(160, (20, 160, 100))
    with pytest.raises(UsageError, match="159 images are fewer than the 160") as caught:
        require_subset(159, (20, 160, 100))
    assert caught.value.where == "queries.pool_subset"
