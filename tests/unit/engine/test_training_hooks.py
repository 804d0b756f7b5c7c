"""What a training does for its loss, its schedule and its regularizers, and when."""

import pytest
import torch
from alharness_plugins.losses.cross_entropy import CrossEntropy
from alharness_plugins.schedules.constant import Constant
from alharness_plugins.schedules.cosine import Cosine
from torch import nn

from alharness import Loss, Regularizer, Schedule
from alharness.engine.images import HeldImages
from alharness.engine.optimizers import OptimizerOptions
from alharness.engine.training import Examples, Training

N, BATCH, CLASSES = 22, 8, 3
STEPS = 3


def examples(seed):
    generator = torch.Generator().manual_seed(seed)
    pixels = torch.randint(256, (N, 1, 2, 2), generator=generator).to(torch.uint8)
    return Examples(HeldImages(pixels), torch.arange(N) % CLASSES)


def network():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return nn.Sequential(nn.Flatten(), nn.Linear(4, CLASSES))


def training(*regularizers, loss=None, schedule=None, rate=0.1, **options):
    return Training(
        network(),
        examples(1),
        examples(2),
        {"learning-rate": rate, "batch-size": BATCH, "optimizer": "sgd"},
        regularizers,
        torch.Generator().manual_seed(0),
        torch.Generator().manual_seed(5),
        n_classes=CLASSES,
        loss=loss or CrossEntropy(),
        schedule=schedule or Constant(),
        options=OptimizerOptions(**options),
    )


class Noted(Loss):
    """Cross entropy that notes what it is given."""

    def __init__(self):
        self.told, self.targets = [], []

    def before_training(self, labels, n_classes):
        self.told.append((labels.tolist(), n_classes))

    def per_image(self, logits, targets):
        self.targets.append(targets.clone())
        return CrossEntropy().per_image(logits, targets)


class Halves(Regularizer):
    """Half of each target goes to the next class, half of the light goes."""

    def __init__(self):
        self.given = []

    def mix(self, images, targets, generator):
        self.given.append(targets.clone())
        return images / 2, (targets + targets.roll(1, dims=1)) / 2


class Counts(Regularizer):
    """Counts steps, and goes on for two epochs."""

    def __init__(self):
        self.weights, self.steps_before = [], 0

    def after_step(self, model):
        self.weights.append(model[1].weight.detach().clone())

    def after_training(self, model, continuation):
        self.steps_before = len(self.weights)
        continuation.train(2, 0.05, lambda: None)


def test_a_loss_is_told_of_the_labeled_set_once_before_training():
    loss = Noted()
    training(Counts(), loss=loss).fit(2)
    assert loss.told == [([k % CLASSES for k in range(N)], CLASSES)]


def test_without_mixing_the_loss_is_given_integer_labels():
    loss = Noted()
    training(Counts(), loss=loss).fit(1)
    assert all(targets.dtype == torch.int64 and targets.ndim == 1 for targets in loss.targets)


def test_mixing_begins_one_hot_and_goes_from_one_to_the_next():
    first, second, loss = Halves(), Halves(), Noted()
    training(first, second, loss=loss).fit(1)
    for one, two, used in zip(first.given, second.given, loss.targets, strict=True):
        assert one.dtype == torch.float32
        assert set(one.unique().tolist()) == {0.0, 1.0}
        assert torch.equal(one.sum(dim=1), torch.ones(len(one)))
        assert torch.equal(two, (one + one.roll(1, dims=1)) / 2)
        assert torch.equal(used, (two + two.roll(1, dims=1)) / 2)


def test_a_training_with_soft_targets_is_a_plain_loop_on_them():
    """Independent source: torch's cross entropy of probabilities and SGD, on the same batches."""
    trained = training(Halves()).fit(1)
    data, model, order = examples(1), network(), torch.Generator().manual_seed(0)
    optimizer = torch.optim.SGD(model.parameters(), 0.1, momentum=0.9)
    for rows in torch.randperm(N, generator=order).split(BATCH):
        hot = nn.functional.one_hot(data.labels[rows], CLASSES).float()
        targets = (hot + hot.roll(1, dims=1)) / 2
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(data.images.batch(rows) / 2), targets).backward()
        optimizer.step()
    for name, weights in model.state_dict().items():
        torch.testing.assert_close(trained.weights[name], weights)


def test_after_every_step_of_a_training_and_of_its_continuation():
    counts = Counts()
    training(counts).fit(2)
    assert counts.steps_before == 2 * STEPS
    assert len(counts.weights) == 4 * STEPS
    assert all(
        not torch.equal(a, b) for a, b in zip(counts.weights, counts.weights[1:], strict=False)
    )


class Asked(Schedule):
    def __init__(self):
        self.asked = []

    def factor(self, step, steps_per_epoch, epochs):
        self.asked.append((step, steps_per_epoch, epochs))
        return 1.0


def test_a_schedule_is_asked_for_every_step_and_a_continuation_goes_without():
    schedule = Asked()
    training(Counts(), schedule=schedule).fit(2)
    assert set(schedule.asked) == {(step, STEPS, 2) for step in range(2 * STEPS)}


def plain(rates, **options):
    """Where plain SGD with momentum gets with a rate for each step, on the engine's batches."""
    data, model, order = examples(1), network(), torch.Generator().manual_seed(0)
    optimizer = torch.optim.SGD(model.parameters(), 1.0, **options)
    rates, weights = iter(rates), []
    while True:
        for rows in torch.randperm(N, generator=order).split(BATCH):
            rate = next(rates, None)
            if rate is None:
                return weights
            optimizer.param_groups[0]["lr"] = rate
            optimizer.zero_grad()
            nn.functional.cross_entropy(
                model(data.images.batch(rows)), data.labels[rows]
            ).backward()
            optimizer.step()
            weights.append(model[1].weight.detach().clone())


def test_the_rate_of_each_step_is_the_schedules():
    counts = Counts()
    training(counts, schedule=Cosine()).fit(3)
    rates = [0.1 * Cosine().factor(step, STEPS, 3) for step in range(3 * STEPS)]
    expected = plain(rates, momentum=0.9)
    for ours, theirs in zip(counts.weights[: 3 * STEPS], expected, strict=True):
        torch.testing.assert_close(ours, theirs)


@pytest.mark.parametrize(
    "options", [{"momentum": 0.5}, {"nesterov": True}, {"weight_decay": 0.1, "momentum": 0.0}]
)
def test_the_suites_options_reach_the_optimizer(options):
    counts = Counts()
    training(counts, **options).fit(2)
    expected = plain([0.1] * 2 * STEPS, **{"momentum": 0.9, **options})
    for ours, theirs in zip(counts.weights[: 2 * STEPS], expected, strict=True):
        torch.testing.assert_close(ours, theirs)
