"""Suites whose cycle 0 is trained otherwise than later ones, and warm starts."""

import pytest

from alharness import UsageError
from alharness.protocol.suite.reading import (
    parse_suite,
    protocol_digest,
    suite_digest,
    suite_json,
    suite_of,
)

TEXT = """
schema = 1
name = "tiny"
version = 1
title = "Tiny"
[protocol]
initial_sets = 2
seeds = 1
budgets = [10, 20, 30]
validation_fraction = 0.1
#protocol
[tuning]
trials = 3
scope = "per-initial-set"
[tuning.space]
learning-rate = { log = [1e-3, 1e-1] }
batch-size = 16
optimizer = ["sgd", "adam"]
#tuning
[training]
epochs = 40
#training
[methods]
compared = ["random"]
[[scenarios]]
name = "one"
dataset = "digits"
model = "mlp"
regularizers = []
oracle = "perfect"
#scenario
"""


def parse(**lines):
    """The suite with lines at the ends of tables."""
    text = TEXT
    for table, line in lines.items():
        text = text.replace(f"#{table}", line)
    return parse_suite(text, "tiny.toml")


def digests(**lines):
    suite = parse(**lines)
    return suite_digest(suite), protocol_digest(suite, suite.scenarios[0])


IMAGENET = {
    "protocol": "warm_start = true",
    "tuning": "[tuning.later]\nlearning-rate = 0.01",
    "training": """
[training.first]
epochs = 200
schedule = { schedule = "steps", milestones = [140, 160, 180], warmup_epochs = 5 }
[training.later]
epochs = 100
schedule = { schedule = "steps", milestones = [35, 55, 80] }
momentum = 0.8
""",
}


def test_each_cycle_has_what_is_said_of_it():
    suite = parse(**IMAGENET)
    first, later, last = (suite.training.of_cycle(cycle) for cycle in (0, 1, 2))
    assert (first.epochs, later.epochs) == (200, 100)
    assert first.schedule.parameters["milestones"] == [140, 160, 180]
    assert later.schedule.parameters == {"milestones": [35, 55, 80]}
    assert (first.momentum, later.momentum) == (0.9, 0.8)
    assert later == last
    assert list(suite.tuning.lines_of(1)) == ["learning-rate"]
    assert suite.tuning.lines_of(0) == {}
    assert suite.protocol.warm_start


def test_without_them_all_cycles_have_the_same():
    suite = parse()
    assert suite.training.of_cycle(0) == suite.training.of_cycle(5) == suite.training
    assert not suite.protocol.warm_start


def test_it_is_read_again_as_it_is_written():
    suite = parse(**IMAGENET)
    assert suite_of(suite_json(suite), "a document") == suite


@pytest.mark.parametrize(
    "lines",
    [
        {"protocol": "warm_start = false"},
        {"training": "[training.first]\n[training.later]"},
        {"tuning": "[tuning.first]\n[tuning.later]"},
    ],
)
def test_what_says_nothing_changes_no_digest(lines):
    assert digests(**lines) == digests()


@pytest.mark.parametrize("table", IMAGENET)
def test_what_says_something_changes_both(table):
    for one, other in zip(digests(**{table: IMAGENET[table]}), digests(), strict=True):
        assert one != other


@pytest.mark.parametrize(
    ("lines", "where", "what", "remedy"),
    [
        ({"protocol": "warm_start = 1"}, "protocol.warm_start", "does not fit", "Write true"),
        (
            {"protocol": "warm_start = true", "training": "same_start = true"},
            "training.same_start",
            "protocol.warm_start from those of the cycle before",
            "Leave one of them out",
        ),
        (
            {"training": "[training.later]\nepoch = 3"},
            "training.later.epoch",
            "unknown key",
            "Did you mean 'epochs'?",
        ),
        (
            {"training": "[training.first]\nnormalize = false"},
            "training.first.normalize",
            "unknown key",
            "Known: epochs, momentum, nesterov, schedule, weight_decay",
        ),
        (
            {"training": "[training.latter]\nepochs = 3"},
            "training.latter",
            "unknown key",
            "Did you mean 'later'?",
        ),
        (
            {"training": "[training.later]\nepochs = 0"},
            "training.later.epochs",
            "0 (a whole number) does not fit",
            "from 1 to",
        ),
        (
            {"training": "[training.later]\nnesterov = true\nmomentum = 0.0"},
            "training.later.nesterov",
            "true, but momentum = 0",
            "Write a momentum above 0",
        ),
        (
            {
                "training": "[training.later]\nmomentum = 0.5",
                "tuning": "[tuning.later]\noptimizer = 'adam'",
            },
            "training.later.momentum",
            "0.5 is for sgd, which is not among the optimizers",
            "Leave it out",
        ),
        (
            {"tuning": "[tuning.later]\nlearning-rat = 0.1"},
            "tuning.later.learning-rat",
            "takes the place of a line of [tuning.space], where there is none",
            "Did you mean 'learning-rate'?",
        ),
        (
            {"tuning": "[tuning.later]\nlearning-rate = -1"},
            "tuning.later.learning-rate",
            "does not fit",
            "finite numbers above 0",
        ),
        (
            {"tuning": "[tuning.first]\nlearning-rate = { log = [2, 1] }"},
            "tuning.first.learning-rate",
            "the range from 2 to 1 is empty",
            "Write the lower end first",
        ),
        ({"scenario": "warm_start = true"}, "scenarios[0].warm_start", "unknown key", ""),
    ],
)
def test_what_does_not_fit_is_refused_in_a_line(lines, where, what, remedy):
    with pytest.raises(UsageError) as caught:
        parse(**lines)
    assert caught.value.where == f"tiny.toml, {where}"
    assert what in caught.value.what
    assert remedy in caught.value.remedy
    assert "\n" not in str(caught.value)


def test_what_is_fixed_is_fixed_in_all_cycles():
    text = TEXT.replace("trials = 3", "trials = 1").replace("per-initial-set", "fixed")
    text = text.replace("{ log = [1e-3, 1e-1] }", "0.1").replace('["sgd", "adam"]', '"sgd"')
    parse_suite(text.replace("#tuning", "[tuning.later]\nlearning-rate = 0.01"), "tiny.toml")
    with pytest.raises(UsageError, match="is not a single value") as caught:
        parse_suite(text.replace("#tuning", "[tuning.later]\nbatch-size = [8, 16]"), "tiny.toml")
    assert caught.value.where == "tiny.toml, tuning.later.batch-size"


def test_a_weight_decay_of_some_cycles_is_fixed_too():
    suite = TEXT.replace("regularizers = []", 'regularizers = ["weight-decay"]')
    with pytest.raises(UsageError, match="'weight-decay' of scenarios\\[0\\] tunes it") as caught:
        parse_suite(suite.replace("#training", "[training.later]\nweight_decay = 0.1"), "tiny.toml")
    assert caught.value.where == "tiny.toml, training.later.weight_decay"
