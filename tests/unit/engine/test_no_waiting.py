"""Inside an epoch the host waits for no number of the device.

Three ways of seeing it: on the meta device, whose tensors have no numbers; on the CPU, by the
operations that read one; on a GPU, by CUDA's own watch.
"""

import pytest
import torch
from alharness_plugins.losses.cross_entropy import CrossEntropy
from alharness_plugins.models.networks.resnet9 import ResNet9
from alharness_plugins.regularizers.flip_crop import FlipCrop
from alharness_plugins.regularizers.randaugment.regularizer import RandAugment
from alharness_plugins.schedules.one_cycle import OneCycle
from torch.utils._python_dispatch import TorchDispatchMode

from alharness import Regularizer
from alharness.engine.images import HeldImages
from alharness.engine.network import Network
from alharness.engine.passes import AS_THE_NETWORK_DOES, Passes
from alharness.engine.randomness import controlled
from alharness.engine.training import Examples, Training, hits_and_loss

READING = ("_local_scalar_dense", "nonzero", "item", "is_nonzero", "equal", "_unique2")


class Reading(Exception):
    """A number of the device is read by the host."""


class Watch(TorchDispatchMode):
    """Raises Reading for operations whose outcome, or its shape, the host has to wait for."""

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        name = func.overloadpacket.__name__
        chosen = args[1] if name in ("index", "index_put", "index_put_") else ()
        masked = any(one is not None and one.dtype in (torch.bool, torch.uint8) for one in chosen)
        if name in READING or masked:
            raise Reading(f"{func} inside an epoch")
        return func(*args, **(kwargs or {}))


def training(device, *further, optimizer="sgd", passes=AS_THE_NETWORK_DOES):
    with controlled(0):
        model = ResNet9(width=4, dropout=0.5, activation="relu").build(3, 3, 8)
        network = Network(model, torch.ones(3, 1, 1), torch.ones(3, 1, 1))
    drawn = torch.Generator().manual_seed(0)
    pixels = torch.randint(0, 256, (30, 3, 8, 8), dtype=torch.uint8, generator=drawn)
    labels = torch.randint(0, 3, (30,), generator=drawn).to(device)
    images = Examples(HeldImages(pixels.to(device)), labels)
    randaugment = RandAugment(highest_m=8)
    randaugment.hyperparameters = {"randaugment.n": 3, "randaugment.m": 5}
    own = torch.device("cpu") if device == "meta" else torch.device(device)
    return Training(
        network.to(device),
        images,
        images,
        {"learning-rate": 0.05, "batch-size": 8, "optimizer": optimizer},
        [FlipCrop(flip=True, padding=2), randaugment, *further],
        torch.Generator().manual_seed(0),
        torch.Generator(own).manual_seed(0),
        n_classes=3,
        loss=CrossEntropy(),
        schedule=OneCycle(),
        passes=passes,
    )


def one_epoch(training):
    """An epoch after which nothing is read, and what a validation has before it is."""
    training.train(1, 0.05, after_step=lambda: None)
    return hits_and_loss(training.network, training.labeled)


class Waiting(Regularizer):
    """Reads a number in every batch."""

    def augment(self, images, generator):
        return images if float(images.sum()) > 0 else images + 1


class Masking(Regularizer):
    """Picks images by a mask: how many these are, the host has to know."""

    def augment(self, images, generator):
        return torch.cat([images[images.sum((1, 2, 3)) > 0], images])[: len(images)]


@pytest.mark.parametrize("passes", [AS_THE_NETWORK_DOES, Passes(channels_last=True)])
def test_an_epoch_needs_no_numbers(passes):
    """RandAugment, flip-crop, training and evaluation; RAdam, since others want a real device."""
    hits, loss = one_epoch(training("meta", optimizer="radam", passes=passes))
    assert (hits.device.type, loss.device.type) == ("meta", "meta")


@pytest.mark.parametrize("regularizer", [Waiting, Masking])
def test_who_reads_one_is_seen_on_the_meta_device(regularizer):
    with pytest.raises((RuntimeError, NotImplementedError), match="meta"):
        one_epoch(training("meta", regularizer(), optimizer="radam"))


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "adamw"])
@pytest.mark.parametrize("passes", [AS_THE_NETWORK_DOES, Passes("bfloat16", channels_last=True)])
def test_no_operation_of_an_epoch_reads_one(optimizer, passes):
    with controlled(0), Watch():
        one_epoch(training("cpu", optimizer=optimizer, passes=passes))


@pytest.mark.parametrize("regularizer", [Waiting, Masking])
def test_who_reads_one_is_seen_on_the_cpu(regularizer):
    with controlled(0), Watch(), pytest.raises(Reading):
        one_epoch(training("cpu", regularizer()))


@pytest.mark.gpu
@pytest.mark.parametrize("optimizer", ["sgd", "adam", "adamw", "radam"])
@pytest.mark.parametrize("passes", [AS_THE_NETWORK_DOES, Passes("bfloat16", channels_last=True)])
def test_cuda_sees_no_waiting(optimizer, passes):
    ready = training("cuda", optimizer=optimizer, passes=passes)
    with controlled(0):
        one_epoch(ready)  # libraries wait when they are first used
        torch.cuda.set_sync_debug_mode("error")
        try:
            one_epoch(ready)
        finally:
            torch.cuda.set_sync_debug_mode("default")
