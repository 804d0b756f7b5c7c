"""What is another key of features, and that units without them have the keys that they had."""

from dataclasses import replace

import pytest

from alharness.protocol.components import Component
from alharness.protocol.keys import digest
from alharness.protocol.planning.survey import survey
from alharness.protocol.units import RepresentationInputs

PIXELS = Component(
    "representation", "pixels", {"scale": 1}, "source", "pixels", "(test)", "1", "pixels"
)


def inputs(representation=PIXELS, **changes):
    told = {"data": "d", "part": "train", "precision": "float32", **changes}
    return RepresentationInputs(representation=representation.identity, **told)


def test_keys_are_fixed():
    assert inputs().key() == "fa535584a459af462343924d58472c8f"
    assert inputs(precision="float16", part="test").key() == "7096df82753aa8b9f70c7a2a22005a13"


@pytest.mark.parametrize(
    "other",
    [
        inputs(replace(PIXELS, name="other")),
        inputs(replace(PIXELS, parameters={"scale": 2})),
        inputs(replace(PIXELS, source="another source")),
        inputs(replace(PIXELS, files={"weights": "digest of a file"})),
        inputs(replace(PIXELS, files={"weights": "digest of another file"})),
        inputs(replace(PIXELS, fingerprint="digest of weights that no parameter names")),
        inputs(data="other"),
        inputs(part="test"),
        inputs(precision="float16"),
    ],
)
def test_whatever_determines_features_is_in_their_key(other):
    assert other.key() != inputs().key()


def test_who_wrote_a_representation_and_how_it_is_called_is_not():
    same = replace(PIXELS, version="2", distribution="x", label="y", defaults={"scale": 1})
    assert inputs(replace(PIXELS, parameters={})).key() == inputs(same).key()


@pytest.mark.parametrize(
    "changes",
    [
        {"files": {"weights": "digest of another file"}},
        {"fingerprint": "other weights"},
        {"parameters": {"scale": 2}},
    ],
)
def test_another_representation_is_another_key_of_all_that_rests_on_it(make_bench, changes):
    """Of trials, evaluations and queries; nothing is shared."""
    one, other = (
        make_bench(representation=shown) for shown in (PIXELS, replace(PIXELS, **changes))
    )
    (first,), (second,) = one.conditions, other.conditions
    assert first.network.features != second.network.features
    assert keys(one).isdisjoint(keys(other))


def test_another_precision_and_another_data_set_are_other_keys(make_bench):
    benches = [
        make_bench(representation=PIXELS),
        make_bench(representation=PIXELS, features="float16"),
        make_bench(representation=PIXELS, test="other"),
    ]
    parts = [
        {
            unit.inputs.part: unit.key
            for unit in bench.features(bench.conditions[0], bench.methods[0])
        }
        for bench in benches
    ]
    assert len({one["test"] for one in parts}) == 3
    assert len({one["train"] for one in parts}) == 2
    assert parts[0]["train"] == parts[2]["train"]


def keys(bench):
    class Nothing:
        weights = frozenset()

        def result(self, unit):
            return None

    state = survey(bench, Nothing())
    return {step.unit.key for run in state.runs for step in run.steps.values() if step.unit}


def test_units_without_features_have_the_keys_that_they_had(make_bench, world):
    """The digest is that of commit 4b6d56a, before there were representations."""
    bench = make_bench(seeds=1, trials=1)
    there = world(bench)
    there.finish(bench)
    assert len(there.units) == 36
    assert digest(sorted(there.units)) == "42c0cd33ad01c8b8f4d01afe60dc4eac"
