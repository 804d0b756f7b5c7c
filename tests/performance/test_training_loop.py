"""A trial's training beside a bare loop over ready tensors, with RandAugment and flip-crop."""

import statistics
from time import process_time

import pytest
import torch
from alharness_plugins.losses.cross_entropy import CrossEntropy
from alharness_plugins.models.networks.resnet import ResNet18
from alharness_plugins.models.networks.small_cnn import SmallCnn
from alharness_plugins.regularizers.flip_crop import FlipCrop
from alharness_plugins.regularizers.randaugment.regularizer import RandAugment
from alharness_plugins.schedules.constant import Constant
from torch.nn.functional import cross_entropy

from alharness.engine.images import HeldImages
from alharness.engine.randomness import controlled
from alharness.engine.training import Examples, Training

RATE, BATCH = 0.01, 64
MODELS = {
    "small-cnn": (SmallCnn(width=32, features=128, dropout=0.5), 512),
    "resnet18": (ResNet18(dropout=0.0, activation="relu"), 64),
}


def regularizers():
    randaugment = RandAugment(highest_m=8)
    randaugment.hyperparameters = {"randaugment.n": 2, "randaugment.m": 5}
    return [FlipCrop(flip=True, padding=4), randaugment]


def bare(network, images, labels, augmentation):
    """An epoch as in a script: the same augmentation, optimizer and batches."""
    optimizer = torch.optim.SGD(network.parameters(), RATE, momentum=0.9, fused=True)
    augmenting = regularizers()

    def epoch():
        network.train()
        for rows in torch.randperm(len(images)).split(BATCH):
            x = images[rows]
            for one in augmenting:
                x = one.augment(x, augmentation)
            loss = cross_entropy(network(x), labels[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

    return epoch


@pytest.mark.slow
@pytest.mark.parametrize("name", MODELS)
def test_beside_a_bare_loop(benchmark, name):
    """Seconds of processor time, one thread, in turns."""
    model, n = MODELS[name]
    n = BATCH if benchmark.disabled else n
    drawn = torch.Generator().manual_seed(0)
    pixels = torch.randint(0, 256, (n, 3, 32, 32), dtype=torch.uint8, generator=drawn)
    labels = torch.randint(0, 10, (n,), generator=drawn)
    training = Training(
        model.build(10, 3, 32),
        Examples(HeldImages(pixels), labels),
        None,
        {"learning-rate": RATE, "batch-size": BATCH, "optimizer": "sgd"},
        regularizers(),
        order=drawn,
        augmentation=torch.Generator().manual_seed(1),
        n_classes=10,
        loss=CrossEntropy(),
        schedule=Constant(),
    )
    script = bare(model.build(10, 3, 32), pixels.float() / 255, labels, drawn)

    def seconds(act):
        began = process_time()
        act()
        return process_time() - began

    def in_turns():
        ours = [seconds(lambda: training.train(1, RATE, after_step=lambda: None))]
        theirs = [seconds(script)]
        for _ in range(0 if benchmark.disabled else 5):
            theirs.append(seconds(script))
            ours.append(seconds(lambda: training.train(1, RATE, after_step=lambda: None)))
        return [statistics.median(one[1:] or one) for one in (ours, theirs)]

    with controlled(0):
        ours, theirs = benchmark.pedantic(in_turns, rounds=1)
    overhead = ours / theirs - 1
    benchmark.extra_info["overhead"] = round(overhead, 4)
    if not benchmark.disabled:
        print(f"\n{name}: {n / ours:,.0f} images per second, overhead {overhead:+.1%}")
        assert overhead < 0.05
