"""The index of records, and what the ledger tells planning of them."""

import json
import os
from datetime import date

import numpy as np
import pytest

from alharness import HarnessError
from alharness.api.errors import ExitCode
from alharness.protocol.keys import digest_bytes
from alharness.protocol.machine import Machine
from alharness.protocol.partition.sets import Added, IndexSet
from alharness.protocol.planning.outdated import outdated, position_of
from alharness.protocol.seeds import SeedPath
from alharness.protocol.units import (
    AnnotationInputs,
    Identity,
    Network,
    QueryInputs,
    Recipe,
    TrialInputs,
    make_unit,
)
from alharness.session.notes import unreadable_records
from alharness.store.curves import CURVES, write_curves
from alharness.store.ledger import StoreLedger
from alharness.store.records import Record, RecordMismatch, Records
from alharness.store.workspace import Workspace

PLUGIN = Identity(name="one", source="s")
VALUES = {"learning-rate": 0.1}


def seed(number=0):
    return SeedPath(suite_seed=0, purpose="trial", initial_set=0, cycle=0, number=number)


def network(source):
    model = Identity(name="mlp", source=source)
    return Network(data="d", n_classes=3, in_channels=1, image_size=8, model=model)


def trial(number=0, source="s"):
    return make_unit(
        TrialInputs(
            network=network(source),
            hyperparameters=VALUES,
            labeled=("l0",),
            validation="v",
            loss=PLUGIN,
            recipe=Recipe(epochs=1, schedule=PLUGIN),
            seed=seed(number),
        )
    )


def record(unit, accuracy=0.5, seconds=1.5, **facts):
    result = {"validation_accuracy": accuracy, "validation_loss": None, "checkpoint": "c"}
    return Record(unit, {**result, "parameters": 9}, {"seconds": seconds, **facts})


@pytest.fixture
def workspace(tmp_path):
    return Workspace(tmp_path)


@pytest.fixture
def read(monkeypatch):
    """The keys of the records that were opened."""
    opened = []
    whole = Records.described

    def reading(self, kind, key):
        opened.append(key)
        return whole(self, kind, key)

    monkeypatch.setattr(Records, "described", reading)
    return opened


def test_the_ledger_knows_what_planning_needs(workspace):
    workspace.records.write(record(trial()))
    ledger = StoreLedger(workspace)
    slim = {"validation_accuracy": 0.5, "validation_loss": None, "checkpoint": "c"}
    assert ledger.result(trial()) == slim
    assert ledger.seconds(trial()) == 1.5
    assert ledger.result(trial(1)) is None
    assert ledger.seconds(trial(1)) is None


def test_a_record_is_opened_once_for_all_commands(workspace, read):
    for number in range(3):
        workspace.records.write(record(trial(number), accuracy=number / 4))
    first = StoreLedger(workspace)
    assert sorted(read) == sorted(trial(number).key for number in range(3))
    first.keep()
    read.clear()
    second = StoreLedger(workspace)
    assert read == []
    for number in range(3):
        assert second.result(trial(number)) == first.result(trial(number))
        assert second.seconds(trial(number)) == 1.5


def on_machines(workspace):
    """Records of three trials: of two machines, and of one that is not named."""
    for number, name in enumerate(("old", "new")):
        machine = {"processor": {"name": name, "instructions": "AVX2"}, "device": "cpu"}
        workspace.records.write(record(trial(number), **machine))
    workspace.records.write(record(trial(2), device="cpu"))


def machines(ledger):
    return [ledger.machine(trial(number)) for number in range(4)]


KNOWN = [Machine("old", "AVX2", "cpu"), Machine("new", "AVX2", "cpu"), None, None]


def test_the_index_keeps_the_machine_of_a_record(workspace, read):
    on_machines(workspace)
    first = StoreLedger(workspace)
    assert machines(first) == KNOWN
    first.keep()
    read.clear()
    assert machines(StoreLedger(workspace)) == KNOWN
    assert read == []


def days(ledger):
    return [ledger.day(trial(number)) for number in range(6)]


def test_the_index_keeps_the_day_of_a_record(workspace, read):
    """In UTC, whatever the clock's zone; facts that tell no moment tell no day."""
    moments = [
        "2026-01-31T23:59:59.999+00:00",
        "2026-02-01T00:30:00+01:00",
        "2026-01-31T12:00:00",
        "yesterday",
        17,
    ]
    for number, moment in enumerate(moments):
        workspace.records.write(record(trial(number), started=moment))
    known = [date(2026, 1, 31)] * 2 + [None] * 4
    first = StoreLedger(workspace)
    assert days(first) == known
    first.keep()
    read.clear()
    assert days(StoreLedger(workspace)) == known
    assert read == []
    index = workspace.root / "records" / "index.jsonl"
    index.write_text(index.read_text().replace("2026-01-31", "2026-01-32"))
    assert days(StoreLedger(workspace)) == known


@pytest.mark.parametrize("parts", [6, 7])
def test_an_index_of_fewer_parts_is_written_anew_from_the_records(workspace, read, parts):
    """Version 0.2 began with entries of six parts; they would leave every machine unknown."""
    on_machines(workspace)
    StoreLedger(workspace).keep()
    index = workspace.root / "records" / "index.jsonl"
    entries = [json.loads(line)[:parts] for line in index.read_text().splitlines()]
    index.write_text("".join(json.dumps(entry) + "\n" for entry in entries))
    ledger = StoreLedger(workspace)
    assert machines(ledger) == KNOWN
    assert ledger.result(trial())["validation_accuracy"] == 0.5
    ledger.keep()
    read.clear()
    assert machines(StoreLedger(workspace)) == KNOWN
    assert read == []


@pytest.mark.parametrize("damage", ["no schema", "no JSON", "a folder"])
def test_a_file_that_is_no_record_is_told(workspace, damage):
    workspace.records.write(record(trial()))
    workspace.records.write(record(trial(1)))
    path = workspace.records.path("trial", trial().key)
    described = json.loads(path.read_text())
    path.unlink()
    if damage == "a folder":
        path.mkdir()
    else:
        del described["schema"]
        path.write_text(json.dumps(described) if damage == "no schema" else "{")
    ledger = StoreLedger(workspace)
    assert ledger.unreadable == (path,)
    assert ledger.result(trial()) is None
    (note,) = unreadable_records(ledger.unreadable)
    assert note.startswith(f"records that are damaged or of no known schema: 1, such as '{path}'")
    assert unreadable_records(()) == ()


def test_plan_keeps_no_index(workspace, read):
    workspace.records.write(record(trial()))
    StoreLedger(workspace)
    assert not (workspace.root / "records" / "index.jsonl").exists()


@pytest.mark.parametrize("change", ["content", "time", "replaced"])
def test_a_record_that_is_another_file_now_is_opened_again(workspace, read, change):
    workspace.records.write(record(trial()))
    StoreLedger(workspace).keep()
    path = workspace.records.path("trial", trial().key)
    data = path.read_bytes()
    if change == "content":
        path.write_bytes(data.replace(b'"parameters": 9', b'"parameters": 8'))
    elif change == "time":
        os.utime(path, ns=(1, 1))
    else:
        path.rename(path.with_suffix(".old"))
        path.write_bytes(data)
    read.clear()
    ledger = StoreLedger(workspace)
    assert read == [trial().key]
    # Another content is not what the digest says: set aside, as if it had never been there.
    assert (ledger.result(trial()) is None) == (change == "content")


def test_a_record_that_is_gone_is_known_no_more(workspace):
    workspace.records.write(record(trial()))
    StoreLedger(workspace).keep()
    workspace.records.path("trial", trial().key).unlink()
    assert StoreLedger(workspace).result(trial()) is None


@pytest.mark.parametrize("damage", [b"half of a li", b'["trial"]\n', b"\xff\xfe\n", b"{}\n[1]\n"])
def test_lines_of_the_index_that_are_none_cost_nothing_but_time(workspace, damage):
    workspace.records.write(record(trial()))
    StoreLedger(workspace).keep()
    index = workspace.root / "records" / "index.jsonl"
    index.write_bytes(damage + index.read_bytes() + damage)
    assert StoreLedger(workspace).result(trial())["validation_accuracy"] == 0.5


def test_another_bench_records_a_unit(workspace):
    ledger = StoreLedger(workspace)
    assert ledger.look(trial()) is None
    workspace.records.write(record(trial()))
    assert ledger.result(trial()) is None
    assert ledger.look(trial()).result["parameters"] == 9
    assert ledger.result(trial())["validation_accuracy"] == 0.5


def test_records_of_0_1_are_kept_and_said_to_be_computed_again(workspace):
    unit = trial()
    inputs = unit.to_json()["inputs"]
    old = {
        "schema": 1,
        "kind": "trial",
        "key": "0" * 32,
        "inputs": {**inputs, "seed": {**inputs["seed"], "scenario": None}},
        "result": {"validation_accuracy": 0.9},
        "digest": "x",
        "facts": {},
    }
    path = workspace.records.path("trial", "0" * 32)
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(old))
    ledger = StoreLedger(workspace)
    assert ledger.superseded() == 1
    assert ledger.result(unit) is None
    (found,) = outdated([unit], ledger.recorded_at)
    assert (found.kind, found.units) == ("trial", 1)
    assert "in another way now" in found.why
    assert json.loads(path.read_text()) == old


def test_records_at_a_position(workspace):
    for number in range(3):
        workspace.records.write(record(trial(number)))
    ledger = StoreLedger(workspace)
    now = trial(1, source="b")
    position = position_of("trial", now.to_json()["inputs"])
    (found,) = ledger.recorded_at("trial", {position})[position]
    assert found["key"] == trial(1).key
    (reason,) = outdated([now], ledger.recorded_at)
    assert reason.why == "the files of model 'mlp' changed"


def test_a_newer_schema_is_refused(workspace):
    workspace.records.write(record(trial()))
    path = workspace.records.path("trial", trial().key)
    path.write_text(path.read_text().replace('"schema": 2', '"schema": 3'))
    with pytest.raises(RecordMismatch, match=r"its schema is 3, .* Upgrade alharness") as raised:
        workspace.records.read("trial", trial().key)
    assert raised.value.exit_code is ExitCode.MISMATCH
    assert path.exists()


@pytest.mark.parametrize("field", ["inputs", "step", "kind"])
def test_a_record_whose_key_is_not_the_digest_of_its_inputs_is_refused(workspace, field):
    """Even when its own digest is right."""
    unit = trial()
    fields = record(unit).to_json()
    fields[field] = {"inputs": trial(1).to_json()["inputs"], "step": 1, "kind": "query"}[field]
    covered = {name: fields[name] for name in ("kind", "step", "key", "inputs", "result")}
    from alharness.protocol.keys import digest

    path = workspace.records.path("trial", unit.key)
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({**fields, "digest": digest(covered)}))
    assert workspace.records.read("trial", unit.key) is None
    assert StoreLedger(workspace).result(unit) is None
    assert workspace.records.damaged() == [], "who reads changes nothing"


def test_what_lies_beside_a_record(workspace):
    curves = write_curves({"validation_loss": [0.5, float("inf")], "training_loss": [1.0]})
    unit = trial()
    one = record(unit)
    one = Record(one.unit, one.result, one.facts, {CURVES: digest_bytes(curves)})
    workspace.records.write(one, {CURVES: curves})
    back = workspace.records.read("trial", unit.key)
    assert back == one
    assert workspace.records.beside(back, CURVES) == curves
    assert workspace.records.beside(back, "other") is None
    assert workspace.curves(back) == {"training_loss": [1.0], "validation_loss": [0.5, None]}


@pytest.mark.parametrize("damage", [None, b"other"])
def test_what_lies_beside_is_lost_or_damaged(workspace, damage):
    curves = write_curves({"training_loss": [1.0]})
    unit = trial()
    one = record(unit)
    one = Record(one.unit, one.result, one.facts, {CURVES: digest_bytes(curves)})
    workspace.records.write(one, {CURVES: curves})
    path = workspace.records.path("trial", unit.key).with_name(f"{unit.key}.{CURVES}")
    path.unlink()
    if damage is not None:
        path.write_bytes(damage)
    with pytest.raises(HarnessError, match=r"lost or damaged; it was set aside"):
        workspace.records.beside(one, CURVES)
    assert workspace.records.read("trial", unit.key) is None
    assert workspace.curves(one) is None


def query_of_two():
    return make_unit(
        QueryInputs(
            network=network("s"),
            hyperparameters=VALUES,
            sampler=PLUGIN,
            trial="t",
            labeled=("l0",),
            validation="v",
            budget=2,
            seed=seed(),
        )
    )


def test_what_a_query_picked(workspace):
    query = query_of_two()
    assert StoreLedger(workspace).picked(query) is None
    workspace.records.write(Record(query, {"indices": [4, 2]}, {}))
    ledger = StoreLedger(workspace)
    found = ledger.picked(query)
    assert (found.tolist(), found.dtype) == ([4, 2], np.int64)
    path = workspace.records.path("query", query.key)
    path.write_text(path.read_text().replace("4", "5"))
    assert ledger.picked(query) is None, "it is not what its digest says"


def test_a_set_that_is_lost_is_made_again_from_the_records(workspace):
    indices, labels = np.array([4, 2]), np.array([1, 0])
    query = query_of_two()
    annotation = make_unit(
        AnnotationInputs(data="d", n_classes=3, oracle=PLUGIN, query=query.key, seed=seed())
    )
    added = IndexSet(indices, labels)
    part = Added(added.digest, query.key, annotation.key)
    reader = make_unit(trial().inputs, (part,))
    with pytest.raises(HarnessError, match="a labeled set is lost, and so is a record"):
        workspace.keep_sets(reader)
    workspace.records.write(Record(query, {"indices": indices.tolist()}, {}))
    workspace.records.write(Record(annotation, {"labels": labels.tolist()}, {}))
    workspace.keep_sets(reader)
    assert workspace.sets.get(added.digest).labels.tolist() == [1, 0]
