"""Methods are noted as soon as they have results, whatever becomes of the bench."""

from dataclasses import replace

import pytest

from alharness.observing.tried import TriedObserver
from alharness.protocol.components import MethodNeeds
from alharness.protocol.planning.survey import survey
from alharness.protocol.suite.reading import protocol_digest
from alharness.store.tried import Tried, TriedMethods


@pytest.fixture
def noted_after(make_bench, world, tmp_path):
    """What is noted once a bench got so far; ``choose`` says what is computed of what is ready."""

    def noted(bench, choose=lambda ready: ready, fails=lambda unit: False):
        tried, one = TriedMethods(tmp_path), world(bench)
        observer = TriedObserver(tried)
        observer.alharness_bench_started(bench)
        observer.alharness_bench_surveyed(survey(bench, one))
        assert not (tmp_path / "tried").exists()
        observer.alharness_bench_surveyed(one.finish(bench, choose, fails=fails))
        digest = protocol_digest(bench.suite, bench.conditions[0].scenario)
        return list(tried.under(digest).values())

    return noted


def test_all_but_the_reference(make_bench, noted_after):
    noted = noted_after(make_bench(("random", "margin", "qbc")))
    expected = [Tried("margin", "random", None), Tried("qbc", "random", None)]
    assert sorted(noted, key=lambda one: one.method) == expected


def test_one_measurement_after_cycle_0_is_enough(make_bench, noted_after):
    """As in a bench that was stopped: one run went on, all others failed at their first query."""
    bench = make_bench(("random", "margin"))

    def fails(unit):
        place = unit.inputs.seed if unit.kind == "query" else None
        return place is not None and (place.initial_set, place.seed) != (0, 0)

    assert noted_after(bench, fails=fails) == [Tried("margin", "random", None)]


def test_a_method_that_was_never_measured_after_cycle_0(make_bench, noted_after):
    bench = make_bench(("random", "margin"))
    assert noted_after(bench, fails=lambda unit: unit.kind == "query") == []


def test_what_sees_labels_is_no_method(make_bench, noted_after):
    bench = make_bench(("random", "bound"))
    random, bound = bench.methods
    bound = replace(bound, needs=MethodNeeds(sees_labels=True))
    assert noted_after(replace(bench, methods=(random, bound))) == []
