"""Annotations through the real engine: wrong labels are trained on, and nothing else is wrong."""

import numpy as np
import pytest

from alharness import HarnessError, UsageError
from alharness.protocol.planning.run import Slot
from alharness.protocol.planning.survey import survey
from alharness.store.ledger import StoreLedger


def runs(workbench, bench):
    workbench.coordinator(bench).run()
    return survey(bench, StoreLedger(workbench.workspace)).runs


@pytest.mark.parametrize("scope", ["all", "newest"])
def test_wrong_labels_are_trained_on(workbench, scope):
    oracle = f'{{ oracle = "noisy", noise = "flip", fraction = 1.0, scope = "{scope}" }}'
    bench = workbench.bench(oracle=oracle)
    condition = bench.conditions[0]
    truth, sizes = condition.facts.train_labels, condition.sizes
    (run,) = runs(workbench, bench)
    for cycle, trial in enumerate(run.chosen):
        trained_on = workbench.workspace.sets.labeled(trial.inputs.labeled)
        wrong = trained_on.labels != truth[trained_on.indices]
        first = sizes[0] if scope == "all" else sizes[max(cycle - 1, 0)]
        assert wrong.tolist() == (np.arange(len(wrong)) >= first).tolist()
        assert trial.inputs.validation == run.chosen[0].inputs.validation
    assert workbench.workspace.datasets.labels(condition.facts.test_digest).shape == (360,)


def test_recorded_labels_and_their_cost(workbench, tmp_path):
    path = tmp_path / "labels.csv"
    lines = [f"{index},{index % 10}" for index in range(1437)]
    path.write_text("\n".join(["index,label", *lines]))
    oracle = f'{{ oracle = "recorded", path = "{path}", cost_per_label = 0.25 }}'
    bench = workbench.bench(oracle=oracle)
    (run,) = runs(workbench, bench)
    n_initial, n_first, _ = bench.conditions[0].sizes
    last = workbench.workspace.sets.labeled(run.labeled[-1].digests)
    queried = last.indices[n_initial:]
    assert last.labels[n_initial:].tolist() == (queried % 10).tolist()
    annotation = run.steps[Slot(0, "annotation", 0)].unit
    record = workbench.workspace.records.read("annotation", annotation.key)
    assert record.result["cost"] == 0.25 * (n_first - n_initial)

    path.write_text(path.read_text().replace("5,5", "5,6"))
    again = workbench.bench(oracle=oracle)
    assert again.conditions[0].oracle.identity != bench.conditions[0].oracle.identity
    with pytest.raises(HarnessError, match="changed since the unit was planned"):
        workbench.engine.execute(annotation)


def test_a_file_that_is_not_there_is_found_before_anything_is_trained(workbench):
    with pytest.raises(
        UsageError,
        match=r"scenario 'digits-mlp': oracle 'recorded' .* parameter 'path' names '/nowhere\.csv'",
    ):
        workbench.bench(oracle='{ oracle = "recorded", path = "/nowhere.csv" }')
