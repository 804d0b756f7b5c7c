"""Units on real digits with a tiny network."""

import shutil

import numpy as np
import pytest
import torch

from alharness import HarnessError, Sampler
from alharness.engine.images import HeldImages
from alharness.engine.network import Network
from alharness.engine.pool import ImagePool
from alharness.protocol.partition.sets import IndexSet
from alharness.protocol.planning.survey import next_units
from alharness.protocol.units import make_unit
from alharness.store.ledger import StoreLedger


def upcoming(workbench, bench):
    return {unit.kind: unit for unit in next_units(bench, StoreLedger(workbench.workspace))}


def test_trial_evaluation_query_annotation(workbench):
    """Published trap 23."""
    bench = workbench.bench()
    condition = bench.conditions[0]
    trial = upcoming(workbench, bench)["trial"]
    result = workbench.execute(trial)
    assert result["validation_accuracy"] == max(workbench.curves(trial)["validation_accuracy"])
    after = upcoming(workbench, bench)
    assert after.keys() == {"evaluation", "query"}
    # Test images are opened by no unit but the evaluation.
    hidden = workbench.workspace.root / "elsewhere"
    test = workbench.workspace.datasets.images_folder(condition.facts.test_digest)
    test.rename(hidden)
    query = workbench.execute(after["query"])
    start = condition.starts[0]
    assert len(set(query["indices"])) == after["query"].inputs.budget == len(query["indices"])
    taken = {*start.labeled.indices, *start.validation.indices}
    assert not taken & set(query["indices"])
    annotation = upcoming(workbench, bench)["annotation"]
    labels = workbench.execute(annotation)
    assert labels["labels"] == condition.facts.train_labels[query["indices"]].tolist()
    assert labels["cost"] == len(query["indices"])
    again = upcoming(workbench, bench)["trial"]
    assert again.inputs.seed.cycle == 1
    workbench.execute(again)
    with pytest.raises(HarnessError, match="prepared images cannot be read"):
        workbench.execute(after["evaluation"])
    hidden.rename(test)
    assert 0 < workbench.execute(after["evaluation"])["test_accuracy"] < 1


def test_a_trial_without_validation_images_keeps_its_last_weights(workbench):
    trial = upcoming(workbench, workbench.bench())["trial"]
    nothing = IndexSet(np.zeros(0, dtype=np.int64))
    inputs = trial.inputs.model_copy(update={"validation": nothing.digest})
    unvalidated = make_unit(inputs, (*trial.sets, nothing))
    result = workbench.execute(unvalidated)
    assert result["validation_accuracy"] is result["validation_loss"] is None
    assert result["best_epoch"] == inputs.recipe.epochs - 1
    workbench.execute(trial)
    with_validation = workbench.curves(trial)
    assert workbench.curves(unvalidated) == {"training_loss": with_validation["training_loss"]}


def test_a_record_names_the_machine(workbench):
    trial = upcoming(workbench, workbench.bench())["trial"]
    workbench.execute(trial)
    machine = StoreLedger(workbench.workspace).machine(trial)
    assert machine.instructions == torch.backends.cpu.get_cpu_capability()
    assert machine.device == "cpu"
    assert machine.processor


def test_executed_twice_gives_the_same(workbench):
    bench = workbench.bench()
    records = workbench.workspace.records
    for kind in ("trial", "query"):
        unit = upcoming(workbench, bench)[kind]
        torch.manual_seed(1)
        workbench.execute(unit)
        first = records.read(kind, unit.key)
        shutil.rmtree(workbench.workspace.root / "records" / kind)
        torch.manual_seed(2)
        workbench.execute(unit)
        assert records.read(kind, unit.key).digest == first.digest


def test_rows_of_the_pool_in_a_random_order_and_mapped_right(workbench, monkeypatch):
    """Published trap 4: positions are no dataset indices."""
    bench = workbench.bench()
    workbench.execute(upcoming(workbench, bench)["trial"])
    query = upcoming(workbench, bench)["query"]
    pools = []

    class First(Sampler):
        def query(self, pool, budget, rng):
            pools.append(pool)
            return list(range(budget))

    engine = workbench.engine
    create = engine.plugins.create
    monkeypatch.setattr(
        engine.plugins,
        "create",
        lambda kind, identity: First() if kind == "sampler" else create(kind, identity),
    )
    picked = workbench.execute(query)["indices"]
    (pool,) = pools
    pictures = workbench.workspace.datasets.images(query.inputs.network.data)
    images = pictures[np.arange(pictures.shape[0])]
    truth = bench.conditions[0].facts.train_labels
    shown = np.rint(pool.images()[: len(picked)].numpy() * 255)
    np.testing.assert_array_equal(shown, images[picked])
    assert picked != sorted(picked)
    labeled = np.rint(pool.images("labeled").numpy() * 255).astype(np.uint8)
    start = bench.conditions[0].starts[0].labeled
    by_image = {images[i].tobytes(): int(truth[i]) for i in start.indices}
    assert [by_image[row.tobytes()] for row in labeled] == pool.labels().tolist()
    assert pool.labels().tolist() != start.labels.tolist()
    # Nothing of the pool is as long as the hidden labels, but pixels.
    for name, value in vars(pool).items():
        if name not in ("_images", "_outputs"):
            assert not hasattr(value, "__len__") or len(value) != pool.n_unlabeled, name


def test_the_pool_leaves_batch_norm_and_itself_alone():
    class Normed(torch.nn.Module):
        num_features = 4

        def __init__(self):
            super().__init__()
            self.norm = torch.nn.BatchNorm1d(4)

        def forward_features(self, x):
            return self.norm(x.flatten(1))

        def forward_head(self, x, pre_logits=False):
            return x if pre_logits else x * 2

    network = Network(Normed(), torch.zeros(1), torch.ones(1))
    pixels = torch.randint(0, 256, (9, 1, 2, 2)).to(torch.uint8)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    network.train()
    pool = ImagePool(
        HeldImages(pixels), HeldImages(pixels[:3]), torch.tensor([0, 1, 2]), 4, network, None
    )
    for take in (pool.logits, pool.embeddings, pool.labels):
        first = take()
        kept = first.clone()
        first += 1
        assert torch.equal(take(), kept)
    pool.probabilities("labeled")
    after = pool.model().state_dict()
    assert all(torch.equal(after[name], before[name]) for name in before)
    assert torch.equal(pool.logits(), 2 * pool.embeddings())
