"""Why units are to be computed again."""

import copy

import pytest

from alharness.protocol.planning.outdated import Outdated, outdated
from alharness.protocol.units import make_unit


def identity(name, source="a", **parameters):
    return {"name": name, "parameters": parameters, "source": source}


NETWORK = {
    "data": "d0",
    "n_classes": 10,
    "model": identity("mlp", hidden=128),
    "regularizers": [identity("weight-decay"), identity("swa")],
    "hyperparameters": {"learning-rate": 0.1},
}
TRIAL = {
    **NETWORK,
    "labeled": "l0",
    "validation": "v0",
    "recipe": {"epochs": 2, "normalization": "l0"},
    "seed": {"initial_set": 0, "cycle": 0, "number": 0},
}
QUERY = {
    **NETWORK,
    "sampler": identity("margin"),
    "trial": "t0",
    "previous": None,
    "committee": ["c0"],
    "labeled": "l0",
    "budget": 10,
    "seed": {"initial_set": 0, "cycle": 0, "number": 0},
}
ANNOTATION = {
    "data": "d0",
    "oracle": identity("perfect"),
    "query": "q0",
    "seed": {"initial_set": 0, "cycle": 0, "number": 0},
}
EVALUATION = {**NETWORK, "trial": "t0", "test": "e0"}
INPUTS = {"trial": TRIAL, "query": QUERY, "annotation": ANNOTATION, "evaluation": EVALUATION}


def changed(inputs, *path_and_value):
    *path, last, value = path_and_value
    result = copy.deepcopy(inputs)
    table = result
    for name in path:
        table = table[name]
    table[last] = value
    return result


def why(kind, now, *before):
    """The reasons for one unit, given what is recorded."""
    records = [make_unit(kind, inputs) for inputs in before]
    found = outdated(
        [make_unit(kind, now)], lambda asked: [unit for unit in records if unit.kind == asked]
    )
    assert all((one.kind, one.units) == (kind, 1) for one in found)
    return [one.why for one in found]


@pytest.mark.parametrize(
    ("kind", "change", "reason"),
    [
        ("trial", ("model", "source", "b"), "the source of model 'mlp' changed"),
        ("trial", ("model", "parameters", {}), "the parameters of model 'mlp' changed"),
        ("trial", ("model", identity("vgg")), "the model changed from 'mlp' to 'vgg'"),
        (
            "trial",
            ("regularizers", 1, "source", "b"),
            "the source of regularizer 'swa' changed",
        ),
        (
            "trial",
            ("regularizers", [identity("swa")]),
            'regularizers changed from ["weight-decay", "swa"] to ["swa"]',
        ),
        ("trial", ("recipe", "epochs", 3), "epochs changed from 2 to 3"),
        ("trial", ("hyperparameters", {"learning-rate": 1}), "the hyper-parameters changed"),
        ("trial", ("data", "d1"), "the training data changed"),
        ("query", ("sampler", "source", "b"), "the source of sampler 'margin' changed"),
        ("query", ("budget", 5), "budget changed from 10 to 5"),
        ("query", ("trial", "t1"), "the trial changed"),
        ("annotation", ("oracle", "source", "b"), "the source of oracle 'perfect' changed"),
        ("annotation", ("oracle", "fingerprint", "f"), "what oracle 'perfect' reads changed"),
        ("query", ("committee", ["c1"]), "the committee changed"),
        ("evaluation", ("test", "e1"), "the test data changed"),
    ],
)
def test_what_changed_is_named(kind, change, reason):
    now = changed(INPUTS[kind], *change)
    assert why(kind, now, INPUTS[kind]) == [reason]


def test_what_follows_from_a_change_is_not_told_beside_it():
    now = changed(changed(QUERY, "committee", ["c1"]), "trial", "t1")
    now = changed(changed(now, "labeled", "l1"), "model", "source", "b")
    assert why("query", now, QUERY) == ["the source of model 'mlp' changed"]


def test_several_changes_are_told_together():
    now = changed(changed(TRIAL, "model", "source", "b"), "recipe", "epochs", 3)
    assert why("trial", now, TRIAL) == [
        "the source of model 'mlp' changed; epochs changed from 2 to 3"
    ]


def test_the_nearest_record_explains():
    far = changed(changed(TRIAL, "model", "source", "c"), "recipe", "epochs", 9)
    now = changed(TRIAL, "model", "source", "b")
    assert why("trial", now, far, TRIAL) == ["the source of model 'mlp' changed"]


def test_weights_that_are_gone():
    assert why("trial", TRIAL, TRIAL) == ["its weights are needed and were not kept"]


@pytest.mark.parametrize(
    ("kind", "other"),
    [
        # Another sampler, the same sampler with another parameter: another method.
        ("query", changed(QUERY, "sampler", identity("coreset"))),
        ("query", changed(QUERY, "sampler", "parameters", {"k": 1})),
        # Another sampler's labeled set in a later cycle.
        ("trial", changed(changed(TRIAL, "labeled", "l1"), "seed", "cycle", 1)),
        ("trial", changed(TRIAL, "seed", "number", 1)),
        ("annotation", changed(ANNOTATION, "query", "q1")),
        ("evaluation", changed(EVALUATION, "trial", "t1")),
    ],
)
def test_what_is_new_is_not_outdated(kind, other):
    now = INPUTS[kind]
    if kind == "trial":
        now = changed(now, "seed", "cycle", other["seed"]["cycle"])
    assert why(kind, now, other) == []


def test_units_are_counted_by_reason():
    records = [make_unit("trial", changed(TRIAL, "seed", "number", n)) for n in range(3)]
    now = [make_unit("trial", changed(unit.inputs, "model", "source", "b")) for unit in records]
    assert outdated(now, lambda kind: records) == (
        Outdated("trial", "the source of model 'mlp' changed", 3),
    )
