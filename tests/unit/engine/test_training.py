"""The epoch loop, the best weights, and global state."""

import math
import random
from dataclasses import replace

import numpy as np
import pytest
import torch
from alharness_plugins.losses.cross_entropy import CrossEntropy
from alharness_plugins.regularizers.swa import Swa
from alharness_plugins.schedules.constant import Constant
from torch import nn

from alharness import Regularizer, UsageError
from alharness.engine.features import HeldFeatures
from alharness.engine.images import HeldImages
from alharness.engine.network import Network, channel_statistics
from alharness.engine.randomness import controlled
from alharness.engine.training import Examples, Score, Training, copied_weights, evaluate


class Scripted(nn.Module):
    """Classifies all images as ``plan[epoch]`` says, whatever it is trained on."""

    def __init__(self, plan):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))
        self.register_buffer("steps", torch.zeros((), dtype=torch.int64))
        self.plan = plan

    def forward(self, images):
        if self.training:
            self.steps += 1
        hits = self.plan[min(int(self.steps) - 1, len(self.plan) - 1)]
        logits = torch.zeros(len(images), 2)
        logits[:, 1] = torch.where(torch.arange(len(images)) < hits, 1.0, -1.0)
        return logits + self.weight


def training(network, regularizers=(), n=4, batch_size=4):
    pixels = torch.zeros(n, 1, 2, 2, dtype=torch.uint8)
    images = Examples(HeldImages(pixels), torch.ones(n, dtype=torch.int64))
    return Training(
        network,
        images,
        images,
        {"learning-rate": 0.1, "batch-size": batch_size, "optimizer": "sgd"},
        regularizers,
        torch.Generator().manual_seed(0),
        torch.Generator().manual_seed(0),
        n_classes=2,
        loss=CrossEntropy(),
        schedule=Constant(),
    )


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        (Score(0.9, 5.0), Score(0.8, 0.1)),
        (Score(0.9, 0.1), Score(0.9, 0.2)),
        (Score(0.9, 0.1), Score(0.9, math.inf)),
        (Score(0.0, math.inf), Score(-1.0, math.inf)),
    ],
)
def test_accuracy_comes_before_loss(better, worse):
    assert better.is_better_than(worse)
    assert not worse.is_better_than(better)
    assert not better.is_better_than(better)


@pytest.mark.parametrize(
    ("steepness", "best"), [([1, 3, 2, 3], 1), ([1, 1, 1], 0), ([3, 2, 1], 0), ([1, 2, 3], 2)]
)
def test_of_equally_accurate_epochs_the_one_of_the_lowest_loss_is_kept(steepness, best):
    """All of them are right everywhere; the steeper the logits, the lower the loss."""

    class Steep(Scripted):
        def forward(self, images):
            logits = super().forward(images) - self.weight  # the loss follows the script alone
            return logits * steepness[min(int(self.steps) - 1, len(steepness) - 1)]

    trained = training(Steep([4])).fit(len(steepness))
    assert {score.accuracy for score in trained.validation} == {1.0}
    assert trained.best_epoch == best
    assert int(trained.weights["steps"]) == best + 1


@pytest.mark.parametrize(("plan", "best"), [([1, 3, 2], 1), ([0, 1, 4], 2), ([3, 1, 2], 0)])
def test_the_best_weights_are_kept(plan, best):
    """Published trap 1: not references to weights that training goes on to change."""
    network = Scripted(plan)
    trained = training(network).fit(len(plan))
    assert trained.best_epoch == best
    assert trained.best.accuracy == max(plan) / 4
    assert [score.accuracy for score in trained.validation] == [hits / 4 for hits in plan]
    assert int(trained.weights["steps"]) == best + 1
    assert int(network.steps) == len(plan)


def test_best_weights_equal_a_copy_taken_then():
    """Published trap 1."""
    copies = []

    class Real(nn.Module):
        def __init__(self):
            super().__init__()
            self.body = nn.Sequential(nn.Flatten(), nn.Linear(4, 6), nn.BatchNorm1d(6))
            self.head = nn.Linear(6, 3)

        def forward(self, images):
            return self.head(self.body(images))

        def eval(self):
            copies.append({name: value.clone() for name, value in self.state_dict().items()})
            return super().eval()

    torch.manual_seed(3)
    pixels = torch.randint(0, 256, (24, 1, 2, 2), dtype=torch.uint8)
    labels = torch.randint(0, 3, (24,))
    one = Training(
        Real(),
        Examples(HeldImages(pixels[:12]), labels[:12]),
        Examples(HeldImages(pixels[12:]), labels[12:]),
        {"learning-rate": 0.5, "batch-size": 4, "optimizer": "adam"},
        (),
        torch.Generator().manual_seed(0),
        torch.Generator().manual_seed(0),
        n_classes=3,
        loss=CrossEntropy(),
        schedule=Constant(),
    )
    trained = one.fit(8)
    then, last = copies[trained.best_epoch], copies[-1]
    assert trained.best_epoch < 7
    assert all(torch.equal(trained.weights[name], then[name]) for name in then)
    assert not all(torch.equal(trained.weights[name], last[name]) for name in then)


def globals_now():
    return (
        random.getstate(),
        np.random.get_state()[1].tolist(),  # noqa: NPY002
        torch.get_rng_state().tolist(),
        torch.get_num_threads(),
        torch.get_default_dtype(),
        torch.is_grad_enabled(),
        torch.are_deterministic_algorithms_enabled(),
        torch.is_deterministic_algorithms_warn_only_enabled(),
        torch.backends.cudnn.benchmark,
    )


@pytest.mark.parametrize("fails", [False, True])
@pytest.mark.parametrize("warn_only", [False, True])
def test_globals_are_as_before(fails, warn_only):
    torch.use_deterministic_algorithms(warn_only, warn_only=warn_only)
    try:
        before = globals_now()
        try:
            with controlled(5, threads=2):
                assert torch.get_num_threads() == 2
                assert torch.are_deterministic_algorithms_enabled()
                random.random()
                np.random.rand()  # noqa: NPY002
                torch.rand(3)
                torch.set_default_dtype(torch.float64)
                torch.set_grad_enabled(False)
                torch.set_num_threads(1)
                torch.backends.cudnn.benchmark = True
                torch.use_deterministic_algorithms(False)
                if fails:
                    raise ValueError
        except ValueError:
            assert fails
        assert globals_now() == before
    finally:
        torch.use_deterministic_algorithms(False)


def test_what_is_inside_does_not_depend_on_what_is_outside():
    def inside():
        with controlled(7):
            numbers = (random.random(), np.random.rand(), torch.rand(1))  # noqa: NPY002
            return (*numbers, torch.is_grad_enabled(), torch.get_num_threads())

    first = inside()
    torch.set_default_dtype(torch.float64)
    try:
        with torch.no_grad():
            assert inside() == first
    finally:
        torch.set_default_dtype(torch.float32)
    with controlled(8):
        assert random.random() != first[0]


def test_evaluation_changes_no_buffer():
    network = nn.Sequential(nn.Flatten(), nn.Linear(4, 3), nn.BatchNorm1d(3), nn.Dropout(0.5))
    pixels = torch.randint(0, 256, (8, 1, 2, 2)).to(torch.uint8)
    images = Examples(HeldImages(pixels), torch.zeros(8).long())
    network.train()
    before = copied_weights(network)
    score = evaluate(network, images)
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    assert evaluate(network, images) == score


def test_regularizers_in_their_order_and_the_penalty():
    calls, losses = [], []

    class Named(Regularizer):
        def __init__(self, name, penalty):
            self.name, self.amount = name, penalty

        def augment(self, images, generator):
            calls.append(self.name)
            return images

        def penalty(self, model):
            return None if self.amount is None else model.weight.sum() * 0 + self.amount

    for amounts in [(None, None), (1.0, 2.0)]:
        regularizers = [Named(name, amount) for name, amount in zip("ab", amounts, strict=True)]
        losses.append(training(Scripted([1]), regularizers).fit(1).training_loss[0])
    assert calls == ["a", "b"] * 2
    assert losses[1] - losses[0] == pytest.approx(3.0, abs=1e-5)


@pytest.mark.parametrize(("offered", "kept"), [(1, False), (3, True), (4, True)])
def test_a_regularizers_weights_replace_the_best_when_not_worse(offered, kept):
    class Offers(Regularizer):
        def after_training(self, model, continuation):
            assert int(model.steps) == 2, "it goes on from the best weights"
            model.plan = [offered]
            return {name: value.clone() for name, value in model.state_dict().items()}

    trained = training(Scripted([1, 3, 2]), [Offers()]).fit(3)
    assert trained.replaced_by == ("Offers" if kept else None)
    assert trained.best.accuracy == max(3, offered) / 4


def test_without_a_validation_set_the_last_epochs_weights_count():
    """And they are those that a training with one passes through."""
    network = Scripted([3, 2, 1])
    trained = replace(training(network), validation=None).fit(3)
    assert trained.best is None
    assert trained.validation == []
    assert (trained.best_epoch, trained.replaced_by) == (2, None)
    other = Scripted([3, 2, 1])
    assert training(other).fit(3).training_loss == trained.training_loss
    assert int(trained.weights["steps"]) == 3
    assert torch.equal(trained.weights["weight"], other.weight)


def test_without_a_validation_set_no_regularizer_can_offer_weights():
    network = Scripted([1])
    with pytest.raises(UsageError, match="Swa needs a validation set"):
        replace(training(network, [Swa()]), validation=None).fit(1)
    assert int(network.steps) == 0, "it is refused before anything is trained"
    replace(training(network, [Regularizer()]), validation=None).fit(1)


@pytest.mark.parametrize(("n", "lengths"), [(9, [4, 4]), (10, [4, 4, 2]), (1, [1])])
def test_images_for_a_regularizer_leave_out_a_last_one(n, lengths):
    """Batch norm has no variance of one image."""
    assert [len(images) for images in training(Scripted([1]), n=n).images()] == lengths


def test_channel_statistics():
    images = np.random.default_rng(0).integers(0, 256, (5, 3, 4, 4)).astype(np.uint8)
    images[:, 2] = 51
    mean, deviation = channel_statistics(HeldImages(torch.from_numpy(images)))
    scaled = images / 255
    assert mean.shape == deviation.shape == (3, 1, 1)
    np.testing.assert_allclose(mean.flatten(), scaled.mean(axis=(0, 2, 3)), rtol=1e-6)
    np.testing.assert_allclose(deviation.flatten()[:2], scaled.std(axis=(0, 2, 3))[:2], rtol=1e-6)
    assert deviation[2] == 1


def test_features_are_normalized_each_by_itself():
    features = torch.randn(40, 5, generator=torch.Generator().manual_seed(0)) * 3 + 2
    features[:, 4] = 7
    statistics = channel_statistics(HeldFeatures(features))
    network = Network(nn.Linear(5, 2), *statistics)
    normalized = network.normalized(features)
    torch.testing.assert_close(normalized.mean(dim=0), torch.zeros(5), atol=1e-5, rtol=0)
    deviation = normalized.std(dim=0, correction=0)
    torch.testing.assert_close(deviation, torch.tensor([1.0, 1, 1, 1, 0]))
    assert network(features).shape == (40, 2)
