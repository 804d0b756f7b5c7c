"""The contract of models."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from alharness.api.errors import HarnessError
from alharness.engine.dropout import DropoutMasks
from alharness.engine.head import head_of
from alharness.engine.randomness import controlled
from alharness.engine.training import copied_weights
from alharness.registry.boundary import one_line
from alharness.registry.model_traits import traits_of
from alharness.testing.generators import watched_generators
from alharness.testing.rules import Broken, NotApplicable, Rule
from alharness.testing.subject import Subject

N_CLASSES = 7


class Geometry(NamedTuple):
    """What images are like."""

    channels: int
    side: int

    def __str__(self) -> str:
        return f"({self.channels}, {self.side}, {self.side})"


GEOMETRIES = (Geometry(3, 32), Geometry(1, 28), Geometry(1, 8), Geometry(3, 64))
"""Of CIFAR, MNIST, digits and Tiny ImageNet. Other rules use the first that the model takes."""


def interface(subject: Subject) -> None:
    """The module has timm's interface: forward gives (n, n_classes), forward_head with pre_logits
    gives (n, num_features), and all of it is finite."""
    for n_classes in (2, N_CLASSES):
        geometry, network = _built(subject, n_classes=n_classes)
        require_interface(network.eval(), _images(geometry), n_classes)


def image_sizes(subject: Subject) -> None:
    """Images of any usual size and number of channels are taken, or refused by a HarnessError that
    says which are taken."""
    for geometry in GEOMETRIES:
        try:
            network = _build(subject, geometry)
            require_interface(network.eval(), _images(geometry), N_CLASSES)
        except HarnessError:
            continue
        except Broken:
            raise
        except Exception as error:
            raise Broken(
                f"images of {geometry} are neither taken nor refused: {one_line(error)}"
            ) from error


def head_of_features(subject: Subject) -> None:
    """In evaluation mode, forward(x) is forward_head(forward_features(x))."""
    geometry, network = _built(subject)
    with torch.no_grad():
        images = _images(geometry)
        whole = network.eval()(images)
        parts = network.forward_head(network.forward_features(images))  # type: ignore[operator]
    _require_close(whole, parts, "forward(x) and forward_head(forward_features(x))")


def last_layer(subject: Subject) -> None:
    """If there is a last layer, get_classifier() gives it: in evaluation mode it makes the logits
    of the penultimate features."""
    geometry, network = _built(subject)
    if not isinstance(getattr(network, "get_classifier", lambda: None)(), nn.Module):
        raise NotApplicable("get_classifier() gives no layer; samplers that need one are refused")
    with torch.no_grad():
        features = network.eval().forward_features(_images(geometry))  # type: ignore[operator]
        embeddings = network.forward_head(features, pre_logits=True)  # type: ignore[operator]
        logits = network.forward_head(features)  # type: ignore[operator]
    head_of(network, embeddings.flatten(1), logits)


def same_seed_same_weights(subject: Subject) -> None:
    """Equally seeded generators of torch give the same initial weights."""
    first, second = (_built(subject, seed=0)[1].state_dict() for _ in range(2))
    _require_same_weights(first, second, "with the same seed")


def other_seed_other_weights(subject: Subject) -> None:
    """Another seed gives other initial weights: runs and committees differ by them."""
    first, second = (_built(subject, seed=seed)[1].state_dict() for seed in range(2))
    if all(torch.equal(tensor, second[name]) for name, tensor in first.items()):
        raise Broken("two seeds give the same weights; leave torch's generator seeded as it is")


def global_generators(subject: Subject) -> None:
    """Building and training neither draw from nor seed the global generators of Python and
    NumPy."""
    geometry, _ = _built(subject)
    with watched_generators("draw from torch's, which are seeded"):
        _step(subject.create().build(N_CLASSES, *geometry), geometry)


def evaluation_is_deterministic(subject: Subject) -> None:
    """In evaluation mode, the same images give the same outputs, and nothing in the module
    changes."""
    geometry, network = _built(subject)
    before = copied_weights(network.eval())
    with controlled(0), torch.no_grad():
        first, second = (network(_images(geometry)) for _ in range(2))
    if not torch.equal(first, second):
        raise Broken("the same images give other outputs; random parts obey self.training")
    _require_same_weights(before, network.state_dict(), "after images in evaluation mode")


def images_are_independent(subject: Subject) -> None:
    """In evaluation mode, an image's output does not depend on the other images of its batch, and
    a batch may be one image."""
    geometry, network = _built(subject)
    with torch.no_grad():
        images = _images(geometry)
        alone = torch.cat([network.eval()(image[None]) for image in images])
        _require_close(network(images), alone, "outputs in a batch and one by one")


def every_parameter_learns(subject: Subject) -> None:
    """In training mode, a finite gradient reaches every parameter that asks for one."""
    geometry, network = _built(subject)
    with controlled(0):
        _step(network, geometry)
    for name, parameter in network.named_parameters():
        if parameter.requires_grad and parameter.grad is None:
            raise Broken(f"no gradient reaches '{name}'")
        if parameter.grad is not None and not torch.isfinite(parameter.grad).all():
            raise Broken(f"the gradient of '{name}' is not finite")


def weights_are_all(subject: Subject) -> None:
    """The state dict, all tensors, is all that a trained module is: loaded into one built with
    another seed it gives the same outputs."""
    geometry, trained = _built(subject, seed=0)
    with controlled(0):
        _step(trained, geometry)
    weights = trained.state_dict()
    for name, value in weights.items():
        if not isinstance(value, torch.Tensor):
            raise Broken(f"'{name}' in the state dict is no tensor")
    _, loaded = _built(subject, seed=1)
    loaded.load_state_dict(copied_weights(trained))
    with torch.no_grad():
        images = _images(geometry)
        outputs = trained.eval()(images), loaded.eval()(images)
    _require_close(*outputs, "outputs of the trained module and of one with its weights")


def what_it_says(subject: Subject) -> None:
    """takes names what its networks are given, has_layers is a boolean, and has_dropout() says
    what Monte-Carlo dropout finds, or None: by these, samplers are refused when planned."""
    said = traits_of(subject.create(), subject.origin).has_dropout
    if said is None:
        raise NotApplicable("has_dropout() does not say: samplers that need it fail in their query")
    geometry, network = _built(subject)
    masks = DropoutMasks()
    masks.begin(0)
    with controlled(0), torch.no_grad(), masks:
        network.eval()(_images(geometry))
    if said != (masks.sampled > 0):
        found = "acts" if masks.sampled else "does not act"
        raise Broken(f"has_dropout() says {said}, and in its network dropout {found}")


RULES = tuple(
    Rule(check)
    for check in (
        interface,
        image_sizes,
        head_of_features,
        last_layer,
        same_seed_same_weights,
        other_seed_other_weights,
        global_generators,
        evaluation_is_deterministic,
        images_are_independent,
        every_parameter_learns,
        weights_are_all,
        what_it_says,
    )
)


def require_interface(network: nn.Module, images: torch.Tensor, n_classes: int) -> None:
    """Raises Broken when a module has not timm's interface."""
    for needed in ("forward_features", "forward_head", "num_features"):
        if not hasattr(network, needed):
            raise Broken(f"the module has no {needed}")
    with torch.no_grad():
        features = network.forward_features(images)  # type: ignore[operator]
        outputs = {
            "forward": (network(images), n_classes),
            "forward_head with pre_logits": (
                network.forward_head(features, pre_logits=True),  # type: ignore[operator]
                network.num_features,
            ),
        }
    for name, (output, width) in outputs.items():
        if output.shape != (len(images), width):
            raise Broken(
                f"{name} gives {tuple(output.shape)} for {len(images)} images of "
                f"{tuple(images.shape[1:])}, expected ({len(images)}, {width})"
            )
        if not torch.isfinite(output).all():
            raise Broken(f"{name} gives what is not finite")


def _built(
    subject: Subject, seed: int = 0, n_classes: int = N_CLASSES
) -> tuple[Geometry, nn.Module]:
    """A network for the first geometry that the model takes."""
    refusals = []
    for geometry in GEOMETRIES:
        try:
            return geometry, _build(subject, geometry, seed, n_classes)
        except HarnessError as error:
            refusals.append(str(error))
    raise Broken(f"images of no usual size are taken: {refusals[0]}")


def _build(
    subject: Subject, geometry: Geometry, seed: int = 0, n_classes: int = N_CLASSES
) -> nn.Module:
    model = subject.create()
    with controlled(seed):
        network: nn.Module = model.build(n_classes, geometry.channels, geometry.side)
    return network


def _images(geometry: Geometry) -> torch.Tensor:
    """Four images, as normalized ones are."""
    generator = torch.Generator().manual_seed(0)
    return torch.randn(4, geometry.channels, geometry.side, geometry.side, generator=generator)


def _step(network: nn.Module, geometry: Geometry) -> None:
    """One step of training; gradients stay."""
    optimizer = torch.optim.SGD(network.parameters(), lr=0.01)
    loss = cross_entropy(network.train()(_images(geometry)), torch.arange(4))
    loss.backward()  # type: ignore[no-untyped-call]
    optimizer.step()


def _require_close(one: torch.Tensor, other: torch.Tensor, what: str) -> None:
    """Equal but for what the order of additions can change."""
    if not torch.allclose(one, other, rtol=1e-3, atol=1e-4):
        raise Broken(f"{what} differ by up to {(one - other).abs().max():.2g}")


def _require_same_weights(
    first: Mapping[str, torch.Tensor], second: Mapping[str, torch.Tensor], when: str
) -> None:
    changed = [name for name in first if not torch.equal(first[name], second[name])]
    if changed:
        raise Broken(f"{when}, '{changed[0]}' is another")
