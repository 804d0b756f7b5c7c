"""Bundles of benches whose trainings go on from the weights of the cycle before."""

from itertools import pairwise

import pytest

from alharness.api.errors import MismatchError
from alharness.bundles.checking import checked
from alharness.bundles.packing import pack
from alharness.bundles.recomputing import waves
from alharness.bundles.sampling import every
from alharness.bundles.verifying import trainings
from alharness.protocol.components import Component


@pytest.fixture(scope="module")
def warm(make_bench, record_bench, tmp_path_factory):
    """A bundle with committees, and with another schedule after cycle 0: only to be read."""
    folder = tmp_path_factory.mktemp("warm")
    cosine = Component("schedule", "cosine", {}, "source of cosine", "c", "(test)", "1", "cosine")
    bench = make_bench(
        ("random", "qbc"),
        initial_sets=3,
        seeds=1,
        final=0.4,
        committees={"qbc": 2},
        protocol={"warm_start": True},
        training={"later": {"epochs": 1, "schedule": "cosine"}},
        later_schedule=cosine,
    )
    workspace = record_bench(bench, folder / "workspace")
    return pack(workspace, None, folder / "warm.zip").path


@pytest.fixture
def bundle(warm):
    with checked(warm) as found:
        yield found


def trials(bundle, cycle):
    return [
        one
        for one in bundle.records.values()
        if one.unit.kind == "trial" and one.unit.inputs.seed.cycle == cycle
    ]


def test_it_is_what_it_claims_to_be(bundle):
    assert bundle.document.scenarios[0].warm_start
    for cycle in range(4):
        for record in trials(bundle, cycle):
            recipe = record.unit.inputs.recipe
            assert (recipe.start is None) == (cycle == 0)
            assert recipe.schedule.name == ("cosine" if cycle else "constant")
            assert recipe.epochs == (1 if cycle else 2)


def test_a_trial_has_all_that_lead_to_it_trained_before(bundle):
    one = trials(bundle, 3)[0].unit
    planned = waves(bundle, [one.key])
    assert [[unit.inputs.seed.cycle for unit in wave] for wave in planned] == [[0], [1], [2], [3]]
    for before, after in pairwise(planned):
        assert after[0].inputs.recipe.start == before[0].key
    assert trainings(bundle, [one.key]) == 4


def test_every_unit_comes_once_and_after_what_it_reads(bundle):
    planned = waves(bundle, every(bundle))
    place = {unit.key: number for number, wave in enumerate(planned) for unit in wave}
    assert sorted(place) == sorted(bundle.records)
    for wave in planned:
        for unit in wave:
            assert all(place[key] < place[unit.key] for key in unit.inputs.reads().weights)


@pytest.mark.parametrize("told", ["ab" * 16, None])
def test_a_trial_that_says_it_started_from_other_weights(warm, tampered_from, tmp_path, told):
    tampered = tampered_from(warm)
    name = next(
        name
        for name in tampered.names("records/trial/")
        if name.endswith(".json") and "start" in tampered.json(name)["result"]
    )
    record = tampered.json(name)
    record["result"]["start"] = told
    if told is None:
        del record["result"]["start"]
    tampered.restate_record(name, record)
    path = tampered.restate().folder(tmp_path / "b")
    with (
        pytest.raises(MismatchError, match="it read other weights than trial") as caught,
        checked(path),
    ):
        pass
    assert record["key"] in str(caught.value)


def test_another_schedule_after_cycle_0_has_to_be_named(warm, tampered_from, tmp_path):
    tampered = tampered_from(warm)
    document = tampered.json("document.json")
    components = document["scenarios"][0]["components"]
    components[:] = [one for one in components if one["label"] != "cosine"]
    tampered.put("document.json", document)
    with (
        pytest.raises(MismatchError, match="does not name all its plugins"),
        checked(tampered.restate().folder(tmp_path / "b")),
    ):
        pass
