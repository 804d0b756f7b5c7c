"""Scenarios with budgets of their own, a pool subset of their own, and such as nobody ran."""

import json

import pytest

from alharness import UsageError
from alharness.protocol.suite.reading import (
    parse_suite,
    protocol_digest,
    suite_digest,
    suite_json,
    suite_of,
)
from alharness.protocol.suite.trainings import Trainings, trainings

TEXT = """\
schema = 1
name = "tiny"
version = 1
title = "Tiny"
[protocol]
initial_sets = 5
seeds = 1
{budgets}
validation_fraction = 0.2
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
{queries}
[[scenarios]]
name = "first"
dataset = "digits"
model = "mlp"
regularizers = []
oracle = "perfect"
{first}
[[scenarios]]
name = "second"
dataset = "digits"
model = "mlp"
regularizers = []
oracle = "perfect"
"""
STEPS = "initial_labels = 10\nquery_labels = 10\nfinal_labels = 30"
LIST = "budgets = [5, 10, 40, 100]"


def parse(first="", budgets=STEPS, queries=""):
    return parse_suite(TEXT.format(first=first, budgets=budgets, queries=queries), "tiny.toml")


def digest(suite, number=0):
    return protocol_digest(suite, suite.scenarios[number])


@pytest.mark.parametrize(
    ("first", "budgets"),
    [
        ("", (10, 20, 30)),
        (LIST, (5, 10, 40, 100)),
        ("initial_labels = 20\nquery_labels = 5\nfinal_labels = 30", (20, 25, 30)),
    ],
)
def test_budgets_of_a_scenario_take_the_place_of_the_protocols(first, budgets):
    suite = parse(first)
    assert suite.of(suite.scenarios[0]).protocol.schedule.cumulative == budgets
    assert suite.of(suite.scenarios[1]).protocol.schedule.cumulative == (10, 20, 30)
    cycles = len(budgets) + 3
    assert trainings(suite) == Trainings(5, 5 * cycles, 5 * (2 + 2 * (cycles - 2)))


def test_own_budgets_are_the_protocol_whoever_says_them():
    own, everywhere = parse(LIST), parse(budgets=LIST)
    assert digest(own) == digest(everywhere) != digest(parse())
    assert digest(own, 1) == digest(parse(), 1)
    assert suite_digest(own) != suite_digest(everywhere)


def test_so_is_what_a_sampler_sees_of_the_pool():
    own, everywhere = parse("pool_subset = 50"), parse(queries="[queries]\npool_subset = 50")
    assert digest(own) == digest(everywhere) != digest(parse())
    assert [own.pool_subset(one) for one in own.scenarios] == [50, None]
    both = parse("pool_subset = 50", queries="[queries]\npool_subset = 60")
    assert [both.pool_subset(one) for one in both.scenarios] == [50, 60]


def test_that_nobody_ran_it_is_no_part_of_the_protocol():
    suite = parse('not_run = "we had no data"')
    assert digest(suite) == digest(parse())
    assert suite_digest(suite) != suite_digest(parse())


@pytest.mark.parametrize(
    "first",
    [
        "",
        LIST,
        "pool_subset = 50",
        'representation = { representation = "timm:a", image_size = 8 }',
    ],
)
def test_a_suite_comes_back_from_its_declaration(first):
    suite = parse(first)
    declared = json.loads(json.dumps(suite_json(suite)))
    assert suite_of(declared, "here") == suite


@pytest.mark.parametrize(
    ("first", "key", "words"),
    [
        (f"{LIST}\n{STEPS}", "budgets", "in two ways"),
        ("initial_labels = 5", "query_labels", "is missing"),
        ("budgets = [5, 5]", "budgets", "does not rise"),
        ("budgets = [0.1, 0.9]", "budgets", "more than all training images"),
        ("initial_fraction = 0.1\nquery_fraction = 0.8\nfinal_fraction = 0.9", "final_fraction",
         "more than all training images"),
        ("pool_subset = 9", "pool_subset", "fewer than the 10 of the largest query"),
        (f"{LIST}\npool_subset = 59", "pool_subset", "fewer than the 60 of the largest query"),
        ("pool_subset = 0", "pool_subset", "does not fit"),
        ('not_run = "two\\nlines"', "not_run", "does not fit"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_clear_line(first, key, words):
    with pytest.raises(UsageError, match=words) as caught:
        parse(first)
    assert caught.value.where == f"tiny.toml, scenarios[0].{key}"
    assert caught.value.remedy
    assert "\n" not in str(caught.value)
