"""Images held out of every pool.

Independent source of the counts: each class's share of the pool in exact fractions.
"""

from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from alharness.protocol.partition.held_out import with_held_out
from alharness.protocol.partition.splits import Split
from alharness.protocol.seeds import SeedPath


def path(number=0):
    return SeedPath(suite_seed=3, purpose="held-out", initial_set=number)


def parts_of(n, seed):
    order = np.random.default_rng(seed).permutation(n)
    return Split(order[:20], order[20 : n - 30], order[n - 30 : n - 10], np.sort(order[n - 10 :]))


@given(size=st.integers(0, 139), n_classes=st.integers(2, 8), seed=st.integers(0, 50))
def test_each_class_gives_up_its_share_of_the_pool(size, n_classes, seed):
    n = 200
    labels = np.random.default_rng(seed).integers(0, n_classes, n) ** 2 // n_classes
    before = parts_of(n, seed)
    after = with_held_out(before, labels, size, path(seed))
    assert len(after.held_out) == size
    everything = [after.initial, after.pool, after.validation, after.left_out, after.held_out]
    assert np.array_equal(np.sort(np.concatenate(everything)), np.arange(n))
    assert after.pool.tolist() == [one for one in before.pool if one not in set(after.held_out)]
    assert after.n_images == before.n_images
    for number in np.unique(labels):
        share = Fraction(int((labels[before.pool] == number).sum()) * size, len(before.pool))
        assert abs((labels[after.held_out] == number).sum() - share) < 1


def test_which_are_held_out_is_drawn_for_each_initial_set():
    """Each of 150 pool images is held out in a fifth of 2000 draws: ± 5 deviations."""
    labels, parts = np.arange(200) % 3, parts_of(200, 0)
    drawn = [with_held_out(parts, labels, 28, path(number)).held_out for number in range(2_000)]
    counts = np.bincount(np.concatenate(drawn), minlength=200)[parts.pool]
    expected = 2_000 * 28 / len(parts.pool)
    assert (np.abs(counts - expected) < 5 * np.sqrt(expected)).all()


def test_what_is_held_out_does_not_hang_on_the_pools_order():
    labels, parts = np.arange(200) % 3, parts_of(200, 0)
    sorted_pool = Split(parts.initial, np.sort(parts.pool), parts.validation, parts.left_out)
    one, other = (with_held_out(each, labels, 28, path()) for each in (parts, sorted_pool))
    assert one.held_out.tolist() == other.held_out.tolist()
