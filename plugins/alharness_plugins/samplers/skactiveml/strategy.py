"""A strategy of scikit-activeml, given what it asks for as far as a task model has it."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np
from numpy.typing import NDArray

import alharness

NEEDS = "sampler 'skactiveml:'"
CLASSIFIERS = ("clf", "estimator")
"""What queries call the classifier that they read probabilities from."""


class Strategy(alharness.Sampler):
    """Query strategy ``name`` of ``skactiveml.pool``, asked once for the whole batch.

    Its X are the penultimate features of all labeled and unlabeled images, float64 (n, D), its y
    the labels, NaN where there is none. Where it asks for a classifier it gets the task model as
    it is: the last layer's probabilities of X, and nothing fits it anew. Its random state is drawn
    from the query's generator, and so is NumPy's global one for the time of its query, which some
    strategies draw from. Those that ask for an ensemble, a regressor or something else have no
    counterpart here, and are refused.

    Raises UsageError for a name or an argument that scikit-activeml does not have, and where it is
    not installed.
    """

    def __init__(self, name: str, arguments: Mapping[str, bool | int | float | str]) -> None:
        self.name = name
        self.arguments = dict(arguments)

    def query(
        self,
        pool: alharness.Pool,
        budget: int,
        rng: np.random.Generator,
    ) -> NDArray[np.int64]:
        labeled, unlabeled = pool.embeddings("labeled"), pool.embeddings("unlabeled")
        X = np.concatenate([one.cpu().double().numpy() for one in (labeled, unlabeled)])
        y = np.full(len(X), np.nan)
        y[: len(labeled)] = pool.labels().cpu().numpy()
        self.notes = {"scikit-activeml": installed()}
        seed = int(rng.integers(2**31))
        strategy = self._made(pool, seed)
        candidates = np.arange(len(labeled), len(X))
        asked = self._asked(strategy, pool, X, y)
        with seeded(seed):
            chosen = strategy.query(X=X, y=y, candidates=candidates, batch_size=budget, **asked)
        return np.asarray(chosen, dtype=np.int64) - len(labeled)

    def _made(self, pool: alharness.Pool, seed: int) -> Any:
        kind = strategies().get(self.name)
        if kind is None:
            raise alharness.UsageError(
                f"scikit-activeml has no query strategy '{self.name}'",
                where=NEEDS,
                remedy=f"It has {', '.join(strategies())}",
            )
        known = inspect.signature(kind).parameters
        for argument in self.arguments:
            if argument not in known:
                raise alharness.UsageError(
                    f"{self.name} has no argument '{argument}'",
                    where=NEEDS,
                    remedy=f"It has {', '.join(known)}",
                )
        of_pool = {
            "classes": np.arange(pool.n_classes),
            "n_classes": pool.n_classes,
            "missing_label": np.nan,
            "random_state": seed,
        }
        given = {name: value for name, value in of_pool.items() if name in known}
        return kind(**given | self.arguments)

    def _asked(
        self, strategy: Any, pool: alharness.Pool, X: NDArray[np.float64], y: NDArray[np.float64]
    ) -> dict[str, Any]:
        """What the strategy's query has to be given beyond X, y and candidates."""
        asked: dict[str, Any] = {}
        for name, parameter in inspect.signature(strategy.query).parameters.items():
            if name in CLASSIFIERS:
                from alharness_plugins.samplers.skactiveml.classifier import TaskModel

                asked[name] = TaskModel(pool.head(), pool.device, pool.n_classes).fit(X, y)
            elif name in ("fit_clf", "fit_estimator"):
                asked[name] = False
            elif name == "discriminator":
                from skactiveml.classifier import SklearnClassifier
                from sklearn.linear_model import LogisticRegression

                asked[name] = SklearnClassifier(LogisticRegression(), classes=[0, 1])
            elif name not in ("X", "y") and parameter.default is parameter.empty:
                raise alharness.UsageError(
                    f"{self.name} asks for '{name}', which a task model does not have",
                    where=NEEDS,
                    remedy="Choose a strategy that asks for features, labels and a classifier",
                )
        return asked


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """NumPy's global generator, and as it was afterwards."""
    before = np.random.get_state()  # noqa: NPY002
    np.random.seed(seed)  # noqa: NPY002
    try:
        yield
    finally:
        np.random.set_state(before)  # noqa: NPY002


def installed() -> str:
    """The version that answers. Raises UsageError where there is none."""
    try:
        return version("scikit-activeml")
    except PackageNotFoundError:
        raise alharness.UsageError(
            "scikit-activeml is not installed",
            where=NEEDS,
            remedy="pip install 'alharness[skactiveml]'",
        ) from None


def strategies() -> dict[str, Any]:
    """Those that scikit-activeml offers by name."""
    from skactiveml import pool

    named = {name: getattr(pool, name) for name in pool.__all__}
    return {name: one for name, one in named.items() if inspect.isclass(one)}
