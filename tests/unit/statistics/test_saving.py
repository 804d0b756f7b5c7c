"""Label saving against numbers worked out by hand, a bootstrap by loops, and symmetries."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.optimize import isotonic_regression

from alharness.statistics import Saving, label_saving, saving_intervals
from alharness.statistics.isotonic import isotonic

few = settings(max_examples=20, deadline=None)
NAN = np.nan
LABELS = (10, 20, 40, 80)
thousandths = st.integers(0, 1000).map(lambda n: n / 1000)
curves = arrays(np.float64, (2, 4, 2, 4), elements=thousandths | st.just(NAN))
whole = arrays(np.float64, (2, 4, 2, 4), elements=thousandths)


def flat(*accuracies):
    """Runs of three initial sets that all have the same curve."""
    return np.tile(np.array(accuracies), (3, 1, 1))


# --- the fit ----------------------------------------------------------------------------------


@few
@given(
    arrays(np.float64, (3, 5), elements=thousandths),
    arrays(np.float64, (3, 5), elements=st.integers(1, 9).map(float)),
)
def test_fit_is_scipys(values, weights):
    expected = [
        isotonic_regression(one, weights=w).x for one, w in zip(values, weights, strict=True)
    ]
    np.testing.assert_allclose(isotonic(values, weights), expected, atol=1e-12)


# --- one saving -------------------------------------------------------------------------------


def test_by_hand():
    reference, method = flat(0.1, 0.3, 0.4, 0.6), flat(0.1, 0.35, 0.5, 0.7)
    start, second, third, last = label_saving(method, reference, LABELS)
    assert start == Saving(10, 10.0, 0.0, "exact")
    # Halfway from 0.3 to 0.4, between 20 and 40 in the logarithm: 20·√2. Saved: 1 − 1/√2.
    assert second.equivalent_labels == pytest.approx(20 * np.sqrt(2))
    assert second.saving == pytest.approx(1 - 1 / np.sqrt(2))
    # Halfway from 0.4 to 0.6: 40·√2.
    assert (third.labels, third.saving) == (40, pytest.approx(1 - 1 / np.sqrt(2)))
    # Above all of the reference: it needs more than 80 labels, how many nobody knows.
    assert last == Saving(80, 80.0, 0.0, "at-least")


def test_more_labels_needed_is_a_negative_saving():
    method, reference = flat(0.1, 0.1, 0.3, 0.05), flat(0.1, 0.3, 0.4, 0.6)
    found = label_saving(method, reference, LABELS)
    assert found[1] == Saving(20, 10.0, -1.0, "exact")
    assert found[2] == Saving(40, 20.0, -1.0, "exact")
    # Below all of the reference: at most 10 labels are worth 80.
    assert found[3] == Saving(80, 10.0, -7.0, "at-most")


def test_where_the_curve_first_reaches_it():
    # The dip is pooled: the fit is 0.1, 0.35, 0.35, 0.6.
    found = label_saving(flat(0.1, 0.35, 0.35, 0.6), flat(0.1, 0.4, 0.3, 0.6), LABELS)
    assert [one.equivalent_labels for one in found] == pytest.approx([10, 20, 20, 80])


def test_the_dip_is_pooled_by_the_number_of_runs():
    reference = np.tile(np.array([0.1, 0.4, 0.3, 0.6]), (3, 3, 1))
    reference[:, 1:, 2] = NAN  # one run in three: the fit is (3 · 0.4 + 0.3) / 4 = 0.375 there
    found = label_saving(np.full((3, 3, 4), 0.375), reference, LABELS)
    assert found[0].equivalent_labels == pytest.approx(20)
    at_36 = label_saving(np.full((3, 3, 4), 0.374), reference, LABELS)[0].equivalent_labels
    assert at_36 is not None
    assert at_36 < 20


@few
@given(whole)
def test_nothing_is_extrapolated(pair):
    for one in label_saving(pair[0], pair[1], LABELS):
        assert one.equivalent_labels is not None
        assert 10 <= one.equivalent_labels <= 80
        assert one.saving == 1 - one.labels / one.equivalent_labels
        assert one.bound == "exact" or one.equivalent_labels in (10, 80)


@few
@given(whole, st.permutations(range(4)), st.permutations(range(2)), st.floats(0.5, 2))
def test_order_shift_and_unit_make_no_difference(pair, sets, seeds, scale):
    one = label_saving(pair[0], pair[1], LABELS)
    moved = scale * pair[:, sets][:, :, seeds] + 1
    for a, b in zip(one, label_saving(moved[0], moved[1], LABELS), strict=True):
        # Near the start of a steep piece, labels move with the last bit of an accuracy.
        assert b.equivalent_labels == pytest.approx(a.equivalent_labels, rel=1e-6)


@few
@given(whole, st.integers(0, 3), st.integers(1, 100))
def test_a_better_method_saves_more(pair, budget, gain):
    more = pair[0].copy()
    more[..., budget] += gain / 1000
    before, after = (label_saving(one, pair[1], LABELS)[budget] for one in (pair[0], more))
    assert after.equivalent_labels >= before.equivalent_labels * (1 - 1e-9)


@few
@given(curves)
def test_the_reference_itself_saves_nothing_where_it_rises(pair):
    reference = np.sort(pair[1], axis=-1)
    reference = np.where(np.isnan(reference).any(axis=-1, keepdims=True), NAN, reference)
    means = np.nanmean(reference.reshape(-1, 4), axis=0) if not np.isnan(reference).all() else None
    if means is not None and (np.diff(means) > 1e-6).all():
        for one in label_saving(reference, reference, LABELS):
            assert (one.saving, one.bound) == (pytest.approx(0, abs=1e-6), "exact")


@few
@given(curves)
def test_at_each_budget_the_runs_that_both_have(pair):
    method, reference = pair
    for c, one in enumerate(label_saving(method, reference, LABELS)):
        counted = ~np.isnan(method[..., c]) & ~np.isnan(reference).all(axis=-1)
        alone = label_saving(
            np.where(counted[..., None], method, NAN),
            np.where(counted[..., None], reference, NAN),
            LABELS,
        )[c]
        assert alone == one
        assert (one.saving is None) == (not counted.any())


def test_a_reference_that_has_not_come_far():
    reference, method = flat(0.1, 0.3, NAN, NAN), flat(0.1, 0.2, 0.5, NAN)
    found = label_saving(method, reference, LABELS)
    assert found[1].equivalent_labels == pytest.approx(10 * np.sqrt(2))
    assert found[2] == Saving(40, 20.0, -1.0, "at-least")
    assert found[3] == Saving(80, None, None, "exact")


def test_one_budget():
    for accuracy, bound in [(0.5, "exact"), (0.6, "at-least"), (0.4, "at-most")]:
        found = label_saving(np.full((3, 1, 1), accuracy), np.full((3, 1, 1), 0.5), [10])
        assert found == (Saving(10, 10.0, 0.0, bound),)


@pytest.mark.parametrize(
    ("method", "labels"),
    [
        (np.zeros((3, 1, 2)), [10, 20, 30]),
        (np.zeros((3, 1, 2)), [20, 10]),
        (np.zeros((3, 1)), [10]),
        (np.full((3, 1, 1), np.inf), [10]),
    ],
)
def test_refuses_what_does_not_agree(method, labels):
    with pytest.raises(ValueError, match=r"labels|budgets|shapes|infinite"):
        label_saving(method, method, labels)


# --- intervals --------------------------------------------------------------------------------


def experiment(seed, gain):
    rng = np.random.default_rng(seed)
    base = np.array([0.5, 0.6, 0.66, 0.7]) + rng.normal(0, 0.02, (7, 1, 1))
    return base + gain + rng.normal(0, 0.01, (7, 2, 4)), base + rng.normal(0, 0.01, (7, 2, 4))


def test_is_a_bootstrap_over_initial_sets():
    method, reference = experiment(0, 0.015)
    found = saving_intervals(method, reference, LABELS, np.random.default_rng(1), repetitions=200)
    drawn = np.random.default_rng(1).multinomial(7, np.full(7, 1 / 7), size=200)
    savings = np.array(
        [
            [
                one.saving
                for one in label_saving(
                    np.repeat(method, counts, axis=0), np.repeat(reference, counts, axis=0), LABELS
                )
            ]
            for counts in drawn
        ]
    )
    for c, one in enumerate(found):
        ordered = np.sort(savings[:, c])
        assert one is not None
        # The 2.5th and 97.5th of 100: the 5th and the 195th of 200.
        assert one.low.saving == pytest.approx(ordered[4], abs=1e-9)
        assert one.high.saving == pytest.approx(ordered[194], abs=1e-9)


def test_an_end_beyond_the_reference_says_so():
    method, reference = experiment(0, 0.0)
    method[..., 3] = reference[..., 3] + np.linspace(-0.02, 0.02, 7)[:, None]
    last = saving_intervals(method, reference, LABELS, np.random.default_rng(0))[3]
    assert last is not None
    assert (last.low.bound, last.high.bound) == ("exact", "at-least")
    assert last.high.equivalent_labels == 80
    lower = saving_intervals(method - 1, reference, LABELS, np.random.default_rng(0))[3]
    assert lower is not None
    assert (lower.low.bound, lower.high.bound) == ("at-most", "at-most")


@few
@given(st.integers(0, 10_000))
def test_equal_generators_equal_intervals_around_the_saving(seed):
    method, reference = experiment(seed, 0.01)
    once, again = (
        saving_intervals(method, reference, LABELS, np.random.default_rng(seed), 100)
        for _ in range(2)
    )
    assert once == again
    wide = saving_intervals(method, reference, LABELS, np.random.default_rng(seed), 100, 0.01)
    for narrow, wider in zip(once, wide, strict=True):
        assert narrow.low.saving <= narrow.high.saving
        assert wider.low.saving <= narrow.low.saving <= narrow.high.saving <= wider.high.saving


@few
@given(curves, st.integers(0, 100))
def test_missing_runs_need_three_initial_sets(pair, seed):
    found = saving_intervals(pair[0], pair[1], LABELS, np.random.default_rng(seed), 20)
    for c, one in enumerate(found):
        counted = ~np.isnan(pair[0][..., c]) & ~np.isnan(pair[1]).all(axis=-1)
        if counted.any(axis=1).sum() < 3:
            assert one is None


def test_nothing_to_compare():
    nothing = np.zeros((0, 0, 4))
    assert saving_intervals(nothing, nothing, LABELS, np.random.default_rng(0)) == (None,) * 4
    assert {one.saving for one in label_saving(nothing, nothing, LABELS)} == {None}


@pytest.mark.parametrize(("repetitions", "alpha"), [(0, 0.05), (10, 0.0), (10, 1.0)])
def test_refuses_no_repetitions_and_no_level(repetitions, alpha):
    with pytest.raises(ValueError, match="needs"):
        saving_intervals(*experiment(0, 0), LABELS, np.random.default_rng(0), repetitions, alpha)
