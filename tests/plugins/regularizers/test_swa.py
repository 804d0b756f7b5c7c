"""Stochastic weight averaging.

Independent source: a plain loop with torch.optim, torch.optim.swa_utils.AveragedModel
and update_bn, fed the same batches; and the definition, a mean over snapshots.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import pytest
import torch
from alharness_plugins.losses.cross_entropy import CrossEntropy
from alharness_plugins.regularizers.swa import Swa
from alharness_plugins.schedules.constant import Constant
from torch import nn
from torch.nn.functional import cross_entropy
from torch.optim.swa_utils import AveragedModel, update_bn

from alharness.api.regularizer import Regularizer
from alharness.engine.images import HeldImages
from alharness.engine.training import Examples, Training, copied_weights, evaluate

pytestmark = pytest.mark.usefixtures("one_thread")

BATCH = 8


def network(seed: int = 0) -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return nn.Sequential(
            nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(64, 3)
        )


def images(n: int, seed: int) -> Examples:
    """Three classes that differ in brightness, with noise."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.arange(n) % 3
    noise = torch.randint(120, (n, 1, 6, 6), generator=generator)
    pixels = (noise + 60 * labels[:, None, None, None]).to(torch.uint8)
    return Examples(HeldImages(pixels), labels)


def training(
    *regularizers: Regularizer, labeled: Examples | None = None, model: nn.Module | None = None
) -> Training:
    return Training(
        network=network() if model is None else model,
        labeled=images(20, seed=1) if labeled is None else labeled,
        validation=images(60, seed=2),
        hyperparameters={"learning-rate": 0.02, "batch-size": BATCH, "optimizer": "sgd"},
        regularizers=regularizers,
        order=torch.Generator().manual_seed(3),
        augmentation=torch.Generator().manual_seed(4),
        n_classes=3,
        loss=CrossEntropy(),
        schedule=Constant(),
    )


def assert_same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> None:
    assert one.keys() == other.keys()
    for name, tensor in one.items():
        torch.testing.assert_close(tensor, other[name], rtol=1e-5, atol=1e-6, msg=name)


def plain_swa(
    model: nn.Module, data: Examples, epochs: int, rate: float, frequency: int
) -> AveragedModel:
    """SWA as in PyTorch's own documentation, on the batches that the engine draws."""
    order = torch.Generator().manual_seed(3)
    optimizer = torch.optim.SGD(model.parameters(), lr=rate, momentum=0.9)
    average = AveragedModel(model)
    iteration = 0
    model.train()
    for _ in range(epochs):
        for rows in torch.randperm(len(data), generator=order).split(BATCH):
            optimizer.zero_grad()
            cross_entropy(model(data.images.batch(rows)), data.labels[rows]).backward()
            optimizer.step()
            iteration += 1
            if iteration % frequency == 0:
                average.update_parameters(model)
    update_bn([batch for _, batch in data.images.batches(BATCH)], average)
    return average


@pytest.mark.parametrize(("frequency", "snapshots"), [(1, 12), (4, 3), (5, 2), (12, 1)])
def test_equals_a_plain_loop_with_swa_utils(frequency: int, snapshots: int) -> None:
    data = images(20, seed=1)
    theirs = plain_swa(network(), data, epochs=4, rate=0.01, frequency=frequency)
    assert theirs.n_averaged == snapshots
    swa = Swa(epochs=4, learning_rate=0.01, frequency=frequency)
    engine = training(swa, labeled=data)
    weights = swa.after_training(engine.network, engine)
    assert_same(weights, theirs.module.state_dict())
    assert set(weights) == set(network().state_dict())


@dataclass
class Steps:
    """A continuation that sets all parameters to the number of the iteration."""

    model: nn.Module
    n_batches: int
    batches: Sequence[torch.Tensor] = ()
    asked: list[tuple[int, float]] = field(default_factory=list)

    def train(self, epochs: int, learning_rate: float, after_step: Callable[[], None]) -> None:
        self.asked.append((epochs, learning_rate))
        for iteration in range(1, epochs * self.n_batches + 1):
            with torch.no_grad():
                for parameter in self.model.parameters():
                    parameter.fill_(iteration)
            after_step()

    def images(self) -> Iterator[torch.Tensor]:
        yield from self.batches


def test_averages_every_fiftieth_iteration_of_fifty_epochs() -> None:
    model = nn.Linear(2, 2)
    steps = Steps(model, n_batches=7)
    weights = Swa().after_training(model, steps)
    assert steps.asked == [(50, 5e-4)]
    mean = sum(range(50, 351, 50)) / 7
    assert set(weights) == {"weight", "bias"}
    for tensor in weights.values():
        torch.testing.assert_close(tensor, torch.full_like(tensor, mean))


def test_too_few_iterations_offer_nothing() -> None:
    model = nn.Linear(2, 2)
    assert Swa(epochs=7, frequency=50).after_training(model, Steps(model, n_batches=7)) is None
    trained = training(Swa(epochs=2, frequency=50)).fit(epochs=2)
    assert trained.replaced_by is None


def test_batch_norm_is_re_estimated_on_unaugmented_images() -> None:
    model = nn.Sequential(nn.Flatten(), nn.BatchNorm1d(4))
    batches = torch.rand(8, 1, 2, 2, generator=torch.Generator().manual_seed(0)).split(4)
    weights = Swa(epochs=1, frequency=1).after_training(
        model, Steps(model, n_batches=2, batches=batches)
    )
    first, second = (batch.flatten(1) for batch in batches)
    mean = (first.mean(0) + second.mean(0)) / 2
    torch.testing.assert_close(weights["1.running_mean"], mean)
    variance = (first.var(0) + second.var(0)) / 2
    torch.testing.assert_close(weights["1.running_var"], variance)


def test_a_last_image_alone_has_no_variance_and_is_left_out() -> None:
    data = images(17, seed=1)
    engine = training(Swa(epochs=1, learning_rate=1e-8, frequency=2), labeled=data)
    weights = engine.regularizers[0].after_training(engine.network, engine)
    plain = AveragedModel(network())
    update_bn([data.images.batch(slice(0, 8)), data.images.batch(slice(8, 16))], plain)
    torch.testing.assert_close(weights["1.running_mean"], plain.module[1].running_mean)


class Darken(Regularizer):
    """Augmentation that is seen in batch norm's statistics, and counted."""

    def __init__(self) -> None:
        self.calls = 0

    def augment(self, images: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        self.calls += 1
        return images / 2


def test_other_regularizers_stay_on_while_it_trains() -> None:
    darken = Darken()
    swa = Swa(epochs=4, learning_rate=1e-8, frequency=4)
    engine = training(darken, swa)
    first = copied_weights(engine.network)
    weights = swa.after_training(engine.network, engine)
    assert darken.calls == 12
    plain = AveragedModel(network())
    update_bn([batch for _, batch in engine.labeled.images.batches(BATCH)], plain)
    torch.testing.assert_close(weights["0.weight"], first["0.weight"])
    torch.testing.assert_close(weights["1.running_mean"], plain.module[1].running_mean)


def test_a_penalty_is_part_of_its_loss() -> None:
    class Penalty(Regularizer):
        def penalty(self, model: nn.Module) -> torch.Tensor:
            return 100 * model[4].weight.square().sum()

    def norm(*regularizers: Regularizer) -> torch.Tensor:
        swa = Swa(epochs=4, learning_rate=1e-4, frequency=12)
        engine = training(*regularizers, swa)
        return swa.after_training(engine.network, engine)["4.weight"].norm()

    assert norm(Penalty()) < 0.9 * norm()


class Recorded(Swa):
    """Notes the weights that it starts from and those that it offers."""

    def after_training(self, model, continuation):
        self.start = copied_weights(model)
        self.offered = copy.deepcopy(super().after_training(model, continuation))
        return self.offered


@pytest.mark.parametrize("seed", range(4))
def test_the_engine_goes_on_from_the_best_weights_and_keeps_what_is_not_worse(seed: int) -> None:
    swa = Recorded(epochs=6, learning_rate=0.01, frequency=3)
    without = training(model=network(seed)).fit(epochs=4)
    engine = training(swa, model=network(seed))
    trained = engine.fit(epochs=4)
    assert_same(swa.start, without.weights)
    other = network()
    other.load_state_dict(swa.offered)
    score = evaluate(other, engine.validation)
    kept = score.accuracy >= without.best.accuracy
    assert trained.replaced_by == ("Recorded" if kept else None)
    assert_same(trained.weights, swa.offered if kept else without.weights)
    assert trained.best.accuracy == max(score.accuracy, without.best.accuracy)
    assert trained.best_epoch == without.best_epoch
    assert trained.training_loss == without.training_loss
    assert trained.validation == without.validation


def test_a_worse_average_is_dropped() -> None:
    swa = Recorded(epochs=4, learning_rate=1e3, frequency=3)
    without = training().fit(epochs=8)
    assert without.best.accuracy > 0.5
    trained = training(swa).fit(epochs=8)
    assert trained.replaced_by is None
    assert_same(trained.weights, without.weights)


def test_an_instance_carries_nothing_from_one_training_to_the_next() -> None:
    swa = Swa(epochs=4, learning_rate=0.01, frequency=5)
    engines = [training(swa) for _ in range(2)]
    one, two = (swa.after_training(engine.network, engine) for engine in engines)
    assert_same(one, two)
    assert vars(swa) == {"epochs": 4, "learning_rate": 0.01, "frequency": 5}


def test_labels_and_images_stay_as_they_are() -> None:
    data = images(20, seed=1)
    every = slice(None)
    pixels, labels = data.images.batch(every).clone(), data.labels.clone()
    training(Swa(epochs=2, frequency=2), labeled=data).fit(epochs=1)
    assert torch.equal(data.images.batch(every), pixels)
    assert torch.equal(data.labels, labels)
