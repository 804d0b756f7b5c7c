"""Queries before any training: what the pool has then, and the same pool's later queries."""

import numpy as np
import pytest
import torch

from alharness import HarnessError
from alharness.engine.questions import image_numbers, pose
from alharness.protocol.components import MethodNeeds
from alharness.protocol.planning.run import Slot, State
from alharness.protocol.planning.survey import survey
from alharness.registry import discover
from alharness.store.ledger import StoreLedger
from alharness.testing.pools import N_UNLABELED, Pools

PLUGINS = """
import numpy as np
import torch

import alharness


class Choosing(alharness.Sampler):
    '''Chooses the darkest images, and knows them again.'''

    needs = alharness.Needs(model=False)

    def query(self, pool, budget, rng):
        if pool.n_labeled == 0:
            assert pool.cycle == 0 and not pool.stored()
            assert len(pool.labels()) == len(pool.images("labeled")) == len(pool.labeled_in()) == 0
            picks = torch.argsort(pool.images().sum((1, 2, 3)), stable=True)[:budget]
            self.stored = {"picked": pool.numbers()[picks], "all": pool.numbers()}
            return picks
        if pool.cycle == 0:
            stored = pool.stored()
            assert set(pool.numbers("labeled").tolist()) == set(stored["picked"].tolist())
            everything = [*pool.numbers().tolist(), *pool.numbers("labeled").tolist()]
            assert sorted(everything) == sorted(stored["all"].tolist())
            assert not pool.labeled_in().any()
        assert pool.logits().shape == (pool.n_unlabeled, pool.n_classes)
        return rng.choice(pool.n_unlabeled, budget, replace=False)


class Needing(alharness.Sampler):
    '''Needs a model, and is told nothing of who chose.'''

    def query(self, pool, budget, rng):
        assert pool.n_labeled and not pool.stored()
        return torch.argsort(pool.logits().amax(1), stable=True)[:budget]


class Presuming(Choosing):
    def query(self, pool, budget, rng):
        return torch.argsort(pool.embeddings()[:, 0])[:budget]


@alharness.hookimpl
def alharness_samplers():
    for name, factory in [("choosing", Choosing), ("needing", Needing), ("presuming", Presuming)]:
        yield alharness.SamplerSpec(name, factory)
"""
FIRST_QUERY, FIRST_ANNOTATION = Slot(0, "first-query", 0), Slot(0, "first-annotation", 0)


@pytest.fixture
def plugged(workbench, tmp_path):
    """A workbench with these samplers."""
    file = tmp_path / "choosing.py"
    file.write_text(PLUGINS)
    return type(workbench)(tmp_path / "workspace", discover([file]), (file,))


def test_two_runs_that_start_from_what_one_chose(plugged):
    bench = plugged.bench("choosing", "needing", draw="chosen")
    coordinator = plugged.coordinator(bench)
    coordinator.run()
    assert not coordinator.failures
    runs = survey(bench, StoreLedger(plugged.workspace)).runs
    assert {run.state for run in runs} == {State.DONE}
    (first,) = {run.steps[FIRST_QUERY].unit for run in runs}
    record = plugged.workspace.records.read("query", first.key)
    condition = bench.conditions[0]
    start = condition.starts[0]
    # Independent: the darkest of what is neither validated nor left out, from the images.
    data = plugged.workspace.datasets.images(condition.facts.train_digest)
    beside = np.concatenate([start.validation.indices, start.left_out.indices])
    pool = np.setdiff1d(np.arange(condition.facts.n_train), beside)
    darkness = np.asarray(data[pool]).reshape(len(pool), -1).sum(axis=1)
    darkest = np.sort(darkness)[: condition.sizes[0]]
    picked = np.searchsorted(pool, record.result["indices"])
    assert np.array_equal(np.sort(darkness[picked]), darkest)
    assert record.result["checkpoints"] == {}
    labels = plugged.workspace.records.read(
        "annotation", runs[0].steps[FIRST_ANNOTATION].unit.key
    ).result["labels"]
    assert labels == condition.facts.train_labels[record.result["indices"]].tolist()
    for run in runs:
        trial = run.steps[Slot(0, "trial", 0)].unit
        (trained_on,) = trial.inputs.labeled
        assert sorted(plugged.workspace.sets.get(trained_on).indices) == sorted(
            record.result["indices"]
        )


def test_its_question_names_no_weights_and_the_runs_numbers(plugged):
    bench = plugged.bench("choosing", draw="chosen")
    (unit,) = (unit for _, unit in survey(bench, StoreLedger(plugged.workspace)).runs[0].ready)
    plugged.workspace.keep_sets(unit)
    question = pose(plugged.workspace, unit.inputs)
    assert question["models"] == question["committee"] == question["labeled"] == []
    assert question["stored"] is question["labels"] is None
    later = type(unit.inputs.seed)(**{**unit.inputs.seed.to_json(), "number": 0, "cycle": 3})
    assert np.array_equal(image_numbers(unit.inputs.seed, 50), image_numbers(later, 50))
    first, again = plugged.execute(unit), plugged.execute(unit)
    assert first == again


def test_who_asks_a_model_though_it_says_it_needs_none_fails_in_one_line(plugged):
    bench = plugged.bench("presuming", draw="chosen")
    coordinator = plugged.coordinator(bench)
    coordinator.run()
    (failure,) = coordinator.failures.values()
    assert "sampler 'presuming'" in failure
    assert "no model is trained before the first query" in failure


@pytest.fixture
def untrained():
    return Pools(MethodNeeds(model=False, representation="raw")).before_training()


def test_what_needs_no_model_is_there(untrained):
    assert (untrained.n_unlabeled, untrained.n_labeled, untrained.cycle) == (N_UNLABELED, 0, 0)
    assert untrained.images().shape[0] == N_UNLABELED
    assert [len(rows) for _, rows in untrained.minibatches(size=200)] == [200, 3]
    assert untrained.images("labeled").shape == (0, *untrained.images().shape[1:])
    assert torch.allclose(untrained.representation(), untrained.images().flatten(1))
    assert untrained.representation("labeled").shape[0] == 0
    assert len(untrained.numbers().unique()) == N_UNLABELED
    assert len(untrained.numbers("labeled")) == len(untrained.labels()) == 0
    assert untrained.previous_model() is None


@pytest.mark.parametrize(
    "asked",
    [
        lambda pool: pool.logits(),
        lambda pool: pool.probabilities(),
        lambda pool: pool.embeddings(),
        lambda pool: pool.logits("labeled"),
        lambda pool: pool.head(),
        lambda pool: pool.gradient_factors(),
        lambda pool: pool.model(),
        lambda pool: next(pool.mc_probabilities(2)),
    ],
)
def test_what_asks_a_model_says_that_there_is_none(untrained, asked):
    with pytest.raises(HarnessError, match="no model is trained before the first query"):
        asked(untrained)
