"""Which hyper-parameters mattered in tunings."""

import importlib.util
import math
import sys
from collections import defaultdict
from dataclasses import replace

import numpy as np
import pytest

from alharness import Choice, LogUniform, Uniform
from alharness.protocol.components import MethodNeeds
from alharness.results import importance as module
from alharness.results.collect import collect
from alharness.results.importance import BEST, FEWEST, Setting, importance_of, settings

SPACE = {
    "learning-rate": LogUniform(1e-5, 1e-2),
    "optimizer": Choice(("sgd", "adam", "radam")),
    "flips": Choice((True, False)),
    "dropout": Uniform(0.0, 0.5),
    "momentum": Choice((0.9,)),
}
VARIED = ["learning-rate", "optimizer", "flips", "dropout"]


def draw(n, gain, seed=0):
    """Settings drawn at random, and what ``gain`` says of each."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(n):
        values = {
            "learning-rate": float(10 ** rng.uniform(-5, -2)),
            "optimizer": str(rng.choice(["sgd", "adam", "radam"])),
            "flips": bool(rng.integers(2)),
            "dropout": float(rng.uniform(0, 0.5)),
            "momentum": 0.9,
        }
        found.append(Setting(values, gain(values, rng)))
    return found


def by_rate(values, rng):
    return -((math.log10(values["learning-rate"]) + 3) ** 2) + rng.normal() / 10


def by_optimizer(values, rng):
    return float(values["optimizer"] == "adam") + rng.normal() / 10


@pytest.mark.parametrize(
    ("gain", "which"), [(by_rate, "learning-rate"), (by_optimizer, "optimizer")]
)
@pytest.mark.parametrize("n", [60, 250])
def test_what_decides_has_the_largest_share(gain, which, n):
    found = importance_of(SPACE, draw(n, gain))
    assert found.settings == n
    assert list(found.shares) == VARIED
    assert sum(found.shares.values()) == pytest.approx(1, abs=1e-5)
    assert min(found.shares.values()) >= 0
    assert found.shares[which] > 0.6
    assert importance_of(SPACE, draw(n, gain)) == found


def test_choices_as_counted_by_hand():
    """Independent: Pearson's divergence of the frequencies among the best from those of all.

    Watanabe, Bansal and Hutter (2023), equation 9. Optuna's kernel lends each of C choices
    1/(C + 1) of a trial, whatever was seen of it.
    """
    space = {name: SPACE[name] for name in ("optimizer", "flips")}

    def gain(values, rng):
        return (values["optimizer"] == "adam") + 0.7 * values["flips"] + rng.normal()

    tried = draw(1_000, gain)
    best = sorted(tried, key=lambda one: -one.gain)[: math.ceil(BEST * len(tried))]
    divergence = {}
    for name, way in space.items():
        n = len(way.options)
        of_all, of_best = (
            np.array(
                [
                    (np.mean([one.hyperparameters[name] == option for one in group]) + 1 / (n + 1))
                    / (1 + n / (n + 1))
                    for option in way.options
                ]
            )
            for group in (tried, best)
        )
        divergence[name] = float((of_all * (of_best / of_all - 1) ** 2).sum())
    found = importance_of(space, tried)
    for name, share in found.shares.items():
        assert share == pytest.approx(divergence[name] / sum(divergence.values()), abs=0.005)
    assert 0.2 < found.shares["flips"] < 0.6


def test_one_hyperparameter_has_all_of_it():
    space = {"learning-rate": SPACE["learning-rate"], "momentum": SPACE["momentum"]}
    assert importance_of(space, draw(FEWEST, by_rate)).shares == {"learning-rate": 1.0}


def test_where_nothing_can_be_said_there_is_none(recwarn):
    assert importance_of(SPACE, draw(FEWEST - 1, by_rate)) is None
    assert importance_of(SPACE, []) is None
    assert importance_of({"momentum": Choice((0.9,))}, draw(60, by_rate)) is None
    assert importance_of(SPACE, draw(60, lambda values, rng: 0.25)) is None
    few = draw(60, lambda values, rng: float(values["learning-rate"] > 5e-3))
    assert 0 < sum(one.gain for one in few) < BEST * 60
    assert importance_of(SPACE, few) is None, "the best fifth is not better than the worst"
    assert not recwarn.list


def test_without_validation_nothing_mattered(make_bench, world):
    bench = make_bench(scope="fixed", protocol={"validation_fraction": 0})
    one = world(bench)
    end = one.finish(bench)
    assert {one.records[key]["validation_accuracy"] for key in one.trained} == {None}
    (scenario,) = collect(bench, end, one, []).scenarios
    assert (scenario.importance, scenario.n_validation) == ((None,) * 3, 0)
    assert settings(0, 1, end.runs, one) == []


def test_a_setting_is_one_observation_for_all_methods(make_bench, world):
    bench = make_bench(("random", "margin", "vaal"), trials=4, initial_sets=3, seeds=2)
    random, margin, vaal = bench.methods
    vaal = replace(vaal, needs=MethodNeeds(extension=True))
    bench = replace(bench, methods=(random, margin, vaal))
    one = world(bench)
    end = one.finish(bench)
    for cycle in range(3):
        tunings = defaultdict(list)  # random and margin share those of cycle 0
        for unit in one.units.values():
            path = unit.inputs.seed if unit.kind == "trial" else None
            if path is not None and (path.cycle, path.seed) == (cycle, 0):
                extended = unit.inputs.extension is not None
                tunings[path.initial_set, unit.inputs.labeled, extended].append(unit)
        gains = defaultdict(list)
        for (initial_set, *_), units in tunings.items():
            assert len(units) == 4
            accuracies = {
                unit.inputs.seed.number: one.records[unit.key]["validation_accuracy"]
                for unit in units
            }
            for unit in units:
                rate = unit.inputs.hyperparameters["learning-rate"]
                gain = accuracies[unit.inputs.seed.number] - sum(accuracies.values()) / 4
                gains[initial_set, rate].append(gain)
        assert len(tunings) == (6 if cycle == 0 else 9)
        found = settings(cycle, 4, end.runs, one)
        assert len(found) == len(gains) == 12
        assert {one.hyperparameters["learning-rate"]: one.gain for one in found} == {
            rate: pytest.approx(np.mean(values)) for (_, rate), values in gains.items()
        }
        assert settings(cycle, 4, tuple(reversed(end.runs)), one) == found


def test_a_tuning_that_is_not_done_does_not_count(make_bench, world):
    bench = make_bench(trials=4, initial_sets=3, seeds=1)
    one = world(bench)

    def fails(unit):
        path = unit.inputs.seed if unit.kind == "trial" else None
        return path is not None and (path.initial_set, path.cycle, path.number) == (1, 0, 2)

    assert len(settings(0, 4, one.finish(bench, fails=fails).runs, one)) == 8


def test_a_document_has_it_for_each_cycle(make_bench, world):
    bench = make_bench(trials=FEWEST, initial_sets=1, seeds=1)
    one = world(bench)
    (scenario,) = collect(bench, one.finish(bench), one, []).scenarios
    assert [(each.settings, each.shares) for each in scenario.importance] == [
        (FEWEST, {"learning-rate": 1.0})
    ] * 3


def test_fixed_hyperparameters_have_none(finished):
    assert finished.scenarios[0].importance == (None,) * 3


def test_optuna_is_imported_only_when_there_is_something_to_ask(monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    spec = importlib.util.spec_from_file_location("without_optuna", module.__file__)
    fresh = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(fresh)
    assert fresh.importance_of(SPACE, draw(FEWEST - 1, by_rate)) is None
    with pytest.raises(ImportError):
        fresh.importance_of(SPACE, draw(FEWEST, by_rate))
