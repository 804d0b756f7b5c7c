"""Verdicts and marks against SciPy's t-tests, hand-worked numbers and simulated experiments."""

import dataclasses
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from scipy import stats

from alharness.statistics import Comparison, Verdict, compare, marks, minimum_detectable_effect

Array = NDArray[np.float64]
NAN = np.nan


def experiment(
    seed: int, shape: tuple[int, ...] = (5, 5), gain: float = 0.0
) -> tuple[Array, Array]:
    rng = np.random.default_rng(seed)
    initial_sets = rng.normal(0, 0.02, size=(shape[0],) + (1,) * (len(shape) - 1))
    method, reference = rng.normal(0.7, 0.01, size=(2, *shape)) + initial_sets
    return method + gain, reference


# --- one comparison ---------------------------------------------------------------------------


def test_by_hand() -> None:
    method = [[0.5, 0.7], [0.6, 0.8], [0.9, 0.9]]
    reference = [[0.4, 0.6], [0.5, 0.5], [0.6, 0.6]]
    # d = 0.1, 0.2, 0.3: D = 0.2, s_d = 0.1, t(0.975, 2) = 4.302653 (any t table),
    # half width = 4.302653 · 0.1 / √3 = 0.248414; χ²(2) at 0.975 and 0.025: 7.377759, 0.050636.
    result = compare(method, reference)
    assert result.difference == pytest.approx(0.2)
    assert result.s_d == pytest.approx(0.1)
    assert result.interval == pytest.approx((-0.048414, 0.448414), abs=1e-6)
    assert result.s_d_interval == pytest.approx(
        (0.1 * np.sqrt(2 / 7.377759), 0.1 * np.sqrt(2 / 0.050636)), rel=1e-5
    )
    assert (result.n_initial_sets, result.n_pairs) == (3, 6)
    assert (result.verdict, result.alpha) == (Verdict.UNDETERMINED, 0.05)


@pytest.mark.parametrize("seed", range(5))
def test_is_the_paired_t_test_over_means_of_initial_sets(seed: int) -> None:
    method, reference = experiment(seed, gain=0.01)
    by_scipy = stats.ttest_rel(method.mean(axis=1), reference.mean(axis=1))
    low, high = by_scipy.confidence_interval(0.95)
    result = compare(method, reference)
    assert result.p_value == pytest.approx(by_scipy.pvalue)
    assert result.interval == pytest.approx((low, high))


@pytest.mark.parametrize("seed", range(5))
def test_missing_runs_drop_their_seed_from_both(seed: int) -> None:
    method, reference = experiment(seed, gain=0.01)
    method[0, 1] = reference[0, 3] = reference[2, 0] = NAN
    method[4, :2], reference[4, 2:] = NAN, NAN  # no pair left: the initial set does not count
    d = [
        np.mean([m - r for m, r in zip(ms, rs, strict=True) if m == m and r == r])
        for ms, rs in zip(method[:4], reference[:4], strict=True)
    ]
    by_scipy = stats.ttest_1samp(d, 0.0)
    result = compare(method, reference)
    assert (result.n_initial_sets, result.n_pairs) == (4, 17)
    assert result.difference == pytest.approx(np.mean(d))
    assert result.p_value == pytest.approx(by_scipy.pvalue)
    assert result.interval == pytest.approx(tuple(by_scipy.confidence_interval(0.95)))


def test_a_missing_run_never_biases_the_difference() -> None:
    # The method is 0.1 better everywhere; its run on an easy seed is missing.
    reference = np.array([[0.1, 0.9], [0.2, 0.8], [0.3, 0.7], [0.1, 0.6]])
    method = reference + 0.1 + 0.001 * np.arange(4)[:, None]
    method[0, 1] = NAN
    assert compare(method, reference).difference == pytest.approx(0.1015)


@pytest.mark.parametrize("n", [0, 1, 2])
def test_fewer_than_three_initial_sets_are_not_testable(n: int) -> None:
    method, reference = experiment(0, gain=0.3)
    method[n:] = NAN
    result = compare(method, reference)
    assert result == Comparison(
        n, 5 * n, result.difference, Verdict.NOT_TESTABLE, 0.05
    )  # no interval, no p, no effect
    expected = None if n == 0 else pytest.approx((method - reference)[:n].mean())
    assert result.difference == expected


def test_empty_input_is_not_testable() -> None:
    assert compare(np.empty((0, 0)), np.empty((0, 0))).verdict is Verdict.NOT_TESTABLE


@pytest.mark.parametrize("gain", [0.0, 0.1, -0.1])
def test_differences_that_do_not_vary_are_undetermined(gain: float) -> None:
    # In floating point (x + 0.1) − x varies in its last bit: an interval would exclude 0.
    reference = np.array([[0.3, 0.7], [0.1, 0.9], [0.61, 0.23], [0.5, 0.8]])
    result = compare(reference + gain, reference)
    assert result.verdict is Verdict.UNDETERMINED
    assert result.difference == pytest.approx(gain)
    assert (result.interval, result.p_value, result.s_d) == (None, None, 0.0)
    assert result.minimum_detectable_effect is None


def test_the_smallest_real_spread_counts() -> None:
    # One image of the ImageNet test set, in one of 25 runs.
    method, reference = np.full((5, 5), 0.8), np.full((5, 5), 0.7)
    method[0, 0] += 1 / 50_000
    assert compare(method, reference).verdict is Verdict.BETTER


def test_minimum_detectable_effect_beside_the_verdict() -> None:
    result = compare(*experiment(3))
    assert result.s_d is not None
    assert result.s_d_interval is not None
    assert result.minimum_detectable_effect == pytest.approx(
        minimum_detectable_effect(5, result.s_d)
    )
    assert result.minimum_detectable_effect_interval == pytest.approx(
        tuple(minimum_detectable_effect(5, end) for end in result.s_d_interval)
    )


@pytest.mark.parametrize(
    ("verdict", "sentence"),
    [
        (Verdict.BETTER, "better than margin"),
        (Verdict.WORSE, "worse than margin"),
        (Verdict.UNDETERMINED, "undetermined"),
        (Verdict.NOT_TESTABLE, "not testable"),
    ],
)
def test_sentences(verdict: Verdict, sentence: str) -> None:
    assert verdict.sentence("margin") == sentence


@pytest.mark.parametrize(
    ("method", "reference"),
    [
        (np.zeros((3, 2)), np.zeros((3, 3))),
        (np.zeros(3), np.zeros(3)),
        (np.zeros((3, 2, 1)), np.zeros((3, 2, 1))),
        (np.full((3, 2), np.inf), np.zeros((3, 2))),
    ],
)
def test_refuses_what_is_not_aligned(method: Array, reference: Array) -> None:
    with pytest.raises(ValueError, match=r"shapes|infinite"):
        compare(method, reference)


# --- symmetries -------------------------------------------------------------------------------

accuracies = arrays(
    np.float64,
    (2, 4, 3),
    elements=st.one_of(st.integers(0, 1000).map(lambda n: n / 1000), st.just(NAN)),
)


def numbers(result: Comparison) -> list[float]:
    """Every number of a comparison, NaN for None."""
    values = [*dataclasses.asdict(result).values(), *(result.interval or ())]
    return [
        NAN if value is None else value for value in values if not isinstance(value, str | tuple)
    ]


SWAPPED = {Verdict.BETTER: Verdict.WORSE, Verdict.WORSE: Verdict.BETTER}


@given(accuracies)
def test_swapping_method_and_reference_swaps_the_verdict(pair: Array) -> None:
    forth, back = compare(pair[0], pair[1]), compare(pair[1], pair[0])
    assert back.verdict is SWAPPED.get(forth.verdict, forth.verdict)
    assert back.p_value == forth.p_value
    if forth.interval and back.interval:
        assert back.interval == (-forth.interval.high, -forth.interval.low)


@given(accuracies, st.permutations(range(4)), st.permutations(range(3)))
def test_order_of_initial_sets_and_seeds_does_not_matter(
    pair: Array, sets: list[int], seeds: list[int]
) -> None:
    one, other = compare(*pair), compare(*pair[:, sets][:, :, seeds])
    assert other.verdict is one.verdict
    assert numbers(other) == pytest.approx(numbers(one), rel=1e-9, abs=1e-12, nan_ok=True)


@given(accuracies)
def test_a_verdict_is_its_interval(pair: Array) -> None:
    result = compare(*pair)
    excludes_zero = result.interval is not None and not (
        result.interval.low <= 0 <= result.interval.high
    )
    assert excludes_zero == (result.verdict in SWAPPED)
    if result.p_value is not None and abs(result.p_value - 0.05) > 1e-9:
        assert (result.p_value < 0.05) == excludes_zero


@given(accuracies)
def test_percent_or_share_makes_no_difference(pair: Array) -> None:
    share, percent = compare(*pair), compare(*(100 * pair))
    assert percent.verdict is share.verdict
    if share.difference is not None:
        assert percent.difference == pytest.approx(100 * share.difference, abs=1e-9)


# --- what the nested analysis is for ----------------------------------------------------------


def null_experiments(n: int) -> tuple[Array, Array]:
    """Methods without any true difference, (n, 5, 5): what a method does to an initial set (0.01)
    is shared by the set's five seeds, whose own noise is 0.005."""
    rng = np.random.default_rng(7)
    per_set = rng.normal(0, 0.01, size=(2, n, 5, 1))
    method, reference = 0.7 + per_set + rng.normal(0, 0.005, size=(2, n, 5, 5))
    return method, reference


@pytest.mark.slow  # Its fast sibling, of all benches at once, is in test_simulation.py.
def test_false_verdicts_under_nesting() -> None:
    n = 1000
    method, reference = null_experiments(n)
    found = sum(compare(*pair).verdict in SWAPPED for pair in zip(method, reference, strict=True))
    # Binomial standard error at 5 % of 1000: 0.7 %.
    assert found / n == pytest.approx(0.05, abs=0.02)
    pooled = stats.ttest_rel(method.reshape(n, 25), reference.reshape(n, 25), axis=1).pvalue
    assert (pooled < 0.05).mean() > 0.3  # 25 runs are not 25 independent samples


# --- marks ------------------------------------------------------------------------------------


def slow_marks(method: Array, reference: Array) -> list[str]:
    """Holm (1979) as a recipe: test the smallest p at 0.05/m, strike it out, go on with m − 1."""
    p = {b: float(stats.ttest_1samp((method - reference)[..., b].mean(axis=1), 0).pvalue)
         for b in range(method.shape[-1])}  # fmt: skip
    words = ["undetermined"] * len(p)
    while p:
        b = min(p, key=p.__getitem__)
        if p[b] >= 0.05 / len(p):
            break
        words[b] = "better" if (method - reference)[..., b].mean() > 0 else "worse"
        del p[b]
    return words


@pytest.mark.parametrize("seed", range(20))
def test_marks_follow_holm(seed: int) -> None:
    method, reference = experiment(seed, (5, 3, 4))
    method = method + np.random.default_rng(seed).normal(0, 0.02, size=4)
    result = marks(method, reference)
    assert [str(mark.verdict) for mark in result] == slow_marks(method, reference)


def test_levels_by_hand() -> None:
    # Spread of d alike at all budgets, so the gain orders the p-values: budgets 2, 0, then 1, 3.
    base, reference = experiment(11, (5, 2, 1))
    noise = (base - reference) - (base - reference).mean()
    gains = np.array([0.05, 0.0, 0.3, 0.001])
    result = marks(noise + gains, np.zeros((5, 2, 4)))
    assert [mark.verdict for mark in result] == ["better", "undetermined", "better", "undetermined"]
    expected = [0.05 / 3, 0.05 / 2, 0.05 / 4, 0.05 / 2]
    assert [mark.alpha for mark in result] == pytest.approx(expected)
    for b, mark in enumerate(result):
        d = (noise + gains)[..., b].mean(axis=1)
        by_scipy = stats.ttest_1samp(d, 0).confidence_interval(1 - expected[b])
        assert mark.interval == pytest.approx(tuple(by_scipy))
        assert mark.s_d is not None
        assert mark.minimum_detectable_effect == pytest.approx(
            minimum_detectable_effect(5, mark.s_d, expected[b])
        )


@settings(max_examples=200)
@given(st.integers(0, 10_000), st.integers(1, 6), st.floats(0, 0.05))
def test_an_interval_excludes_zero_exactly_where_its_mark_is_significant(
    seed: int, n_budgets: int, size: float
) -> None:
    method, reference = experiment(seed, (4, 2, n_budgets))
    method = method + np.random.default_rng(seed).normal(0, size, size=n_budgets)
    words = slow_marks(method, reference)
    for mark, word in zip(marks(method, reference), words, strict=True):
        assert mark.interval is not None
        assert mark.p_value is not None
        assert (mark.interval.low > 0 or mark.interval.high < 0) == (word != "undetermined")
        assert (mark.p_value < 0.05) == (word != "undetermined")


def test_the_trap_of_own_rank_levels() -> None:
    # p = 0.030 and 0.045: the smaller fails at 0.025, so the larger may not pass at 0.05, although
    # its own 95 % interval excludes 0.
    z = np.array([-1.5, -0.5, 0.5, 1.5])
    z /= z.std(ddof=1)

    def with_p(p: float) -> Any:
        return z + float(stats.t.isf(p / 2, 3)) / np.sqrt(4)

    method = np.stack([with_p(0.045), with_p(0.030)], axis=-1)[:, None]
    result = marks(method, np.zeros_like(method))
    assert [mark.verdict for mark in result] == ["undetermined", "undetermined"]
    assert [mark.alpha for mark in result] == [0.025, 0.025]
    assert [mark.p_value for mark in result] == pytest.approx([0.06, 0.06])
    assert compare(method[..., 0], np.zeros((4, 1))).verdict is Verdict.BETTER


def test_one_budget_is_a_plain_comparison() -> None:
    method, reference = experiment(5, gain=0.02)
    assert marks(method[..., None], reference[..., None]) == (compare(method, reference),)


def test_budgets_that_cannot_be_tested_stay_in_the_family() -> None:
    method, reference = experiment(5, (5, 5, 3))
    alone = marks(method[..., :1], reference[..., :1])[0]
    method[:3, :, 1], method[..., 2] = NAN, reference[..., 2]
    first, missing, equal = marks(method, reference)
    assert missing.verdict is Verdict.NOT_TESTABLE
    assert equal.verdict is Verdict.UNDETERMINED
    assert alone.p_value is not None
    assert first.p_value == pytest.approx(min(1.0, 3 * alone.p_value))


def test_no_budget_after_cycle_0() -> None:
    assert marks(np.zeros((5, 5, 0)), np.zeros((5, 5, 0))) == ()


@pytest.mark.slow  # As above.
def test_family_wise_error_of_marks() -> None:
    n = 400
    rng = np.random.default_rng(3)
    per_set = rng.normal(0, 0.01, size=(2, n, 5, 1, 3))
    method, reference = per_set + rng.normal(0, 0.005, size=(2, n, 5, 2, 3))
    wrong = sum(
        any(mark.verdict in SWAPPED for mark in marks(*pair))
        for pair in zip(method, reference, strict=True)
    )
    # Independent budgets: Holm's error is 1 − (1 − 0.05/3)³ = 4.9 %; unadjusted it would be 14 %.
    # Binomial standard error: 1.1 %.
    assert wrong / n == pytest.approx(0.049, abs=0.033)


def test_nothing_but_method_and_reference_enters() -> None:
    # "Whoever else is present" cannot matter: there is no way to pass it, and a call leaves
    # nothing behind.
    method, reference = experiment(1, (5, 5, 3), gain=0.01)
    alone = marks(method, reference)
    for seed in range(3):
        marks(*experiment(seed + 50, (5, 5, 3), gain=0.2))
    assert marks(method, reference) == alone


def test_comparisons_are_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        compare(*experiment(0)).verdict = Verdict.BETTER  # type: ignore[misc]
