"""A committee through the real engine: trained, read by the query, named in its record."""

import pytest

from alharness import ContractViolation
from alharness.protocol.planning.run import Slot, State
from alharness.protocol.planning.survey import next_units, survey
from alharness.store.ledger import StoreLedger


def test_a_sampler_hears_its_committee(workbench):
    bench = workbench.bench("watching", "asking")
    assert [method.needs.committee for method in bench.methods] == [0, 2]
    workbench.coordinator(bench).run()
    # What the committee says is checked inside the query: see Asking.
    state = survey(bench, StoreLedger(workbench.workspace))
    assert {run.state for run in state.runs} == {State.DONE}
    for run in state.runs:
        query = run.steps[Slot(0, "query", 0)].unit
        record = workbench.workspace.records.read("query", query.key)
        read = {query.inputs.trial, *query.inputs.committee}
        assert set(record.result["checkpoints"]) == read
        assert len(read) == 1 + run.method.needs.committee


def test_who_declares_no_committee_has_none(workbench):
    bench = workbench.bench("watching", "presuming")
    for _ in range(2):
        for unit in next_units(bench, StoreLedger(workbench.workspace)):
            if unit.kind == "query" and unit.inputs.sampler.name == "presuming":
                with pytest.raises(ContractViolation, match="Needs\\(committee"):
                    workbench.execute(unit)
                return
            workbench.execute(unit)
    raise AssertionError("no query was reached")
