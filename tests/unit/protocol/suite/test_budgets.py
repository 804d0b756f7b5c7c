"""Budgets of a suite: three ways to write them, exactly one of them, and one line otherwise."""

import json
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alharness import UsageError
from alharness.protocol.suite.reading import parse_suite, protocol_digest, suite_json, suite_of
from alharness.protocol.suite.trainings import trainings

TEXT = """\
schema = 1
name = "tiny"
version = 1
title = "Tiny"
[protocol]
initial_sets = 5
seeds = 2
validation_fraction = 0.1
{budgets}
[tuning]
trials = 1
scope = "fixed"
[tuning.space]
learning-rate = 0.1
batch-size = 8
optimizer = "sgd"
[training]
epochs = 1
[methods]
compared = ["random", "margin"]
[[scenarios]]
name = "digits-mlp"
dataset = "digits"
model = "mlp"
regularizers = []
oracle = "perfect"
"""
SHARES = ("initial_fraction = 0.1", "query_fraction = 0.1", "final_fraction = 0.3")
LABELS = ("initial_labels = 10", "query_labels = 10", "final_labels = 30")


def parse(*lines):
    return parse_suite(TEXT.format(budgets="\n".join(lines)), "tiny.toml")


def refused(*lines):
    with pytest.raises(UsageError) as caught:
        parse(*lines)
    message = str(caught.value)
    assert "\n" not in message
    assert len(message) < 300
    assert caught.value.remedy
    return caught.value


@pytest.mark.parametrize(
    ("lines", "budgets"),
    [
        (SHARES, tuple(map(Fraction, ("0.1", "0.2", "0.3")))),
        (LABELS, (10, 20, 30)),
        (["budgets = [20, 40, 60, 200, 400]"], (20, 40, 60, 200, 400)),
        (["budgets = [0.1, 0.15, 0.6]"], tuple(map(Fraction, ("0.1", "0.15", "0.6")))),
    ],
)
def test_the_ways_to_write_budgets(lines, budgets):
    suite = parse(*lines)
    assert suite.protocol.schedule.cumulative == budgets
    assert suite.protocol.n_cycles == len(budgets)
    assert trainings(suite).method == 5 * 2 * len(budgets)
    again = suite_of(json.loads(json.dumps(suite_json(suite))), "declaration")
    assert again == suite
    assert suite_json(again) == suite_json(suite)


def test_budgets_of_other_ways_are_not_in_the_declaration():
    assert suite_json(parse("budgets = [1, 2]"))["protocol"] == {
        "initial_sets": 5,
        "seeds": 2,
        "budgets": [1, 2],
        "validation_fraction": 0.1,
    }


def test_equal_budgets_in_two_ways_are_two_protocols():
    """As two suites that say the same in other words: nobody ranks them together by accident."""
    digests = {
        protocol_digest(one, one.scenarios[0])
        for one in (parse(*LABELS), parse("budgets = [10, 20, 30]"), parse("budgets = [10, 30]"))
    }
    assert len(digests) == 3


@pytest.mark.parametrize(
    ("lines", "key", "said"),
    [
        ([], "budgets", ["is missing", "initial_fraction, query_fraction, final_fraction, or"]),
        (SHARES[1:], "initial_fraction", ["is missing", "a fraction of all training images"]),
        (LABELS[:2], "final_labels", ["is missing", "a number of labels, 1 or more"]),
        ([*SHARES, "budgets = [1, 2]"], "budgets", ["by initial_fraction and by budgets"]),
        ([*LABELS, SHARES[0]], "initial_labels", ["by initial_fraction and by initial_labels"]),
        ([LABELS[0], SHARES[1]], "initial_labels", ["in two ways", "Leave one of them out"]),
        (["initial_labels = 0", *LABELS[1:]], "initial_labels", ["0 (a whole number)"]),
        (["initial_labels = 1.0", *LABELS[1:]], "initial_labels", ["1.0 (a number)"]),
        (["initial_labels = 30", *LABELS[1:]], "final_labels", ["30 leaves nothing to query"]),
        (
            [LABELS[0], "query_labels = 7", LABELS[2]],
            "query_labels",
            ["from 10 to 30 is not a whole number of queries of 7", "Write one that divides 20"],
        ),
        (
            ["initial_labels = 1", "query_labels = 1", "final_labels = 9223372036854775807"],
            "query_labels",
            ["1 makes more than 10000 cycles"],
        ),
        (["budgets = 20"], "budgets", ["20 (a whole number)", "[20, 40, 60] (labels)"]),
        (["budgets = []"], "budgets", ["0 budgets; a run has from 2 to 10000"]),
        (["budgets = [20]"], "budgets", ["1 budgets; a run has from 2"]),
        ([f"budgets = {list(range(1, 10_002))}"], "budgets", ["10001 budgets"]),
        (["budgets = [20, 40.0]"], "budgets", ["[20, 40.0] (a list) does not fit"]),
        (["budgets = [0, 40]"], "budgets", ["does not fit"]),
        (["budgets = [true, 2]"], "budgets", ["does not fit"]),
        (["budgets = [0.1, 1.0]"], "budgets", ["does not fit"]),
        (["budgets = [0.1, nan]"], "budgets", ["does not fit"]),
        (["budgets = [1, 9223372036854775808]"], "budgets", ["does not fit"]),
        (["budgets = [20, 40, 40]"], "budgets", ["40 behind 40 does not rise"]),
        (["budgets = [0.2, 0.1]"], "budgets", ["0.1 behind 0.2 does not rise"]),
        (["budgets = [0.1, 0.95]"], "budgets", ["0.95 and validation_fraction = 0.1 are more"]),
        (["budgetz = [20, 40]"], "budgetz", ["unknown key", "Did you mean 'budgets'?"]),
    ],
)
def test_a_mistake_is_one_clear_line(lines, key, said):
    error = refused(*lines)
    assert error.where == f"tiny.toml, protocol.{key}"
    assert [part for part in said if part not in str(error)] == []


@given(st.integers(1, 50), st.integers(1, 50), st.integers(1, 40))
def test_labels_in_equal_steps(initial, query, queries):
    final = initial + query * queries
    protocol = parse(
        f"initial_labels = {initial}", f"query_labels = {query}", f"final_labels = {final}"
    ).protocol
    assert protocol.schedule.cumulative == tuple(range(initial, final + 1, query))
    assert protocol.n_cycles == queries + 1
