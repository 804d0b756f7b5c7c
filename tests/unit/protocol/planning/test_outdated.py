"""Why units are to be computed again."""

import copy

import pytest

from alharness.protocol.planning.outdated import Outdated, outdated, position_of
from alharness.protocol.units import KINDS, Unit, described_key


def identity(name, source="a", **parameters):
    named = {"name": name, "source": source}
    return {**named, "parameters": parameters} if parameters else named


NETWORK = {
    "data": "d0",
    "n_classes": 10,
    "in_channels": 1,
    "image_size": 8,
    "model": identity("mlp", hidden=128),
    "regularizers": [identity("weight-decay"), identity("swa")],
}
VALUES = {"learning-rate": 0.1}
SEED = {"suite_seed": 0, "purpose": "x", "initial_set": 0, "cycle": 0, "number": 0}
TRIAL = {
    "network": NETWORK,
    "hyperparameters": VALUES,
    "labeled": ["l0"],
    "validation": "v0",
    "loss": identity("cross-entropy"),
    "recipe": {"epochs": 2, "normalization": "l0", "schedule": identity("constant")},
    "seed": SEED,
}
QUERY = {
    "network": NETWORK,
    "hyperparameters": VALUES,
    "sampler": identity("margin"),
    "trial": "t0",
    "committee": ["c0"],
    "labeled": ["l0"],
    "validation": "v0",
    "budget": 10,
    "seed": SEED,
}
ANNOTATION = {
    "data": "d0",
    "n_classes": 10,
    "oracle": identity("perfect"),
    "query": "q0",
    "seed": SEED,
}
EVALUATION = {"network": NETWORK, "hyperparameters": VALUES, "trial": "t0", "test": "e0"}
INPUTS = {"trial": TRIAL, "query": QUERY, "annotation": ANNOTATION, "evaluation": EVALUATION}


def changed(inputs, *path_and_value):
    *path, last, value = path_and_value
    result = copy.deepcopy(inputs)
    table = result
    for name in path:
        table = table[name]
    table[last] = value
    return result


def described(kind, inputs):
    """A unit as its record describes it."""
    unit = {"kind": kind, "step": KINDS[kind].step, "inputs": inputs}
    return {**unit, "key": described_key(unit)}


def ledger(*records):
    """What is recorded at each position."""

    def recorded_at(kind, positions):
        found = {}
        for record in records:
            position = position_of(record["kind"], record["inputs"])
            if record["kind"] == kind and position in positions:
                found.setdefault(position, []).append(record)
        return found

    return recorded_at


def why(kind, now, *before):
    """The reasons for one unit, given what is recorded."""
    unit = Unit.from_json(described(kind, now))
    found = outdated([unit], ledger(*(described(kind, inputs) for inputs in before)))
    assert all((one.kind, one.units) == (kind, 1) for one in found)
    return [one.why for one in found]


@pytest.mark.parametrize(
    ("kind", "change", "reason"),
    [
        ("trial", ("network", "model", "source", "b"), "the files of model 'mlp' changed"),
        (
            "trial",
            ("network", "regularizers", 1, "source", "b"),
            "the files of regularizer 'swa' changed",
        ),
        ("trial", ("network", "data", "d1"), "the training data changed"),
        ("trial", ("loss", "source", "b"), "the files of loss 'cross-entropy' changed"),
        (
            "trial",
            ("recipe", "schedule", "source", "b"),
            "the files of schedule 'constant' changed",
        ),
        ("query", ("sampler", "source", "b"), "the files of sampler 'margin' changed"),
        ("annotation", ("oracle", "source", "b"), "the files of oracle 'perfect' changed"),
        (
            "annotation",
            ("oracle", "files", {"path": "f"}),
            "the file that path of oracle 'perfect' names changed",
        ),
        ("annotation", ("oracle", "fingerprint", "f"), "what oracle 'perfect' reads changed"),
        ("evaluation", ("test", "e1"), "the test data changed"),
    ],
)
def test_what_changed_is_named(kind, change, reason):
    now = changed(INPUTS[kind], *change)
    assert why(kind, now, INPUTS[kind]) == [reason]


def test_what_follows_from_a_change_is_not_told_beside_it():
    now = changed(changed(QUERY, "committee", ["c1"]), "trial", "t1")
    now = changed(changed(now, "labeled", ["l1"]), "network", "model", "source", "b")
    assert why("query", now, QUERY) == ["the files of model 'mlp' changed"]


def test_several_changes_are_told_together():
    now = changed(changed(TRIAL, "network", "model", "source", "b"), "network", "data", "d1")
    assert why("trial", now, TRIAL) == [
        "the training data changed; the files of model 'mlp' changed"
    ]


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("trial", ("network", "model", "parameters", {})),
        ("trial", ("network", "model", identity("vgg"))),
        ("trial", ("network", "regularizers", [identity("swa")])),
        ("trial", ("recipe", "epochs", 3)),
        ("trial", ("recipe", "momentum", 0.8)),
        ("trial", ("recipe", "schedule", identity("cosine"))),
        ("trial", ("loss", identity("focal"))),
        ("query", ("budget", 5)),
        ("annotation", ("oracle", identity("noisy"))),
        ("evaluation", ("network", "model", "parameters", {})),
    ],
)
@pytest.mark.parametrize("code", ["the same code", "other code"])
def test_what_another_suite_declares_is_not_outdated(kind, change, code):
    """Suites may share a workspace, a seed and names of scenarios."""
    now = changed(INPUTS[kind], *change)
    if code == "other code" and kind != "annotation":
        now = changed(now, "network", "data", "d1")
    assert why(kind, now, INPUTS[kind]) == []


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("trial", ("hyperparameters", {"learning-rate": 1})),
        ("trial", ("labeled", ["l1"])),
        ("trial", ("validation", "v1")),
        ("trial", ("recipe", "normalization", "l1")),
        ("query", ("trial", "t1")),
        ("query", ("committee", ["c1"])),
    ],
)
def test_what_only_follows_from_a_change_elsewhere_explains_nothing(kind, change):
    """Of code, of data or of a declaration: nobody can tell."""
    assert why(kind, changed(INPUTS[kind], *change), INPUTS[kind]) == []


def test_the_nearest_record_explains():
    far = changed(changed(TRIAL, "network", "model", "source", "c"), "network", "data", "d1")
    other = changed(TRIAL, "recipe", "epochs", 3)
    now = changed(TRIAL, "network", "model", "source", "b")
    assert why("trial", now, far, other, TRIAL) == ["the files of model 'mlp' changed"]


def test_weights_that_are_gone():
    assert why("trial", TRIAL, TRIAL) == [
        "it is recorded, but its weights, which what is left to do reads, are not here"
    ]


@pytest.mark.parametrize(
    ("kind", "other"),
    [
        # Another sampler, the same sampler with another parameter: another method.
        ("query", changed(QUERY, "sampler", identity("coreset"))),
        ("query", changed(QUERY, "sampler", "parameters", {"k": 1})),
        # Another sampler's labeled set in a later cycle.
        ("trial", changed(changed(TRIAL, "labeled", ["l1"]), "seed", "cycle", 1)),
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
    records = [changed(TRIAL, "seed", "number", number) for number in range(3)]
    now = [changed(inputs, "network", "model", "source", "b") for inputs in records]
    units = [Unit.from_json(described("trial", inputs)) for inputs in now]
    assert outdated(units, ledger(*(described("trial", inputs) for inputs in records))) == (
        Outdated("trial", "the files of model 'mlp' changed", 3),
    )


def test_a_file_that_a_parameter_names():
    now, before = (
        changed(ANNOTATION, "oracle", {**identity("recorded"), "files": {"path": content}})
        for content in ("new", "old")
    )
    reason = "the file that path of oracle 'recorded' names changed"
    assert why("annotation", now, before) == [reason]


def test_another_step_of_the_core():
    old = {**described("trial", TRIAL), "step": 0}
    old["key"] = described_key(old)
    unit = Unit.from_json(described("trial", TRIAL))
    (found,) = outdated([unit], ledger(old))
    assert found.why == "alharness computes this kind of unit in another way now: trial"
