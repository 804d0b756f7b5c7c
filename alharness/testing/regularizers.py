"""The contract of regularizers."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import torch
from torch import nn

from alharness.api.regularizer import Regularizer
from alharness.api.space import Choice, Space
from alharness.engine.images import HeldImages
from alharness.engine.optimizers import make_optimizer
from alharness.engine.randomness import controlled
from alharness.engine.training import Examples, Trained
from alharness.protocol.seeds import SeedPath
from alharness.protocol.tuning.declared_space import OPTIMIZERS, read_space, write_space
from alharness.protocol.tuning.search import hyperparameters
from alharness.protocol.tuning.search_space import search_space as merged_space
from alharness.testing.generators import watched_generators
from alharness.testing.images import N_CLASSES, SmallNetwork, draw_images
from alharness.testing.models import require_interface
from alharness.testing.rules import Broken, NotApplicable, Rule
from alharness.testing.subject import Subject
from alharness.testing.training import tiny_training

DRAWS = 5
"""So many hyper-parameters are drawn where they matter."""

GEOMETRIES = ((1, 8), (3, 32))
"""Channels and side of the images that are augmented."""

_SUITE_SPACE: Space = {
    "learning-rate": Choice((0.01,)),
    "batch-size": Choice((16,)),
    "optimizer": Choice(("sgd",)),
}


def search_space(subject: Subject) -> None:
    """The search space could stand in a suite: kebab-case names that are not the harness's, ranges
    that are not empty, distinct choices."""
    owned = subject.create().search_space()
    space = merged_space(_SUITE_SPACE, {subject.plugin.label: owned})
    read = read_space(write_space(space))
    for name, distribution in space.items():
        if read[name] != distribution:
            raise Broken(f"'{name}' is {distribution}, which a suite reads as {read[name]}")


def augmented_images(subject: Subject) -> None:
    """Augmented images have the shape of the batch, are float32 and stay in [0, 1]."""
    for regularizer in _with_each_draw(subject):
        for images in _batches():
            with controlled(0):
                augmented = regularizer.augment(images.clone(), _generator(0))
            if augmented.shape != images.shape or augmented.dtype != torch.float32:
                raise Broken(
                    f"float32 {tuple(images.shape)} became {augmented.dtype} "
                    f"{tuple(augmented.shape)}"
                )
            # A NaN is in no range.
            if not ((augmented >= 0) & (augmented <= 1)).all():
                raise Broken(f"values reach from {augmented.min():.3g} to {augmented.max():.3g}")


def generator_alone(subject: Subject) -> None:
    """What augmentation draws comes from the generator that it is given and from nowhere else."""
    for draw in range(DRAWS):
        for images in _batches():
            outputs = []
            for seed in range(2):
                regularizer = _regularizer(subject, draw)
                with controlled(seed):
                    outputs.append(regularizer.augment(images.clone(), _generator(0)))
            if not torch.equal(*outputs):
                raise Broken("the same generator gives other images under another global seed")


def batch_unchanged(subject: Subject) -> None:
    """Augmentation leaves the batch that it is given as it is: the images are the dataset's."""
    for regularizer in _with_each_draw(subject):
        for images in _batches():
            given = images.clone()
            with controlled(0):
                regularizer.augment(given, _generator(0))
            if not torch.equal(given, images):
                raise Broken("the batch was changed in place; work on a copy (images.clone())")


def randomness_per_image(subject: Subject) -> None:
    """Augmentation that is random is so for each image: equal images of a batch come out
    different."""
    picture = torch.rand(1, 3, 32, 32, generator=_generator(7))
    is_random = False
    for regularizer in _with_each_draw(subject):
        with controlled(0):
            first, second = (
                regularizer.augment(picture.repeat(64, 1, 1, 1), _generator(seed))
                for seed in range(2)
            )
        if torch.equal(first, second):
            continue
        is_random = True
        if torch.equal(first, first[:1].expand_as(first)):
            raise Broken("64 equal images of a batch came out equal, other ones with another seed")
    if not is_random:
        raise NotApplicable("it does not augment at random")


def mixed_batch(subject: Subject) -> None:
    """Mixed images are as augmented ones must be; mixed targets are float32 (n, C) still, their
    rows not negative and of sum one."""
    for regularizer in _that_mix(subject):
        for images, targets in _labeled_batches():
            with controlled(0):
                mixed, soft = regularizer.mix(images.clone(), targets.clone(), _generator(0))
            for name, before, after in (("images", images, mixed), ("targets", targets, soft)):
                if after.shape != before.shape or after.dtype != torch.float32:
                    raise Broken(
                        f"{name}: float32 {tuple(before.shape)} became {after.dtype} "
                        f"{tuple(after.shape)}"
                    )
                if not ((after >= 0) & (after <= 1)).all():
                    raise Broken(f"{name} reach from {after.min():.3g} to {after.max():.3g}")
            if not torch.allclose(soft.sum(dim=1), torch.ones(len(soft)), atol=1e-5):
                raise Broken(f"a row of targets has the sum {soft.sum(dim=1).min():.3g}")


def mixing_generator_alone(subject: Subject) -> None:
    """What mixing draws comes from the generator that it is given and from nowhere else."""
    for draw in range(DRAWS):
        for images, targets in _labeled_batches():
            outputs = []
            for seed in range(2):
                regularizer = _mixing(_regularizer(subject, draw))
                with controlled(seed):
                    mixed = regularizer.mix(images.clone(), targets.clone(), _generator(0))
                outputs.append(mixed)
            if not all(map(torch.equal, *outputs)):
                raise Broken("the same generator mixes otherwise under another global seed")


def mixing_in_place(subject: Subject) -> None:
    """Mixing leaves the images and the targets that it is given as they are."""
    for regularizer in _that_mix(subject):
        for images, targets in _labeled_batches():
            given = images.clone(), targets.clone()
            with controlled(0):
                regularizer.mix(*given, _generator(0))
            for name, before, after in zip(
                ("images", "targets"), (images, targets), given, strict=True
            ):
                if not torch.equal(before, after):
                    raise Broken(f"the {name} were changed in place; work on a copy")


def wrapped_model(subject: Subject) -> None:
    """The wrapped model keeps timm's interface."""
    with controlled(0):
        network = _regularizer(subject).wrap_model(SmallNetwork(N_CLASSES, 3))
        require_interface(network.eval(), torch.rand(4, 3, 12, 12), N_CLASSES)


def warm_start(subject: Subject) -> None:
    """Whatever its hyper-parameters, a wrapped model has weights of the same names, shapes and
    dtypes: a training may go on from those of another trial."""
    found = []
    for regularizer in _with_each_draw(subject):
        with controlled(0):
            found.append(_described(regularizer.wrap_model(SmallNetwork(N_CLASSES, 1))))
    if any(one != found[0] for one in found):
        raise Broken("with other hyper-parameters the wrapped model has other weights")


def penalty(subject: Subject) -> None:
    """The penalty is None or a finite scalar tensor."""
    for regularizer in _with_each_draw(subject):
        with controlled(0):
            network = regularizer.wrap_model(SmallNetwork(N_CLASSES, 1))
            value = regularizer.penalty(network.train())
        if value is None:
            continue
        if not isinstance(value, torch.Tensor):
            raise Broken(f"the penalty is of type {type(value).__name__}, no tensor")
        if value.ndim or not math.isfinite(value.item()):
            raise Broken(f"the penalty is {value.tolist()}, no finite scalar")


def after_step(subject: Subject) -> None:
    """After a step the model has the weights that it had, by name, shape and dtype, and they are
    finite."""
    for regularizer in _with_each_draw(subject):
        if type(regularizer).after_step is Regularizer.after_step:
            raise NotApplicable("it does nothing after a step")
        with controlled(0):
            network = regularizer.wrap_model(SmallNetwork(N_CLASSES, 1)).train()
            before = _described(network)
            for _ in range(3):
                regularizer.after_step(network)
        if _described(network) != before:
            raise Broken("the model has other weights, by name, shape or dtype")
        for name, tensor in network.state_dict().items():
            if not torch.isfinite(tensor).all():
                raise Broken(f"'{name}' is not finite")


def optimizer_options(subject: Subject) -> None:
    """Every optimizer takes the options for it."""
    for regularizer in _with_each_draw(subject):
        for optimizer in OPTIMIZERS:
            values = {**regularizer.hyperparameters, "optimizer": optimizer}
            parameters = SmallNetwork(N_CLASSES, 1).parameters()
            make_optimizer(parameters, 0.01, values, [regularizer])


def training(subject: Subject) -> None:
    """A tiny training with it runs to its end, its losses are numbers, and the weights that it
    offers fit the network."""
    with controlled(0):
        trained = _trained(subject)
    if not all(map(math.isfinite, trained.training_loss)):
        raise Broken(f"the training losses are {trained.training_loss}")


def same_seed_same_training(subject: Subject) -> None:
    """Equally seeded generators give the same trained weights."""
    weights = []
    for _ in range(2):
        with controlled(0):
            weights.append(_trained(subject).weights)
    first, second = weights
    others = [name for name in first if not torch.equal(first[name], second[name])]
    if others:
        raise Broken(f"trained again with the same seed, '{others[0]}' is another")


def global_generators(subject: Subject) -> None:
    """Training with it neither draws from nor seeds the global generators of Python and NumPy."""
    with watched_generators("draw from the generator given, or from torch's"):
        _trained(subject)


RULES = tuple(
    Rule(check)
    for check in (
        search_space,
        augmented_images,
        generator_alone,
        batch_unchanged,
        randomness_per_image,
        mixed_batch,
        mixing_generator_alone,
        mixing_in_place,
        wrapped_model,
        warm_start,
        penalty,
        after_step,
        optimizer_options,
        training,
        same_seed_same_training,
        global_generators,
    )
)


def _regularizer(subject: Subject, draw: int = 0) -> Regularizer:
    """A new instance with hyper-parameters drawn from its search space."""
    regularizer: Regularizer = subject.create()
    space = {**_SUITE_SPACE, **regularizer.search_space()}
    path = SeedPath(suite_seed=0, purpose="testing")
    regularizer.hyperparameters = hyperparameters(space, path, draw + 1)[draw]
    return regularizer


def _with_each_draw(subject: Subject) -> Iterator[Regularizer]:
    for draw in range(DRAWS):
        yield _regularizer(subject, draw)


def _batches() -> Iterator[torch.Tensor]:
    """Batches of eight images and of one, black and white ones among them."""
    for channels, side in GEOMETRIES:
        pixels, _ = draw_images(8, np.random.default_rng(3), channels, side)
        pixels[1], pixels[2] = 0, 255
        images = torch.from_numpy(pixels).float() / 255
        yield images
        yield images[:1]


def _that_mix(subject: Subject) -> Iterator[Regularizer]:
    for regularizer in _with_each_draw(subject):
        yield _mixing(regularizer)


def _mixing(regularizer: Regularizer) -> Regularizer:
    if type(regularizer).mix is Regularizer.mix:
        raise NotApplicable("it does not mix")
    return regularizer


def _labeled_batches() -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Batches with one-hot targets, and with those that another regularizer has mixed."""
    soft = torch.rand(8, N_CLASSES, generator=_generator(1)).softmax(dim=1)
    for images in _batches():
        n = len(images)
        yield images, torch.eye(N_CLASSES)[torch.arange(n) % N_CLASSES]
        yield images, soft[:n].clone()


def _described(network: nn.Module) -> dict[str, tuple[torch.Size, torch.dtype]]:
    return {name: (value.shape, value.dtype) for name, value in network.state_dict().items()}


def _generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def _trained(subject: Subject) -> Trained:
    """Two epochs through the one epoch loop, and what the regularizer does after them."""
    regularizer = _regularizer(subject)
    pixels, labels = draw_images(41, np.random.default_rng(4))
    examples = Examples(HeldImages(torch.from_numpy(pixels)), torch.from_numpy(labels))
    network = regularizer.wrap_model(SmallNetwork(N_CLASSES, 1))
    session = tiny_training(
        network, examples, N_CLASSES, regularizer.hyperparameters, [regularizer]
    )
    return session.fit(epochs=2)
