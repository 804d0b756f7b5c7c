"""Units: inputs determine the key, and a kind says what it reads."""

import copy
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alharness.protocol.keys import canonical_json, digest
from alharness.protocol.seeds import SeedPath
from alharness.protocol.units import (
    KINDS,
    AnnotationInputs,
    ChosenModel,
    EvaluationInputs,
    Identity,
    Network,
    QueryInputs,
    Recipe,
    Stored,
    TrialInputs,
    Unit,
    described_key,
    make_unit,
)

PLUGIN = Identity(name="one", source="s1")
OTHER = Identity(name="two", source="s2", parameters={"k": 2, "a": [0.5, "x"]})
FILED = Identity(name="three", source="s3", files={"path": "f"}, fingerprint="p")
NETWORK = Network(data="d", n_classes=10, in_channels=3, image_size=32, model=PLUGIN)
REGULARIZED = Network(
    data="d", n_classes=10, in_channels=3, image_size=32, model=OTHER, regularizers=(PLUGIN, FILED)
)
VALUES = {"learning-rate": 0.1, "batch-size": 8, "optimizer": "sgd"}
SEED = SeedPath(suite_seed=0, purpose="trial", scenario="x", initial_set=1, seed=2, cycle=0)
TRIAL = TrialInputs(
    network=NETWORK,
    hyperparameters=VALUES,
    labeled=("l0",),
    validation="v",
    loss=PLUGIN,
    recipe=Recipe(epochs=2, schedule=PLUGIN),
    seed=SEED,
)
FULL_TRIAL = TrialInputs(
    network=REGULARIZED,
    hyperparameters=VALUES,
    labeled=("l0", "l1"),
    validation="v",
    loss=OTHER,
    recipe=Recipe(
        epochs=2,
        schedule=OTHER,
        momentum=0.8,
        nesterov=True,
        weight_decay=0.1,
        precision="bfloat16",
        threads=2,
        normalization="l0",
        start="t",
    ),
    extension=PLUGIN,
    seed=SEED,
)
QUERY = QueryInputs(
    network=NETWORK,
    hyperparameters=VALUES,
    sampler=PLUGIN,
    trial="t0",
    labeled=("l0",),
    validation="v",
    budget=10,
    seed=SEED,
)
FULL_QUERY = QueryInputs(
    network=REGULARIZED,
    hyperparameters=VALUES,
    sampler=OTHER,
    trial="t1",
    previous=ChosenModel(trial="t0", hyperparameters=VALUES),
    committee=("c0", "c1"),
    labeled=("l0", "l1"),
    validation="v",
    budget=10,
    stored=Stored(query="q0", digest="z"),
    sees_labels=True,
    seed=SEED,
)
EVALUATION = EvaluationInputs(network=NETWORK, hyperparameters=VALUES, trial="t0", test="e")
ANNOTATION = AnnotationInputs(data="d", n_classes=10, oracle=FILED, query="q0", seed=SEED)
TEN = {
    "trial": TRIAL,
    "full trial": FULL_TRIAL,
    "trial of another cycle": TRIAL.model_copy(
        update={"seed": SeedPath(suite_seed=0, purpose="trial", cycle=3, number=7)}
    ),
    "trial with an extension": TRIAL.model_copy(update={"extension": OTHER}),
    "query": QUERY,
    "full query": FULL_QUERY,
    "evaluation": EVALUATION,
    "evaluation of a regularized network": EVALUATION.model_copy(update={"network": REGULARIZED}),
    "annotation": ANNOTATION,
    "annotation by another": ANNOTATION.model_copy(update={"oracle": PLUGIN}),
}


def leaves(value, path=()):
    if isinstance(value, dict):
        return [leaf for key, item in value.items() for leaf in leaves(item, (*path, key))]
    return [path]


@pytest.mark.parametrize("name", TEN)
def test_a_key_changes_with_every_input(name):
    described = make_unit(TEN[name]).to_json()
    inputs = described["inputs"]
    seen = {described["key"]}
    for path in leaves(inputs):
        changed = copy.deepcopy(inputs)
        place = changed
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = "changed"
        seen.add(described_key({**described, "inputs": changed}))
        del place[path[-1]]
        seen.add(described_key({**described, "inputs": changed}))
    assert len(seen) == 1 + 2 * len(leaves(inputs))


def test_ten_keys_never_change():
    """Records are found by them: mend the code, not the numbers.

    A later version may add an input with a default; it raises a step version, says so in the
    changelog, and changes these numbers only when a kind is computed in another way.
    """
    assert {name: make_unit(inputs).key for name, inputs in TEN.items()} == PINNED


PINNED = {
    "trial": "bc5b77b72ff3039e1c1b3e8f9130919d",
    "full trial": "51affac2cb4c980949e2a87152882c8b",
    "trial of another cycle": "03acde1dad7cb714d4f25e2e6f82992a",
    "trial with an extension": "60dbfd2629110edff1cf467e89c123c1",
    "query": "a6a3092d429a1762c68a3c2ca5a37d57",
    "full query": "3e772ea2d46b38c0cf6cdd1ddf8c2b2d",
    "evaluation": "c82ae73645185c3a90d5c73066702f8f",
    "evaluation of a regularized network": "fd09578518a48d8e7cef28b2f49514d2",
    "annotation": "4968dd6d7d7d25ec3e433305122322f9",
    "annotation by another": "28d7c0521e8caa58ef9f74e50b9d8960",
}


@pytest.mark.parametrize("name", TEN)
def test_a_key_is_the_digest_of_kind_step_and_inputs_as_any_json_library_spells_them(name):
    unit = make_unit(TEN[name])
    inputs = unit.inputs.model_dump(mode="json", exclude_defaults=True)
    if "seed" in inputs:
        inputs["seed"] = {key: value for key, value in inputs["seed"].items() if value is not None}
    assert json.loads(unit.inputs.spelled()) == inputs
    assert unit.inputs.spelled().encode() == canonical_json(inputs)
    described = {"kind": unit.kind, "step": unit.inputs.step, "inputs": inputs}
    assert unit.key == digest(described)


def test_a_default_written_out_is_the_same_unit():
    written = TRIAL.model_copy(
        update={"recipe": Recipe(epochs=2, schedule=PLUGIN, momentum=0.9, threads=1)}
    )
    assert make_unit(written).key == make_unit(TRIAL).key


def test_a_further_input_with_a_default_outdates_nothing():
    class Later(TrialInputs):
        further: str | None = None

    later = Later(**{name: getattr(TRIAL, name) for name in TrialInputs.model_fields})
    assert make_unit(later).key == make_unit(TRIAL).key
    assert make_unit(later.model_copy(update={"further": "x"})).key != make_unit(TRIAL).key


def test_a_key_changes_with_the_step_version(monkeypatch):
    before = {kind: make_unit(one).key for kind, one in (("trial", TRIAL), ("query", QUERY))}
    monkeypatch.setattr(QueryInputs, "step", QueryInputs.step + 1)
    assert make_unit(TRIAL).key == before["trial"]
    assert make_unit(QUERY).key != before["query"]


@pytest.mark.parametrize("name", TEN)
def test_json_and_back(name):
    unit = make_unit(TEN[name])
    back = Unit.from_json(json.loads(json.dumps(unit.to_json())))
    assert back == unit
    assert back.inputs == unit.inputs
    assert make_unit(back.inputs).key == unit.key


def test_an_old_key_follows_from_its_record(monkeypatch):
    old = make_unit(TRIAL).to_json()
    monkeypatch.setattr(TrialInputs, "step", TrialInputs.step + 1)
    assert described_key(old) == old["key"]
    with pytest.raises(ValueError, match="no trial of step"):
        Unit.from_json(old)


@pytest.mark.parametrize(
    "change",
    [
        {"key": "0" * 32},
        {"inputs": {**make_unit(TRIAL).to_json()["inputs"], "validation": "w"}},
        {"kind": "query"},
        {"step": 99},
    ],
)
def test_a_unit_that_is_not_what_its_key_says_is_refused(change):
    with pytest.raises(ValueError, match="is not the digest"):
        Unit.from_json({**make_unit(TRIAL).to_json(), **change})


def test_inputs_that_are_none_of_this_version_are_refused():
    described = make_unit(TRIAL).to_json()
    inputs = {**described["inputs"], "unknown": 1}
    described = {**described, "inputs": inputs}
    with pytest.raises(ValueError, match="unknown"):
        Unit.from_json({**described, "key": described_key(described)})


def test_what_each_kind_reads():
    assert set(KINDS) == {"trial", "evaluation", "query", "annotation", "representation"}
    assert TRIAL.reads() == ((), (), ())
    assert FULL_TRIAL.reads() == (("t",), (), ())
    assert EVALUATION.reads() == (("t0",), (), ())
    assert QUERY.reads() == (("t0",), (), ())
    assert FULL_QUERY.reads() == (("t1", "t0", "c0", "c1"), ("q0",), ())
    assert ANNOTATION.reads() == ((), ("q0",), ())


def test_what_is_on_features_reads_them():
    network = {"representation": {"name": "raw", "source": "s"}, "features": "r0"}
    on_features = NETWORK.model_validate({**NETWORK.model_dump(), **network})
    trial = TRIAL.model_copy(update={"network": on_features})
    assert trial.reads().features == ("r0",)
    query = QUERY.model_copy(update={"network": on_features, "own_features": "r1"})
    assert query.reads().features == ("r0", "r1")
    evaluation = EVALUATION.model_copy(update={"network": on_features, "features": "r2"})
    assert evaluation.reads().features == ("r2",)
    assert {trial.key(), query.key()}.isdisjoint({TRIAL.key(), QUERY.key()})


@given(
    st.dictionaries(
        st.text(max_size=5),
        st.integers()
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text()
        | st.booleans(),
    )
)
def test_any_parameters_are_spelled_canonically(parameters):
    identity = Identity(name="x", source="s", parameters=parameters)
    written = {"name": "x", "source": "s", **({"parameters": parameters} if parameters else {})}
    assert identity.spelled().encode() == canonical_json(written)
