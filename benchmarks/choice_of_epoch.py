"""What it costs which of several epochs that are equally good on validation is kept.

    python benchmarks/choice_of_epoch.py [TUNINGS]

On digits, with the network, epochs and search space of the suite ``digits``: its 1 437 training
images are split anew for each tuning into labeled images, 144 for validation and the rest, which
stands for unseen images. The test images of verdicts are not touched. Each tuning trains some
models; an epoch of each is kept by three rules, and the best of the models as the harness does.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from alharness_plugins.datasets.digits import Digits
from alharness_plugins.losses.cross_entropy import CrossEntropy
from alharness_plugins.models.networks.small_cnn import SmallCnn
from alharness_plugins.regularizers.weight_decay import WeightDecay
from alharness_plugins.schedules.constant import Constant
from torch import nn

import alharness
from alharness.engine.images import HeldImages
from alharness.engine.network import Network, channel_statistics
from alharness.engine.training import Examples, Score, Training, evaluate
from alharness.epochs import n_batches
from alharness.protocol.tuning.search import TrialScore, best_trial, hyperparameters, tuning_path

LABELED = (144, 575)
VALIDATION = 144
EPOCHS = 20
TRIALS = 8
TUNINGS = 50
SPACE: alharness.Space = {
    "learning-rate": alharness.LogUniform(1e-5, 1e-2),
    "batch-size": alharness.Choice((16, 32, 64, 128, 256)),
    "optimizer": alharness.Choice(("sgd", "adam")),
    **WeightDecay().search_space(),
}


class Epoch(NamedTuple):
    """A model after an epoch: its score on validation, its accuracy on unseen images."""

    validation: Score
    unseen: float


def earliest(epochs: Sequence[Epoch]) -> Epoch:
    """The first of the best, as the harness kept before 0.2."""
    return max(epochs, key=lambda epoch: epoch.validation.accuracy)


def latest(epochs: Sequence[Epoch]) -> Epoch:
    """The last of the best."""
    return earliest(epochs[::-1])


def lowest_loss(epochs: Sequence[Epoch]) -> Epoch:
    """Of the best, the first with the lowest validation loss, as the harness keeps."""
    return max(epochs, key=lambda epoch: (epoch.validation.accuracy, -epoch.validation.loss))


RULES: tuple[Callable[[Sequence[Epoch]], Epoch], ...] = (earliest, latest, lowest_loss)


class Watching(alharness.Regularizer):
    """Measures a model on unseen images after each epoch, and changes nothing."""

    def __init__(self, unseen: Examples, steps: int) -> None:
        self.measured: list[float] = []
        self._unseen, self._steps, self._taken = unseen, steps, 0

    def after_step(self, model: nn.Module) -> None:
        self._taken += 1
        if self._taken % self._steps == 0:
            self.measured.append(evaluate(model, self._unseen).accuracy)
            model.train()


def trained(
    parts: Sequence[Examples], drawn: Mapping[str, alharness.Value], seed: int
) -> list[Epoch]:
    """One training: the epochs of a model."""
    labeled, validation, unseen = parts
    torch.manual_seed(seed)
    model = SmallCnn(width=16, features=128, dropout=0.5).build(10, 1, 8)
    network = Network(model, *channel_statistics(labeled.images))
    watching = Watching(unseen, n_batches(len(labeled), int(drawn["batch-size"])))
    decay = WeightDecay()
    training = Training(
        network,
        labeled,
        validation,
        drawn,
        [decay, watching],
        order=torch.Generator().manual_seed(seed),
        augmentation=torch.Generator().manual_seed(seed),
        n_classes=10,
        loss=CrossEntropy(),
        schedule=Constant(),
    )
    scores = training.fit(EPOCHS).validation
    return [Epoch(*both) for both in zip(scores, watching.measured, strict=True)]


def tuned(number: int, n_labeled: int) -> list[list[Epoch]]:
    """The models of a tuning, on a split of its own."""
    data = Digits().load(Path(), download=False)
    order = np.random.default_rng([number, n_labeled]).permutation(len(data.train_labels))
    images = torch.from_numpy(np.asarray(data.train_images))
    labels = torch.from_numpy(data.train_labels)
    ends = [n_labeled, n_labeled + VALIDATION]
    parts = [Examples(HeldImages(images[rows]), labels[rows]) for rows in np.split(order, ends)]
    path = tuning_path(number, "choice-of-epoch", 0, n_labeled)
    return [
        trained(parts, drawn, 1000 * number + trial)
        for trial, drawn in enumerate(hyperparameters(SPACE, path, TRIALS))
    ]


def chosen(models: Sequence[Sequence[Epoch]], rule: Callable[[Sequence[Epoch]], Epoch]) -> Epoch:
    """What a tuning comes to when every model keeps its epoch by a rule."""
    kept = [rule(epochs) for epochs in models]
    scores = (
        TrialScore(number, epoch.validation.accuracy, epoch.validation.loss)
        for number, epoch in enumerate(kept)
    )
    return kept[best_trial(scores)]


def main(tunings: int) -> None:
    """Print the table of docs/suites.md."""
    torch.set_num_threads(1)
    print("| labels | tunings with ties | earliest | latest | lowest loss |")
    for n_labeled in LABELED:
        results = [tuned(number, n_labeled) for number in range(tunings)]
        best = [chosen(models, earliest).validation.accuracy for models in results]
        tied = [
            sum(earliest(epochs).validation.accuracy == top for epochs in models) > 1
            for models, top in zip(results, best, strict=True)
        ]
        unseen = np.array([[chosen(models, rule).unseen for models in results] for rule in RULES])
        gains = 100 * (unseen - unseen[0])
        errors = gains.std(axis=1, ddof=1) / np.sqrt(tunings)
        cells = [f"{100 * unseen[0].mean():.2f} %"] + [
            f"{gain:+.2f} ± {error:.2f}"
            for gain, error in zip(gains.mean(axis=1)[1:], errors[1:], strict=True)
        ]
        print(f"| {n_labeled} | {100 * np.mean(tied):.0f} % | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else TUNINGS)
