"""One deliberately broken plugin for each rule: it is caught by that rule."""

import functools
from pathlib import Path

import pytest

from alharness.registry import discover
from alharness.registry.hookspecs import PLURALS
from alharness.testing import KINDS, Outcome, find_subject, rules

FOLDER = Path(__file__).parent / "broken"
FILES = sorted(FOLDER.glob("*.py"))
BROKEN = [
    (one.kind, one.name) for one in discover(FILES).registered if one.provenance.version == "-"
]

SUITE = """
schema = 1
name = "broken"
version = 1
title = "Broken"
[protocol]
initial_sets = 1
seeds = 1
initial_fraction = 0.1
query_fraction = 0.1
final_fraction = 0.2
validation_fraction = 0.1
[tuning]
trials = 1
scope = "fixed"
[tuning.space]
learning-rate = 0.05
batch-size = 16
optimizer = "sgd"
{space}
[training]
epochs = 1
{training}
[methods]
compared = ["random"]
[[scenarios]]
name = "digits"
dataset = "digits"
model = "{model}"
regularizers = []
oracle = "perfect"
published = [{published}]
"""
SUITES = {
    "declaration": {"training": "epoch = 2"},
    "plugins": {"model": "mpl"},
    "tuning-space": {"space": "temperature = 2.0"},
    "published": {"published": '"a-table-1"'},
}

ALSO = {
    "isolation": {"fresh-plugins"},
    "distinct-positions_argpartition": {"pools-of-any-size"},
    "first-cycle": {"end-to-end", "stored-arrays"},
    "stored-arrays_objects": {"end-to-end"},
    "stored-arrays_bytes": {"end-to-end"},
    "duplicates": {"constant-images"},
    "same-generator-same-answer": {"hidden-labels"},
    "time-growth": {"memory-growth"},
    "interface": {"image-sizes", "last-layer"},
    "evaluation-is-deterministic_dropout": {
        "head-of-features",
        "images-are-independent",
        "weights-are-all",
    },
    "training": {"same-seed-same-training", "global-generators"},
    "losses-of-images": {"images-are-independent"},
    "mean-loss": {"confident-logits", "training"},
    "labels": {"same-generator-same-labels"},
    "features_width": {"images-are-independent"},
    "declaration": {"plugins", "tuning-space", "published"},
}
"""Other rules that a broken plugin cannot help breaking."""

SLOW_RULE = "same-answer-in-another-process"
"""Starts a process, which imports torch: checked only where it is the one to be broken."""

SLOW = {SLOW_RULE, "isolation_from-the-store", "same-results", "slots", "shutdown", "fresh-plugins"}
"""Its units import torch, or it trains."""

OTHER_RULES_OF_EXECUTORS = {"isolation", "same-results", "slots"}
"""Run through all other rules: each is a bench, and one of each kind of breach is enough."""

EVERYTHING = {"records", "distinct-positions_with-replacement", "device"}
"""Break nearly every rule."""


def target(name):
    return name.partition("_")[0]


@pytest.fixture(scope="module")
def subject(tmp_path_factory):
    """``subject(kind, name)``: the broken plugin, with the data that it needs."""
    folder = tmp_path_factory.mktemp("broken")
    (folder / "here").touch()

    @functools.cache
    def subject(kind, name):
        if kind == "suite":
            suite = folder / f"{name}.toml"
            parts = {"space": "", "training": "", "model": "mlp", "published": ""} | SUITES[name]
            suite.write_text(SUITE.format(**parts))
            return find_subject(str(suite), kind)
        return find_subject(name, kind, [FOLDER / f"{PLURALS[kind]}.py"], folder)

    return subject


CASES = [*BROKEN, *(("suite", name) for name in SUITES)]


def with_marks(slow):
    """Every case; those of these names take seconds."""
    return [
        pytest.param(*case, id="-".join(case), marks=[pytest.mark.slow] if case[1] in slow else [])
        for case in CASES
    ]


OTHERS = [
    pytest.param(*case, id="-".join(case))
    for case in CASES
    if case[0] != "executor" or case[1] in OTHER_RULES_OF_EXECUTORS
]


@pytest.mark.parametrize(("kind", "name"), with_marks(SLOW))
def test_the_rule_catches_it(subject, kind, name):
    (rule,) = (rule for rule in rules(kind) if rule.name == target(name))
    one = rule.checked(subject(kind, name))
    assert one.outcome is Outcome.BROKEN, one
    assert one.seen
    assert "\n" not in one.seen


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "name"), OTHERS)
def test_other_rules_do_not(subject, kind, name):
    found = [rule.checked(subject(kind, name)) for rule in rules(kind) if rule.name != SLOW_RULE]
    broken = {one.rule.name: one.seen for one in found if one.outcome is Outcome.BROKEN}
    if name not in EVERYTHING:
        expected = {target(name)} | ALSO.get(name, set())
        assert broken.keys() == expected - {SLOW_RULE}, broken


@pytest.mark.parametrize("kind", KINDS)
def test_every_rule_has_its_broken_plugin(kind):
    caught = {target(name) for one, name in CASES if one == kind}
    assert {rule.name for rule in rules(kind)} == caught


@pytest.mark.parametrize("kind", KINDS)
def test_every_rule_says_what_it_demands(kind):
    for rule in rules(kind):
        assert rule.demand.endswith("."), rule
        assert str(rule) == rule.name
