"""A trial's training beside the usual script: a DataLoader with PIL transforms and two workers."""

import statistics
from time import perf_counter

import numpy as np
import pytest
import torch
from alharness_plugins.losses.cross_entropy import CrossEntropy
from alharness_plugins.models.networks.mlp import Mlp
from alharness_plugins.models.networks.resnet import ResNet18
from alharness_plugins.regularizers.flip_crop import FlipCrop
from alharness_plugins.regularizers.randaugment.regularizer import RandAugment
from alharness_plugins.schedules.constant import Constant
from PIL import Image
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms

from alharness.engine.images import HeldImages
from alharness.engine.randomness import controlled
from alharness.engine.training import Examples, Training

RATE, BATCH, WORKERS, ROUNDS = 0.01, 128, 2, 3
MODELS = {
    "mlp": (Mlp(hidden=32, layers=1, dropout=0.0), 16_000, 2.5),
    "resnet18": (ResNet18(dropout=0.0, activation="relu"), 256, 0.9),
}
"""A network beside which augmentation dominates, and one that dominates it: images, least ratio."""


class Photographs(Dataset):
    """Bytes that become a PIL image each, as torchvision's CIFAR10 gives them."""

    def __init__(self, pixels, labels):
        self.pixels = np.ascontiguousarray(pixels.permute(0, 2, 3, 1).numpy())
        self.labels = labels.tolist()
        self.transform = transforms.Compose(
            [
                transforms.RandomCrop(32, padding=4),
                transforms.RandomHorizontalFlip(),
                transforms.RandAugment(num_ops=2, magnitude=5, num_magnitude_bins=10),
                transforms.ToTensor(),
            ]
        )

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, row):
        return self.transform(Image.fromarray(self.pixels[row])), self.labels[row]


def script(network, pixels, labels):
    """Epochs of the usual script, its workers started once and kept."""
    optimizer = torch.optim.SGD(network.parameters(), RATE, momentum=0.9, fused=True)
    loader = DataLoader(
        Photographs(pixels, labels),
        batch_size=BATCH,
        shuffle=True,
        num_workers=WORKERS,
        persistent_workers=True,
    )

    def epoch():
        network.train()
        for images, targets in loader:
            loss = cross_entropy(network(images), targets)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

    return epoch


def trial(model, pixels, labels):
    randaugment = RandAugment(highest_m=8)
    randaugment.hyperparameters = {"randaugment.n": 2, "randaugment.m": 5}
    training = Training(
        model.build(10, 3, 32),
        Examples(HeldImages(pixels), labels),
        None,
        {"learning-rate": RATE, "batch-size": BATCH, "optimizer": "sgd"},
        [FlipCrop(flip=True, padding=4), randaugment],
        order=torch.Generator().manual_seed(0),
        augmentation=torch.Generator().manual_seed(1),
        n_classes=10,
        loss=CrossEntropy(),
        schedule=Constant(),
    )
    return lambda: training.train(1, RATE, after_step=lambda: None)


def smooth_images(n):
    """Color gradients with noise: operations that look at levels meet as many as in photographs."""
    drawn = torch.Generator().manual_seed(0)
    corners = torch.rand((n, 3, 4, 4), generator=drawn)
    images = torch.nn.functional.interpolate(corners, size=32, mode="bilinear")
    images += 0.05 * torch.randn(images.shape, generator=drawn)
    return images.clamp_(0, 1).mul_(255).byte(), torch.randint(10, (n,), generator=drawn)


@pytest.mark.slow
@pytest.mark.parametrize("name", MODELS)
def test_beside_a_data_loader(benchmark, name):
    """Seconds of an epoch by the clock, in turns: one thread of ours, a thread and two workers."""
    model, n, least = MODELS[name]
    rounds, n = (1, BATCH) if benchmark.disabled else (ROUNDS, n)
    pixels, labels = smooth_images(n)

    def seconds(act):
        began = perf_counter()
        act()
        return perf_counter() - began

    def in_turns():
        ours, theirs = trial(model, pixels, labels), script(model.build(10, 3, 32), pixels, labels)
        ours(), theirs()
        took = [(seconds(ours), seconds(theirs)) for _ in range(rounds)]
        return [statistics.median(one) for one in zip(*took, strict=True)]

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with controlled(0):
            ours, theirs = benchmark.pedantic(in_turns, rounds=1)
    finally:
        torch.set_num_threads(threads)
    ratio = theirs / ours
    benchmark.extra_info["ratio"] = round(ratio, 2)
    if not benchmark.disabled:
        print(f"\n{name}: {n / ours:,.0f} against {n / theirs:,.0f} images per second, {ratio:.2f}")
        assert ratio > least
