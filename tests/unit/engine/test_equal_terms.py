"""What a network is shown while it is trained, evaluated and asked (published traps 8, 15)."""

import numpy as np
import torch
from alharness_plugins.losses.cross_entropy import CrossEntropy
from alharness_plugins.schedules.constant import Constant
from torch import nn

from alharness import Regularizer
from alharness.engine.images import HeldImages
from alharness.engine.network import Network
from alharness.engine.pool import ImagePool
from alharness.engine.training import Examples, Training

MEAN, DEVIATION = torch.tensor([0.25]), torch.tensor([0.5])


class Witness(nn.Module):
    """Notes every batch that it is given, by mode; timm's interface."""

    def __init__(self):
        super().__init__()
        self.num_features = 4
        self.head = nn.Linear(4, 2)
        self.seen = {True: [], False: []}

    def forward_features(self, images):
        self.seen[self.training].append(images.clone())
        return images

    def forward_head(self, images, pre_logits=False):
        return images.flatten(1) if pre_logits else self.head(images.flatten(1))

    def forward(self, images):
        return self.forward_head(self.forward_features(images))


class Darker(Regularizer):
    def augment(self, images, generator):
        return images / 2


def as_rows(batches):
    return sorted(tuple(image.flatten().tolist()) for batch in batches for image in batch)


def normalized(pixels, brightness=1.0):
    return as_rows([(pixels.float() / 255 * brightness - MEAN) / DEVIATION])


def fitted(regularizers, epochs=3):
    rng = np.random.default_rng(0)
    labeled, validation = (
        torch.from_numpy(rng.integers(0, 256, (n, 1, 2, 2), dtype=np.uint8)) for n in (6, 5)
    )
    witness = Witness()
    training = Training(
        Network(witness, MEAN, DEVIATION),
        Examples(HeldImages(labeled), torch.tensor([0, 1] * 3)),
        Examples(HeldImages(validation), torch.tensor([0, 1, 0, 1, 0])),
        {"learning-rate": 0.1, "batch-size": 3, "optimizer": "sgd"},
        regularizers,
        torch.Generator().manual_seed(0),
        torch.Generator().manual_seed(0),
        n_classes=2,
        loss=CrossEntropy(),
        schedule=Constant(),
    )
    training.fit(epochs)
    return training.network, witness, labeled, validation


def close(left, right):
    return np.allclose(left, right, atol=1e-6)


def test_training_mode_in_every_epoch_and_evaluation_mode_between():
    """Published trap 15: eval() never returned to train()."""
    _, witness, labeled, validation = fitted([], epochs=3)
    assert [len(batch) for batch in witness.seen[True]] == [3, 3] * 3
    assert [len(batch) for batch in witness.seen[False]] == [5] * 3
    for epoch in range(3):
        assert close(as_rows(witness.seen[True][2 * epoch : 2 * epoch + 2]), normalized(labeled))
        assert close(as_rows(witness.seen[False][epoch : epoch + 1]), normalized(validation))


def test_normalization_is_the_same_everywhere_and_augmentation_is_for_training():
    """Published traps 8 and 15: loaders that normalize differently; augmented acquisition."""
    network, witness, labeled, validation = fitted([Darker()], epochs=1)
    assert close(as_rows(witness.seen[True]), normalized(labeled, brightness=0.5))
    assert close(as_rows(witness.seen[False]), normalized(validation))
    witness.seen[False].clear()
    pool = ImagePool(
        HeldImages(validation), HeldImages(labeled), torch.tensor([0, 1] * 3), 2, network, None
    )
    pool.probabilities("unlabeled")
    assert close(as_rows(witness.seen[False]), normalized(validation))
    assert close(as_rows([pool.images()]), as_rows([validation.float() / 255]))
    assert len(witness.seen[True]) == 2, "nothing is asked in training mode"
