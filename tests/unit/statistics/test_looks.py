"""Looks against SciPy's paired t-test, and the promises of a walk."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from alharness.statistics import (
    FUTILITY,
    LOOKS,
    Look,
    Stop,
    Verdict,
    compare,
    look_at,
    looks_of,
    looks_taken,
)

EXAMPLES = 12
"""A comparison takes milliseconds, as it has the minimum detectable effect."""
DECIDED = {Verdict.BETTER, Verdict.WORSE}


def bench(seed, initial_sets=5, gain=0.0, seeds=5, interaction=0.5):
    rng = np.random.default_rng(seed)
    of_sets = rng.normal(0, interaction, (2, initial_sets, 1))
    method, reference = of_sets + rng.normal(0, 1, (2, initial_sets, seeds))
    return method + gain, reference


benches = st.builds(
    bench, st.integers(0, 10_000), st.integers(3, 9), st.sampled_from([0.0, 0.5, 1.0, 2.0, -1.0])
)


def test_the_levels_are_those_of_the_docs():
    assert LOOKS == ((2, 0.0038), (3, 0.0152), (5, 0.0379))
    assert FUTILITY == 0.5


@settings(max_examples=EXAMPLES)
@given(benches)
def test_each_look_is_a_paired_t_test_of_the_first_seeds_at_its_level(pair):
    method, reference = pair
    for look in LOOKS:
        ours, theirs = (one[:, : look.seeds].mean(axis=1) for one in pair)
        by_scipy = stats.ttest_rel(ours, theirs)
        found = look_at(method, reference, look)
        assert found.look == look
        assert found.comparison.alpha == look.alpha
        assert found.comparison.p_value == pytest.approx(by_scipy.pvalue)
        assert found.comparison.interval == pytest.approx(
            tuple(by_scipy.confidence_interval(1 - look.alpha))
        )
        decided = found.comparison.verdict in DECIDED
        assert decided == (by_scipy.pvalue < look.alpha)
        if look.seeds == 5:
            assert found.stop is Stop.LAST
        else:
            assert (found.stop is Stop.CERTAIN) == decided
            assert (found.stop is Stop.FUTILE) == (by_scipy.pvalue > 0.5)
            assert (found.stop is None) == (look.alpha <= by_scipy.pvalue <= 0.5)


@settings(max_examples=EXAMPLES)
@given(benches)
def test_a_walk_goes_on_until_its_last_look_stops(pair):
    taken = looks_taken(*pair)
    assert [one.look for one in taken] == list(LOOKS[: len(taken)])
    assert [one.stop for one in taken[:-1]] == [None] * (len(taken) - 1)
    assert taken[-1].stop is not None
    assert all(one.comparison.verdict is Verdict.UNDETERMINED for one in taken[:-1])


@settings(max_examples=EXAMPLES)
@given(benches)
def test_futility_never_makes_a_verdict(pair):
    (*_, last) = looks_taken(*pair)
    if last.stop is Stop.FUTILE:
        assert last.comparison.verdict is Verdict.UNDETERMINED
    if last.comparison.verdict in DECIDED:
        assert last.stop in (Stop.CERTAIN, Stop.LAST)
    assert last.overstates == (last.stop is Stop.CERTAIN)


@settings(max_examples=EXAMPLES)
@given(benches, st.integers(0, 5))
def test_seeds_that_are_not_run_yet_change_nothing(pair, seeds):
    method, reference = pair
    whole = looks_taken(method, reference)
    so_far = looks_taken(method[:, :seeds], reference[:, :seeds])
    assert so_far == tuple(one for one in whole if one.look.seeds <= seeds)
    changed = method.copy()
    changed[:, seeds:] += 100
    assert looks_taken(changed, reference)[: len(so_far)] == so_far


@settings(max_examples=EXAMPLES)
@given(benches)
def test_who_is_the_method_does_not_matter(pair):
    method, reference = pair
    mirrored = {"better": "worse", "worse": "better", "undetermined": "undetermined"}
    for one, other in zip(
        looks_taken(method, reference), looks_taken(reference, method), strict=True
    ):
        assert one.stop is other.stop
        assert mirrored[one.comparison.verdict] == other.comparison.verdict


def test_each_way_to_stop():
    spread = np.array([-0.1, 0.0, 0.1])[:, None] * np.ones(5)
    zero = np.zeros((3, 5))
    assert [one.stop for one in looks_taken(spread + 5, zero)] == [Stop.CERTAIN]
    assert [one.stop for one in looks_taken(spread + 0.01, zero)] == [Stop.FUTILE]
    # t = 2.6 with 2 degrees of freedom: p = 0.12 at each look.
    assert [one.stop for one in looks_taken(spread + 0.15, zero)] == [None, None, Stop.LAST]


def test_only_the_last_look_stops_a_bench_without_p():
    two_sets = bench(0, initial_sets=2, gain=50)
    equal = (np.ones((5, 5)), np.zeros((5, 5)))
    for pair, said in ((two_sets, Verdict.NOT_TESTABLE), (equal, Verdict.UNDETERMINED)):
        taken = looks_taken(*pair)
        assert [one.stop for one in taken] == [None, None, Stop.LAST]
        assert {one.comparison.verdict for one in taken} == {said}


def test_a_missing_run_drops_its_seed_from_both():
    method, reference = bench(3, gain=1.0)
    method[1, 0] = np.nan
    found = look_at(method, reference, LOOKS[0])
    d = (method - reference)[:, :2]
    assert found.comparison.p_value == pytest.approx(
        stats.ttest_1samp(np.nanmean(d, axis=1), 0).pvalue
    )
    assert found.comparison.n_pairs == 9


def test_another_level_is_another_interval_only():
    method, reference = bench(4, gain=1.0)
    usual, strict = compare(method, reference), compare(method, reference, 0.0038)
    assert (usual.p_value, usual.s_d) == (strict.p_value, strict.s_d)
    assert strict.interval.low < usual.interval.low < usual.interval.high < strict.interval.high
    assert strict.minimum_detectable_effect > usual.minimum_detectable_effect


@pytest.mark.parametrize("seeds", [0, 1, 3, 4, 6, 25])
def test_another_number_of_seeds_is_refused(seeds):
    assert looks_of(5) == LOOKS
    with pytest.raises(ValueError, match=f"looks hold for 5 seeds only, not for {seeds}"):
        looks_of(seeds)


def test_bad_input_is_refused():
    method, reference = bench(0)
    with pytest.raises(ValueError, match="is none of"):
        look_at(method, reference, Look(4, 0.02))
    with pytest.raises(ValueError, match="with 3 seeds at least"):
        look_at(method[:, :2], reference[:, :2], LOOKS[1])
    with pytest.raises(ValueError, match="expected equal"):
        looks_taken(method, reference[:4])
    with pytest.raises(ValueError, match=r"expected \(I, J\)"):
        looks_taken(method[0], reference[0])
    with pytest.raises(ValueError, match="hold for 5 seeds only, not for 6"):
        looks_taken(*bench(0, seeds=6))


def test_false_verdicts_of_looks_and_of_looks_at_five_percent():
    """What the levels are for; nothing differs, no interaction, futility unheeded."""
    rng = np.random.default_rng(0)
    d = rng.normal(size=(20_000, 5, 5))
    p = {n: stats.ttest_1samp(d[:, :, :n].mean(axis=2), 0, axis=1).pvalue for n in (2, 3, 5)}
    at_levels = np.any([p[look.seeds] < look.alpha for look in LOOKS], axis=0).mean()
    naively = np.any([p[look.seeds] < 0.05 for look in LOOKS], axis=0).mean()
    # Binomial standard error at 5 %: 0.15 points.
    assert at_levels == pytest.approx(0.05, abs=0.005)
    assert naively == pytest.approx(0.11, abs=0.01)
