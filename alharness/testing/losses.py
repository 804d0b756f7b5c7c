"""The contract of losses."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch.nn.functional import one_hot

from alharness.api.loss import Loss
from alharness.engine.images import HeldImages
from alharness.engine.randomness import controlled
from alharness.engine.training import Examples
from alharness.testing.generators import watched_generators
from alharness.testing.images import N_CLASSES, SmallNetwork, draw_images
from alharness.testing.rules import Broken, Rule
from alharness.testing.subject import Subject
from alharness.testing.training import SETTINGS, tiny_training

LABELED = torch.arange(40) % N_CLASSES
"""Labels of the labeled set that losses are told of: every class has some."""

TOLERANCE = 1e-4
"""Of losses that must be the same, relative and absolute: float32, summed in another order."""


def losses_of_images(subject: Subject) -> None:
    """Losses of images are finite float32 numbers, (n,), for labels and for soft targets."""
    for logits, targets in _cases():
        losses = _loss(subject).per_image(logits, targets)
        if losses.shape != (len(logits),) or losses.dtype != torch.float32:
            raise Broken(f"{losses.dtype} {tuple(losses.shape)}, not float32 ({len(logits)},)")
        if not torch.isfinite(losses).all():
            raise Broken(f"a loss is {losses[~torch.isfinite(losses)][0]}")


def mean_loss(subject: Subject) -> None:
    """The mean is a finite scalar with a finite gradient, for labels and for soft targets."""
    for logits, targets in _cases():
        variable = logits.clone().requires_grad_()
        mean = _loss(subject).mean(variable, targets)
        if mean.ndim or not torch.isfinite(mean):
            raise Broken(f"the mean is {mean.tolist()}, no finite scalar")
        (gradient,) = torch.autograd.grad(mean, variable)
        if not torch.isfinite(gradient).all():
            raise Broken(f"its gradient holds {gradient[~torch.isfinite(gradient)][0]}")


def confident_logits(subject: Subject) -> None:
    """Logits so large that a softmax in float32 is 0 or 1 give finite losses and gradients."""
    for logits, targets in _cases():
        variable = (1000 * logits).requires_grad_()
        loss = _loss(subject)
        losses, mean = loss.per_image(variable, targets), loss.mean(variable, targets)
        (gradient,) = torch.autograd.grad(mean, variable)
        if not all(torch.isfinite(part).all() for part in (losses, mean, gradient)):
            raise Broken("not finite; take log_softmax of the logits, no logarithm of a softmax")


def one_hot_targets(subject: Subject) -> None:
    """One-hot targets give the losses and the mean that integer labels give."""
    for logits, labels in _cases():
        if labels.is_floating_point():
            continue
        loss, targets = _loss(subject), one_hot(labels, N_CLASSES).float()
        for name, one in (("losses", loss.per_image), ("mean", loss.mean)):
            _require_same(f"{name} of one-hot targets", one(logits, labels), one(logits, targets))


def images_are_independent(subject: Subject) -> None:
    """The loss of an image does not depend on the other images of its batch."""
    for logits, targets in _cases():
        loss = _loss(subject)
        alone = [loss.per_image(logits[i : i + 1], targets[i : i + 1]) for i in range(len(logits))]
        _require_same("losses one by one", loss.per_image(logits, targets), torch.cat(alone))


def arguments_unchanged(subject: Subject) -> None:
    """Logits and targets are left as they are."""
    for logits, targets in _cases():
        given = logits.clone(), targets.clone()
        loss = _loss(subject)
        loss.per_image(*given)
        loss.mean(*given)
        if not (torch.equal(given[0], logits) and torch.equal(given[1], targets)):
            raise Broken("logits or targets were changed in place; work on a copy")


def same_answer_again(subject: Subject) -> None:
    """Asked again, another instance too, and whatever the global seed, it gives the same."""
    for logits, targets in _cases():
        losses = []
        for seed in range(2):
            with controlled(seed):
                losses.append(_loss(subject).per_image(logits.clone(), targets.clone()))
        if not torch.equal(*losses):
            raise Broken("other losses under another global seed")


def training(subject: Subject) -> None:
    """A small network learns four classes with it, better than by chance."""
    pixels, labels = draw_images(64, np.random.default_rng(4))
    examples = Examples(HeldImages(torch.from_numpy(pixels)), torch.from_numpy(labels))
    with controlled(0):
        network = SmallNetwork(N_CLASSES, 1)
        trained = tiny_training(network, examples, N_CLASSES, SETTINGS, loss=subject.create()).fit(
            epochs=12
        )
    best = max(score.accuracy for score in trained.validation)
    if best < 0.5:
        raise Broken(f"an accuracy of {best:.2f} on what it was trained on")


def global_generators(subject: Subject) -> None:
    """It neither draws from nor seeds the global generators of Python and NumPy."""
    with watched_generators("a loss has nothing to draw"):
        for logits, targets in _cases():
            loss = _loss(subject)
            loss.per_image(logits, targets)
            loss.mean(logits, targets)


RULES = tuple(
    Rule(check)
    for check in (
        losses_of_images,
        mean_loss,
        confident_logits,
        one_hot_targets,
        images_are_independent,
        arguments_unchanged,
        same_answer_again,
        training,
        global_generators,
    )
)


def _loss(subject: Subject) -> Loss:
    """A new instance that knows the labeled set."""
    loss: Loss = subject.create()
    loss.before_training(LABELED.clone(), N_CLASSES)
    return loss


def _cases() -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Logits, (n, C), of eight images and of one, with labels, (n,), and with soft targets."""
    generator = torch.Generator().manual_seed(0)
    for n in (8, 1):
        logits = 3 * torch.randn(n, N_CLASSES, generator=generator)
        yield logits, torch.randint(N_CLASSES, (n,), generator=generator)
        yield logits, torch.rand(n, N_CLASSES, generator=generator).softmax(dim=1)


def _require_same(what: str, one: torch.Tensor, other: torch.Tensor) -> None:
    if not torch.allclose(one, other, rtol=TOLERANCE, atol=TOLERANCE):
        raise Broken(f"{what} differ by up to {(one - other).abs().max():.3g}")
