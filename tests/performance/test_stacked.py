"""Linear probes in stacks against the same probes one by one in plain PyTorch, on one thread.

``pytest -n 0 tests/performance/test_stacked.py -m '' --benchmark-enable -s`` prints a table.
Seconds are those of the processor, so that other processes count for less; plain and stacked take
turns.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from itertools import product
from statistics import median
from time import process_time
from typing import Any, NamedTuple

import pytest
import torch
from alharness_plugins.models.networks.linear import Linear
from alharness_plugins.schedules.cosine import Cosine
from torch import nn
from torch.nn.functional import cross_entropy

from alharness.engine.features import HeldFeatures
from alharness.engine.network import Network
from alharness.engine.optimizers import OptimizerOptions
from alharness.engine.stacked import StackedTraining, fit_stacked
from alharness.engine.training import Examples
from alharness.epochs import n_batches

pytestmark = pytest.mark.usefixtures("one_thread")

CLASSES, BATCH, RATE, DECAY = 10, 64, 0.01, 5e-4


class Probes(NamedTuple):
    """Probes of one shape; an epoch ends with a look at validation where there is some."""

    optimizer: str
    width: int
    n_labeled: int
    n_validation: int
    number: int
    epochs: int

    def training(self, seed: int) -> StackedTraining:
        rng = torch.Generator().manual_seed(seed)
        means = torch.randn(CLASSES, self.width, generator=torch.Generator().manual_seed(0))

        def examples(n: int) -> Examples:
            labels = torch.randint(CLASSES, (n,), generator=rng)
            features = means[labels] + 2 * torch.randn(n, self.width, generator=rng)
            return Examples(HeldFeatures(features.relu()), labels)

        labeled, validation = examples(self.n_labeled), examples(self.n_validation)
        torch.manual_seed(seed)
        built = Linear(0.0).build(CLASSES, self.width, 1)
        return StackedTraining(
            Network(built, torch.zeros(self.width), torch.ones(self.width)),
            labeled,
            validation if self.n_validation else None,
            {"learning-rate": RATE, "batch-size": BATCH, "optimizer": self.optimizer},
            order=torch.Generator().manual_seed(seed),
            dropout=torch.Generator().manual_seed(seed),
            n_classes=CLASSES,
            schedule=Cosine(),
            options=OptimizerOptions(0.9, True, DECAY),
        )

    def stacked(self, trainings: list[StackedTraining]) -> list[torch.Tensor]:
        """Weights of the layers."""
        trained = fit_stacked(trainings, self.epochs)
        return [one.weights["model.head.weight"] for one in trained]

    def one_by_one(self, trainings: list[StackedTraining]) -> list[torch.Tensor]:
        """As a script without a harness trains them."""
        return [self._plain(one) for one in trainings]

    def _plain(self, training: StackedTraining) -> torch.Tensor:
        features, labels = training.labeled.images.batch(slice(None)), training.labeled.labels
        layer = training.network.get_classifier()
        assert isinstance(layer, nn.Linear)
        optimizer = self._optimizer(layer)
        steps = n_batches(self.n_labeled, BATCH)
        best, kept, step = (-1.0, 0.0), layer.weight, 0
        for _ in range(self.epochs):
            order = torch.randperm(self.n_labeled, generator=training.order)
            for rows in order.split(BATCH)[:steps]:
                factor = (1 + math.cos(math.pi * step / (steps * self.epochs))) / 2
                optimizer.param_groups[0]["lr"] = RATE * factor
                loss = cross_entropy(layer(features[rows]), labels[rows])
                optimizer.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]
                optimizer.step()
                step += 1
            if training.validation is not None:
                score = self._score(layer, training.validation)
                if score > best:
                    best, kept = score, layer.weight.detach().clone()
        return kept.detach()

    def _optimizer(self, layer: nn.Linear) -> torch.optim.Optimizer:
        if self.optimizer == "sgd":
            return torch.optim.SGD(
                layer.parameters(), RATE, 0.9, nesterov=True, weight_decay=DECAY, fused=True
            )
        return torch.optim.AdamW(layer.parameters(), RATE, weight_decay=DECAY, fused=True)

    @torch.no_grad()
    def _score(self, layer: nn.Linear, examples: Examples) -> tuple[float, float]:
        logits = layer(examples.images.batch(slice(None)))
        hits = (logits.argmax(dim=1) == examples.labels).sum()
        return float(hits), -float(cross_entropy(logits, examples.labels))


def seconds(train: Callable[[list[StackedTraining]], Any], trainings: list[StackedTraining]) -> Any:
    start = process_time()
    weights = train(trainings)
    return process_time() - start, weights


def cases() -> Iterator[Any]:
    """Optimizers, each with the least ratio, on all sizes; only one of them is not slow."""
    recipes = [("sgd", 0, 5.0), ("sgd", 50, 5.0), ("adamw", 50, 2.0)]
    for recipe, width, n_labeled in product(recipes, (384, 1280), (10, 60, 110, 210)):
        quick = recipe == recipes[0] and (width, n_labeled) == (384, 110)
        marks = [] if quick else [pytest.mark.slow]
        yield pytest.param(*recipe, width, n_labeled, marks=marks)


@pytest.mark.parametrize(
    ("optimizer", "n_validation", "least", "width", "n_labeled"), list(cases())
)
def test_probes_in_a_stack_against_one_by_one(
    benchmark: Any, optimizer: str, n_validation: int, least: float, width: int, n_labeled: int
) -> None:
    """``sgd`` without validation is the published protocol of frozen features."""
    number, epochs, rounds = (32, 200, 3) if benchmark.enabled else (2, 2, 1)
    probes = Probes(optimizer, width, n_labeled, n_validation, number, epochs)
    plain, stacked = [], []
    for _ in range(rounds):
        few = [probes.training(seed) for seed in range(min(2, number))]
        took, expected = seconds(probes.one_by_one, few)
        plain.append(took / len(few))
        all_of_them = [probes.training(seed) for seed in range(number)]
        took, found = seconds(probes.stacked, all_of_them)
        stacked.append(took / number)
    for mine, theirs in zip(found, expected, strict=False):
        torch.testing.assert_close(mine, theirs, rtol=1e-2, atol=1e-4)
    benchmark.pedantic(lambda: None)
    if benchmark.enabled:
        ratio = median(one / other for one, other in zip(plain, stacked, strict=True))
        benchmark.extra_info |= {"per second": 1 / median(stacked), "ratio": ratio}
        print(
            f"\n| {optimizer} | {n_validation} | {width} | {n_labeled} | {1 / median(plain):.1f} "
            f"| {1 / median(stacked):.0f} | {ratio:.1f} |"
        )
        assert ratio >= least
