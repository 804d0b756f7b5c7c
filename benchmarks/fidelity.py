"""Our picks beside those of other libraries, on the same arrays.

    pip install scikit-activeml small-text modAL-python baal batchbald-redux
    python benchmarks/fidelity.py

Features of ten clusters, rectified as those of a network are, 1 000 unlabeled and 100 labeled
images, a last layer that is linear, 25 passes of dropout; positions of the pool are no indices of
the arrays. One row for each of our samplers and each library that offers the method by itself:
whether both pick the same set, whether in the same order, how many picks they share. A library
that is not installed is left out, and named.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import redirect_stderr
from dataclasses import dataclass, field
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from inspect import signature
from io import StringIO
from types import SimpleNamespace
from typing import Any, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from alharness import GradientFactors
from alharness.protocol.components import Reference
from alharness.registry import discover

UNLABELED, LABELED, WIDTH, CLASSES, PASSES, BUDGET = 1000, 100, 32, 10, 25, 50
DELTA = 0.5
"""The radius of balls of features of length one."""

Picks: TypeAlias = NDArray[np.int64]


class Arrays:
    """What all samplers and libraries are given; as ours see it, a pool."""

    device = torch.device("cpu")
    n_unlabeled, n_labeled, n_classes, cycle = UNLABELED, LABELED, CLASSES, 0

    def __init__(self) -> None:
        rng = np.random.default_rng(0)
        n = UNLABELED + LABELED
        of_class = rng.integers(CLASSES, size=n)
        centers = 2 * rng.standard_normal((CLASSES, WIDTH))
        rows = np.maximum(centers[of_class] + rng.standard_normal((n, WIDTH)), 0)
        self.X = rows.astype(np.float32)
        order = rng.permutation(n)
        self.labeled_at, self.unlabeled_at = order[:LABELED], order[LABELED:]
        self.y = of_class
        self.layer = torch.nn.Linear(WIDTH, CLASSES)
        with torch.no_grad():
            self.layer.weight.copy_(torch.as_tensor(centers / WIDTH))
            self.layer.bias.zero_()
        self.masks = torch.as_tensor(rng.random((PASSES, WIDTH)) < 0.5) * 2.0

    def at(self, subset: str) -> Picks:
        return self.labeled_at if subset == "labeled" else self.unlabeled_at

    def embeddings(self, subset: str = "unlabeled") -> torch.Tensor:
        return torch.as_tensor(self.X[self.at(subset)])

    representation = embeddings

    def labels(self) -> torch.Tensor:
        return torch.as_tensor(self.y[self.labeled_at])

    def head(self) -> torch.nn.Module:
        return self.layer

    @torch.no_grad()
    def probabilities(self, subset: str = "unlabeled") -> torch.Tensor:
        probabilities: torch.Tensor = self.layer(self.embeddings(subset)).softmax(dim=1)
        return probabilities

    def gradient_factors(self, subset: str = "unlabeled") -> GradientFactors:
        probabilities = self.probabilities(subset)
        predicted = torch.nn.functional.one_hot(probabilities.argmax(dim=1), CLASSES)
        return GradientFactors(probabilities - predicted, self.embeddings(subset))

    @torch.no_grad()
    def sampled(self) -> torch.Tensor:
        """Probabilities of each pass, (passes, n, C), one dropout mask for all images."""
        rows = self.embeddings()
        return torch.stack([self.layer(rows * mask.float()).softmax(1) for mask in self.masks])

    def mc_probabilities(
        self, passes: int, masks: str = "per-pass"
    ) -> Iterator[tuple[slice, torch.Tensor]]:
        yield slice(0, UNLABELED), self.sampled()[:passes]

    def positions(self, indices: Any) -> Picks:
        """Of rows of the arrays in the pool."""
        place = np.full(len(self.X), -1)
        place[self.unlabeled_at] = np.arange(UNLABELED)
        return place[np.asarray(indices, dtype=np.int64)]


Pick: TypeAlias = Callable[[Arrays, int], Picks]


@dataclass(frozen=True)
class Peer:
    """A method of another library: ``pick(arrays, budget)`` gives positions as they are picked.

    ``parameters`` are those of our sampler. ``drawn``: the picks after so many are drawn at random
    by both. ``why`` they are others where nothing is drawn.
    """

    sampler: str
    library: str
    name: str
    pick: Pick
    parameters: Mapping[str, Any] = field(default_factory=dict)
    budget: int = BUDGET
    drawn: int | None = None
    why: str = ""


def of_scikit_activeml(name: str, **arguments: Any) -> Pick:
    """A query strategy, with the last layer as its classifier where it asks for one."""

    def pick(arrays: Arrays, budget: int) -> Picks:
        made = getattr(import_module("skactiveml.pool"), name)(random_state=0, **arguments)
        y = np.full(len(arrays.X), np.nan)
        y[arrays.labeled_at] = arrays.y[arrays.labeled_at]
        asked: dict[str, Any] = {}
        if "clf" in signature(made.query).parameters:
            module = import_module("alharness_plugins.samplers.skactiveml.classifier")
            classifier = module.TaskModel(arrays.layer, arrays.device, CLASSES)
            asked = {"clf": classifier.fit(arrays.X, y), "fit_clf": False}
        found = made.query(arrays.X, y, candidates=arrays.unlabeled_at, batch_size=budget, **asked)
        return arrays.positions(found)

    return pick


def of_modal(name: str) -> Pick:
    def pick(arrays: Arrays, budget: int) -> Picks:
        classifier = SimpleNamespace(predict_proba=lambda rows: rows)
        module = import_module("modAL.uncertainty")
        found = getattr(module, name)(classifier, arrays.probabilities().numpy(), budget)
        return np.asarray(found[0])

    return pick


def of_small_text(name: str) -> Pick:
    """Its classifiers are given a subset of a data set; here it is the rows' probabilities."""

    def pick(arrays: Arrays, budget: int) -> Picks:
        made = getattr(import_module("small_text"), name)()
        classifier = SimpleNamespace(predict_proba=lambda rows: rows)
        everything = arrays.probabilities().numpy()
        unlabeled, none = np.arange(UNLABELED), np.array([], dtype=np.int64)
        return np.asarray(made.query(classifier, everything, unlabeled, none, none, n=budget))

    return pick


def coreset_of_small_text(arrays: Arrays, budget: int) -> Picks:
    greedy = import_module("small_text.query_strategies.coresets").greedy_coreset
    places = arrays.unlabeled_at, arrays.labeled_at
    return arrays.positions(
        arrays.unlabeled_at[greedy(arrays.X, *places, budget, distance_metric="euclidean")]
    )


def k_means_of_small_text(arrays: Arrays, budget: int) -> Picks:
    made = import_module("small_text").EmbeddingKMeans(normalize=False)
    rows, none = arrays.embeddings().numpy(), np.array([], dtype=np.int64)
    unlabeled = np.arange(UNLABELED)
    return np.asarray(made.sample(None, None, unlabeled, none, none, budget, rows))


def of_baal(name: str, **arguments: Any) -> Pick:
    """Its arrays are (n, C, passes)."""

    def pick(arrays: Arrays, budget: int) -> Picks:
        heuristic = getattr(import_module("baal.active.heuristics"), name)(**arguments)
        one_pass = name in ("Margin", "Entropy")
        sampled = arrays.probabilities()[None] if one_pass else arrays.sampled()
        return np.asarray(heuristic(sampled.permute(1, 2, 0).numpy()))[:budget]

    return pick


def of_redux(name: str, *arguments: Any) -> Pick:
    def pick(arrays: Arrays, budget: int) -> Picks:
        log = arrays.sampled().permute(1, 0, 2).double().log()
        batch = getattr(import_module("batchbald_redux.batchbald"), name)
        return np.asarray(batch(log, budget, *arguments).indices)

    return pick


FEW = 3
"""Picks of BatchBALD whose joint entropy is enumerated, with 10 000 outcomes, by all."""

UNCERTAINTIES = (
    ("least-confidence", "least_confident", "uncertainty_sampling", "LeastConfidence", None),
    ("margin", "margin_sampling", "margin_sampling", "BreakingTies", "Margin"),
    ("entropy", "entropy", "entropy_sampling", "PredictionEntropy", "Entropy"),
)
"""Our name, and those of scikit-activeml (an argument), modAL, small-text and baal."""

STARTS = "each k-means starts from rows of its own"


def uncertainties() -> Iterator[Peer]:
    for ours, method, modal, small_text, baal in UNCERTAINTIES:
        uncertain = of_scikit_activeml("UncertaintySampling", method=method)
        yield Peer(ours, "scikit-activeml", f"UncertaintySampling, {method}", uncertain)
        yield Peer(ours, "modAL-python", modal, of_modal(modal))
        yield Peer(ours, "small-text", small_text, of_small_text(small_text))
        if baal is not None:
            yield Peer(ours, "baal", baal, of_baal(baal))


def of_passes() -> Iterator[Peer]:
    passes = {"passes": PASSES}
    yield Peer("bald", "baal", "BALD", of_baal("BALD"), passes)
    yield Peer("bald", "batchbald-redux", "get_bald_batch", of_redux("get_bald_batch"), passes)
    outcomes = 10_000
    joint = of_redux("get_batchbald_batch", outcomes)
    yield Peer("batch-bald", "batchbald-redux", "get_batchbald_batch", joint, passes, FEW)


def of_features() -> Iterator[Peer]:
    scikit = "scikit-activeml"
    yield Peer("coreset", scikit, "CoreSet", of_scikit_activeml("CoreSet"))
    yield Peer(
        "coreset",
        "small-text",
        "greedy_coreset",
        coreset_of_small_text,
        why="theirs takes positions among the unlabeled for indices of all rows",
    )
    yield Peer("badge", scikit, "Badge", of_scikit_activeml("Badge"), drawn=1)
    yield Peer(
        "max-herding",
        scikit,
        "MaxHerding, gamma 1",
        of_scikit_activeml("MaxHerding", metric_dict={"gamma": 1.0}),
    )
    yield Peer(
        "probcover",
        scikit,
        f"ProbCover, delta {DELTA}",
        of_scikit_activeml("ProbCover", deltas=[DELTA], distance_func=distances_of_unit_rows),
        {"delta": DELTA},
        why="where balls cover equally many, both draw",
    )
    yield Peer(
        "typiclust",
        scikit,
        "TypiClust",
        of_scikit_activeml("TypiClust"),
        why=f"{STARTS}; theirs has 5 neighbors, features of any length, and a turn for each "
        "cluster without labels",
    )
    yield Peer("kmeans", "small-text", "EmbeddingKMeans", k_means_of_small_text, why=STARTS)
    yield Peer(
        "dropquery",
        scikit,
        "DropQuery",
        of_scikit_activeml("DropQuery"),
        why=f"masks are drawn, {STARTS}; theirs drops without scaling and has 5 copies for 3",
    )


def distances_of_unit_rows(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    distances: NDArray[np.float64] = cdist(unit, unit)
    return distances


def compared(arrays: Arrays, peer: Peer) -> str:
    """The rest of a row: same set, same order, picks shared, why not."""
    named = Reference(peer.sampler, dict(peer.parameters))
    registry = discover()
    sampler = registry.create(registry.component("sampler", named))
    rng = np.random.default_rng(0)
    ours = np.asarray(sampler.query(arrays, peer.budget, rng)).tolist()
    torch.manual_seed(0)
    np.random.seed(0)  # noqa: NPY002 (some draw from nothing else)
    with redirect_stderr(StringIO()):
        theirs = np.asarray(peer.pick(arrays, peer.budget)).tolist()
    shared = f"{len(set(ours) & set(theirs))} of {peer.budget}"
    if peer.drawn is not None:
        same = ours[: peer.drawn] == theirs[: peer.drawn]
        return f"drawn | drawn | {shared} | {peer.drawn} is not drawn; the same: {_yes(same)} |"
    same_set, same_order = set(ours) == set(theirs), ours == theirs
    return f"{_yes(same_set)} | {_yes(same_order)} | {shared} | {'' if same_order else peer.why} |"


def _yes(true: bool) -> str:
    return "yes" if true else "no"


def main() -> int:
    warnings.simplefilter("ignore")
    arrays, absent = Arrays(), []
    print("| sampler | library | its method | same set | same order | shared | why not |")
    print("|---|---|---|---|---|---|---|")
    for peer in (*uncertainties(), *of_passes(), *of_features()):
        try:
            library = f"{peer.library} {version(peer.library)}"
        except PackageNotFoundError:
            absent.append(peer.library)
            continue
        print(f"| `{peer.sampler}` | {library} | {peer.name} |", compared(arrays, peer), flush=True)
    if absent:
        print(f"Not installed: {', '.join(dict.fromkeys(absent))}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
