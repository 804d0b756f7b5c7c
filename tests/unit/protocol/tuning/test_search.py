"""Tuning: keyed hyper-parameters, and which trial is best."""

import math
import subprocess
import sys
from dataclasses import replace

import optuna
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alharness import Choice, LogUniform, Uniform
from alharness.protocol.tuning.search import (
    TrialScore,
    best_trial,
    hyperparameters,
    study_of,
    tuning_path,
)

PATH = tuning_path(suite_seed=0, scenario="digits-small-cnn", initial_set=0, cycle=0)
SPACE = {
    "learning-rate": LogUniform(1e-5, 1e-2),
    "batch-size": Choice((8, 16, 32, 64, 128, 256, 512, 1024)),
    "optimizer": Choice(("sgd", "adam")),
    "dropout": Uniform(0.0, 0.5),
    "fixed": Choice((3,)),
}


def test_hyperparameters_never_change():
    """Published results depend on these numbers: mend the code, not the numbers.

    Published trap 17.
    """
    assert hyperparameters(SPACE, PATH, 2) == (
        {
            "learning-rate": 7.3292e-05,
            "batch-size": 64,
            "optimizer": "adam",
            "dropout": 0.0027948,
            "fixed": 3,
        },
        {
            "learning-rate": 0.000115311,
            "batch-size": 128,
            "optimizer": "sgd",
            "dropout": 0.0511204,
            "fixed": 3,
        },
    )


def test_a_value_does_not_depend_on_what_else_is_drawn():
    together = hyperparameters(SPACE, PATH, 5)
    backwards = hyperparameters(dict(reversed(SPACE.items())), PATH, 5)
    assert backwards == together
    for name, distribution in SPACE.items():
        alone = hyperparameters({name: distribution}, PATH, 5)
        assert [trial[name] for trial in alone] == [trial[name] for trial in together]


def test_hyperparameters_do_not_move_together():
    twins = {"one": Uniform(0.0, 1.0), "other": Uniform(0.0, 1.0)}
    assert all(trial["one"] != trial["other"] for trial in hyperparameters(twins, PATH, 5))


def test_values_have_six_digits():
    """So that platforms whose logarithms differ in the last bit share keys."""
    for trial in hyperparameters(SPACE, PATH, 20):
        for name in ("learning-rate", "dropout"):
            assert trial[name] == float(f"{trial[name]:.6g}")


def test_a_longer_tuning_begins_like_a_shorter_one():
    assert hyperparameters(SPACE, PATH, 9)[:4] == hyperparameters(SPACE, PATH, 4)


def test_the_same_for_every_sampler_and_seed():
    """DESIGN, section 5: methods differ by their labels only."""
    assert PATH.seed is None
    assert "sampler" not in PATH.to_json()


@pytest.mark.parametrize(
    "change",
    [{"suite_seed": 1}, {"scenario": "cifar10-vgg16"}, {"initial_set": 1}, {"cycle": 1}],
)
def test_tunings_differ(change):
    assert hyperparameters(SPACE, replace(PATH, **change), 3) != hyperparameters(SPACE, PATH, 3)


@given(number=st.integers(0, 30), cycle=st.integers(0, 9))
@settings(max_examples=30, deadline=None)
def test_values_are_inside_the_space(number, cycle):
    for trial in hyperparameters(SPACE, replace(PATH, cycle=cycle, number=number), 3):
        assert trial.keys() == SPACE.keys()
        assert 1e-5 <= trial["learning-rate"] < 1e-2
        assert 0.0 <= trial["dropout"] < 0.5
        assert trial["batch-size"] in SPACE["batch-size"].options
        assert trial["optimizer"] in ("sgd", "adam")
        assert trial["fixed"] == 3


@pytest.mark.parametrize("log", [True, False])
@pytest.mark.parametrize("probability", [0.0, 1 - 2**-53])
def test_ranges_are_half_open(monkeypatch, log, probability):
    """Supplement 1.3: [10⁻⁵, 10⁻²). A range of two floats makes rounding reach its end."""

    class Extreme:
        def random(self) -> float:
            return probability

    monkeypatch.setattr("alharness.protocol.seeds.SeedPath.generator", lambda _: Extreme())
    for low, high in [(1e-5, 1e-2), (1.0, math.nextafter(1.0, 2.0)), (0.1, 0.3)]:
        space = {"rate": LogUniform(low, high) if log else Uniform(low, high)}
        assert low <= hyperparameters(space, PATH, 1)[0]["rate"] < high


def test_draws_are_spread_as_declared():
    trials = hyperparameters(SPACE, PATH, 400)
    exponents = sorted(math.log10(trial["learning-rate"]) for trial in trials)
    assert all(abs(e - (-5 + 3 * k / 400)) < 0.3 for k, e in enumerate(exponents))
    dropouts = sorted(trial["dropout"] for trial in trials)
    assert all(abs(d - 0.5 * k / 400) < 0.05 for k, d in enumerate(dropouts))
    for size in SPACE["batch-size"].options:
        assert 25 <= sum(trial["batch-size"] == size for trial in trials) <= 80


def test_optuna_stays_quiet_and_keeps_its_verbosity(capfd):
    optuna.logging.set_verbosity(optuna.logging.INFO)
    hyperparameters(SPACE, PATH, 2)
    study_of(SPACE, PATH, 2, [TrialScore(0, 0.5, 1.0)])
    assert optuna.logging.get_verbosity() == optuna.logging.INFO
    assert capfd.readouterr() == ("", "")


def test_optuna_is_imported_only_when_used():
    code = "import sys, alharness.protocol.tuning.search; print('optuna' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


NAN, INF = math.nan, math.inf


@pytest.mark.parametrize(
    ("scores", "best"),
    [
        ([(0, 0.5, 1.0), (1, 0.6, 2.0)], 1),
        ([(0, 0.6, 2.0), (1, 0.6, 1.0)], 1),
        ([(1, 0.6, 1.0), (0, 0.6, 1.0)], 0),
        ([(7, 0.1, 9.0)], 7),
        ([(0, 0.9, NAN), (1, 0.1, 9.0)], 1),
        ([(0, 0.9, INF), (1, 0.1, 9.0)], 1),
        ([(0, NAN, 1.0), (1, 0.0, 9.0)], 1),
        ([(1, 0.1, 9.0), (0, 0.9, NAN)], 1),
        ([(2, 0.9, NAN), (1, 0.1, INF)], 1),
    ],
)
def test_best_trial(scores, best):
    """DESIGN, section 5: validation accuracy, then lower loss, then lower number."""
    assert best_trial([TrialScore(*score) for score in scores]) == best


def test_there_is_no_best_of_nothing():
    with pytest.raises(ValueError, match="empty"):
        best_trial([])


outcome_lists = st.lists(
    st.tuples(st.floats(0, 1), st.one_of(st.floats(0, 10), st.sampled_from([NAN, INF]))),
    min_size=1,
    max_size=6,
    unique_by=lambda pair: pair[0],
).map(lambda pairs: [TrialScore(number, *pair) for number, pair in enumerate(pairs)])


@given(outcome_lists, st.randoms())
@settings(max_examples=25, deadline=None)
def test_optuna_agrees_on_the_best(scores, random):
    """Where accuracies are distinct; told in any order."""
    shuffled = random.sample(scores, len(scores))
    study = study_of(SPACE, PATH, len(scores), shuffled)
    if all(score.diverged for score in scores):
        with pytest.raises(ValueError, match="No trials"):
            study.best_trial  # noqa: B018
    else:
        assert study.best_trial.number == best_trial(shuffled)


def test_a_study_shows_the_tuning():
    study = study_of(SPACE, PATH, 4, [TrialScore(2, 0.7, 0.4), TrialScore(0, 0.8, NAN)])
    assert [trial.state.name for trial in study.trials] == [
        "FAIL",
        "RUNNING",
        "COMPLETE",
        "RUNNING",
    ]
    assert tuple(trial.params for trial in study.trials) == hyperparameters(SPACE, PATH, 4)
    assert study.best_trial.user_attrs == {"validation_loss": 0.4}
