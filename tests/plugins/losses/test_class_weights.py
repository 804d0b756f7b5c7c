"""Class-weighted cross entropy, against scikit-learn's balanced weights and by hand."""

import numpy as np
import torch
from sklearn.utils.class_weight import compute_class_weight
from torch import nn

from alharness.engine.images import HeldImages
from alharness.engine.training import Examples, Training, inverse_frequencies

COUNTS = [50, 8, 2]


def labels():
    return torch.from_numpy(np.random.default_rng(0).permutation(np.repeat([0, 1, 2], COUNTS)))


def test_weights_equal_scikit_learns():
    reference = compute_class_weight("balanced", classes=np.arange(3), y=labels().numpy())
    np.testing.assert_allclose(inverse_frequencies(labels(), 3), reference, rtol=1e-6)


def test_a_class_without_images_weighs_nothing():
    assert inverse_frequencies(torch.tensor([0, 0, 2]), 3).tolist() == [0.5, 0.0, 1.0]


class Priors(nn.Module):
    """Knows no image: one logit per class."""

    def __init__(self):
        super().__init__()
        self.logits = nn.Parameter(torch.zeros(3))

    def forward(self, images):
        return self.logits.expand(len(images), 3)


def fitted(weights):
    examples = Examples(HeldImages(torch.zeros(60, 1, 2, 2, dtype=torch.uint8)), labels())
    network = Priors()
    values = {"learning-rate": 0.5, "batch-size": 60, "optimizer": "sgd"}
    generators = [torch.Generator().manual_seed(0) for _ in range(2)]
    Training(network, examples, examples, values, [], *generators, class_weights=weights).train(
        200, 0.5, lambda: None
    )
    return network.logits.detach().softmax(dim=0)


def test_what_a_model_of_priors_learns():
    """Unweighted it learns the class frequencies, weighted that all classes count the same."""
    np.testing.assert_allclose(fitted(None), np.array(COUNTS) / 60, atol=0.01)
    np.testing.assert_allclose(fitted(inverse_frequencies(labels(), 3)), [1 / 3] * 3, atol=0.01)


def test_the_loss_is_part_of_a_trials_key_and_result(workbench):
    bench = workbench.bench()
    unit = bench.trial(
        bench.conditions[0], next(bench.places()), 0, 0, bench.conditions[0].starts[0].labeled,
        {"learning-rate": 0.05, "batch-size": 16, "optimizer": "sgd"},
    )  # fmt: skip
    from alharness.protocol.units import make_unit

    weighted = make_unit(
        "trial", {**unit.inputs, "loss": "class-weighted-cross-entropy"}, unit.sets
    )
    assert weighted.key != unit.key
    curves = [workbench.execute(one)["curves"]["training_loss"] for one in (unit, weighted)]
    assert curves[0] != curves[1]
