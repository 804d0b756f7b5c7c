"""A third party's sampler over the cycles of a run, through the real engine.

What it is told of the run's past is checked inside its queries (``Remembering``) and, against
the records, here.
"""

import json

import numpy as np
import pytest

from alharness import HarnessError
from alharness.engine.answering import answer_question
from alharness.engine.questions import STORED, image_numbers, pose
from alharness.protocol.keys import digest_bytes
from alharness.protocol.planning.run import Slot, State
from alharness.protocol.planning.survey import next_units, survey
from alharness.protocol.units import Stored
from alharness.registry import discover
from alharness.store.arrays import unpack
from alharness.store.ledger import StoreLedger

PLUGINS = """
import numpy as np
import torch

import alharness


class Random(alharness.Sampler):
    def query(self, pool, budget, rng):
        return rng.permutation(pool.n_unlabeled)[:budget]


class Remembering(Random):
    '''Knows every image again, and when it was labeled.'''

    def query(self, pool, budget, rng):
        unlabeled, labeled = pool.numbers().numpy(), pool.numbers("labeled").numpy()
        labeled_in, before = pool.labeled_in().numpy(), pool.stored()
        sums = np.concatenate([pool.images(one).sum((1, 2, 3)) for one in ("unlabeled", "labeled")])
        numbers = np.concatenate([unlabeled, labeled])
        assert len(np.unique(numbers)) == len(numbers)
        order = np.argsort(numbers)
        assert (pool.cycle == 0) == (not before)
        if before:
            assert before["cycle"] == pool.cycle - 1
            assert np.array_equal(before["numbers"], numbers[order])
            assert np.array_equal(before["sums"], sums[order]), "a number is another image's"
            new = labeled[labeled_in == pool.cycle]
            assert set(new) == set(before["picked"])
            old = {n: c for n, c in zip(labeled, labeled_in) if c < pool.cycle}
            assert old == dict(zip(before["labeled"], before["labeled_in"]))
        else:
            assert not labeled_in.any()
        picked = super().query(pool, budget, rng)
        self.stored = {
            "cycle": pool.cycle, "numbers": numbers[order], "sums": torch.from_numpy(sums[order]),
            "labeled": labeled, "labeled_in": labeled_in, "picked": unlabeled[picked],
        }
        return picked


class Forgetting(Random):
    '''Stores something in cycle 0 alone.'''

    def query(self, pool, budget, rng):
        assert bool(pool.stored()) == (pool.cycle == 1)
        if pool.cycle == 0:
            self.stored = {"zero": np.zeros(1)}
        return super().query(pool, budget, rng)


class Objects(Random):
    def query(self, pool, budget, rng):
        self.stored = {"names": np.array([{}])}
        return super().query(pool, budget, rng)


class FirstClass(alharness.Sampler):
    '''Knows the answers: labels the zeros.'''

    needs = alharness.Needs(sees_labels=True, representation="task-model")

    def query(self, pool, budget, rng):
        assert torch.equal(pool.representation(), pool.embeddings())
        return torch.argsort(pool.hidden_labels(), stable=True)[:budget]


class Peeks(FirstClass):
    needs = alharness.Needs(representation="task-model")


@alharness.hookimpl
def alharness_samplers():
    for name, factory in [("watching", Random), ("remembering", Remembering),
                          ("forgetting", Forgetting), ("objects", Objects),
                          ("first-class", FirstClass), ("peeks", Peeks)]:
        yield alharness.SamplerSpec(name, factory)
"""


@pytest.fixture
def plugged(workbench, tmp_path):
    """A workbench with these samplers."""
    file = tmp_path / "remembering.py"
    file.write_text(PLUGINS)
    return type(workbench)(tmp_path / "workspace", discover([file]), (file,))


def finished(plugged, *samplers, **changes):
    """The runs of a bench with four cycles, three of which query."""
    bench = plugged.bench("watching", *samplers, final=0.08, **changes)
    coordinator = plugged.coordinator(bench)
    coordinator.run()
    assert not coordinator.failures
    runs = survey(bench, StoreLedger(plugged.workspace)).runs
    assert {run.state for run in runs} == {State.DONE}
    return runs


def query_record(plugged, run, cycle):
    unit = run.steps[Slot(cycle, "query", 0)].unit
    return plugged.workspace.records.read("query", unit.key)


def query_of(plugged, sampler, cycle=0):
    """The unit of a sampler's query in this cycle, everything before it done."""
    bench = plugged.bench("watching", sampler)
    while True:
        units = next_units(bench, StoreLedger(plugged.workspace))
        assert units, "no query was reached"
        for unit in units:
            is_query = unit.kind == "query" and unit.inputs.sampler.name == sampler
            if is_query and unit.inputs.seed.cycle == cycle:
                plugged.workspace.keep_sets(unit)
                return unit
            plugged.execute(unit)


def test_over_three_queries(plugged):
    *_, one, other = finished(plugged, "remembering", sets=2)
    for run in (one, other):
        before = None
        for cycle in range(3):
            record = query_record(plugged, run, cycle)
            inputs = record.unit.inputs
            assert inputs.stored == before, "the key holds what was stored, and where"
            packed = plugged.workspace.records.beside(record, STORED)
            assert record.result["stored"] == record.beside[STORED] == digest_bytes(packed)
            stored = unpack(packed, 10**7)
            n_images = len(run.condition.facts.train_labels)
            numbers = image_numbers(inputs.seed, n_images)
            assert set(numbers[record.result["indices"]]) == set(stored["picked"])
            before = Stored(query=record.unit.key, digest=record.result["stored"])
    numbers = [
        image_numbers(query_record(plugged, run, 0).unit.inputs.seed, 1437) for run in (one, other)
    ]
    assert not set(numbers[0]) & set(numbers[1]), "another run has others"


def test_numbers_say_nothing_of_index_or_class(plugged):
    seed = query_of(plugged, "remembering").inputs.seed
    labels = plugged.bench("watching").conditions[0].facts.train_labels
    n = len(labels)
    # A correlation of independent values has a deviation of 1 / sqrt(n); over 20 seeds.
    for number in range(20):
        path = type(seed)(**{**seed.to_json(), "suite_seed": number})
        numbers = image_numbers(path, n).astype(float)
        ranks = np.argsort(np.argsort(numbers))
        for secret in (np.arange(n), labels, *(labels == c for c in range(10))):
            assert abs(np.corrcoef(ranks, secret)[0, 1]) < 5 / np.sqrt(n)


def test_what_stores_nothing_has_no_file_and_no_trace_in_the_key(plugged):
    random, forgetting = finished(plugged, "forgetting")
    records = [query_record(plugged, random, cycle) for cycle in range(3)]
    records += [query_record(plugged, forgetting, cycle) for cycle in (1, 2)]
    for record in records:
        assert STORED not in record.beside
        assert "stored" not in record.result
    assert query_record(plugged, forgetting, 1).unit.inputs.stored is not None
    assert query_record(plugged, forgetting, 2).unit.inputs.stored is None
    assert "stored" not in json.dumps(records[0].to_json())


def test_asked_again_it_stores_the_same(plugged):
    unit = query_of(plugged, "remembering")
    first = plugged.execute(unit)
    assert plugged.execute(unit) == first


def test_a_lost_file_is_noticed_and_its_query_computed_again(plugged):
    second = query_of(plugged, "remembering", cycle=1)
    first = plugged.workspace.records.read("query", second.inputs.stored.query)
    plugged.workspace.records.path_beside(first, STORED).write_bytes(b"damaged")
    with pytest.raises(HarnessError, match="lost or damaged"):
        pose(plugged.workspace, second.inputs)
    plugged.execute(first.unit)
    assert pose(plugged.workspace, second.inputs)["stored"] is not None


def test_what_may_not_be_stored_fails_the_query(plugged):
    unit = query_of(plugged, "objects")
    with pytest.raises(HarnessError, match="array of object") as broken:
        plugged.execute(unit)
    assert "sampler 'objects'" in str(broken.value)


def test_who_sees_labels_is_given_the_true_ones(plugged):
    _, run = finished(plugged, "first-class")
    labels = run.condition.facts.train_labels
    for cycle in range(3):
        record = query_record(plugged, run, cycle)
        assert record.unit.inputs.sees_labels
        assert (labels[record.result["indices"]] == 0).all()


def test_nobody_else_is(plugged):
    unit = query_of(plugged, "peeks")
    assert not unit.inputs.sees_labels
    assert pose(plugged.workspace, unit.inputs)["labels"] is None
    with pytest.raises(HarnessError, match="Needs\\(sees_labels=True\\)"):
        plugged.execute(unit)


def test_a_question_and_its_answer_are_json(plugged):
    unit = query_of(plugged, "remembering")
    question = json.loads(json.dumps(pose(plugged.workspace, unit.inputs)))
    answer = answer_question(question, plugged.engine.plugins, plugged.engine.device)
    assert json.loads(json.dumps(answer)) == answer
