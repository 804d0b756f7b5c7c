"""Which images the units of a bench are of, where the suite leaves some out or shows a part."""

import numpy as np
import pytest

from alharness import DatasetShape, UsageError
from alharness.protocol.keys import digest
from alharness.protocol.partition.pool import unlabeled_pool
from alharness.protocol.planning.run import State
from alharness.protocol.planning.survey import survey
from alharness.protocol.units import QueryInputs, TrialInputs

PUBLISHED = {
    "scope": "fixed",
    "budgets": {"initial_labels": 6, "query_labels": 4, "final_labels": 14},
    "protocol": {
        "validation_fraction": 0,
        "held_back_fraction": 0.1,
        "initial_draw": "per-class",
    },
    "queries": {"pool_subset": 20},
}
"""As foundation-feature protocols do: 10 % in no set, no validation, samplers see a part."""


@pytest.mark.parametrize(
    ("settings", "keys"),
    [
        ({}, "f5ea6463fb18ae634f9424ccf87e62b2"),
        (
            {"scope": "fixed", "committees": {"margin": 2}, "labels_stay": False},
            "72742768baf1694701f251ba99c2d320",
        ),
    ],
)
def test_keys_of_benches_without_all_this_never_change(make_bench, world, settings, keys):
    """Records are found by them: mend the code, not the numbers (of 0.2 before these keys)."""
    bench = make_bench(**settings)
    one = world(bench)
    one.finish(bench)
    assert digest(sorted(one.records)) == keys


def finished(make_bench, world, **settings):
    bench = make_bench(**settings)
    one = world(bench)
    end = one.finish(bench)
    assert {run.state for run in end.runs} == {State.DONE}
    return bench, one, end


def test_a_bench_as_it_is_published(make_bench, world):
    bench, one, end = finished(make_bench, world, **PUBLISHED)
    (condition,) = bench.conditions
    assert condition.sizes == (6, 10, 14)
    assert condition.n_left_out == 6
    left_out = condition.starts[0].left_out
    for start in condition.starts:
        assert start.left_out.digest == left_out.digest
        assert len(start.validation) == 0
        assert np.bincount(start.labeled.labels).tolist() == [2, 2, 2]
    assert len({start.labeled.digest for start in condition.starts}) == 2
    for run in end.runs:
        labeled = one.labeled(run.labeled[-1]).indices
        assert len(np.unique(labeled)) == 14
        assert not np.isin(labeled, left_out.indices).any()


def test_queries_name_what_they_may_not_see_and_how_much_they_see(make_bench, world):
    _, one, end = finished(make_bench, world, **PUBLISHED)
    left_out = end.runs[0].condition.starts[0].left_out
    queries = [unit for unit in one.units.values() if isinstance(unit.inputs, QueryInputs)]
    assert len(queries) == 2 * 2 * 2 * 2
    for unit in queries:
        inputs = unit.inputs
        assert (inputs.left_out, inputs.pool_subset) == (left_out.digest, 20)
        assert left_out.digest in {part.digest for part in unit.sets}
        taken = [one.indices(part) for part in unit.sets]
        shown = unlabeled_pool(60, taken, 20, inputs.seed)
        assert np.isin(one.records[unit.key]["indices"], shown).all()
    for unit in one.units.values():
        if isinstance(unit.inputs, TrialInputs):
            assert left_out.digest not in {part.digest for part in unit.sets}


@pytest.mark.parametrize(
    "change",
    [
        {"queries": {"pool_subset": 21}},
        {"queries": {}},
        {"protocol": {**PUBLISHED["protocol"], "held_back_fraction": 0.2}},
    ],
)
def test_another_pool_is_another_query(make_bench, world, change):
    keys = [
        {key for key, unit in one.units.items() if unit.kind == "query"}
        for _, one, _ in (
            finished(make_bench, world, **PUBLISHED),
            finished(make_bench, world, **PUBLISHED | change),
        )
    ]
    assert keys[0].isdisjoint(keys[1])


def test_a_long_tail_is_of_all_that_is_used(make_bench, world):
    settings = {**PUBLISHED, "long_tail": {"ratio": 4}, "queries": {}}
    bench, one, end = finished(make_bench, world, **settings)
    (condition,) = bench.conditions
    labels, left_out = condition.facts.train_labels, condition.starts[0].left_out.indices
    kept = np.bincount(np.delete(labels, left_out))
    assert kept.tolist() == [kept[0], kept[0] // 2, kept[0] // 4]
    assert condition.n_left_out == 60 - kept.sum()
    for run in end.runs:
        assert not np.isin(one.labeled(run.labeled[-1]).indices, left_out).any()


def test_shares_are_of_the_long_tailed_images(make_bench):
    even = make_bench().conditions[0]
    tailed = make_bench(long_tail={"ratio": 1}).conditions[0]
    smallest = np.bincount(even.facts.train_labels).min()
    assert tailed.sizes == tuple(round(share * 3 * smallest / 10) for share in (1, 2, 3))


def test_before_the_data_is_prepared(make_bench, prepared_as):
    """What is held back follows from numbers, a long tail from labels, numbers from nothing."""
    shape = DatasetShape(n_train=60)
    held = make_bench(protocol={"held_back_fraction": 0.5}, final=0.2)
    assert prepared_as(held, shape).sizes == held.conditions[0].sizes == (3, 6)
    assert prepared_as(make_bench(long_tail={"ratio": 2}), shape).sizes == ()
    numbers = make_bench(**PUBLISHED)
    assert prepared_as(numbers, DatasetShape()).sizes == (6, 10, 14)
    assert prepared_as(make_bench(), DatasetShape()).sizes == ()


def test_a_subset_that_is_too_small_is_said_once_sizes_are_known(make_bench):
    with pytest.raises(UsageError, match="5 images are fewer than the 6 of the largest") as caught:
        make_bench(queries={"pool_subset": 5})
    assert caught.value.where == "queries.pool_subset"
    make_bench(queries={"pool_subset": 6})


def test_budgets_beyond_what_is_left_are_refused(make_bench):
    """60 images, 30 held back, 6 for validation: 27 can be labeled."""
    budgets = {"budgets": [6, 28]}
    with pytest.raises(UsageError, match="only 27 of 30 training images are left") as caught:
        make_bench(budgets=budgets, protocol={"held_back_fraction": 0.5})
    assert caught.value.where == "protocol.budgets"
    make_bench(budgets=budgets)


def test_a_class_with_too_few_images_for_its_share_is_refused(make_bench):
    with pytest.raises(UsageError, match="images of class") as caught:
        make_bench(budgets={"budgets": [50, 51]}, protocol={"initial_draw": "per-class"})
    assert caught.value.where == "protocol.initial_draw"


def test_without_validation_there_is_one_trial_and_it_is_chosen(make_bench, world):
    bench, one, _ = finished(make_bench, world, **PUBLISHED)
    assert {one.records[key]["validation_accuracy"] for key in one.trained} == {None}
    for run in survey(bench, one).runs:
        assert len(run.chosen) == 3


def test_what_is_held_out_is_in_no_pool_and_nothing_else_changes(make_bench, world):
    bench, one, end = finished(make_bench, world, protocol={"held_out": 9})
    plain = make_bench()
    (condition,), (without,) = bench.conditions, plain.conditions
    assert condition.sizes == without.sizes
    assert condition.pools == tuple(pool - 9 for pool in without.pools)
    for start, other in zip(condition.starts, without.starts, strict=True):
        assert len(start.held_out) == 9
        assert start.labeled.digest == other.labeled.digest
        assert start.validation.digest == other.validation.digest
    held_out = {start.held_out.digest: start.held_out for start in condition.starts}
    queries = [unit for unit in one.units.values() if isinstance(unit.inputs, QueryInputs)]
    assert {unit.inputs.held_out for unit in queries} == held_out.keys()
    for unit in queries:
        assert unit.inputs.held_out in {part.digest for part in unit.sets}
        picked = one.records[unit.key]["indices"]
        assert not np.isin(picked, held_out[unit.inputs.held_out].indices).any()
    assert len(end.runs) * (len(condition.sizes) - 1) == len(queries)


def test_what_is_held_out_is_not_chosen_either(make_bench, world):
    """Where samplers choose what runs start from, and a tenth of the images is left out besides."""
    _, one, end = finished(
        make_bench,
        world,
        protocol={"held_out": 9, "initial_draw": "chosen"},
        training={"normalize": False},
        choosers=("random",),
    )
    for run in end.runs:
        start = run.condition.starts[run.place.initial_set]
        assert len(start.held_out) == 9
        labeled = one.labeled(run.labeled[-1]).indices
        assert not np.isin(labeled, start.held_out.indices).any()
        assert not np.isin(start.left_out.indices, start.held_out.indices).any()


def test_more_than_the_data_has_is_one_line(make_bench):
    with pytest.raises(UsageError, match="held out") as caught:
        make_bench(protocol={"held_out": 50})
    assert "protocol.held_out" in str(caught.value)
