"""What a bundle rests on keeps to the partition of its suite: what is in no set stays there."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from alharness.api.errors import MismatchError
from alharness.bundles.checking import checked
from alharness.bundles.packing import pack
from alharness.bundles.partition import require_partition
from alharness.protocol.partition.given import GivenSplits
from alharness.protocol.partition.pool import unlabeled_pool
from alharness.protocol.partition.sets import IndexSet
from alharness.protocol.partition.splits import Split
from alharness.store.workspace import Workspace

COMMON = {"initial_sets": 3, "seeds": 1, "scope": "fixed"}
SETTINGS = {
    "published": {
        "budgets": {"initial_labels": 6, "query_labels": 4, "final_labels": 14},
        "protocol": {
            "validation_fraction": 0,
            "held_back_fraction": 0.1,
            "initial_draw": "per-class",
        },
        "queries": {"pool_subset": 20},
    },
    "held back": {"protocol": {"held_back_fraction": 0.2}},
    "held out": {"protocol": {"held_out": 9}},
    "long tail": {"long_tail": {"ratio": 3}, "budgets": {"budgets": [3, 6, 9]}},
    "both": {
        "long_tail": {"ratio": 2},
        "budgets": {"budgets": [3, 6, 9]},
        "protocol": {"held_back_fraction": 0.1},
    },
    "law": {"long_tail": {"a": 1, "k": 10, "alpha": -0.5}},
}


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
def test_a_bundle_tells_its_partition(record_bench, make_bench, tmp_path, settings):
    bench = make_bench(**COMMON | settings)
    packed = pack(record_bench(bench, tmp_path / "w"), None, tmp_path / "b.zip")
    (condition,) = bench.conditions
    with checked(packed.path) as bundle:
        (scenario,) = bundle.document.scenarios
        assert scenario.n_left_out == condition.n_left_out
        assert scenario.n_held_out == condition.held_out
        assert scenario.n_validation == len(condition.starts[0].validation)
        (again,) = bundle.rests_on[0].bench.conditions
        for ours, theirs in zip(again.starts, condition.starts, strict=True):
            assert ours.labeled.digest == theirs.labeled.digest
            assert (ours.left_out is None) == (theirs.left_out is None)
            if ours.left_out is not None:
                assert ours.left_out.digest == theirs.left_out.digest
            assert (ours.held_out is None) == (theirs.held_out is None)
            if ours.held_out is not None:
                assert ours.held_out.digest == theirs.held_out.digest


def test_splits_that_leave_images_out_of_their_own(record_bench, make_bench, tmp_path):
    orders = [np.random.default_rng(number).permutation(60) for number in range(3)]
    splits = tuple(Split(one[:6], one[6:50], one[50:55], one[55:]) for one in orders)
    budgets = {"budgets": [6, 12]}
    protocol = {"validation_fraction": 0.09}
    given = {**COMMON, "initial_sets": GivenSplits(splits)}
    bench = make_bench(**given, budgets=budgets, protocol=protocol)
    packed = pack(record_bench(bench, tmp_path / "w"), None, tmp_path / "b.zip")
    with checked(packed.path) as bundle:
        starts = bundle.rests_on[0].bench.conditions[0].starts
        for start, parts in zip(starts, splits, strict=True):
            assert start.left_out.indices.tolist() == parts.left_out.tolist()


def with_picks(world, choose):
    """A world whose queries pick what ``choose`` says of the pool, what is shown, and the rest."""

    class Picking(world):
        def _answer(self, unit):
            if unit.kind != "query":
                return super()._answer(unit)
            taken = [self.indices(part) for part in unit.sets]
            pool, shown = (
                unlabeled_pool(len(self.labels), taken, subset, unit.inputs.seed)
                for subset in (0, unit.inputs.pool_subset)
            )
            left_out = taken[-1]
            return {"indices": choose(pool, shown, left_out)[: unit.inputs.budget].tolist()}

    return Picking


@pytest.mark.parametrize(
    ("choose", "said"),
    [
        (lambda pool, shown, left_out: np.setdiff1d(pool, shown), "its sampler was not shown"),
        (lambda pool, shown, left_out: left_out, "one that was not in the pool"),
    ],
)
def test_picks_of_what_was_not_shown(scribe, world, make_bench, tmp_path, choose, said):
    bench = make_bench(**COMMON | SETTINGS["published"])
    workspace = Workspace(tmp_path / "w")
    scribe(with_picks(world, choose)(bench), workspace).carry_out(bench)
    with pytest.raises(MismatchError, match=said):
        pack(workspace, None, tmp_path / "b.zip")


def swapped(index_set, other):
    """An index set with an image of another one in place of its last."""
    indices = np.append(index_set.indices[:-1], other.indices[0])
    return IndexSet(indices, index_set.labels)


def with_other_class(index_set):
    labels = index_set.labels.copy()
    labels[0] = (labels[0] + 1) % 3
    return IndexSet(index_set.indices, labels)


@pytest.mark.parametrize(
    ("name", "forge"),
    [
        ("held back", lambda start: {"labeled": swapped(start.labeled, start.validation)}),
        ("held back", lambda start: {"validation": swapped(start.validation, start.labeled)}),
        ("held back", lambda start: {"left_out": swapped(start.left_out, start.labeled)}),
        ("held back", lambda start: {"left_out": None}),
        ("both", lambda start: {"labeled": swapped(start.labeled, start.validation)}),
        ("both", lambda start: {"left_out": swapped(start.left_out, start.labeled)}),
        ("published", lambda start: {"labeled": with_other_class(start.labeled)}),
        ("published", lambda start: {"labeled": swapped(start.labeled, start.left_out)}),
        ("held out", lambda start: {"held_out": swapped(start.held_out, start.labeled)}),
        ("held out", lambda start: {"held_out": IndexSet(start.held_out.indices[1:])}),
        ("law", lambda start: {"labeled": with_other_class(start.labeled)}),
        ("law", lambda start: {"validation": swapped(start.validation, start.labeled)}),
    ],
)
@pytest.mark.parametrize("number", [0, 2])
def test_a_start_that_the_suite_does_not_draw(make_bench, name, forge, number):
    bench = make_bench(**COMMON | SETTINGS[name])
    (condition,) = bench.conditions
    starts = list(condition.starts)
    nothing_run = SimpleNamespace(runs=())
    require_partition(bench, nothing_run, None)
    starts[number] = starts[number]._replace(**forge(starts[number]))
    forged = replace(bench, conditions=(replace(condition, starts=tuple(starts)),))
    with pytest.raises(MismatchError, match=r"is not the one that its suite draws"):
        require_partition(forged, nothing_run, None)
