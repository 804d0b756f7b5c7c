"""What a suite says of which images are in which set, and which of them a sampler sees."""

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
from alharness.protocol.suite.trainings import trainings

TEXT = """\
schema = 1
name = "tiny"
version = 1
title = "Tiny"
[protocol]
initial_sets = 5
seeds = 2
budgets = [10, 20, 50]
validation_fraction = 0.1
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
LAW = "{ a = 500, k = 4000, alpha = -0.32 }"


def changed(*changes):
    text = TEXT
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def parse(*changes):
    return parse_suite(changed(*changes), "tiny.toml")


def protocol(line):
    return ("seeds = 2", f"seeds = 2\n{line}")


def queries(line):
    return ("[methods]", f"[queries]\n{line}\n[methods]")


def long_tail(value):
    return ('oracle = "perfect"', f'oracle = "perfect"\nlong_tail = {value}')


def validation(value):
    return ("validation_fraction = 0.1", f"validation_fraction = {value}")


TUNED = (
    ("trials = 1", "trials = 2"),
    ('scope = "fixed"', 'scope = "first-initial-set"'),
)
UNNORMALIZED = [("epochs = 1", "epochs = 1\nnormalize = false")]
CHOSEN = [protocol('initial_draw = "chosen"'), *UNNORMALIZED]
MUNJAL = ("initial_sets = 5", 'initial_sets = "munjal2022"')


@pytest.mark.parametrize(
    "change",
    [
        protocol("held_back_fraction = 0"),
        protocol('initial_draw = "uniform"'),
        queries(""),
    ],
)
def test_defaults_are_not_spelled(change):
    assert suite_digest(parse(change)) == suite_digest(parse())
    assert suite_json(parse(change)) == suite_json(parse())


@pytest.mark.parametrize(
    "change",
    [
        protocol("held_back_fraction = 0.1"),
        protocol('initial_draw = "per-class"'),
        CHOSEN,
        queries("pool_subset = 30"),
        long_tail("{ ratio = 10 }"),
        long_tail(LAW),
        validation("0"),
    ],
)
def test_what_changes_results_changes_the_protocols_digest(change):
    suite, before = parse(*(change if isinstance(change, list) else [change])), parse()
    digests = {protocol_digest(one, one.scenarios[0]) for one in (suite, before)}
    assert len(digests) == 2
    again = suite_of(json.loads(json.dumps(suite_json(suite))), "declaration")
    assert again == suite


@pytest.mark.parametrize(
    ("changes", "key", "said"),
    [
        ([protocol("held_back_fraction = 1")], "protocol.held_back_fraction", ["below 1"]),
        ([protocol("held_back_fraction = -0.1")], "protocol.held_back_fraction", ["0 or more"]),
        ([protocol('initial_draw = "herding"')], "protocol.initial_draw", ['"per-class"']),
        (
            [MUNJAL, protocol("held_back_fraction = 0.1")],
            "protocol.held_back_fraction",
            ["0.1 is for splits that the suite's seed draws", "a number of initial_sets"],
        ),
        (
            [MUNJAL, protocol('initial_draw = "per-class"')],
            "protocol.initial_draw",
            ['"per-class" is for splits'],
        ),
        (
            [MUNJAL, long_tail("{ ratio = 10 }")],
            "scenarios[0].long_tail",
            ["'munjal2022' are of all images"],
        ),
        (
            [protocol('initial_draw = "per-class"'), long_tail(LAW)],
            "scenarios[0].long_tail",
            ["so does initial_draw", "Leave one of them out"],
        ),
        ([protocol('initial_draw = "chosen"')], "training.normalize", ["Write normalize = false"]),
        (
            [MUNJAL, protocol('initial_draw = "chosen"'), *UNNORMALIZED],
            "protocol.initial_draw",
            ['"chosen" is for splits'],
        ),
        (
            [*CHOSEN, long_tail(LAW)],
            "scenarios[0].long_tail",
            ["which samplers choose", "Leave one of them out"],
        ),
        (
            [
                *CHOSEN,
                ("budgets = [10, 20, 50]", "budgets = [40, 50]"),
                queries("pool_subset = 39"),
            ],
            "queries.pool_subset",
            ["39 images are fewer than the 40 of the largest query"],
        ),
        ([long_tail("{ ratio = 0.5 }")], "scenarios[0].long_tail.ratio", ["from 1 to 1e9"]),
        ([long_tail("{}")], "scenarios[0].long_tail.a", ["is missing", "or ratio alone"]),
        ([long_tail("{ a = 1, k = 2 }")], "scenarios[0].long_tail.alpha", ["a number below 0"]),
        (
            [long_tail("{ ratio = 10, a = 1 }")],
            "scenarios[0].long_tail.ratio",
            ["Write one or the other"],
        ),
        (
            [validation("0"), *TUNED],
            "protocol.validation_fraction",
            ['0 leaves no images to tune on, and tuning.scope = "first-initial-set"'],
        ),
        (
            [validation("0"), protocol("stop_at_accuracy = 0.9")],
            "protocol.stop_at_accuracy",
            ["of a validation set", "a larger validation_fraction"],
        ),
        ([validation("-0.1")], "protocol.validation_fraction", ["0 or more and below 1"]),
        ([queries("pool_subset = 0")], "queries.pool_subset", ["of 1 or more"]),
        ([queries("pool_subset = true")], "queries.pool_subset", ["true (a boolean)"]),
        ([queries("pool_subsets = 5")], "queries.pool_subsets", ["Did you mean 'pool_subset'?"]),
        (
            [queries("pool_subset = 29")],
            "queries.pool_subset",
            ["29 images are fewer than the 30 of the largest query", "Write 30 or more"],
        ),
    ],
)
def test_a_mistake_is_one_clear_line(changes, key, said):
    with pytest.raises(UsageError) as caught:
        parse(*changes)
    assert caught.value.where == f"tiny.toml, {key}"
    assert caught.value.remedy
    assert "\n" not in str(caught.value)
    assert [part for part in said if part not in str(caught.value)] == []


def test_what_is_allowed():
    assert parse(validation("0")).protocol.validation_fraction == 0
    assert parse(queries("pool_subset = 30")).queries.pool_subset == 30
    assert parse(MUNJAL, long_tail(LAW)).scenarios[0].long_tail.ratio is None
    both = parse(protocol('initial_draw = "per-class"'), long_tail("{ ratio = 10 }"))
    assert both.scenarios[0].long_tail.model_dump() == {"ratio": 10}
    assert both.leaves_images_out
    assert parse(protocol("held_back_fraction = 0.1")).leaves_images_out
    assert not parse(long_tail(LAW)).leaves_images_out
    assert parse(*CHOSEN, long_tail("{ ratio = 10 }")).leaves_images_out
    assert parse(*CHOSEN).protocol.first_tested_cycle == 0
    assert parse().protocol.first_tested_cycle == 1


def test_where_sets_are_chosen_the_reference_is_part_of_the_protocol():
    """It chooses for all that need a model."""
    other = (
        'compared = ["random", "margin"]',
        'compared = ["random", "margin"]\nreference = "margin"',
    )
    for changes, n in ((CHOSEN, 2), ([], 1)):
        suites = parse(*changes), parse(*changes, other)
        assert len({protocol_digest(one, one.scenarios[0]) for one in suites}) == n


def test_every_method_may_train_a_first_cycle_of_its_own():
    assert trainings(parse()).total == 5 * 2 * (1 + 2 * 2)
    assert trainings(parse(*CHOSEN)).total == 5 * 2 * (2 + 2 * 2)


ODD = [
    *("0", "-1", "1", "1e-300", "1e308", "inf", "nan", "true", '""', '"x"', "[]", "{}", "[[]]"),
    *("9223372036854775807", "9223372036854775808", "1" + "0" * 400, "[1, 2]", "[0.5, 1e-300]"),
    *("2024-01-01", "{ ratio = 1e9 }", "{ a = 1, k = 1e9, alpha = -1000 }", '"per-class"'),
]


@pytest.mark.parametrize("value", ODD)
@pytest.mark.parametrize(
    "change",
    [
        lambda value: ("budgets = [10, 20, 50]", f"budgets = {value}"),
        lambda value: (
            "budgets = [10, 20, 50]",
            f"initial_labels = 1\nquery_labels = 1\nfinal_labels = {value}",
        ),
        lambda value: protocol(f"held_back_fraction = {value}"),
        lambda value: protocol(f"initial_draw = {value}"),
        lambda value: queries(f"pool_subset = {value}"),
        lambda value: ("[methods]", f"[methods]\nqueries = {value}"),
        long_tail,
        validation,
    ],
)
def test_odd_values_are_read_or_refused_in_one_line(change, value):
    suite, refusal = None, None
    try:
        suite = parse(change(value))
    except UsageError as error:
        refusal = str(error)
    if refusal is None:
        assert suite_of(json.loads(json.dumps(suite_json(suite))), "declaration") == suite
    else:
        assert refusal.startswith("tiny.toml, ")
        assert "\n" not in refusal
        assert len(refusal) < 500
