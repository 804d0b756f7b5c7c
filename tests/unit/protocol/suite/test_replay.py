"""Scenarios that replay another one's labeled sets, or have a validation set of their own size."""

import json
from itertools import pairwise

import numpy as np
import pytest

from alharness import UsageError
from alharness.protocol.partition.of_scenario import scenario_splits
from alharness.protocol.suite.reading import (
    parse_suite,
    protocol_digest,
    suite_digest,
    suite_json,
    suite_of,
)

TEXT = """\
schema = 1
name = "tiny"
version = 1
title = "Tiny"
[protocol]
initial_sets = {sets}
seeds = 1
initial_fraction = 0.1
query_fraction = 0.1
final_fraction = {final}
validation_fraction = {validation}
{protocol}
[tuning]
trials = {trials}
scope = "{scope}"
[tuning.space]
learning-rate = 0.1
batch-size = 8
optimizer = "sgd"
[training]
epochs = 1
[methods]
compared = ["random", "margin"]
[[scenarios]]
name = "source"
dataset = "digits"
model = "mlp"
regularizers = []
oracle = "perfect"
{source}
[[scenarios]]
name = "target"
dataset = {dataset}
model = "small-cnn"
regularizers = []
oracle = {oracle}
{target}
"""
DEFAULTS = {
    "sets": 3,
    "final": 0.3,
    "validation": 0.1,
    "protocol": "",
    "trials": 1,
    "scope": "fixed",
    "source": "",
    "target": 'replay = "source"',
    "dataset": '"digits"',
    "oracle": '"perfect"',
}
TAIL = "long_tail = { ratio = 10 }"
REPLAY = DEFAULTS["target"]


def parse(**changes):
    return parse_suite(TEXT.format(**(DEFAULTS | changes)), "tiny.toml")


def test_a_scenario_replays_another_one():
    suite = parse()
    source, target = suite.scenarios
    assert suite.source(target) is source
    assert suite.source(source) is None
    declared = json.loads(json.dumps(suite_json(suite)))
    assert suite_of(declared, "here") == suite
    plain = parse(target="")
    assert suite_digest(plain) != suite_digest(suite)
    assert protocol_digest(plain, plain.scenarios[0]) == protocol_digest(suite, source)
    assert protocol_digest(plain, plain.scenarios[1]) != protocol_digest(suite, target)


@pytest.mark.parametrize(
    ("source", "target"),
    [
        (TAIL, f"{REPLAY}\n{TAIL}"),
        ("budgets = [0.1, 0.2]", f"{REPLAY}\nbudgets = [0.1, 0.2]"),
        ("budgets = [0.1, 0.2, 0.3]", REPLAY),
        ("validation_fraction = 0.2", f"{REPLAY}\nvalidation_fraction = 0.2"),
        ("validation_fraction = 0.1", REPLAY),
        ("pool_subset = 300", REPLAY),
        ('representation = "raw"', REPLAY),
    ],
)
def test_what_the_two_have_in_common_may_be_said_by_either(source, target):
    parse(source=source, target=target)


@pytest.mark.parametrize(
    ("changes", "key", "words"),
    [
        ({"target": 'replay = "target"'}, "replay", "it is the scenario itself"),
        ({"target": 'replay = "sauce"'}, "replay", "there is no scenario 'sauce'"),
        ({"dataset": '"cifar10"'}, "dataset", "another dataset, digits"),
        ({"dataset": '{ dataset = "digits", limit = 9 }'}, "dataset", "another dataset, digits"),
        ({"oracle": '"noisy"'}, "oracle", "another oracle, perfect"),
        ({"source": TAIL}, "long_tail", "another long tail"),
        ({"target": f"{REPLAY}\n{TAIL}"}, "long_tail", "another long tail"),
        ({"source": "budgets = [0.1, 0.2]"}, "replay", "other budgets"),
        ({"target": f"{REPLAY}\nbudgets = [0.1, 0.2]"}, "replay", "other budgets"),
        ({"source": "validation_fraction = 0.2"}, "validation_fraction", "another share"),
        ({"target": f"{REPLAY}\npool_subset = 300"}, "pool_subset", "it queries nothing"),
        ({"protocol": "stop_at_accuracy = 0.9"}, "replay", "leave nothing to replay"),
    ],
)
def test_what_cannot_be_replayed_is_refused_in_a_line(changes, key, words):
    with pytest.raises(UsageError, match=words) as caught:
        parse(**changes)
    assert caught.value.where == f"tiny.toml, scenarios[1].{key}"
    assert caught.value.remedy
    assert "\n" not in str(caught.value)


def test_a_replay_of_a_replay_names_the_one_that_queries():
    with pytest.raises(UsageError, match="'target' queries nothing: it replays 'source'") as caught:
        parse(
            target=REPLAY + '\n[[scenarios]]\nname = "third"\ndataset = "digits"\nmodel = "mlp"\n'
            'regularizers = []\noracle = "perfect"\nreplay = "target"'
        )
    assert caught.value.remedy == 'Write replay = "source"'


# Validation sets of another size


def splits(fraction, sets, draw="uniform", n=2_000):
    suite = parse(
        sets=sets,
        protocol="" if draw == "uniform" else f'initial_draw = "{draw}"',
        target=f"validation_fraction = {fraction}",
    )
    labels = np.arange(n) % 5
    own, other = (suite.of(one) for one in reversed(suite.scenarios))
    assert other.protocol.validation_fraction == 0.1
    return scenario_splits(own, own.scenarios[0], labels, 5)


@pytest.mark.parametrize(
    ("sets", "n", "draw"),
    [(3, 2_000, "uniform"), (3, 2_000, "per-class"), ('"munjal2022"', 50_000, "uniform")],
)
def test_other_validation_sizes_leave_the_initial_sets_as_they_are(sets, n, draw):
    """And a smaller validation set is the end of a larger one."""
    drawn = {fraction: splits(fraction, sets, draw, n) for fraction in (0.02, 0.05, 0.1)}
    for (smaller, few), (larger, many) in pairwise(drawn.items()):
        for one, other in zip(few, many, strict=True):
            assert np.array_equal(one.initial, other.initial)
            assert len(one.validation) == round(smaller * n) < len(other.validation)
            assert np.array_equal(other.validation[-len(one.validation) :], one.validation)
            assert len(other.validation) == round(larger * n)
            assert set(other.pool) < set(one.pool)


def test_its_own_size_is_the_protocol_whoever_says_it():
    own = parse(target="validation_fraction = 0.05")
    everywhere = parse(target="", validation=0.05)
    digests = [protocol_digest(one, one.scenarios[1]) for one in (own, everywhere)]
    assert digests[0] == digests[1]
    assert digests[0] != protocol_digest(parse(target=""), parse(target="").scenarios[1])
    assert protocol_digest(own, own.scenarios[0]) == protocol_digest(
        parse(target=""), own.scenarios[0]
    )
    assert suite_of(json.loads(json.dumps(suite_json(own))), "here") == own


@pytest.mark.parametrize(
    ("target", "changes", "words"),
    [
        ("validation_fraction = 0", {"scope": "first-initial-set"}, "no images to tune on"),
        ("validation_fraction = 0", {"protocol": "stop_at_accuracy = 0.9"}, "to measure"),
        ("validation_fraction = 0.8", {}, "more than all training images"),
        ("validation_fraction = 1", {}, "does not fit"),
        ("validation_fraction = -0.1", {}, "does not fit"),
    ],
)
def test_a_size_that_does_not_fit_is_one_clear_line(target, changes, words):
    with pytest.raises(UsageError, match=words) as caught:
        parse(target=target, **changes)
    assert caught.value.where == "tiny.toml, scenarios[1].validation_fraction"
    assert caught.value.remedy


def test_own_budgets_are_held_against_the_own_size():
    with pytest.raises(UsageError, match="more than all training images") as caught:
        parse(target="validation_fraction = 0.7\nbudgets = [0.1, 0.4]")
    assert caught.value.where == "tiny.toml, scenarios[1].budgets"
    parse(target="validation_fraction = 0.55\nbudgets = [0.1, 0.4]")
