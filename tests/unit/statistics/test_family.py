"""Family-wise decisions, against the closed test by brute force and against simulation."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alharness.statistics import (
    Comparison,
    Verdict,
    chance_of_a_verdict,
    compare,
    familywise,
    verdict,
)

p_values = st.lists(st.none() | st.floats(0, 1) | st.floats(0, 0.05), min_size=1, max_size=6)


def comparison(p):
    """A comparison with a p-value, as ``compare`` would give it."""
    if p is None:
        return Comparison(2, 2, 0.1, Verdict.NOT_TESTABLE, 0.05)
    found = Verdict.BETTER if p < 0.05 else Verdict.UNDETERMINED
    return Comparison(5, 5, 0.1, found, 0.05, p_value=p)


def decide(ps, n_here):
    """Decisions of the first ``n_here`` methods; the others are known by p only."""
    here = {f"m{i}": comparison(p) for i, p in enumerate(ps[:n_here])}
    return list(familywise(here, ps[n_here:]).values())


def closed_test(ps):
    """Reject i when each set of hypotheses with i is rejected by Bonferroni's test of that set."""
    p = [1.0 if one is None else one for one in ps]
    sets = [group for size in range(1, len(p) + 1) for group in combinations(range(len(p)), size)]
    passed = {group for group in sets if len(group) * min(p[i] for i in group) < 0.05}
    return [all(group in passed for group in sets if i in group) for i in range(len(p))]


@given(p_values, st.integers(1, 6))
def test_what_the_closed_test_rejects(ps, n_here):
    n_here = min(n_here, len(ps))
    decisions = decide(ps, n_here)
    expected = closed_test(ps)[:n_here]
    for p, rejected, decision in zip(ps, expected, decisions, strict=False):
        if p is None:
            assert (decision.verdict, decision.p_value) == (Verdict.NOT_TESTABLE, None)
        else:
            assert decision.verdict is (Verdict.BETTER if rejected else Verdict.UNDETERMINED)
            if abs(decision.p_value - 0.05) > 1e-12:
                assert (decision.p_value < 0.05) == rejected
            assert decision.p_value >= p


@given(p_values, st.data())
def test_narrowing_never_makes_a_decision_less_significant(ps, data):
    whole = decide(ps, len(ps))
    kept = sorted(data.draw(st.sets(st.sampled_from(range(len(ps))), min_size=1)))
    for i, one in zip(kept, decide([ps[i] for i in kept], len(kept)), strict=True):
        assert one.p_value is None or one.p_value <= whole[i].p_value
        assert whole[i].verdict in (one.verdict, Verdict.UNDETERMINED)


@given(p_values.filter(lambda ps: None not in ps), st.integers(0, 5), st.floats(0, 1))
def test_no_adjusted_p_falls_when_another_p_rises(ps, which, by):
    """Hence 1 is the cautious choice for one that is not known."""
    which %= len(ps)
    raised = [*ps[:which], min(1.0, ps[which] + by), *ps[which + 1 :]]
    before, after = decide(ps, len(ps)), decide(raised, len(ps))
    unknown = decide([*ps[:which], None, *ps[which + 1 :]], len(ps))
    for i, (one, other) in enumerate(zip(before, after, strict=True)):
        assert other.p_value >= one.p_value
        if i != which:
            assert unknown[i].p_value >= other.p_value


def test_example_by_hand():
    # Of four with one unknown: 4 · 0.01 holds, 3 · 0.02 does not, hence neither does 0.03.
    decisions = familywise(
        {"a": comparison(0.02), "b": comparison(0.01), "c": comparison(0.03)}, [None]
    )
    assert [one.verdict for one in decisions.values()] == ["undetermined", "better", "undetermined"]
    assert [one.p_value for one in decisions.values()] == pytest.approx([0.06, 0.04, 0.06])


def test_a_family_of_one_decides_as_the_comparison():
    rng = np.random.default_rng(0)
    found = compare(rng.normal(0.1, 0.1, (9, 1)), rng.normal(0, 0.1, (9, 1)))
    (decision,) = familywise({"a": found}, []).values()
    assert (decision.verdict, decision.p_value) == (found.verdict, found.p_value)
    assert familywise({}, [0.5]) == {}


def test_a_method_that_is_worse_stays_worse():
    worse = Comparison(5, 5, -0.1, Verdict.WORSE, 0.05, p_value=0.01)
    assert familywise({"a": worse}, [None])["a"].verdict is Verdict.WORSE
    assert familywise({"a": worse}, [None] * 5)["a"].verdict is Verdict.UNDETERMINED


def test_how_often_some_method_that_equals_the_reference_gets_a_verdict():
    assert [chance_of_a_verdict(n) for n in (0, 1)] == pytest.approx([0, 0.05])
    rng = np.random.default_rng(5)
    n, wrong = 400, (Verdict.BETTER, Verdict.WORSE)
    # 60 initial sets: their deviation is nearly known, as the formula has it.
    runs = rng.normal(size=(n, 8, 60, 1))
    any_wrong = np.mean(
        [any(verdict(one, reference) in wrong for one in ones) for reference, *ones in runs]
    )
    # Binomial standard error: 2.1 points.
    assert chance_of_a_verdict(7) == pytest.approx(any_wrong, abs=0.06)
    assert chance_of_a_verdict(7) == pytest.approx(0.23, abs=0.005)
