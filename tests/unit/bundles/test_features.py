"""Features in bundles: packed, checked, taken over, computed again; and what is refused."""

import random
import zipfile
from dataclasses import replace

import numpy as np
import pytest

from alharness.api.errors import MismatchError, UsageError
from alharness.bundles.agreement import Outcome
from alharness.bundles.agreement_of_features import compared_features, farthest
from alharness.bundles.arrays import packed_features
from alharness.bundles.checking import checked
from alharness.bundles.merging import merge
from alharness.bundles.packing import pack
from alharness.bundles.recomputing import waves
from alharness.bundles.sampling import every
from alharness.bundles.tolerances import TOLERANCES
from alharness.protocol.components import Component
from alharness.protocol.planning.run import State
from alharness.protocol.planning.survey import survey
from alharness.store.feature_file import START, FeatureHeader, read_header
from alharness.store.features import features_digest, open_features
from alharness.store.ledger import StoreLedger
from alharness.store.workspace import Workspace


def representation(name, **parameters):
    return Component(
        "representation", name, parameters, f"source of {name}", name, "(test)", "1", name
    )


@pytest.fixture(autouse=True)
def _without_syncing(monkeypatch):
    monkeypatch.setattr("os.fsync", lambda descriptor: None)


@pytest.fixture(scope="module")
def shown(make_bench):
    """Trained on features; ``margin`` asks for others by name."""
    return make_bench(
        initial_sets=3,
        seeds=1,
        trials=1,
        final=0.2,
        representation=representation("pixels"),
        features="float16",
        asks={"margin": representation("other")},
    )


@pytest.fixture(scope="module")
def done(shown, record_bench, tmp_path_factory):
    return record_bench(shown, tmp_path_factory.mktemp("features") / "w")


@pytest.fixture(scope="module")
def packed(done, tmp_path_factory):
    path = tmp_path_factory.mktemp("bundle") / "with.zip"
    assert pack(done, None, path, features=True).features == 3
    return path


@pytest.fixture(scope="module")
def without(done, tmp_path_factory):
    path = tmp_path_factory.mktemp("bundle") / "without.zip"
    told = pack(done, None, path)
    assert (told.features, told.without_features) == (0, 3)
    return path


def representations(bundle):
    return [key for key, one in bundle.records.items() if one.unit.kind == "representation"]


def test_features_are_in_it_in_the_order_of_the_data(packed, done):
    with checked(packed) as bundle:
        assert len(representations(bundle)) == 3
        for key in representations(bundle):
            result = bundle.records[key].result
            stored = open_features(done.features.checked(key, result["features"]))
            found = bundle.features(key)
            assert found.dtype == np.float16
            np.testing.assert_array_equal(found, np.concatenate(list(stored.blocks())))
    with zipfile.ZipFile(packed) as file:
        data = file.read(f"features/{key}.npy")
    assert len(data) == FeatureHeader("float16", *found.shape).n_bytes


def test_the_same_content_gives_the_same_bytes_whatever_the_secret_order(packed, done, tmp_path):
    """Of the features: where they were taken over is said in their records."""
    workspace = Workspace(tmp_path / "w")
    with checked(packed) as bundle:
        assert merge(bundle, workspace, 0).features == 3
        keys = representations(bundle)
        bundle_files = {key: bundle.read(f"features/{key}.npy") for key in keys}
    for key in keys:
        digest = done.records.read("representation", key).result["features"]
        one, other = (
            open_features(space.features.checked(key, digest)) for space in (done, workspace)
        )
        assert not np.array_equal(one.rows, other.rows)
        assert packed_features(one) == packed_features(other) == bundle_files[key]
    pack(done, None, tmp_path / "again.zip", features=True)
    assert (tmp_path / "again.zip").read_bytes() == packed.read_bytes()


@pytest.mark.parametrize("kind", ["packed", "without"])
def test_nothing_is_left_to_do_with_and_without(request, kind, shown, tmp_path):
    workspace = Workspace(tmp_path / "w")
    with checked(request.getfixturevalue(kind)) as bundle:
        assert merge(bundle, workspace, 0).features == (3 if kind == "packed" else 0)
        assert merge(bundle, workspace, 0).features == 0
    state = survey(shown, StoreLedger(workspace))
    assert {run.state for run in state.runs} == {State.DONE}
    assert state.ready() == ()


def test_what_is_lost_here_is_taken_from_the_bundle(packed, done, record_bench, shown, tmp_path):
    workspace = record_bench(shown, tmp_path / "w")
    for key in set(workspace.features.keys()):
        workspace.features.drop(key)
    with checked(packed) as bundle:
        told = merge(bundle, workspace, 0)
    assert (told.taken, told.features) == (0, 3)


def test_features_that_are_gone_cannot_be_packed(shown, record_bench, tmp_path):
    workspace = record_bench(shown, tmp_path / "w")
    pack(workspace, None, tmp_path / "without.zip")
    workspace.features.drop(next(iter(workspace.features.keys())))
    with pytest.raises(UsageError, match="there are no features of representation") as caught:
        pack(workspace, None, tmp_path / "with.zip", features=True)
    assert caught.value.remedy == "Pack without --features"
    pack(workspace, None, tmp_path / "again.zip")


# What is refused.


@pytest.fixture
def tampered(packed, make_tampered):
    return make_tampered(packed)


def refusal(path):
    with pytest.raises(MismatchError) as caught, checked(path):
        pass
    line = str(caught.value)
    assert "\n" not in line
    assert len(line) < 600
    return line


DAMAGES = {
    "a flipped bit": (lambda data: data[:-1] + bytes([data[-1] ^ 1]), "not what its record names"),
    "cut off": (lambda data: data[:-2], "bytes; float16 features of"),
    "cut off in its header": (lambda data: data[:50], "holds no features that can be read"),
    "empty": (lambda data: b"", "holds no features that can be read"),
    "too long": (lambda data: data + bytes(100_000), "bytes; float16 features of"),
    "a pickle": (lambda data: b"\x80\x04cposix\nsystem\n", "holds no features"),
    "another shape": (
        lambda data: FeatureHeader("float16", 4, 60).to_bytes() + data[START:],
        "has float16 features of 4 images, 60 wide, its record says",
    ),
    "another precision": (
        lambda data: data.replace(b"<f2", b"<f4", 1),
        "has float32 features of",
    ),
    "more than a memory holds": (
        lambda data: FeatureHeader("float16", 10**17, 10**17).to_bytes() + data[START:],
        "its record says",
    ),
    "a header of its own": (
        lambda data: data.replace(b", }", b",  }", 1).replace(b" \n", b"\n", 1),
        "holds no features",
    ),
    "objects": (lambda data: data.replace(b"'<f2'", b"'|O' ", 1), "holds no features"),
    "column by column": (lambda data: data.replace(b"False", b"True ", 1), "holds no features"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_features(tampered, tmp_path, damage):
    change, why = DAMAGES[damage]
    name = tampered.names("features/")[0]
    tampered.files[name] = change(tampered.files[name])
    said = refusal(tampered.restate().folder(tmp_path / "b"))
    assert why in said
    assert name in said


def test_features_of_another_unit_and_of_none(tampered, tmp_path):
    # Of the training images there are two, of one size.
    sizes = {name: len(tampered.files[name]) for name in tampered.names("features/")}
    one, other = (name for name, size in sizes.items() if size == max(sizes.values()))
    tampered.files[one], tampered.files[other] = tampered.files[other], tampered.files[one]
    assert "is not what its record names" in refusal(tampered.restate().folder(tmp_path / "b"))
    trial = tampered.json(tampered.record("trial"))["key"]
    for key in ("ab" * 16, trial):
        tampered.files[f"features/{key}.npy"] = tampered.files[one]
        assert "no record names it" in refusal_of_only(tampered, f"features/{key}.npy", tmp_path)
        del tampered.files[f"features/{key}.npy"]


def refusal_of_only(tampered, name, tmp_path):
    kept = {
        one: data
        for one, data in tampered.files.items()
        if not one.startswith("features/") or one == name
    }
    there, tampered.files = tampered.files, kept
    said = refusal(tampered.restate().folder(tmp_path / "c"))
    tampered.files = there
    return said


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_numbers_that_are_not_finite_though_their_digest_is_right(tampered, tmp_path, value):
    name = tampered.names("features/")[0]
    key = name.removeprefix("features/").removesuffix(".npy")
    said = read_header(tampered.files[name])
    features = np.zeros((said.n, said.width), dtype="<f2")
    features[3, 1] = value
    tampered.files[name] = said.to_bytes() + features.tobytes()
    record = f"records/representation/{key[:2]}/{key}.json"
    described = tampered.json(record)
    described["result"]["features"] = features_digest(said, [features])
    tampered.restate_record(record, described)
    assert "holds numbers that are not finite" in refusal(tampered.restate().folder(tmp_path / "b"))


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"features": "../x"}, "result.features"),
        ({"width": 0}, "result.width"),
        ({"n": -1}, "result.n"),
        ({"order": "computed by a friend"}, "result.order"),
        ({"order": "computed\n"}, "result.order"),
        ({"probe": {"accuracy": 2.0, "chance": 0.1, "n": 5}}, "result.probe.accuracy"),
        ({"more": 1}, "result.more"),
        ({"n": 59}, "59 training images, of which there are 60"),
        ({"width": 2**31}, "its records say"),
    ],
)
def test_records_of_features_that_are_none(tampered, tmp_path, change, why):
    for name in tampered.names("features/"):
        del tampered.files[name]
    names = [
        name
        for name in tampered.names("records/representation/")
        if tampered.json(name)["inputs"]["part"] == "train"
        and tampered.json(name)["inputs"]["representation"]["name"] == "pixels"
    ]
    record = tampered.json(names[0])
    record["result"] |= change
    tampered.restate_record(names[0], record)
    assert why in refusal(tampered.restate().folder(tmp_path / "b"))


def test_a_document_that_says_another_representation(tampered, tmp_path):
    document = tampered.json("document.json")
    scenario = document["scenarios"][0]
    scenario["representation"]["digest"] = "ab" * 16
    tampered.put("document.json", document)
    assert "representation, digest is 'abab" in refusal(tampered.restate().folder(tmp_path / "b"))
    scenario["representation"] = None
    tampered.put("document.json", document)
    assert "representation" in refusal(tampered.restate().folder(tmp_path / "b"))


def test_a_document_without_the_plugin_that_computes_them(tampered, tmp_path):
    document = tampered.json("document.json")
    components = document["scenarios"][0]["components"]
    components[:] = [one for one in components if one["kind"] != "representation"]
    tampered.put("document.json", document)
    assert "does not name all its plugins" in refusal(tampered.restate().folder(tmp_path / "b"))


def test_fuzz(tampered, tmp_path):
    """Whatever stands in a file of features: one line and exit code 6, or the features."""
    rng = random.Random(7)
    names = tampered.names("features/")
    whole = dict(tampered.files)
    for number in range(60):
        name = rng.choice(names)
        data = bytearray(whole[name])
        for _ in range(rng.choice([1, 1, 2, 8])):
            match rng.randrange(5):
                case 0:
                    data[rng.randrange(len(data))] = rng.randrange(256)
                case 1:
                    data[rng.randrange(min(START, len(data)))] = rng.randrange(256)
                case 2:
                    del data[rng.randrange(len(data)) :]
                case 3:
                    data += bytes(rng.randrange(300))
                case _:
                    at = rng.randrange(START)
                    data[at:at] = rng.choice([b"9" * 30, b"(", b"\x00", b"'", b"99999999999, "])
            data = data or bytearray(b"\x93")
        tampered.files = {**whole, name: bytes(data)}
        folder = tampered.restate().folder(tmp_path / "b")
        if bytes(data) != whole[name]:
            assert name in refusal(folder), number


# Computing them again.


def test_they_are_computed_before_what_reads_them_where_the_bundle_has_none(packed, without):
    with checked(without) as bundle:
        planned = waves(bundle, every(bundle))
        assert [unit.kind for unit in planned[0]] == ["representation"] * 3
        query = next(
            one.unit
            for one in bundle.records.values()
            if one.unit.kind == "query" and one.unit.inputs.own_features
        )
        kinds = [sorted(unit.kind for unit in wave) for wave in waves(bundle, [query.key])]
        assert kinds == [["representation"] * 2, ["trial"], ["query"]]
    with checked(packed) as bundle:
        kinds = [sorted(unit.kind for unit in wave) for wave in waves(bundle, [query.key])]
        assert kinds == [["trial"], ["query"]]
        key = representations(bundle)[0]
        assert [[unit.key for unit in wave] for wave in waves(bundle, [key])] == [[key]]


@pytest.fixture
def pair(packed, tmp_path):
    """``pair(change)``: recorded features, and others in a workspace, as they are compared."""
    with checked(packed) as bundle:
        record = bundle.records[representations(bundle)[0]]
        recorded = bundle.features(record.unit.key)
        assert recorded is not None
    recorded = recorded.astype(np.float32)
    workspace = Workspace(tmp_path / "again")

    def compare(change, recorded=recorded, **result):
        key = record.unit.key
        workspace.features.drop(key)
        base = recorded if recorded is not None else np.ones((5, 4), dtype=np.float32)
        found = change(base)
        digest = workspace.features.write(key, len(found), "float32", [found])
        again = replace(record, result={**record.result, "features": digest, **result})
        stored = open_features(workspace.features.checked(key, digest))
        return compared_features(record, again, recorded, stored, TOLERANCES)

    return compare


@pytest.mark.parametrize(("share", "outcome"), [(0.009, Outcome.CLOSE), (0.011, Outcome.DIFFERENT)])
def test_no_image_may_be_farther_away_than_the_tolerance(pair, share, outcome):
    def change(features):
        others = features.copy()
        others[7] *= 1 - share
        return others

    found = pair(change)
    assert found.outcome is outcome
    assert found.away == pytest.approx(share, rel=1e-3)
    assert "1 are tolerated" in found.said


def test_features_of_other_images_do_not_agree(pair):
    found = pair(lambda features: features[::-1])
    assert (found.outcome, found.away) == (Outcome.DIFFERENT, 1.0)


def test_where_nobody_has_the_recorded_ones_what_rests_on_them_tells(pair):
    found = pair(lambda features: features * 2, recorded=None)
    assert found.outcome is Outcome.CLOSE
    assert "trials say how near they are" in found.said


@pytest.mark.parametrize(("name", "value"), [("width", 5), ("n", 61), ("order", "not verifiable")])
def test_features_of_another_form_do_not_agree(pair, name, value):
    found = pair(lambda features: features, recorded=None, **{name: value})
    assert found.outcome is Outcome.DIFFERENT
    assert f"{name} {value}, recorded" in found.said


def test_images_without_any_feature(tmp_path):
    features = np.zeros((3, 2), dtype=np.float32)
    workspace = Workspace(tmp_path)

    def stored(values):
        workspace.features.drop("a")
        return open_features(
            workspace.features.checked("a", workspace.features.write("a", 3, "float32", [values]))
        )

    assert farthest(features, stored(features)) == 0
    assert farthest(features, stored(features + np.float32(1e-6))) == 1
