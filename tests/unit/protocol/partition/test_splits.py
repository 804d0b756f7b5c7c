"""Splits: partitions of the training images, the paper's own among them."""

import inspect

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alharness import UsageError
from alharness.protocol.partition.splits import split


@given(
    n_train=st.integers(20, 3000),
    initial_set=st.integers(0, 4),
    suite_seed=st.integers(0, 2**63 - 1),
    validation=st.sampled_from([0.1, 0.25, 0.6]),
)
def test_a_split_is_a_partition(protocol, n_train, initial_set, suite_seed, validation):
    declared = protocol(validation_fraction=validation)
    parts = split(declared, n_train, initial_set, suite_seed)
    everything = np.concatenate([parts.initial, parts.pool, parts.validation])
    assert everything.dtype == np.int64
    assert np.array_equal(np.sort(everything), np.arange(n_train))
    assert parts.initial.shape == (round(n_train / 10),)
    assert parts.validation.shape == (round(declared.exact_validation_fraction * n_train),)


@given(initial_set=st.integers(0, 4), suite_seed=st.integers(0, 9))
@settings(max_examples=20)
def test_the_validation_size_leaves_the_initial_set_as_it_is(protocol, initial_set, suite_seed):
    """L⁰ stays, the validation set is the last of the shuffle."""
    large = split(protocol(validation_fraction=0.1), 500, initial_set, suite_seed)
    small = split(protocol(validation_fraction=0.02), 500, initial_set, suite_seed)
    assert np.array_equal(small.initial, large.initial)
    assert np.array_equal(small.validation, large.validation[-10:])
    assert np.array_equal(small.pool, np.concatenate([large.pool, large.validation[:40]]))


def test_initial_sets_and_seeds_of_suites_differ(protocol):
    splits = [split(protocol(), 200, i, s).initial.tolist() for i in range(5) for s in range(3)]
    assert len(set(map(tuple, splits))) == 15


def test_a_split_is_unlike_any_order_of_the_data(protocol):
    """An initial set that is the first images of a sorted dataset would hold one class."""
    initial = split(protocol(), 10_000, 0, 0).initial
    assert 4_000 < initial.mean() < 6_000
    assert np.abs(np.corrcoef(initial, np.arange(1000))[0, 1]) < 0.15


def test_scenarios_share_splits():
    assert "scenario" not in inspect.signature(split).parameters


def test_splits_never_change(protocol):
    """Published results depend on these numbers: mend the code, not the numbers."""
    parts = split(protocol(), 1_437, 0, 0)
    assert parts.initial[:4].tolist() == [1302, 865, 925, 788]
    assert parts.pool[:4].tolist() == [214, 746, 22, 1411]
    assert parts.validation[:4].tolist() == [1392, 954, 356, 147]


def test_initial_sets_that_are_not_there(protocol):
    with pytest.raises(ValueError, match="initial set 5 of 5"):
        split(protocol(), 100, 5, 0)
    with pytest.raises(ValueError, match="initial set -1"):
        split(protocol(), 100, -1, 0)


def test_the_papers_partitions_are_of_50000_images(protocol):
    with pytest.raises(UsageError, match="munjal2022") as caught:
        split(protocol(initial_sets="munjal2022"), 1_437, 0, 0)
    assert caught.value.where == "protocol.initial_sets"
    assert "initial_sets = 5" in caught.value.remedy


def test_the_papers_partitions_ignore_the_suites_seed(protocol):
    declared = protocol(initial_sets="munjal2022")
    assert declared.n_initial_sets == 5
    assert np.array_equal(split(declared, 50_000, 1, 0).pool, split(declared, 50_000, 1, 99).pool)


def published(folder, dataset, part):
    """One published index set; pickle inside, as published, hence ``allow_pickle``: the files
    are of object dtype, and are ours to trust since they lie in the project's test data."""
    file = folder / f"{part}_{dataset}.npy"
    return np.load(file, allow_pickle=True).astype(np.int64)


@pytest.mark.parametrize("dataset", ["CIFAR10", "CIFAR100"])
@pytest.mark.parametrize(
    ("folder", "initial_set", "validation_fraction"),
    [(f"partition_{i + 1}", i, 0.10) for i in range(5)]
    + [("val-set-1k/partition_1", 0, 0.02), ("val-set-2.5k/partition_1", 0, 0.05)],
)
def test_the_published_index_sets(
    shared_data, protocol, dataset, folder, initial_set, validation_fraction
):
    """Equal in order too. Source: the index sets published with Munjal et al. (2022), TorchAL."""
    declared = protocol(initial_sets="munjal2022", validation_fraction=validation_fraction)
    ours = split(declared, 50_000, initial_set, suite_seed=0)
    theirs = shared_data / "torchal-index-sets" / dataset / folder
    assert np.array_equal(ours.initial, published(theirs, dataset, "lSet"))
    assert np.array_equal(ours.pool, published(theirs, dataset, "uSet"))
    assert np.array_equal(ours.validation, published(theirs, dataset, "valSet"))
