"""The overlap of queried sets, counted again with Python's sets from what is recorded."""

from itertools import chain

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alharness.results import overlap as module
from alharness.results.collect import collect
from alharness.results.overlap import shares, widened

METHODS = ("random", "margin", "bald")


def counted(one, other):
    """Independent: the share of the smaller set that is in the other."""
    if not one or not other:
        return None
    return len(set(one) & set(other)) / min(len(one), len(other))


def expected(bench, end, world, pick):
    """Independent: means over (initial set, seed); ``pick`` is of the lists a run queried."""
    queried = {}
    for run in end.runs:
        keys = [step.unit.key for slot, step in sorted(run.steps.items()) if slot.kind == "query"
                and step.unit is not None and step.unit.key in world.records]  # fmt: skip
        lists = [world.records[key]["indices"] for key in keys if key not in world.lost]
        lost = run.state.value != "done" or len(lists) < len(keys)
        queried[run.method.label, run.place] = pick(lists, lost)
    table = []
    for one in (method.label for method in bench.methods):
        row = []
        for other in (method.label for method in bench.methods):
            found = [
                counted(queried[one, place], queried[other, place]) for place in bench.places()
            ]
            there = [value for value in found if value is not None]
            row.append(round(float(np.mean(there)), 4) if there else None)
        table.append(row)
    return table


def first(lists, lost):
    return lists[0] if lists else []


def everything(lists, lost):
    return [] if lost else list(chain.from_iterable(lists))


def as_lists(values):
    return [[None if value is None else round(value, 4) for value in row] for row in values]


def check(bench, end, world):
    (scenario,) = collect(bench, end, world, []).scenarios
    assert as_lists(scenario.overlap.first) == expected(bench, end, world, first)
    assert as_lists(scenario.overlap.all) == expected(bench, end, world, everything)
    return scenario.overlap


def test_what_methods_queried_in_common(make_bench, world):
    bench = make_bench(METHODS, initial_sets=3, seeds=2, scope="fixed")
    one = world(bench)
    found = check(bench, one.finish(bench), one)
    for values in (found.first, found.all):
        table = np.array(values)
        np.testing.assert_array_equal(table, table.T)
        np.testing.assert_array_equal(np.diag(table), 1)
        assert (table[~np.eye(3, dtype=bool)] < 0.9).all()
    # The second query adds to the first: what is in common after both is another share.
    assert found.first != found.all


def test_a_run_of_which_a_query_is_missing_counts_at_the_first_query_only(make_bench, world):
    bench = make_bench(METHODS, initial_sets=3, seeds=1, scope="fixed")
    one = world(bench)

    def fails(unit):
        path = unit.inputs.seed if unit.kind == "query" else None
        return path is not None and path.cycle == 1 and path.initial_set == 2

    end = one.finish(bench, fails=fails)
    with_all = check(bench, end, one)
    queries = [unit for unit in one.units.values() if unit.kind == "query"]
    margin = [unit for unit in queries if unit.inputs.sampler.name == "margin"]
    lost = next(unit for unit in margin if unit.inputs.seed.cycle == 0)
    one.lost = {lost.key}
    path = lost.inputs.seed
    assert path.cycle == 0
    (scenario,) = collect(bench, end, one, []).scenarios
    assert scenario.overlap.first[0][2] == with_all.first[0][2]
    assert scenario.overlap.first[0][1] != with_all.first[0][1]
    one.lost = {unit.key for unit in margin}
    (scenario,) = collect(bench, end, one, []).scenarios
    for values in (scenario.overlap.first, scenario.overlap.all):
        assert [row[1] for row in values] == list(values[1]) == [None] * 3
        assert None not in (values[0][0], values[0][2], values[2][2])


def test_runs_that_end_early_share_what_the_shorter_one_queried(make_bench, world):
    bench = make_bench(METHODS, initial_sets=4, seeds=2, scope="fixed", stop_at_accuracy=0.75)
    one = world(bench)
    end = one.finish(bench)
    assert len({run.last for run in end.runs}) == 3
    check(bench, end, one)


def test_before_anything_is_queried_there_is_none(empty):
    (scenario,) = empty.scenarios
    assert scenario.overlap.first == scenario.overlap.all == ((None, None),) * 2


SETS = st.none() | st.sets(st.integers(0, 30), max_size=12).map(sorted)


@given(st.lists(SETS, max_size=6))
@settings(max_examples=60, deadline=None)
def test_shares_of_any_sets(sets):
    with np.errstate(all="raise"):
        found = shares([None if one is None else np.array(one, dtype=np.int64) for one in sets])
    assert found.shape == (len(sets), len(sets))
    for row, one in zip(found, sets, strict=True):
        for value, other in zip(row, sets, strict=True):
            share = counted(one, other)
            assert np.isnan(value) if share is None else value == pytest.approx(share, abs=1e-12)


def test_many_methods_and_images_in_blocks(monkeypatch):
    rng = np.random.default_rng(0)
    sets = [rng.choice(5_000, 400, replace=False) for _ in range(200)]
    whole = shares(sets)
    monkeypatch.setattr(module, "_BLOCK", 700)
    np.testing.assert_array_equal(shares(sets), whole)
    for one, other in ((0, 199), (7, 8), (100, 3)):
        assert whole[one, other] == counted(sets[one].tolist(), sets[other].tolist())


def test_methods_of_which_it_is_not_known_are_none(finished):
    overlap = finished.scenarios[0].overlap
    wider = widened(overlap, 2)
    for before, after in ((overlap.first, wider.first), (overlap.all, wider.all)):
        assert [row[:2] for row in after[:2]] == list(before)
        assert [row[2:] for row in after[:2]] == [(None, None)] * 2
        assert after[2:] == ((None,) * 4,) * 2
    assert widened(overlap, 0) == overlap
