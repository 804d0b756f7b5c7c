"""Something else in a file's place blocks nothing: it is set aside, the file written anew."""

import os
from pathlib import Path

import pytest

from alharness.api.errors import HarnessError
from alharness.protocol.partition.sets import IndexSet
from alharness.protocol.seeds import SeedPath
from alharness.protocol.units import AnnotationInputs, Identity, make_unit
from alharness.store.checkpoints import CheckpointMissing
from alharness.store.files import read, set_aside, write_once
from alharness.store.ledger import StoreLedger
from alharness.store.records import Record
from alharness.store.workspace import Workspace

ORACLE = Identity(name="perfect", source="s", parameters={})
UNIT = make_unit(
    AnnotationInputs(
        data="d", n_classes=2, oracle=ORACLE, query="q",
        seed=SeedPath(suite_seed=0, purpose="annotation", scenario="s", initial_set=0, seed=0,
                      cycle=0, number=0),
    )
)  # fmt: skip
RECORD = Record(UNIT, {"labels": [1], "cost": 1.0, "added": "x"}, {"seconds": 1.0})


def folder(path: Path) -> None:
    path.mkdir()
    (path / "inside").touch()


def broken_link(path: Path) -> None:
    path.symlink_to(path.with_name("nowhere"))


def endless_link(path: Path) -> None:
    path.symlink_to(path)


def deep(path: Path) -> None:
    path.write_bytes(b"[" * 200_000)


OBSTACLES = [folder, os.mkfifo, broken_link, endless_link, deep]


@pytest.fixture
def workspace(tmp_path):
    return Workspace(tmp_path / "w")


@pytest.fixture(params=OBSTACLES, ids=lambda make: make.__name__)
def obstruct(request):
    def put(path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        request.param(path)

    return put


def set_aside_in(workspace):
    return sorted(path.name for path in (workspace.root / "damaged").iterdir())


def test_in_the_place_of_a_record(workspace, obstruct):
    path = workspace.records.path(UNIT.kind, UNIT.key)
    obstruct(path)
    assert StoreLedger(workspace).result(UNIT) is None
    assert StoreLedger(workspace).look(UNIT) is None
    assert workspace.records.write(RECORD)
    assert StoreLedger(workspace).look(UNIT) == RECORD
    assert set_aside_in(workspace) == [f"{path.name}.1"]


def test_in_the_place_of_the_index(workspace, obstruct):
    workspace.records.write(RECORD)
    obstruct(workspace.root / "records" / "index.jsonl")
    ledger = StoreLedger(workspace)
    assert ledger.result(UNIT) is not None
    ledger.keep()
    assert StoreLedger(workspace).result(UNIT) is not None


def test_in_the_place_of_weights(workspace, obstruct):
    obstruct(workspace.root / "checkpoints" / "k.safetensors")
    with pytest.raises(CheckpointMissing):
        workspace.checkpoints.checked("k", "digest")
    assert workspace.checkpoints.keys() == set()
    assert set_aside_in(workspace) == ["k.safetensors.1"]


def test_weights_that_cannot_be_removed_are_set_aside(workspace):
    (workspace.root / "checkpoints").mkdir(parents=True)
    folder(workspace.root / "checkpoints" / "k.safetensors")
    workspace.checkpoints.drop("k")
    assert set_aside_in(workspace) == ["k.safetensors.1"]


def test_in_the_place_of_an_index_set(workspace, obstruct):
    import numpy as np

    one = IndexSet(np.arange(3))
    obstruct(workspace.sets.path(one.digest))
    workspace.sets.put(one)
    assert workspace.sets.get(one.digest).digest == one.digest
    assert set_aside_in(workspace) == [f"{one.digest}.npz.1"]


def test_in_the_place_of_the_notebook(workspace, obstruct):
    obstruct(workspace.root / "data" / "seen.json")
    assert workspace.datasets.seen.taken_over(Path(__file__)) is None


@pytest.mark.parametrize("name", ["x" * 300, "a\0b"])
def test_a_name_that_no_file_system_takes_is_named(tmp_path, name):
    with pytest.raises(HarnessError, match="cannot write"):
        write_once(tmp_path / name, b"")


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="it is no file"):
        read(tmp_path / "pipe")


def test_what_is_set_aside_never_replaces_what_was(tmp_path):
    for _ in range(2):
        broken_link(tmp_path / "x")
        set_aside(tmp_path / "x", tmp_path / "damaged")
    assert {path.name for path in (tmp_path / "damaged").iterdir()} == {"x.1", "x.2"}


def test_files_in_the_place_of_folders_are_set_aside(workspace):
    places = ["damaged", "records/trial", "failures", "reports", "data/labels", "checkpoints"]
    for place in places:
        path = workspace.root / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("a file")
    broken_link(workspace.root / "sets")
    aside = workspace.make_way()
    assert {str(path.relative_to(workspace.root)) for path in aside} == {*places, "sets"}
    assert (workspace.root / "damaged.1").read_text() == "a file"
    assert set_aside_in(workspace) == sorted(
        f"{place.split('/')[-1]}.1" for place in [*places[1:], "sets"]
    )
    assert workspace.make_way() == []


def test_a_link_to_a_folder_is_left_alone(workspace, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    workspace.root.mkdir()
    (workspace.root / "data").symlink_to(tmp_path / "elsewhere")
    assert workspace.make_way() == []
    assert (workspace.root / "data").is_symlink()


def test_what_another_bench_writes_meanwhile_is_no_obstacle(workspace, monkeypatch):
    """It was absent when it was looked for, and is whole a moment later."""
    import numpy as np

    from alharness.store import checkpoints, datasets, index_sets

    one, late = IndexSet(np.arange(3)), Workspace(workspace.root)
    labels = workspace.datasets.labels_path("d")

    def appears(make):
        def read_too_early(path):
            make()
            raise FileNotFoundError(path)

        return read_too_early

    with monkeypatch.context() as patch:
        patch.setattr(index_sets, "read", appears(lambda: None))
        write_once(workspace.sets.path(one.digest), b"whole")
        late.sets.put(one)
    with monkeypatch.context() as patch:
        patch.setattr(datasets, "read", appears(lambda: write_once(labels, b"whole")))
        late.datasets._put_labels(labels, b"whole")
    with monkeypatch.context() as patch:
        weights = workspace.root / "checkpoints" / "k.safetensors"
        patch.setattr(checkpoints, "read", appears(lambda: write_once(weights, b"whole")))
        with pytest.raises(CheckpointMissing):
            late.checkpoints.checked("k", "digest")
    assert not (workspace.root / "damaged").exists()
