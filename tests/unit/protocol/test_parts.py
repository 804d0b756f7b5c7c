"""How inputs of units are spelled, against the standard library's JSON; what plugins they name."""

import json
from dataclasses import fields

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alharness.protocol.seeds import SeedPath
from alharness.protocol.units import (
    KINDS,
    AnnotationInputs,
    ChosenModel,
    EvaluationInputs,
    Identity,
    Network,
    Part,
    QueryInputs,
    Recipe,
    RepresentationInputs,
    Stored,
    TrialInputs,
    Unit,
    described_key,
    make_unit,
)

# Few values, so that a field is often at its default, beside strange ones.
texts = st.sampled_from(["", "float32", 'a "b"\\\n', "é\u2028😀"]) | st.text(max_size=4)
integers = st.sampled_from([0, 1, 2**64]) | st.integers(-5, 5)
floats = st.sampled_from([0.0, 0.9, 1e-7, 1e22]) | st.floats(allow_nan=False, allow_infinity=False)
values = st.dictionaries(texts, integers | floats | texts | st.booleans(), max_size=2)
texts_or_none, several = st.none() | texts, st.lists(texts, max_size=2).map(tuple)
parts_of_a_path = st.none() | st.integers(0, 2**64 - 2)
seeds = st.builds(
    SeedPath,
    suite_seed=st.integers(0, 2**64 - 2),
    purpose=texts,
    scenario=texts_or_none,
    **dict.fromkeys(("initial_set", "seed", "cycle", "number"), parts_of_a_path),
)
identities = st.builds(
    Identity,
    name=texts,
    parameters=values,
    source=texts,
    files=st.dictionaries(texts, texts, max_size=2),
    fingerprint=texts,
)
networks = st.builds(
    Network,
    data=texts,
    n_classes=integers,
    in_channels=integers,
    image_size=integers,
    model=identities,
    regularizers=st.lists(identities, max_size=2).map(tuple),
)
recipes = st.builds(
    Recipe,
    epochs=integers,
    schedule=identities,
    momentum=floats,
    nesterov=st.booleans(),
    weight_decay=floats,
    precision=texts,
    threads=integers,
    normalization=texts_or_none,
    start=texts_or_none,
)
chosen = st.builds(ChosenModel, trial=texts, hyperparameters=values)
stored = st.builds(Stored, query=texts, digest=texts)
inputs = st.one_of(
    st.builds(
        TrialInputs,
        network=networks,
        hyperparameters=values,
        labeled=several,
        validation=texts,
        loss=identities,
        recipe=recipes,
        extension=st.none() | identities,
        seed=seeds,
    ),
    st.builds(
        QueryInputs,
        network=networks,
        hyperparameters=values,
        sampler=identities,
        trial=texts,
        previous=st.none() | chosen,
        committee=several,
        labeled=several,
        validation=texts,
        budget=integers,
        stored=st.none() | stored,
        sees_labels=st.booleans(),
        seed=seeds,
    ),
    st.builds(EvaluationInputs, network=networks, hyperparameters=values, trial=texts, test=texts),
    st.builds(
        AnnotationInputs, data=texts, n_classes=integers, oracle=identities, query=texts, seed=seeds
    ),
)


def plain(value):
    """Parts as dictionaries of what is not at its default: pydantic is not asked."""
    if isinstance(value, Part):
        every = type(value).model_fields.items()
        given = {name: getattr(value, name) for name, _ in every}
        return {
            name: plain(given[name])
            for name, info in every
            if info.is_required() or given[name] != info.default
        }
    if isinstance(value, SeedPath):
        named = {field.name: getattr(value, field.name) for field in fields(value)}
        return {name: part for name, part in named.items() if part is not None}
    return [plain(one) for one in value] if isinstance(value, tuple) else value


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(inputs | identities | networks | recipes | chosen | stored)
def test_a_part_is_spelled_as_the_standard_library_spells_it(part):
    expected = json.dumps(plain(part), sort_keys=True, separators=(",", ":"))
    assert part.spelled() == expected
    assert part.spelled() == expected, "and again, where the spelling is kept"
    assert part.model_copy().spelled() == expected


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(inputs)
def test_a_key_follows_from_the_unit_as_it_travels(one):
    unit = make_unit(one)
    travelled = json.loads(json.dumps(unit.to_json()))
    assert described_key(travelled) == unit.key
    back = Unit.from_json(travelled)
    assert back.inputs == one
    assert make_unit(back.inputs).key == unit.key


PLUGIN = Identity(name="one", source="s")
NETWORK = Network(data="d", n_classes=2, in_channels=1, image_size=8, model=PLUGIN)
SEED = SeedPath(suite_seed=0, purpose="p")
RECIPE = Recipe(epochs=1, schedule=PLUGIN)
TRIAL = TrialInputs(
    network=NETWORK,
    hyperparameters={},
    labeled=("l",),
    validation="v",
    loss=PLUGIN,
    recipe=RECIPE,
    seed=SEED,
)
QUERY = QueryInputs(
    network=NETWORK,
    hyperparameters={},
    sampler=PLUGIN,
    labeled=("l",),
    validation="v",
    budget=1,
    seed=SEED,
)
DEFAULTS = [
    (part, name, info.default)
    for part in (PLUGIN, NETWORK, RECIPE, TRIAL, QUERY)
    for name, info in type(part).model_fields.items()
    if not info.is_required()
]


@pytest.mark.parametrize(
    ("part", "name", "default"),
    DEFAULTS,
    ids=[f"{type(part).__name__}.{name}" for part, name, _ in DEFAULTS],
)
def test_a_field_at_its_default_is_not_spelled(part, name, default):
    given = {one: getattr(part, one) for one in type(part).model_fields} | {name: default}
    written = type(part)(**given)
    assert name in written.model_fields_set
    assert name not in json.loads(written.spelled())
    assert written.spelled() == part.spelled()


def test_what_is_no_json_has_no_spelling():
    with pytest.raises(ValueError, match="JSON"):
        Identity(name="x", source="s", parameters={"t": float("nan")}).spelled()
    with pytest.raises(TypeError):
        Identity(name="x", source="s", parameters={"t": {1, 2}}).spelled()


def identity(name):
    return Identity(name=name, source="s")


def named(one):
    return {(plugin.kind, plugin.identity.name) for plugin in one.plugins()}


def test_each_kind_of_unit_names_the_plugins_that_it_is_built_from():
    regularizers = (identity("mixup"), identity("swa"))
    given = {"model": identity("mlp"), "regularizers": regularizers}
    network = NETWORK.model_copy(update=given)
    model = {("model", "mlp"), ("regularizer", "mixup"), ("regularizer", "swa")}
    recipe = RECIPE.model_copy(update={"schedule": identity("cosine")})
    trial = TRIAL.model_copy(update={"network": network, "loss": identity("l"), "recipe": recipe})
    extended = trial.model_copy(update={"extension": identity("loss-learning")})
    query = QUERY.model_copy(update={"network": network, "sampler": identity("margin")})
    evaluation = EvaluationInputs(network=network, hyperparameters={}, trial="t", test="e")
    oracle = identity("noisy")
    annotation = AnnotationInputs(data="d", n_classes=2, oracle=oracle, query="q", seed=SEED)
    features = RepresentationInputs(data="d", part="train", representation=identity("raw"))
    kinds = {trial.kind, query.kind, evaluation.kind, annotation.kind, features.kind}
    assert kinds == set(KINDS)
    assert named(features) == {("representation", "raw")}
    assert named(trial) == {("loss", "l"), ("schedule", "cosine"), *model}
    assert named(extended) == {*named(trial), ("sampler", "loss-learning")}
    assert named(query) == {("sampler", "margin"), *model}
    assert named(evaluation) == model
    assert named(annotation) == {("oracle", "noisy")}


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(inputs)
def test_every_identity_among_the_inputs_is_a_plugin_named_once(one):
    def found(value):
        if isinstance(value, Identity):
            return [value]
        if isinstance(value, Part):
            value = tuple(getattr(value, name) for name in type(value).model_fields)
        return [each for item in value for each in found(item)] if isinstance(value, tuple) else []

    def spellings(some):
        return sorted(each.spelled() for each in some)

    assert spellings(plugin.identity for plugin in one.plugins()) == spellings(found(one))
