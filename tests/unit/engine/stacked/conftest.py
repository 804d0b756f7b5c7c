"""Trainings on made-up features."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from alharness_plugins.losses.cross_entropy import CrossEntropy
from alharness_plugins.models.networks.linear import Linear
from alharness_plugins.models.networks.mlp import Mlp
from alharness_plugins.schedules.cosine import Cosine

from alharness.engine.features import HeldFeatures
from alharness.engine.network import Network
from alharness.engine.optimizers import OptimizerOptions
from alharness.engine.stacked import StackedTraining
from alharness.engine.training import Examples, Trained, Training

Make = Callable[..., StackedTraining]


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.fixture(scope="session")
def make() -> Make:
    """``make(seed, ...)``: a training with features, weights, order and masks of its seed.

    Made again, it is the same training. Features are positive, like those behind a ReLU.
    """

    def make(
        seed: int,
        *,
        n_labeled: int = 21,
        n_validation: int = 9,
        width: int = 40,
        n_classes: int = 3,
        hidden: int | None = None,
        dropout: float = 0.0,
        nesterov: bool = True,
        weight_decay: float | None = None,
        drop_last: bool = False,
        **hyperparameters: Any,
    ) -> StackedTraining:
        rng = generator(seed)
        means = torch.randn(n_classes, width, generator=generator(0))

        def examples(n: int) -> Examples:
            labels = torch.randint(n_classes, (n,), generator=rng)
            features = means[labels] + 2 * torch.randn(n, width, generator=rng)
            return Examples(HeldFeatures(features.relu()), labels)

        labeled, validation = examples(n_labeled), examples(n_validation)
        model = Linear(dropout) if hidden is None else Mlp(hidden, 2, dropout)
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            built = model.build(n_classes, width, 1)
        return StackedTraining(
            Network(built, torch.full((width,), 0.8), torch.full((width,), 1.2)),
            labeled,
            validation if n_validation else None,
            {"learning-rate": 0.01, "batch-size": 8, "optimizer": "sgd"}
            | {name.replace("_", "-"): value for name, value in hyperparameters.items()},
            order=generator(1000 + seed),
            dropout=generator(2000 + seed),
            n_classes=n_classes,
            schedule=Cosine(),
            options=OptimizerOptions(0.9, nesterov, 0.0 if weight_decay is not None else 5e-4),
            weight_decay=weight_decay,
            drop_last=drop_last,
        )

    return make


@pytest.fixture(scope="session")
def alone() -> Callable[[StackedTraining, int], Trained]:
    """A training through ``engine.training.Training``; it is used up."""

    def alone(training: StackedTraining, epochs: int) -> Trained:
        options = OptimizerOptions(
            training.options.momentum, training.options.nesterov, training.decay
        )
        return Training(
            training.network,
            training.labeled,
            training.validation,
            training.hyperparameters,
            (),
            order=training.order,
            augmentation=generator(0),
            n_classes=training.n_classes,
            loss=CrossEntropy(),
            schedule=training.schedule,
            options=options,
            drop_last=training.drop_last,
        ).fit(epochs)

    return alone
