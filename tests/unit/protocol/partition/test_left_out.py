"""What is in no set: held back, or beyond a long tail; the same for all initial sets."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alharness import UsageError
from alharness.protocol.partition.left_out import held_back, with_tail
from alharness.protocol.partition.splits import split


@given(n_train=st.integers(60, 2_000), share=st.sampled_from([0.1, 0.25, 0.5]), seed=st.integers())
@settings(max_examples=40)
def test_what_is_held_back_is_in_no_set(protocol, n_train, share, seed):
    seed = abs(seed) % 2**63
    declared = protocol(held_back_fraction=share)
    left_out = held_back(declared, n_train, seed)
    assert len(left_out) == round(declared.exact_held_back_fraction * n_train)
    assert (np.diff(left_out) > 0).all()
    n_images = n_train - len(left_out)
    for initial_set in range(3):
        parts = split(declared, n_train, initial_set, seed, left_out)
        everything = [parts.initial, parts.pool, parts.validation, parts.left_out]
        assert np.array_equal(np.sort(np.concatenate(everything)), np.arange(n_train))
        assert parts.left_out is left_out
        assert (len(parts.initial), len(parts.validation)) == (round(n_images / 10),) * 2


def test_nothing_is_held_back_unless_it_is_asked_for(protocol):
    assert held_back(protocol(), 1_000, 0).tolist() == []
    one, other = (
        split(protocol(), 200, 1, 7),
        split(protocol(), 200, 1, 7, held_back(protocol(), 200, 7)),
    )
    assert np.array_equal(one.pool, other.pool)


def test_it_is_taken_out_of_the_shuffle_of_each_initial_set(protocol):
    """So what is left keeps its order."""
    left_out = held_back(protocol(held_back_fraction=0.2), 300, 3)
    for initial_set in range(2):
        whole = split(protocol(), 300, initial_set, 3)
        parts = split(protocol(held_back_fraction=0.2), 300, initial_set, 3, left_out)
        order = np.concatenate([whole.initial, whole.pool, whole.validation])
        kept = order[~np.isin(order, left_out)]
        found = np.concatenate([parts.initial, parts.pool, parts.validation])
        assert np.array_equal(found, kept)


def test_it_follows_from_the_suites_seed_alone(protocol):
    declared = protocol(held_back_fraction=0.1)
    seeds = [tuple(held_back(declared, 500, seed)) for seed in range(4)]
    assert len(set(seeds)) == 4
    assert seeds[0] == tuple(held_back(protocol(held_back_fraction=0.1, seeds=1), 500, 0))


def test_what_is_held_back_never_changes(protocol):
    """Published results depend on these numbers: mend the code, not the numbers."""
    declared = protocol(held_back_fraction=0.1)
    assert held_back(declared, 1_437, 0)[:4].tolist() == HELD_BACK
    labels = np.arange(1_437) % 3
    assert with_tail(held_back(declared, 1_437, 0), labels, 3, 10, 0, "x")[:6].tolist() == TAIL


HELD_BACK = [11, 12, 16, 37]
TAIL = [1, 2, 4, 5, 7, 8]


@given(
    n_classes=st.integers(2, 12),
    smallest=st.integers(10, 40),
    ratio=st.sampled_from([1, 2, 5.5, 10]),
    share=st.sampled_from([0, 0.1]),
    seed=st.integers(0, 99),
)
@settings(max_examples=40)
def test_a_long_tail_keeps_what_the_law_says(protocol, n_classes, smallest, ratio, share, seed):
    """The law again, in floats, with half an image of room."""
    rng = np.random.default_rng(seed)
    sizes = rng.integers(smallest, 2 * smallest, n_classes)
    labels = rng.permutation(np.repeat(np.arange(n_classes), sizes))
    held = held_back(protocol(held_back_fraction=share), len(labels), seed)
    largest = np.bincount(np.delete(labels, held), minlength=n_classes).min()
    try:
        left_out = with_tail(held, labels, n_classes, ratio, seed, "mine.long_tail")
    except UsageError:
        assert largest < ratio
        return
    assert np.isin(held, left_out).all()
    kept = np.bincount(np.delete(labels, left_out), minlength=n_classes)
    law = largest * float(ratio) ** (-np.arange(n_classes) / (n_classes - 1))
    assert kept[0] == largest
    assert (kept <= law + 1e-6).all()
    assert (kept > law - 1 - 1e-6).all()
    assert (np.diff(kept) <= 0).all()


def test_which_images_of_a_class_stay_is_drawn():
    labels = np.repeat([0, 1], 500)
    nothing = np.zeros(0, dtype=np.int64)
    one, other = (with_tail(nothing, labels, 2, 5, seed, "x") for seed in (0, 1))
    assert set(one) <= set(range(500, 1_000))
    assert len(one) == len(other) == 400
    assert 700 < one.mean() < 800
    assert set(one) != set(other)


def test_a_tail_without_images_is_one_line():
    labels = np.repeat([0, 1, 2], [50, 9, 40])
    with pytest.raises(UsageError) as caught:
        with_tail(np.zeros(0, dtype=np.int64), labels, 3, 10, 0, "mine.long_tail")
    assert caught.value.where == "mine.long_tail"
    assert "ratio = 10 leaves class 2 no image: the smallest class has 9" in str(caught.value)
    assert caught.value.remedy == "Write a ratio of 9 or less"
