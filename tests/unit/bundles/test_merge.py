"""Taking over another machine's records, and dropping them again."""

import json
import shutil

import pytest

from alharness.api.errors import MismatchError, UsageError
from alharness.bundles.checking import checked
from alharness.bundles.merging import merge
from alharness.bundles.packing import pack
from alharness.leaderboard.report import report_markdown
from alharness.protocol.planning.run import State
from alharness.protocol.planning.survey import survey
from alharness.results.collect import collect
from alharness.results.document import Origin
from alharness.results.documents import Documents
from alharness.store.forgetting import forget_origin
from alharness.store.ledger import StoreLedger
from alharness.store.workspace import Workspace


def state(bench, workspace):
    return survey(bench, StoreLedger(workspace))


@pytest.fixture(autouse=True)
def _without_syncing(monkeypatch):
    monkeypatch.setattr("os.fsync", lambda descriptor: None)


@pytest.fixture
def merged(packed, tmp_path):
    """A new workspace that took over the bundle, and the bundle's identity."""
    workspace = Workspace(tmp_path / "merged")
    with checked(packed) as bundle:
        result = merge(bundle, workspace, 0)
        assert (result.taken, result.there) == (len(bundle.records), 0)
        assert result.weights == 3
    return workspace, bundle.identity


def test_nothing_is_left_to_do_of_the_same_bench(merged, tiny, finished):
    workspace, _ = merged
    after = state(tiny, workspace)
    assert {run.state for run in after.runs} == {State.DONE}
    assert after.ready() == ()
    assert after.droppable == frozenset()
    ours, theirs = (
        collect(tiny, state(tiny, one), StoreLedger(one), []) for one in (workspace, finished)
    )
    assert ours.findings == theirs.findings


def test_side_files_and_index_sets_are_there(merged, finished):
    workspace, _ = merged
    for record in map(workspace.records.read, *zip(*keys(workspace), strict=True)):
        for name in record.beside:
            assert workspace.records.beside(record, name) is not None
        for name in getattr(record.unit.inputs, "labeled", ()):
            assert workspace.sets.has(name)
    assert workspace.checkpoints.keys() <= finished.checkpoints.keys()


def keys(workspace):
    kinds = ("trial", "evaluation", "query", "annotation")
    return [(kind, key) for kind in kinds for key, _ in workspace.records.keys(kind)]


def test_a_record_keeps_its_origin_and_the_report_tells(merged, tiny):
    workspace, identity = merged
    document = collect(tiny, state(tiny, workspace), StoreLedger(workspace), [])
    for method in document.scenarios[0].methods:
        ((origin),) = method.origins
        assert origin == Origin(bundle=identity, units=origin.units)
    units = document.scenarios[0].methods[0].origins[0].units
    said = (
        f"Units that others computed: random {units} of {units} from bundle {identity[:12]}, "
        f"margin {units} of {units} from bundle {identity[:12]}."
    )
    assert said in report_markdown(document)
    (note,) = workspace.origins.all()
    assert (note.bundle, note.suite, note.verified) == (identity, "tiny", 0)


def test_one_s_own_record_stays_one_s_own(packed, finished, tmp_path):
    workspace = Workspace(shutil.copytree(finished.root, tmp_path / "own"))
    before = {path: path.read_bytes() for path in workspace.root.glob("records/*/*/*")}
    with checked(packed) as bundle:
        result = merge(bundle, workspace, 0)
    assert (result.taken, result.weights) == (0, 0)
    assert {path: path.read_bytes() for path in workspace.root.glob("records/*/*/*")} == before


def test_another_result_of_the_same_unit_is_refused(packed, finished, tmp_path):
    workspace = Workspace(shutil.copytree(finished.root, tmp_path / "own"))
    path = next(workspace.root.glob("records/trial/*/*.json"))
    record = workspace.records.read("trial", path.stem)
    path.unlink()
    record.result["validation_accuracy"] = 0.123
    workspace.records.write(record)
    before = sorted(workspace.root.rglob("*"))
    with (
        checked(packed) as bundle,
        pytest.raises(MismatchError, match=f"alharness forget {path.stem}"),
    ):
        merge(bundle, workspace, 0)
    assert sorted(workspace.root.rglob("*")) == before


def test_an_interrupted_merge_goes_on(packed, tiny, tmp_path):
    workspace = Workspace(tmp_path / "merged")
    with checked(packed) as bundle:
        merge(bundle, workspace, 0)
        for path in list(workspace.root.glob("records/query/*/*.json"))[:3]:
            path.unlink()
        result = merge(bundle, workspace, 0)
    assert (result.taken, result.weights) == (3, 0)
    assert {run.state for run in state(tiny, workspace).runs} == {State.DONE}


def test_methods_that_were_taken_over_count_in_families(merged, tiny):
    workspace, _ = merged
    ((noted),) = (
        workspace.tried.under(path.name).values() for path in (workspace.root / "tried").iterdir()
    )
    assert [(one.method, one.reference) for one in noted] == [("margin", "random")]


def test_everything_of_one_origin_is_dropped_with_what_rests_on_it(merged, command):
    workspace, identity = merged
    index = StoreLedger(workspace)
    index.keep()
    done = command("forget", "--origin", identity[:12], "--workspace", workspace.root)
    assert done.exit_code == 0, done.output
    assert "Set aside" in done.stdout
    assert keys(workspace) == []
    assert workspace.checkpoints.keys() == set()
    assert workspace.origins.all() == []


def test_own_units_that_rest_on_an_origin_go_and_others_stay(packed, finished, tmp_path):
    """Trials of cycle 0 were taken over, the rest is one's own: it rests on them."""
    workspace = Workspace(shutil.copytree(finished.root, tmp_path / "own"))
    records = {
        key: workspace.records.read("trial", key) for key, _ in workspace.records.keys("trial")
    }
    first = [one for one in records.values() if one.unit.inputs.seed.cycle == 0]
    taken = [one for one in first if one.unit.inputs.seed.initial_set == 1]
    assert taken
    for record in taken:
        workspace.records.path("trial", record.unit.key).unlink()
    with checked(packed) as bundle:
        assert merge(bundle, workspace, 0).taken == len(taken)
    forgotten = forget_origin(workspace, bundle.identity)
    gone = {one.unit.key for one in forgotten}
    assert {one.unit.key for one in taken} < gone
    left = {key for _, key in keys(workspace)}
    stay = {one.unit.key for one in records.values() if one.unit.inputs.seed.initial_set != 1}
    assert stay <= left
    assert not any(
        one.unit.inputs.seed.initial_set == 1 for one in records.values() if one.unit.key in left
    )


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ([], "give a KEY, or --origin"),
        (["abc", "--origin", "abcdef"], "give a KEY, or --origin"),
        (["--origin", "abcdef"], "'abcdef' names no one bundle"),
        (["--origin", ""], "names no one bundle"),
    ],
)
def test_forget_wants_one_thing(command, words, why):
    done = command("forget", *words)
    assert done.exit_code == 2
    assert why in done.stderr


def test_what_was_taken_over_is_packed_with_all_its_origins(merged, tiny, tmp_path):
    workspace, identity = merged
    document = collect(tiny, state(tiny, workspace), StoreLedger(workspace), [])
    Documents(workspace.reports).write(document)
    again = pack(workspace, None, tmp_path / "again.zip")
    third = Workspace(tmp_path / "third")
    with checked(again.path) as bundle:
        assert bundle.document.scenarios[0].methods[0].origins[0].bundle == identity
        merge(bundle, third, 0)
    record = third.records.read(*keys(third)[0])
    assert record.facts["origins"] == [again.identity, identity]
    assert record.origin == again.identity


def test_trust_takes_over_without_computing_and_says_so(packed, command, tmp_path):
    done = command("bundle", "merge", packed, "--workspace", "w", "--trust")
    assert done.exit_code == 0, done.output
    assert "Nothing was computed again: its records are believed (--trust)." in done.stdout
    notes = json.loads(next((tmp_path / "w" / "origins").iterdir()).read_text())
    assert notes["verified"] == 0


def test_what_cannot_be_computed_again_is_not_taken_over(packed, command, tmp_path):
    """The plugins of this bench are nobody's: nothing can be computed."""
    # The seed draws a trial: an annotation alone names no model.
    drawn = ["--units", "2", "--seed", "1"]
    done = command("bundle", "merge", packed, "--workspace", "w", *drawn)
    assert done.exit_code == 3, done.output
    assert "model 'mlp' of (test) 1 is another here" in done.stderr
    assert "nothing was taken over. Install what is missing" in done.stderr
    assert not (tmp_path / "w" / "records").exists()


def test_verify_says_what_is_missing(packed, command):
    done = command("bundle", "verify", packed, "--units", "1", "--seed", "3")
    assert done.exit_code == 3, done.output
    assert "drawn with --seed 3" in done.stderr
    assert "could not be computed." in done.stdout
    done = command("bundle", "verify", packed, "--units", "1", "--row", "margin")
    assert done.exit_code == 2


def test_origins_are_found_by_their_beginning(tmp_path):
    workspace = Workspace(tmp_path)
    with pytest.raises(UsageError, match="Those there are: none"):
        workspace.origins.find("abcdefgh")
