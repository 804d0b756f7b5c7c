"""Strategies of scikit-activeml. Traps: index spaces, a classifier that is fitted anew."""

from __future__ import annotations

from importlib.metadata import version
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from alharness_plugins.samplers.coreset import Coreset
from alharness_plugins.samplers.entropy import Entropy
from alharness_plugins.samplers.margin import Margin
from scipy.special import softmax

from alharness import UsageError

pytest.importorskip("skactiveml")

LABELED, UNLABELED, D, C = 20, 60, 5, 3
STRATEGIES = (
    "Badge",
    "Clue",
    "ContrastiveAL",
    "CoreSet",
    "DiscriminativeAL",
    "DropQuery",
    "Falcun",
    "GreedySamplingX",
    "MaxHerding",
    "ProbCover",
    "Quire",
    "RandomSampling",
    "TypiClust",
    "UncertaintySampling",
)
"""Those that ask for no more than features, labels and a classifier's probabilities."""


@pytest.fixture
def made(create: Any) -> Any:
    def of(name: str, **arguments: Any) -> Any:
        return create("sampler", f"skactiveml:{name}", arguments=arguments)

    return of


@pytest.fixture
def pool() -> SimpleNamespace:
    rng = np.random.default_rng(0)
    embeddings = {
        "labeled": torch.tensor(rng.standard_normal((LABELED, D)), dtype=torch.float32),
        "unlabeled": torch.tensor(rng.standard_normal((UNLABELED, D)), dtype=torch.float32),
    }
    head = torch.nn.Linear(D, C)
    with torch.no_grad():
        head.weight.copy_(torch.tensor(rng.standard_normal((C, D))))
        head.bias.copy_(torch.tensor(rng.standard_normal(C)))
        probabilities = head(embeddings["unlabeled"]).softmax(dim=1)
    labels = torch.tensor(rng.integers(C, size=LABELED))
    return SimpleNamespace(
        n_unlabeled=UNLABELED,
        n_labeled=LABELED,
        n_classes=C,
        device=torch.device("cpu"),
        embeddings=lambda subset="unlabeled": embeddings[subset],
        probabilities=lambda subset="unlabeled": probabilities,
        labels=lambda: labels,
        head=lambda: head,
    )


ARGUMENTS = {"ProbabilisticAL": {"metric": "rbf"}, "UncertaintySampling": {"method": "entropy"}}


@pytest.mark.parametrize("name", [*STRATEGIES, "ProbabilisticAL"])
def test_strategies_run(made: Any, pool: Any, name: str) -> None:
    """What they draw comes from the query's generator, and leaves NumPy's global one alone."""
    before = np.random.get_state()[1].tolist()  # noqa: NPY002
    strategy = made(name, **ARGUMENTS.get(name, {}))
    picks = strategy.query(pool, 7, np.random.default_rng(1))
    assert strategy.notes == {"scikit-activeml": version("scikit-activeml")}
    assert len(set(picks.tolist())) == 7
    assert all(0 <= one < UNLABELED for one in picks)
    assert picks.tolist() == strategy.query(pool, 7, np.random.default_rng(1)).tolist()
    assert np.random.get_state()[1].tolist() == before  # noqa: NPY002


@pytest.mark.parametrize(
    ("name", "arguments", "ours"),
    [
        ("UncertaintySampling", {"method": "entropy"}, Entropy()),
        ("UncertaintySampling", {"method": "margin_sampling"}, Margin()),
        ("CoreSet", {}, Coreset()),
    ],
)
def test_picks_are_those_of_the_built_in_sampler(
    made: Any, pool: Any, name: str, arguments: dict[str, str], ours: Any
) -> None:
    """Of the same definition, implemented twice."""
    theirs = made(name, **arguments).query(pool, 7, np.random.default_rng(1))
    assert set(theirs.tolist()) == set(ours.query(pool, 7, np.random.default_rng(1)).tolist())


def test_the_classifier_is_the_task_model_as_it_is(pool: Any) -> None:
    """Its probabilities are those of a softmax in NumPy, whatever it is fitted to."""
    from alharness_plugins.samplers.skactiveml.classifier import TaskModel

    features, head = pool.embeddings().numpy(), pool.head()
    model = TaskModel(head, pool.device, C)
    weight, bias = head.weight.detach().numpy(), head.bias.detach().numpy()
    expected = softmax(features @ weight.T + bias, axis=1)
    for y in (np.zeros(UNLABELED), np.full(UNLABELED, np.nan)):
        fitted = model.fit(features, y)
        np.testing.assert_allclose(fitted.predict_proba(features), expected, rtol=1e-5)
        assert fitted.classes_.tolist() == list(range(C))


@pytest.mark.parametrize(
    ("name", "arguments", "said"),
    [
        ("Falcon", {}, "scikit-activeml has no query strategy 'Falcon'"),
        ("Falcun", {"gama": 3}, "Falcun has no argument 'gama'"),
        ("QueryByCommittee", {}, "QueryByCommittee asks for 'ensemble'"),
        ("GreedySamplingTarget", {}, "GreedySamplingTarget asks for 'reg'"),
    ],
)
def test_what_it_cannot_do_is_one_line(
    made: Any, pool: Any, name: str, arguments: dict[str, int], said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        made(name, **arguments).query(pool, 3, np.random.default_rng(1))
