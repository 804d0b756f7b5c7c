"""The pool of a query, and the subset of it that a sampler sees."""

import inspect

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from alharness.protocol.partition.pool import unlabeled_pool
from alharness.protocol.seeds import SeedPath


def path(seed=0, cycle=0):
    return SeedPath(
        suite_seed=1, purpose="query", scenario="x", initial_set=2, seed=seed, cycle=cycle, number=0
    )


def taken_of(n, sizes, seed=0):
    order = np.random.default_rng(seed).permutation(n)
    return np.split(order[: sum(sizes)], np.cumsum(sizes)[:-1])


@given(
    st.integers(60, 300),
    st.integers(0, 25),
    st.integers(0, 25),
    st.integers(0, 400),
    st.integers(0, 9),
)
def test_the_pool_is_the_rest_or_a_subset_of_it(n, first, second, subset, seed):
    taken = taken_of(n, (first, second), seed)
    pool = unlabeled_pool(n, taken, subset, path())
    rest = np.setdiff1d(np.arange(n), np.concatenate(taken))
    assert (np.diff(pool) > 0).all()
    assert np.isin(pool, rest).all()
    assert len(pool) == (min(subset, len(rest)) if subset else len(rest))


def test_each_query_sees_a_subset_of_its_own():
    places = [path(seed, cycle) for seed in range(3) for cycle in range(3)]
    pools = {tuple(unlabeled_pool(500, taken_of(500, (50,)), 100, place)) for place in places}
    assert len(pools) == len(places)


def test_every_image_is_as_likely_as_another():
    """100 of 450 in 500 queries: counts within 5 deviations of the binomial."""
    taken = taken_of(500, (50,))
    counts = np.zeros(500)
    for seed in range(500):
        counts[unlabeled_pool(500, taken, 100, path(seed))] += 1
    rest = np.setdiff1d(np.arange(500), taken[0])
    share = 100 / 450
    assert counts[taken[0]].sum() == 0
    assert (np.abs(counts[rest] - 500 * share) < 5 * np.sqrt(500 * share * (1 - share))).all()


def test_samplers_see_what_their_pools_have_in_common():
    """Of the same place: the same images where they labeled the same, nearly the same otherwise."""
    assert "sampler" not in inspect.signature(SeedPath).parameters
    one, other = taken_of(500, (50,), 0), taken_of(500, (50,), 1)
    pools = [set(unlabeled_pool(500, taken, 100, path())) for taken in (one, one, other)]
    assert pools[0] == pools[1]
    in_both = set(np.setdiff1d(np.arange(500), np.concatenate([*one, *other])))
    assert len(pools[0] & pools[2]) > 75, "of 100, where two draws would share 20"
    smaller = pools[0] & in_both
    assert len(smaller - pools[2]) < 15
