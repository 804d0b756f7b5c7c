"""What is packed, and what is not."""

import getpass
import json
import platform
import re
import shutil
import subprocess
import zipfile
from dataclasses import replace

import numpy as np
import pytest

from alharness.api.errors import MismatchError, UsageError
from alharness.bundles.checking import checked
from alharness.bundles.environment import environment, git_state
from alharness.bundles.packing import pack
from alharness.bundles.strict_json import written
from alharness.protocol.partition.given import GivenSplits
from alharness.protocol.partition.splits import Split
from alharness.store.workspace import Workspace


def everything(path):
    """Names and contents of a bundle's files, arrays unpacked by nobody."""
    with zipfile.ZipFile(path) as bundle:
        return {one.filename: bundle.read(one) for one in bundle.infolist()}


def test_the_same_content_gives_the_same_bytes(finished, packed, tmp_path):
    again = pack(finished, "tiny", tmp_path / "again.zip", weights=True)
    assert again.path.read_bytes() == packed.read_bytes()
    as_folder = pack(finished, None, tmp_path / "folder", weights=True)
    assert as_folder.identity == again.identity
    files = everything(packed)
    assert list(files) == sorted(files)
    assert {
        path.relative_to(as_folder.path).as_posix(): path.read_bytes()
        for path in as_folder.path.rglob("*")
        if path.is_file()
    } == files


def test_neither_user_nor_host_nor_folder_is_in_it(finished, packed, folder):
    """Names of user and host are in the path of the workspace, and in the facts of every record."""
    user, host = getpass.getuser(), platform.node()
    kept = [path.read_text() for path in finished.root.glob("records/*/*/*.json")]
    assert all(name in text for name in (host, user, str(folder)) for text in kept)
    for name, data in everything(packed).items():
        for told in (host, user, str(folder), folder.name, str(folder.parent)):
            if not name.endswith((".npz", ".safetensors")) or len(told) > 4:
                assert not re.search(rf"(?<!\w){re.escape(told)}(?!\w)".encode(), data), name
        if name.startswith("records/") and name.endswith(".json"):
            facts = json.loads(data)["facts"]
            assert facts["notes"]["solver"] == "ran on <host> for <user>, log in <path>"
            assert facts["notes"]["gap"] == 0.5
            assert "secret" not in facts
            assert facts["processor"]["name"] == "a processor"


def test_what_is_in_it(packed):
    files = everything(packed)
    manifest = json.loads(files["bundle.json"])
    assert (manifest["schema"], manifest["format"]) == (1, "alharness-bundle")
    assert set(manifest["files"]) == set(files) - {"bundle.json"}
    here = json.loads(files["environment.json"])
    assert here["packages"]["numpy"]
    assert set(here) >= {"alharness", "python", "system", "driver", "git"}
    kinds = {one["what"] for one in manifest["files"].values()}
    assert kinds == {
        "beside a record", "document", "environment", "index set", "record", "weights",
    }  # fmt: skip


def test_outputs_are_left_out_when_they_are_large(finished, tmp_path, monkeypatch):
    monkeypatch.setattr("alharness.bundles.packing.OUTPUTS_BYTES", 10)
    packed = pack(finished, None, tmp_path / "without.zip")
    assert not packed.outputs
    assert not any("outputs" in name for name in everything(packed.path))
    with checked(packed.path) as bundle:
        assert bundle.without_outputs
    assert pack(finished, None, tmp_path / "with.zip", outputs=True).outputs


def changed_document(workspace, change):
    (path,) = workspace.reports.glob("*.json")
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))


@pytest.fixture(scope="module")
def recorded(record_bench, make_bench, tmp_path_factory):
    bench = make_bench(("random", "margin", "entropy"), scope="fixed", initial_sets=3, seeds=1)
    return record_bench(bench, tmp_path_factory.mktemp("mine"), {"device": "cpu"})


@pytest.fixture
def mine(recorded, tmp_path):
    """A workspace to be changed."""
    return Workspace(shutil.copytree(recorded.root, tmp_path / "mine"))


def test_rows_that_are_not_complete_are_left_out_and_stay_in_the_family(mine, tmp_path):
    def change(document):
        _, second, third = document["scenarios"][0]["methods"]
        second["outdated"] = "its plugin changed"
        third["runs"][0]["state"] = "failed"
        document["scenarios"][0]["family"] = {
            "others": [{"method": "margin", "p_value": 0.5}],
            "narrowed_to": None,
        }
        found = document["findings"]["blobs"]["methods"]
        found["margin"] = {**found["margin"], "verdict": None, "sentence": None, "marks": None}
        document["failures"] = ["/home/somebody/plugin.py failed"]

    changed_document(mine, change)
    packed = pack(mine, None, tmp_path / "b.zip")
    assert [(one.method, one.why) for one in packed.left_out] == [
        ("margin", "outdated: its plugin changed"),
        ("entropy", "not all of its runs are done"),
    ]
    with checked(packed.path) as bundle:
        (scenario,) = bundle.document.scenarios
        assert [one.method for one in scenario.methods] == ["random"]
        assert [one.method for one in scenario.family.others] == ["margin", "entropy"]
        assert bundle.document.failures == ()


def test_without_a_complete_reference_there_is_nothing_to_pack(mine, tmp_path):
    def change(document):
        document["scenarios"][0]["methods"][0]["runs"][0]["state"] = "waiting"

    changed_document(mine, change)
    with pytest.raises(UsageError, match="its reference 'random' is not complete"):
        pack(mine, None, tmp_path / "b.zip")


def test_a_document_that_its_records_no_longer_bear_out(mine, tmp_path):
    path = next(mine.root.glob("records/evaluation/*/*.json"))
    path.unlink()
    with pytest.raises(MismatchError, match=r"no longer follows from its records.*bench. again"):
        pack(mine, None, tmp_path / "b.zip")


def test_a_path_of_the_machine_in_a_suite_is_refused(mine, tmp_path):
    def change(document):
        document["scenarios"][0]["components"][0]["parameters"] = {"path": "/data/of mine/x"}

    changed_document(mine, change)
    with pytest.raises(UsageError, match="names the path '/data/of'"):
        pack(mine, None, tmp_path / "b.zip")


def test_weights_that_are_gone(mine, tmp_path):
    for path in (mine.root / "checkpoints").iterdir():
        path.unlink()
    with pytest.raises(UsageError, match=r"there are no weights of trial.*without --weights"):
        pack(mine, None, tmp_path / "b.zip", weights=True)


def test_what_is_there_is_not_written_over(finished, packed):
    before = packed.read_bytes()
    with pytest.raises(UsageError, match="is there already"):
        pack(finished, None, packed)
    assert packed.read_bytes() == before


def test_committees_noisy_labels_and_stopped_runs(record_bench, make_bench, tmp_path):
    """What planning knows of, packing and checking know of."""
    bench = make_bench(
        ("random", "qbc"),
        initial_sets=3,
        seeds=2,
        committees={"qbc": 2},
        labels_stay=False,
        stop_at_accuracy=0.5,
        scope="first-initial-set",
    )
    packed = pack(record_bench(bench, tmp_path / "w"), None, tmp_path / "b.zip")
    with checked(packed.path) as bundle:
        corrected = [one for one in bundle.records.values() if "corrected" in one.result]
        committee = [
            one for one in bundle.records.values() if one.unit.to_json()["inputs"].get("committee")
        ]
        assert corrected
        assert committee
        runs = [run for one in bundle.document.scenarios[0].methods for run in one.runs]
        assert min(len(run.cycles) for run in runs) < 3


def test_splits_that_were_given(record_bench, make_bench, tmp_path):
    """A declaration has their digest alone: they are those of the index sets."""
    rng = np.random.default_rng(0)
    orders = [rng.permutation(60) for _ in range(3)]
    splits = tuple(Split(one[:6], one[6:54], one[54:]) for one in orders)
    bench = make_bench(initial_sets=GivenSplits(splits), seeds=1, scope="fixed")
    packed = pack(record_bench(bench, tmp_path / "w"), None, tmp_path / "b.zip")
    with checked(packed.path) as bundle:
        starts = bundle.rests_on[0].bench.conditions[0].starts
        for start, parts in zip(starts, splits, strict=True):
            assert start.labeled.indices.tolist() == parts.initial.tolist()


def test_looks_that_stopped_a_method(record_bench, make_bench, tmp_path):
    """Seeds that a look made needless are not missing."""
    bench = make_bench(initial_sets=3, seeds=5, scope="fixed")
    bench = replace(bench, looked_at=frozenset({"random", "margin"}))
    packed = pack(record_bench(bench, tmp_path / "w"), None, tmp_path / "b.zip")
    with checked(packed.path) as bundle:
        row = bundle.document.scenarios[0].methods[1]
        assert row.looked_at
        assert bundle.document.findings["blobs"].methods["margin"].looks


def test_the_state_of_the_code_is_told_of_a_checkout_alone(tmp_path):
    assert git_state(tmp_path) is None
    (tmp_path / "__init__.py").write_text("")

    def git(*arguments):
        subprocess.run(["git", "-C", tmp_path, *arguments], check=True, capture_output=True)

    git("init", "-q")
    assert git_state(tmp_path) is None  # installed within somebody's checkout
    git("add", ".")
    git("-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "x")
    found = git_state(tmp_path)
    assert (len(found["commit"]), found["dirty"]) == (40, False)
    (tmp_path / "__init__.py").write_text("x = 1\n")
    assert git_state(tmp_path)["dirty"] is True


def test_an_environment_names_no_folder(tmp_path):
    text = written(environment()).decode()
    assert platform.node() not in text
    assert "/" not in text
