"""Splits of suites in which samplers choose initial sets."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alharness.protocol.partition.left_out import held_back
from alharness.protocol.partition.of_scenario import declared_images, scenario_splits
from alharness.protocol.partition.sets import IndexSet, LabeledSet, joined
from alharness.protocol.partition.sizes import labeled_sizes, pool_sizes, validation_size


def splits_of(bench, labels):
    suite = bench.suite
    return scenario_splits(suite, suite.scenarios[0], labels, 3)


@given(
    n=st.integers(60, 200),
    seed=st.integers(0, 5),
    validation=st.sampled_from([0, 0.1, 0.25]),
    held=st.sampled_from([0, 0.1]),
    ratio=st.sampled_from([None, 1, 3]),
)
@settings(max_examples=60, deadline=None)
def test_each_image_is_in_one_part(make_bench, n, seed, validation, held, ratio):
    bench = chosen(
        make_bench,
        seed=seed,
        scope="fixed",
        long_tail=None if ratio is None else {"ratio": ratio},
        validation_fraction=validation,
        held_back_fraction=held,
    )
    protocol = bench.suite.protocol
    labels = np.arange(n) % 3
    splits = splits_of(bench, labels)
    for parts in splits:
        everything = [parts.initial, parts.pool, parts.validation, parts.left_out]
        assert np.array_equal(np.sort(np.concatenate(everything)), np.arange(n))
        assert len(parts.initial) == 0
        assert len(parts.validation) == validation_size(protocol, parts.n_images)
        assert pool_sizes(protocol, parts.n_images)[0] == len(parts.pool)
        assert np.isin(held_back(protocol, n, seed), parts.left_out).all()
        assert labeled_sizes(protocol, parts.n_images)[-1] <= len(parts.pool)
    assert len({len(parts.left_out) for parts in splits}) == 1
    if ratio is None:
        drawn_from = n - len(held_back(protocol, n, seed))
        assert splits[0].n_images == drawn_from - round(drawn_from / 10)
        scenario = bench.suite.scenarios[0]
        assert declared_images(bench.suite, scenario, n) == splits[0].n_images


def test_what_is_left_out_and_validated_is_each_sets_own(make_bench):
    labels = np.arange(60) % 3
    splits = splits_of(chosen(make_bench, initial_sets=6), labels)
    assert len({one.left_out.tobytes() for one in splits}) == 6
    assert len({one.validation.tobytes() for one in splits}) == 6
    again = splits_of(chosen(make_bench, initial_sets=6), labels)
    assert [one.left_out.tolist() for one in again] == [one.left_out.tolist() for one in splits]
    other = splits_of(chosen(make_bench, initial_sets=6, seed=1), labels)
    assert [one.left_out.tolist() for one in other] != [one.left_out.tolist() for one in splits]


def test_every_image_is_left_out_equally_often(make_bench):
    """A tenth, drawn uniformly: 200 sets of 6 of 60 images are 20 for each, give or take 4.2."""
    splits = splits_of(chosen(make_bench, initial_sets=200, seeds=1), np.arange(60) % 3)
    counts = np.bincount(np.concatenate([one.left_out for one in splits]), minlength=60)
    assert counts.sum() == 200 * 6
    assert ((counts - 20) ** 2 / (20 * 0.9)).sum() == pytest.approx(60, abs=40)


def test_nothing_joined_is_an_empty_labeled_set():
    nothing = joined([])
    assert len(nothing) == 0
    assert nothing.indices.dtype == nothing.labels.dtype == np.int64
    one = IndexSet(np.array([4, 2]), np.array([1, 0]))
    assert joined([one]).digest == one.digest
    assert LabeledSet(None).digests == ()


def chosen(make_bench, *, seed=0, scope="per-initial-set", initial_sets=2, seeds=2, **changes):
    """A bench of 60 images whose first sets are chosen; ``changes`` of its table [protocol]."""
    long_tail = changes.pop("long_tail", None)
    return make_bench(
        scope=scope,
        seed=seed,
        initial_sets=initial_sets,
        seeds=seeds,
        long_tail=long_tail,
        protocol={"initial_draw": "chosen", **changes},
        training={"normalize": False},
        choosers=("random",),
    )
