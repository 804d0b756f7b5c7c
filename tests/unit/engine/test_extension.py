"""A training extension: trained along with the network, kept of the same epoch."""

import numpy as np
import pytest
import torch
from alharness_plugins.losses.cross_entropy import CrossEntropy
from alharness_plugins.schedules.constant import Constant
from torch import nn

from alharness import Regularizer, TrainingExtension
from alharness.engine.extension import built_extension, joined, parted
from alharness.engine.images import HeldImages
from alharness.engine.network import Network
from alharness.engine.randomness import controlled
from alharness.engine.training import Examples, Training, copied_weights
from alharness.testing.images import N_CLASSES, SmallNetwork, draw_images

CPU = torch.device("cpu")
VALUES = {"learning-rate": 0.05, "batch-size": 16, "optimizer": "sgd"}


class PredictsLosses(TrainingExtension):
    """Squared error of a linear prediction of each image's loss; notes its batches."""

    def __init__(self, weight=1.0, detached=True):
        self.weight, self.detached, self.batches = weight, detached, []

    def build(self, num_features, n_classes):
        self.sizes = num_features, n_classes
        self.module = nn.Linear(num_features, 1)
        return self.module

    def loss(self, module, batch):
        self.batches.append(batch)
        features = batch.features.detach() if self.detached else batch.features
        return self.weight * (module(features)[:, 0] - batch.losses).square().mean()


def training(extension=None, *regularizers, epochs=5):
    """The session, and what its training leaves."""
    rng = torch.Generator().manual_seed(0)
    pixels, labels = (torch.from_numpy(part) for part in draw_images(90, np.random.default_rng(2)))
    labeled, validation = (
        Examples(HeldImages(pixels[rows]), labels[rows]) for rows in (slice(40), slice(40, 90))
    )
    with controlled(3):
        model = SmallNetwork(N_CLASSES, 1)
        model.dropout = nn.Identity()  # or its masks would follow the module's initialization
        network = Network(model, torch.full((1,), 0.5), torch.full((1,), 0.25))
        built = (
            None
            if extension is None
            else built_extension(extension, network, N_CLASSES, CPU, torch.zeros(1, 1, 8, 8))
        )
        session = Training(
            network,
            labeled,
            validation,
            VALUES,
            regularizers,
            order=rng,
            augmentation=torch.Generator().manual_seed(1),
            n_classes=N_CLASSES,
            loss=CrossEntropy(),
            schedule=Constant(),
            extension=built,
        )
        return session, session.fit(epochs)


def test_what_its_loss_is_given():
    extension = PredictsLosses()
    training(extension, epochs=2)
    assert extension.sizes == (16, N_CLASSES)
    assert [batch.progress for batch in extension.batches] == [k / 6 for k in range(6)]
    for batch, n in zip(extension.batches, [16, 16, 8] * 2, strict=True):
        assert batch.features.shape == (n, 16)
        assert batch.logits.shape == (n, N_CLASSES)
        assert batch.features.requires_grad
        assert batch.logits.requires_grad
        assert not batch.losses.requires_grad
        expected = nn.functional.cross_entropy(batch.logits, batch.labels, reduction="none")
        torch.testing.assert_close(batch.losses, expected.detach())


def test_it_learns_while_a_detached_loss_leaves_the_task_model_as_it_would_be():
    """The module's gradients end at the detached features; the batches are the same."""
    extension = PredictsLosses()
    _, trained = training(extension)
    _, alone = training()
    for name, weights in alone.weights.items():
        torch.testing.assert_close(trained.weights[name], weights)
    assert trained.best_epoch == alone.best_epoch
    assert trained.extension.keys() == {"weight", "bias"}
    first, last = extension.batches[0], extension.batches[-1]
    error = (extension.module(last.features)[:, 0] - last.losses).square().mean()
    assert error < first.losses.square().mean() / 4


def test_gradients_reach_the_task_model_unless_they_are_cut():
    _, alone = training()
    _, together = training(PredictsLosses(weight=3.0, detached=False))
    name = "model.body.0.weight"
    assert not torch.allclose(alone.weights[name], together.weights[name])


def test_the_module_is_kept_of_the_best_epoch():
    snapshots = []

    class Watches(Regularizer):
        def after_step(self, model):
            snapshots.append(copied_weights(extension.module))

    extension = PredictsLosses()
    _, trained = training(extension, Watches(), epochs=20)
    assert trained.best_epoch < 19, "or the last weights would do"
    then = snapshots[3 * (trained.best_epoch + 1) - 1]
    assert all(torch.equal(trained.extension[name], then[name]) for name in then)
    assert not torch.equal(trained.extension["weight"], snapshots[-1]["weight"])


@pytest.mark.parametrize("kept", [True, False])
def test_a_regularizer_trains_it_further_and_its_weights_go_with_the_networks(kept):
    class GoesOn(Regularizer):
        def after_training(self, model, continuation):
            self.start = copied_weights(extension.module)
            continuation.train(2, 0.01, lambda: None)
            self.end = copied_weights(extension.module)
            weights = copied_weights(model)
            return weights if kept else {name: w * torch.nan for name, w in weights.items()}

    extension, further = PredictsLosses(), GoesOn()
    _, trained = training(extension, further, epochs=3)
    assert {batch.progress for batch in extension.batches[9:]} == {1.0}
    assert not torch.equal(further.start["weight"], further.end["weight"])
    if trained.replaced_by:
        assert torch.equal(trained.extension["weight"], further.end["weight"])
    else:
        assert torch.equal(trained.extension["weight"], further.start["weight"])
    assert kept or trained.replaced_by is None


def test_a_checkpoint_holds_both_and_gives_both():
    network, module = {"model.a": torch.ones(2)}, {"weight": torch.zeros(3)}
    checkpoint = joined(network, module)
    assert checkpoint.keys() == {"model.a", "extension.weight"}
    assert [list(part) for part in parted(checkpoint)] == [["model.a"], ["weight"]]
    assert joined(network, {}) == network
    assert parted(network) == (network, {})
