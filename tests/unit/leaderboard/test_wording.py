"""Numbers and verdicts in words: at the edges of what a bench can give."""

import re
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alharness.leaderboard import wording
from alharness.results.document import Endpoint
from alharness.statistics import Comparison, Interval, Point, Verdict, compare, curve

KEY = "0123456789abcdef" * 2


def comparison(verdict, difference=None, low=None, high=None, **more):
    interval = None if low is None else Interval(low, high)
    return Comparison(5, 10, difference, verdict, 0.05, interval, **more)


@pytest.mark.parametrize(
    ("mean", "interval", "verdict", "text"),
    [
        (0.0, None, None, "0.00"),
        (1.0, None, Verdict.NOT_TESTABLE, "100.00"),
        (0.999996, None, Verdict.BETTER, "100.00 ▲"),
        (0.00125, Interval(0, 0.0025), Verdict.WORSE, "0.12 ± 0.12 ▼"),
        (0.5, Interval(0.5, 0.5), Verdict.UNDETERMINED, "50.00 ± 0.00"),
        (None, None, Verdict.NOT_TESTABLE, "–"),
    ],
)
def test_accuracies(mean, interval, verdict, text):
    mark = None if verdict is None else comparison(verdict)
    assert wording.cell(Point(3, 6, mean, interval, None), mark) == text


def test_of_a_single_initial_set_no_interval_and_no_verdict_is_told():
    accuracy = np.array([[[0.5, 0.75], [0.5, np.nan]]])
    told = [wording.cell(point, None) for point in curve(accuracy)]
    assert told == ["50.00", "75.00"]
    verdict = compare(accuracy[..., 1], accuracy[..., 0])
    assert verdict.verdict.sentence("random") == "not testable"
    assert (wording.difference(verdict), wording.detectable(verdict)) == ("+25.00", "–")


@pytest.mark.parametrize(
    ("difference", "ends", "text"),
    [
        (None, (), "–"),
        (0.0, (), "+0.00"),
        (-0.0, (), "+0.00"),
        (-4.9e-5, (-6e-5, 4e-5), "+0.00 [-0.01, +0.00]"),
        (-5.1e-5, (-1e-9, 1.0), "-0.01 [+0.00, +100.00]"),
        (0.1, (), "+10.00"),
    ],
)
def test_differences_never_show_a_negative_zero(difference, ends, text):
    assert wording.difference(comparison(Verdict.UNDETERMINED, difference, *ends)) == text


@given(st.lists(st.floats(-1, 1), min_size=3, max_size=3))
def test_a_difference_is_read_back_in_percentage_points(ends):
    low, middle, high = sorted(ends)
    text = wording.difference(comparison(Verdict.BETTER, middle, low, high))
    found = re.fullmatch(r"([+-]\d+\.\d\d) \[([+-]\d+\.\d\d), ([+-]\d+\.\d\d)\]", text)
    read = [float(number) / 100 for number in found.groups()]
    np.testing.assert_allclose(read, [middle, low, high], atol=5.001e-5)
    assert "-0.00" not in text


def test_what_is_detectable():
    effect = {"minimum_detectable_effect": 0.01149}
    ends = {"minimum_detectable_effect_interval": Interval(0.0078, 0.0221)}
    assert wording.detectable(comparison(Verdict.BETTER)) == "–"
    assert wording.detectable(comparison(Verdict.BETTER, **effect)) == "1.15"
    assert wording.detectable(comparison(Verdict.BETTER, **effect, **ends)) == "1.15 [0.78, 2.21]"


@pytest.mark.parametrize(
    ("labels", "n_train", "text"),
    [
        (144, None, "144"),
        (144, 1437, "144 (10%)"),
        (40, 50_000, "40 (0.08%)"),
        (25, 1000, "25 (2.5%)"),
        (75, 1000, "75 (7.5%)"),
        (999, 10_000, "999 (10%)"),
        (1000, 1000, "1000 (100%)"),
    ],
)
def test_no_budget_is_a_share_of_nothing(labels, n_train, text):
    assert wording.budget(labels, n_train) == text


@pytest.mark.parametrize(
    ("stop", "text"), [(0.9, "90%"), (0.07, "7%"), (0.995, "99.5%"), (1.0, "100%"), (0.29, "29%")]
)
def test_an_accuracy_that_ends_runs_is_told_as_the_suite_gives_it(stop, text):
    scenario = SimpleNamespace(
        labels=(1,),
        n_images=None,
        stop_at_accuracy=stop,
        reference="random",
        endpoint=Endpoint(metric="accuracy", margin=0.01),
    )
    assert wording.header(scenario, SimpleNamespace(family=None))[2] == f"labels to {text}"


@pytest.mark.parametrize(
    ("labels", "text"),
    [
        ([[12.0, 18.0]], "15 (2 of 2 runs)"),
        ([[12.0, None], [13.0, None]], "12 (2 of 4 runs)"),
        ([[None], [None]], "(0 of 2 runs)"),
    ],
)
def test_labels_spent_are_those_of_the_runs_that_got_there(labels, text):
    assert wording.spent(SimpleNamespace(labels_spent=labels)) == text


def test_failures_that_differ_in_their_unit_alone_are_one():
    other = KEY[::-1]
    assert wording.counted([]) == []
    assert wording.counted([f"a, query {KEY}: b"]) == [f"a, query {KEY}: b"]
    lines = [f"a, query {KEY}: b", "c", f"a, query {other}: b", f"a, trial {other}: d"]
    assert wording.counted(lines) == ["2 x a: b", "c", f"a, trial {other}: d"]
    assert wording.counted([f"query {KEY}: b", f"query {other}: b"]) == ["2 x b"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "Labels beside those of the columns: 100 for validation."),
        (
            {"n_validation": 0},
            "Nothing was validated: the weights of a training's last epoch count.",
        ),
        (
            {"n_left_out": 200},
            "Labels beside those of the columns: 100 for validation. 200 training images are in no "
            "set, and no share counts them.",
        ),
        (
            {"n_held_out": 50},
            "Labels beside those of the columns: 100 for validation. 50 images of every pool are "
            "held out: no method queries them.",
        ),
    ],
)
def test_what_is_beside_the_labels_of_the_columns(made_up, changes, said):
    document = made_up.document(2)
    (scenario,) = document.scenarios
    changed = scenario.model_copy(update=changes)
    found = document.findings[scenario.scenario]
    assert said in wording.notes(changed, found, None)
    share = "12%" if "n_left_out" in changes else "10%"
    assert f"100 ({share})" in wording.header(changed, found)
