"""Forgetting: a unit that gives another result than its record has a way on."""

import pytest

from alharness import UsageError
from alharness.store.forgetting import forget


def recorded(workbench, kind):
    return {key for key, _ in workbench.workspace.records.keys(kind)}


@pytest.mark.slow
def test_what_was_computed_from_it_is_computed_anew_and_nothing_else(workbench):
    """A model that is another with each training stands for another processor."""
    bench = workbench.bench(model='"unstable"', sets=2)
    workbench.coordinator(bench).run()
    before = {kind: recorded(workbench, kind) for kind in ("trial", "evaluation", "query")}
    queries = [workbench.workspace.records.read("query", key) for key in before["query"]]
    first = next(one for one in queries if one.unit.inputs.previous is None)
    key = first.unit.inputs.trial
    workbench.workspace.checkpoints.drop(key)
    forgotten = {record.unit.key: record for record in forget(workbench.workspace, key)}
    kinds = [record.unit.kind for record in forgotten.values()]
    assert kinds.count("trial") == kinds.count("evaluation") == len(before["trial"]) // 2
    assert {"query", "annotation"} <= set(kinds)
    kept = before["query"] - set(forgotten)
    assert kept
    assert recorded(workbench, "query") == kept
    aside = (workbench.workspace.root / "forgotten").iterdir()
    assert {path.name.partition(".")[0] for path in aside} == set(forgotten)
    again = workbench.coordinator(bench)
    again.run()
    assert again.failures == {}
    assert key in recorded(workbench, "trial")


def test_a_key_without_a_record_is_bad_input(workbench):
    with pytest.raises(UsageError, match="abc: no record has this key"):
        forget(workbench.workspace, "abc")
