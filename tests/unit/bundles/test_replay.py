"""Bundles of a scenario that replays another one's labeled sets."""

import pytest

from alharness.api.errors import MismatchError, UsageError
from alharness.bundles.checking import checked
from alharness.bundles.complete import complete
from alharness.bundles.merging import merge
from alharness.bundles.packing import pack
from alharness.bundles.recomputing import waves
from alharness.protocol.planning.run import State
from alharness.protocol.planning.survey import survey
from alharness.results.documents import Documents
from alharness.store.ledger import StoreLedger
from alharness.store.workspace import Workspace

METHODS = ("random", "margin", "qbc")


@pytest.fixture(scope="module", params=["drawn", "chosen", "long-tail"])
def bench(request, make_bench, replaying):
    """``target`` replays ``blobs``; where samplers choose initial sets, and images are left out."""
    cold = {
        "protocol": {"initial_draw": "chosen"},
        "training": {"normalize": False},
        "choosers": ("random",),
    }
    tailed = {"long_tail": {"ratio": 2}, "budgets": {"budgets": [4, 8, 12]}}
    changes = {"drawn": {}, "chosen": cold, "long-tail": tailed}[request.param]
    return replaying(make_bench(METHODS, seeds=1, committees={"qbc": 2}, **changes))


@pytest.fixture(scope="module")
def workspace(bench, record_bench, tmp_path_factory):
    return record_bench(bench, tmp_path_factory.mktemp("replay") / "workspace")


@pytest.fixture(scope="module")
def bundle(workspace, tmp_path_factory):
    path = tmp_path_factory.mktemp("packed") / "tiny.zip"
    pack(workspace, None, path, weights=True)
    return path


def refusal(path):
    with pytest.raises(MismatchError) as caught, checked(path):
        pass
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_it_is_taken_and_taken_over_whole(bench, workspace, bundle, tmp_path, monkeypatch):
    monkeypatch.setattr("os.fsync", lambda descriptor: None)
    with checked(bundle) as one:
        kept = {path.stem for path in workspace.root.glob("records/*/*/*.json")}
        assert set(one.records) == kept
        blobs, target = one.rests_on
        assert [each.bench.conditions[0].name for each in one.rests_on] == ["blobs", "target"]
        assert {unit.kind for unit in target.units().values()} == {"trial", "evaluation"}
        assert {"query", "annotation"} < {unit.kind for unit in blobs.units().values()}
        again = waves(one, target.units())
        assert {unit.kind for wave in again for unit in wave} == {"trial", "evaluation"}
        into = Workspace(tmp_path / "merged")
        merge(one, into, 0)
    after = survey(bench, StoreLedger(into))
    assert {run.state for run in after.runs} == {State.DONE}


def test_a_document_that_says_it_replays_nothing(bundle, make_tampered, tmp_path):
    tampered = make_tampered(bundle)
    document = tampered.json("document.json")
    document["scenarios"][1]["replay"] = None
    tampered.put("document.json", document)
    assert "replay is None, its records say 'blobs'" in refusal(
        tampered.restate().folder(tmp_path / "b")
    )


def test_a_source_that_is_another(bundle, make_tampered, tmp_path):
    """The labeled sets of one method are not those of another."""
    tampered = make_tampered(bundle)
    document = tampered.json("document.json")
    rows = {row["method"]: row for row in document["scenarios"][1]["methods"]}
    margin, qbc = rows["margin"], rows["qbc"]
    for name in ("runs", "accuracy"):
        margin[name], qbc[name] = qbc[name], margin[name]
    tampered.put("document.json", document)
    assert "target" in refusal(tampered.restate().folder(tmp_path / "b"))


def test_without_what_it_replays(bundle, make_tampered, tmp_path):
    tampered = make_tampered(bundle)
    document = tampered.json("document.json")
    source = document["scenarios"].pop(0)
    document["findings"].pop(source["scenario"])
    tampered.put("document.json", document)
    why = refusal(tampered.restate().folder(tmp_path / "b"))
    assert "blobs, which it replays, is not in the document" in why


def test_a_row_is_left_out_where_its_source_is_not_complete(workspace):
    document = Documents(workspace.reports).read("tiny")
    blobs, target = document.scenarios

    def blocked(label):
        rows = tuple(
            row.model_copy(
                update={"runs": (row.runs[0].model_copy(update={"state": "failed"}),)}
                if row.method == label
                else {}
            )
            for row in blobs.methods
        )
        changed = blobs.model_copy(update={"methods": rows})
        return document.model_copy(update={"scenarios": (changed, target)})

    kept, left_out = complete(blocked("margin"))
    assert [[row.method for row in one.methods] for one in kept.scenarios] == [
        ["random", "qbc"]
    ] * 2
    assert [(one.scenario, one.why) for one in left_out] == [
        ("blobs", "not all of its runs are done"),
        ("target", "its row in 'blobs', which it replays, is not complete"),
    ]
    with pytest.raises(UsageError, match="reference 'random' is not complete"):
        complete(blocked("random"))
