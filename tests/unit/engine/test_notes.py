"""What a sampler notes about its query: kept among the facts of the query's record."""

import json
import math

import numpy as np
import pytest

from alharness import ContractViolation
from alharness.engine.answering import answer_question
from alharness.engine.querying import checked_notes
from alharness.engine.questions import pose
from alharness.protocol.planning.survey import next_units
from alharness.registry import discover
from alharness.store.ledger import StoreLedger

# Registered under another name, so that the installed one does not matter.
PLUGINS = """
import time

import numpy as np

import alharness
from alharness_plugins.samplers.coreset_mip import CoresetMipParameters
from alharness_plugins.samplers.random import Random


class Noting(Random):
    def query(self, pool, budget, rng):
        self.notes = {"began": time.time(), "rounds": np.int64(3), "ended": "well"}
        return super().query(pool, budget, rng)


class NotingNan(Random):
    notes = {"gap": float("nan")}


@alharness.hookimpl
def alharness_samplers():
    yield alharness.SamplerSpec("watching", Random)
    yield alharness.SamplerSpec("noting", Noting)
    yield alharness.SamplerSpec("noting-nan", NotingNan)
    yield alharness.SamplerSpec("covering", "alharness_plugins.samplers.coreset_mip:CoresetMip",
                                parameters=CoresetMipParameters)
"""


@pytest.fixture
def plugged(workbench, tmp_path):
    """A workbench with these samplers."""
    file = tmp_path / "noting.py"
    file.write_text(PLUGINS)
    return type(workbench)(tmp_path / "workspace", discover([file]), (file,))


def queries(plugged, *samplers):
    """The first query of each sampler, its trial trained."""
    bench = plugged.bench("watching", *samplers)
    (trial,) = next_units(bench, StoreLedger(plugged.workspace))
    plugged.execute(trial)
    ready = next_units(bench, StoreLedger(plugged.workspace))
    return {unit.inputs.sampler.name: unit for unit in ready if unit.kind == "query"}


def record(plugged, query):
    plugged.execute(query)
    return plugged.workspace.records.read("query", query.key)


def test_notes_are_facts_and_no_result(plugged):
    query = queries(plugged, "noting")["noting"]
    first = record(plugged, query)
    assert (first.facts["notes"]["rounds"], first.facts["notes"]["ended"]) == (3, "well")
    assert "notes" not in first.result
    # Executed again the time is another one, and the record is confirmed all the same.
    assert record(plugged, query).facts["notes"] == first.facts["notes"]


def test_an_answer_is_json(plugged):
    """As it comes from another process."""
    query = queries(plugged, "noting")["noting"]
    plugged.execute(query)  # puts the index sets that the question names
    engine = plugged.engine
    answer = answer_question(pose(plugged.workspace, query.inputs), engine.plugins, engine.device)
    assert json.loads(json.dumps(answer, allow_nan=False)) == answer


def test_a_sampler_that_notes_nothing(plugged):
    query = queries(plugged)["watching"]
    assert record(plugged, query).facts["notes"] == {}


def test_the_gap_of_coreset_mip_is_in_the_record(plugged):
    query = queries(plugged, "covering")["covering"]
    notes = record(plugged, query).facts["notes"]
    assert notes["ended"] == "optimal"
    assert notes["gap"] == 0
    assert 0 < notes["lower_bound"] == notes["radius"] <= notes["greedy_radius"]


def test_notes_that_are_no_json_name_the_sampler(plugged):
    query = queries(plugged, "noting-nan")["noting-nan"]
    with pytest.raises(ContractViolation, match="note 'gap' is nan; notes are a mapping") as caught:
        plugged.execute(query)
    assert "sampler 'noting-nan'" in str(caught.value)


@pytest.mark.parametrize(
    "notes", [None, [("a", 1)], {1: 2}, {"a": [1]}, {"a": None}, {"a": math.inf}, {"a": 1j}]
)
def test_refused(notes):
    with pytest.raises(ContractViolation, match="notes are a mapping of names"):
        checked_notes(notes, "sampler 'x'")


def test_numpys_values_become_json():
    notes = {"i": np.int8(1), "f": np.float32(0.5), "b": np.True_, "s": np.str_("s"), "n": 2}
    expected = '{"i": 1, "f": 0.5, "b": true, "s": "s", "n": 2}'
    assert json.dumps(checked_notes(notes, "x")) == expected


def test_names_are_spelled_so_that_mlflow_takes_them():
    notes = {"gap (%)": 1.5, "acc@5": 2.0, "x/y:z-1.5 ü": 3.0}
    assert checked_notes(notes, "x") == {"gap ___": 1.5, "acc_5": 2.0, "x/y:z-1.5 ü": 3.0}


@pytest.mark.parametrize(
    ("notes", "said"),
    [
        ({str(number): 1 for number in range(101)}, "101 notes; a query has 100 at most"),
        ({"acc@5": 1, "acc%5": 2}, "two notes are named 'acc_5'"),
        ({"": 1}, "notes are a mapping of names"),
        ({"big": 10**400}, "notes are a mapping of names"),
        ({"x" * 10**6: [1]}, "notes are a mapping of names"),
    ],
)
def test_notes_are_bounded_and_the_sampler_is_named(notes, said):
    with pytest.raises(ContractViolation, match=said) as caught:
        checked_notes(notes, "sampler 'x'")
    assert str(caught.value).startswith("sampler 'x': ")
    assert len(str(caught.value)) < 400


def test_long_notes_lose_their_middle():
    ((name, text),) = checked_notes({"n" * 10**6: "\x1b[31mt" * 10**6}, "x").items()
    assert len(name) <= 100
    assert len(text) <= 1000
    assert "\x1b" not in text
