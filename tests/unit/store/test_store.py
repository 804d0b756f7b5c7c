"""The store: whole or absent, written once, damage noticed."""

import json
import multiprocessing
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from alharness.api.errors import HarnessError
from alharness.protocol.partition.sets import IndexSet
from alharness.protocol.seeds import SeedPath
from alharness.protocol.units import Identity, Network, Recipe, TrialInputs, make_unit
from alharness.store.checkpoints import CheckpointMissing, load_weights
from alharness.store.files import set_aside, write_once, write_over
from alharness.store.ledger import StoreLedger
from alharness.store.records import Record
from alharness.store.workspace import Workspace

PLUGIN = Identity(name="one", source="s")


def trial(cycle=0, number=0, **changes):
    """A trial that nobody executes."""
    network = Network(data="d", n_classes=3, in_channels=1, image_size=8, model=PLUGIN)
    seed = SeedPath(suite_seed=0, purpose="trial", initial_set=0, cycle=cycle, number=number)
    given = {
        "network": network,
        "hyperparameters": {"learning-rate": 0.1},
        "labeled": ("l0",),
        "validation": "v",
        "loss": PLUGIN,
        "recipe": Recipe(epochs=1, schedule=PLUGIN),
        "seed": seed,
    }
    return make_unit(TrialInputs(**(given | changes)))


UNIT = trial()
RECORD = Record(UNIT, {"validation_accuracy": 0.5, "list": [1, 2]}, {"seconds": 1.5})


@pytest.fixture
def workspace(tmp_path):
    return Workspace(tmp_path)


def file_of(workspace, key=UNIT.key, kind="trial"):
    return workspace.root / "records" / kind / key[:2] / f"{key}.json"


def _put(path, data, barrier, results):
    barrier.wait()
    results.put(write_once(path, data))


def test_the_first_of_many_threads_wins(tmp_path):
    path = tmp_path / "deep" / "file"
    contents = [bytes([number]) * 50_000 for number in range(16)]
    barrier = threading.Barrier(16)

    def put(data):
        barrier.wait()
        return write_once(path, data)

    with ThreadPoolExecutor(16) as threads:
        won = list(threads.map(put, contents))
    assert sum(won) == 1
    assert path.read_bytes() == contents[won.index(True)]
    assert list(path.parent.iterdir()) == [path]


def test_the_first_of_many_processes_wins(tmp_path):
    path = tmp_path / "deep" / "file"
    fork = multiprocessing.get_context("fork")
    barrier, results = fork.Barrier(6), fork.SimpleQueue()
    contents = [bytes([number]) * 50_000 for number in range(6)]
    processes = [
        fork.Process(target=_put, args=(path, data, barrier, results)) for data in contents
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(30)
    assert sorted(results.get() for _ in processes) == [False] * 5 + [True]
    assert path.read_bytes() in contents
    assert list(path.parent.iterdir()) == [path]


def test_write_over_replaces(tmp_path):
    path = tmp_path / "file"
    write_over(path, b"old")
    write_over(path, b"new")
    assert path.read_bytes() == b"new"
    assert write_once(path, b"late") is False
    assert path.read_bytes() == b"new"


def test_an_interrupted_write_leaves_nothing(tmp_path, monkeypatch):
    def interrupt(descriptor):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_once(tmp_path / "file", b"half")
    assert list(tmp_path.iterdir()) == []


def test_a_killed_writer_leaves_no_record(workspace):
    """SIGKILL between write and link: a temporary file may stay, no record is seen."""
    code = (
        "import os, signal, sys; from pathlib import Path; from alharness.store import files\n"
        "files.os.fsync = lambda _: os.kill(os.getpid(), signal.SIGKILL)\n"
        "files.write_once(Path(sys.argv[1]), b'{}')"
    )
    done = subprocess.run([sys.executable, "-c", code, str(file_of(workspace))], check=False)
    assert done.returncode < 0
    assert workspace.records.read("trial", UNIT.key) is None
    assert StoreLedger(workspace).result(UNIT) is None
    assert workspace.records.write(RECORD)


@pytest.mark.parametrize("writer", ["write_once", "write_over"])
def test_a_full_disk_is_named(tmp_path, writer):
    path = tmp_path / "file"
    code = (
        "import resource, sys; from pathlib import Path; from alharness.store import files\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "from alharness import HarnessError\n"
        "try:\n"
        f"    files.{writer}(Path(sys.argv[1]), bytes(5000))\n"
        "except HarnessError as error:\n"
        "    print(error)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], check=True, capture_output=True, text=True
    )
    assert str(path) in done.stdout
    assert "cannot write: File too large" in done.stdout
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("write", [write_once, write_over])
def test_a_file_where_the_folder_should_be_is_an_error(tmp_path, write):
    (tmp_path / "folder").write_text("a file")
    with pytest.raises(HarnessError, match="folder/file: cannot write"):
        write(tmp_path / "folder" / "file", b"data")


def test_set_aside_takes_free_names_and_forgives_a_race(tmp_path):
    path, folder = tmp_path / "file", tmp_path / "damaged"
    for _ in range(3):
        path.write_text("x")
        set_aside(path, folder)
    set_aside(path, folder)  # another process was faster
    assert sorted(one.name for one in folder.iterdir()) == ["file.1", "file.2", "file.3"]


def test_a_record_comes_back(workspace):
    assert workspace.records.read("trial", UNIT.key) is None
    assert workspace.records.write(RECORD) is True
    assert workspace.records.write(Record(UNIT, {"other": 1}, {})) is False
    back = workspace.records.read("trial", UNIT.key)
    assert (back, back.unit.inputs, back.result, back.facts) == (
        RECORD,
        UNIT.inputs,
        RECORD.result,
        RECORD.facts,
    )
    assert [key for key, _ in workspace.records.keys("trial")] == [UNIT.key]


def damages():
    data = json.dumps(RECORD.to_json(), indent=1).encode()
    yield "empty", b""
    yield "truncated", data[: len(data) // 2]
    yield "one byte short", data[:-1]
    yield "result", data.replace(b"0.5", b"0.6")
    yield "inputs", data.replace(b'"epochs": 1', b'"epochs": 2')
    yield "list", b"[]"
    yield "no UTF-8", b"\xff" + data
    yield "not a number", data.replace(b"0.5", b"NaN")
    yield "facts", data.replace(b'{\n  "seconds": 1.5\n }', b"[]")
    yield "digest", data.replace(RECORD.digest[:4].encode(), b"zzzz")


@pytest.mark.parametrize(("how", "data"), list(damages()), ids=lambda value: str(value)[:14])
def test_a_damaged_record_is_set_aside_and_written_anew(workspace, how, data):
    workspace.records.write(RECORD)
    assert data != file_of(workspace).read_bytes()
    file_of(workspace).write_bytes(data)
    assert workspace.records.read("trial", UNIT.key) is None
    assert workspace.records.damaged() == [], "who reads changes nothing"
    assert workspace.records.write(RECORD)
    assert [path.read_bytes() for path in workspace.records.damaged()] == [data]
    assert workspace.records.read("trial", UNIT.key) == RECORD


def test_every_flipped_bit_of_the_result_is_noticed(workspace):
    data = json.dumps(RECORD.to_json(), indent=1).encode()
    begin, end = data.index(b'"inputs"'), data.index(b'"facts"')
    for position in range(begin, end, 5):
        flipped = bytearray(data)
        flipped[position] ^= 1 << (position % 8)
        file_of(workspace).parent.mkdir(parents=True, exist_ok=True)
        file_of(workspace).write_bytes(flipped)
        back = workspace.records.read("trial", UNIT.key)
        assert back is None or (back.result, back.unit.inputs) == (RECORD.result, UNIT.inputs)


def test_a_record_under_another_key_is_refused(workspace):
    workspace.records.write(RECORD)
    other = trial(number=1)
    path = file_of(workspace, other.key)
    path.parent.mkdir(parents=True, exist_ok=True)
    file_of(workspace).rename(path)
    assert workspace.records.read("trial", other.key) is None


def test_the_digest_covers_the_result_and_not_the_facts():
    assert Record(UNIT, RECORD.result, {"seconds": 9}).digest == RECORD.digest
    assert Record(UNIT, {}, RECORD.facts).digest != RECORD.digest
    assert Record(trial(number=1), RECORD.result, {}).digest != RECORD.digest


@pytest.mark.parametrize("facts", [{}, {"seconds": "x"}, {"seconds": None}])
def test_nothing_rests_on_facts(workspace, facts):
    workspace.records.write(Record(UNIT, RECORD.result, facts))
    assert StoreLedger(workspace).seconds(UNIT) is None
    assert StoreLedger(workspace).result(UNIT) == {"validation_accuracy": 0.5}


def test_failures_are_apart(workspace):
    for message in ("first", "second"):
        workspace.records.log_failure(UNIT, {"message": message})
    assert workspace.records.read("trial", UNIT.key) is None
    assert StoreLedger(workspace).result(UNIT) is None
    logged = sorted((workspace.root / "failures" / UNIT.key).iterdir())
    assert [json.loads(path.read_text())["failure"]["message"] for path in logged] == [
        "first",
        "second",
    ]
    workspace.records.write(RECORD)
    assert workspace.records.read("trial", UNIT.key) == RECORD


WEIGHTS = {"w": torch.arange(6.0).reshape(2, 3).T, "n": torch.tensor(3)}


def test_checkpoints(workspace):
    digest = workspace.checkpoints.write("k", WEIGHTS)
    assert workspace.checkpoints.write("other", dict(reversed(WEIGHTS.items()))) == digest
    back = load_weights(workspace.checkpoints.checked("k", digest))
    assert back.keys() == WEIGHTS.keys()
    assert all(torch.equal(back[name], WEIGHTS[name]) for name in WEIGHTS)
    assert workspace.checkpoints.keys() == {"k", "other"}
    workspace.checkpoints.drop("k")
    workspace.checkpoints.drop("k")
    assert workspace.checkpoints.keys() == {"other"}
    with pytest.raises(CheckpointMissing, match="no weights"):
        workspace.checkpoints.checked("k", digest)


def test_damaged_weights_are_set_aside(workspace):
    digest = workspace.checkpoints.write("k", WEIGHTS)
    path = workspace.root / "checkpoints" / "k.safetensors"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    with pytest.raises(CheckpointMissing, match="damaged"):
        workspace.checkpoints.checked("k", digest)
    assert workspace.checkpoints.keys() == set()
    assert [path.name for path in workspace.records.damaged()] == ["k.safetensors.1"]


SET = IndexSet(np.array([4, 2]), np.array([0, 1]))


@pytest.mark.parametrize("damage", ["empty", "short", "flip", "other"])
def test_a_damaged_index_set_is_set_aside_and_written_anew(workspace, damage):
    workspace.sets.put(SET)
    (path,) = (workspace.root / "sets").rglob("*.npz")
    data = path.read_bytes()
    if damage == "other":
        workspace.sets.put(IndexSet(np.array([4, 3]), np.array([0, 1])))
        (other,) = set((workspace.root / "sets").rglob("*.npz")) - {path}
        path.write_bytes(other.read_bytes())
    else:
        middle = len(data) // 2
        flipped = data[:80] + bytes([data[80] ^ 255]) + data[81:]
        path.write_bytes({"empty": b"", "short": data[:middle], "flip": flipped}[damage])
    with pytest.raises(HarnessError, match="set aside"):
        workspace.sets.get(SET.digest)
    assert len(workspace.records.damaged()) == 1
    with pytest.raises(HarnessError, match="cannot be read"):
        workspace.sets.get(SET.digest)
    workspace.sets.put(SET)
    assert workspace.sets.get(SET.digest).digest == SET.digest


def test_a_damaged_index_set_is_written_anew_by_who_needs_it(workspace):
    """A resumed bench puts every set that its units read: none of them finds the damage."""
    workspace.sets.put(SET)
    path = workspace.sets.path(SET.digest)
    path.write_bytes(path.read_bytes()[:-10])
    resumed = Workspace(workspace.root)
    resumed.sets.put(SET)
    assert resumed.sets.get(SET.digest).digest == SET.digest
    assert [path.name for path in resumed.records.damaged()] == [f"{path.name}.1"]


def test_index_sets_with_and_without_labels(workspace):
    for one in (SET, IndexSet(np.array([1]))):
        workspace.sets.put(one)
        assert workspace.sets.get(one.digest).digest == one.digest
