"""The contract of representations."""

from __future__ import annotations

import numpy as np
import torch

from alharness.api.errors import HarnessError, UsageError
from alharness.api.representation import GivenFeatures, Part, Representation
from alharness.engine.randomness import controlled
from alharness.registry.boundary import one_line
from alharness.testing.connections import watched_connections
from alharness.testing.generators import watched_generators
from alharness.testing.images import draw_images
from alharness.testing.models import GEOMETRIES as USUAL
from alharness.testing.models import Geometry
from alharness.testing.rules import Broken, NotApplicable, Rule
from alharness.testing.subject import Subject

N_IMAGES = 9

TOLERANCE = 1e-3
"""Of features that must be the same, relative and absolute: float32, summed in another order."""


GEOMETRIES = (*USUAL, Geometry(2, 32))
"""The usual, and one of no usual number of channels. Other rules use the first that is taken."""

PARTS: tuple[Part, ...] = ("train", "test")


def features(subject: Subject) -> None:
    """Features are finite float32 numbers (n, D), and D is the same for every call, also for a
    single image."""
    representation, images = _ready(subject)
    widths = []
    for n in (N_IMAGES, 1, 4):
        found = representation.features(images[:n])
        if not isinstance(found, torch.Tensor) or found.dtype != torch.float32:
            raise Broken(f"{getattr(found, 'dtype', type(found).__name__)}, not float32 tensors")
        if found.ndim != 2 or len(found) != n or not found.shape[1]:
            raise Broken(f"features of {n} images are {tuple(found.shape)}, not ({n}, D)")
        if not torch.isfinite(found).all():
            raise Broken(f"a feature is {found[~torch.isfinite(found)][0]}")
        widths.append(found.shape[1])
    if len(set(widths)) > 1:
        raise Broken(f"features are {widths[0]} wide, then {widths[1]}, then {widths[2]}")


def image_sizes(subject: Subject) -> None:
    """Images of any usual size and number of channels are taken, or refused by a HarnessError with
    a remedy."""
    _require_computed(subject)
    for geometry in GEOMETRIES:
        try:
            found = subject.create().features(_images(geometry))
        except HarnessError as error:
            if not error.remedy:
                raise Broken(f"images of {geometry} are refused without a remedy") from error
            continue
        except Exception as error:
            raise Broken(
                f"images of {geometry} are neither taken nor refused: {one_line(error)}"
            ) from error
        if found.ndim != 2 or len(found) != N_IMAGES:
            raise Broken(f"features of {N_IMAGES} images of {geometry} are {tuple(found.shape)}")


def images_are_independent(subject: Subject) -> str:
    """An image's features depend on no other image: they are the same in another order and one by
    one."""
    representation, images = _ready(subject)
    together = _asked(representation, images)
    order = torch.randperm(N_IMAGES, generator=torch.Generator().manual_seed(0))
    others = {
        "in another order": _asked(representation, images[order])[torch.argsort(order)],
        "one by one": torch.cat([_asked(representation, image[None]) for image in images]),
    }
    for how, other in others.items():
        if not torch.allclose(together, other, rtol=TOLERANCE, atol=TOLERANCE):
            raise Broken(f"{how} they differ by up to {(together - other).abs().max():.3g}")
    differs = max(float((together - other).abs().max()) for other in others.values())
    return f"equal but for {differs:.1g}" if differs else "equal to the last bit"


def same_features_again(subject: Subject) -> None:
    """Asked again, another instance too, and whatever the global seed, it gives the same."""
    representation, images = _ready(subject)
    found = []
    for seed, asked in enumerate((representation, representation, subject.create())):
        with controlled(seed):
            found.append(_asked(asked, images))
    for other in found[1:]:
        if not torch.equal(found[0], other):
            raise Broken(f"features differ by up to {(found[0] - other).abs().max():.3g}")


def no_gradients(subject: Subject) -> None:
    """Features carry no gradients."""
    representation, images = _ready(subject)
    with torch.enable_grad():
        found = representation.features(images)
    if found.requires_grad:
        raise Broken("they require gradients; compute them inside torch.no_grad()")


def images_unchanged(subject: Subject) -> None:
    """Images are left as they are."""
    representation, images = _ready(subject)
    given = images.clone()
    representation.features(given)
    if not torch.equal(given, images):
        raise Broken("images were changed in place; work on a copy")


def constant_images(subject: Subject) -> None:
    """Images that are black, white or grey all over have finite features."""
    representation, images = _ready(subject)
    for name, value in (("black", 0.0), ("white", 1.0), ("grey", 0.5)):
        found = representation.features(torch.full_like(images[:2], value))
        if not torch.isfinite(found).all():
            raise Broken(f"features of {name} images are not finite")


def device(subject: Subject) -> None:
    """Features are on the device of the images, wherever these were before."""
    representation, images = _ready(subject)
    for name in ("cpu", *(["cuda", "cpu"] if torch.cuda.is_available() else [])):
        found = representation.features(images.to(name))
        if found.device.type != name:
            raise Broken(f"features of images on {name} are on {found.device}")


def global_generators(subject: Subject) -> None:
    """Building and computing neither draw from nor seed the global generators of Python, NumPy and
    torch."""
    _, images = _ready(subject)
    with watched_generators("a representation has nothing to draw"):
        before = torch.get_rng_state()
        subject.create().features(images)
        moved = not torch.equal(torch.get_rng_state(), before)
    if moved:
        raise Broken("the global generator of torch was moved; build inside torch.random.fork_rng")


def given_features(subject: Subject) -> None:
    """Features computed elsewhere are finite floating-point numbers (n, D), as wide for both parts,
    and name what they were read from."""
    _require_no_trial(subject)
    found = [subject.create().given(part) for part in PARTS]
    if found == [None, None]:
        raise NotApplicable("it computes them")
    widths = []
    for part, one in zip(PARTS, found, strict=True):
        if not isinstance(one, GivenFeatures):
            raise Broken(f"given('{part}') is {type(one).__name__}; it gives one part of the two")
        rows = np.asarray(one.features)
        if rows.ndim != 2 or not rows.size or rows.dtype.kind != "f":
            raise Broken(f"features of {part} are {rows.dtype} {rows.shape}")
        if not np.isfinite(rows).all() or not one.name:
            raise Broken(f"features of {part} are not finite, or have no name")
        widths.append(rows.shape[1])
    if len(set(widths)) > 1:
        raise Broken(f"features are {widths[0]} wide, those of the test images {widths[1]}")


def declarations(subject: Subject) -> None:
    """Whether it belongs to a trial is true or false; what is missing is a UsageError with a
    remedy, and then the fingerprint is not asked; sources are texts; the fingerprint is a text, the
    same each time. None of these opens a connection."""
    representation: Representation = subject.create()
    if not isinstance(representation.belongs_to_trial, bool):
        raise Broken(f"belongs_to_trial is {representation.belongs_to_trial!r}")
    with watched_connections() as attempts:
        said = representation.missing()
        sources = list(representation.sources())
        told = [] if said else [representation.fingerprint(), subject.create().fingerprint()]
    if attempts:
        raise Broken(f"it tried to connect to {attempts[0]}")
    if said is not None and not (isinstance(said, UsageError) and said.remedy):
        raise Broken(f"missing returned {said!r}, no UsageError with a remedy")
    if not all(isinstance(source, str) for source in sources):
        raise Broken(f"sources are {sources!r}")
    if told and not (isinstance(told[0], str) and told[0] == told[1]):
        raise Broken(f"the fingerprint is {told[0]!r}, then {told[1]!r}")


RULES = tuple(
    Rule(check)
    for check in (
        features,
        image_sizes,
        images_are_independent,
        same_features_again,
        no_gradients,
        images_unchanged,
        constant_images,
        device,
        global_generators,
        given_features,
        declarations,
    )
)


def _require_no_trial(subject: Subject) -> None:
    representation = subject.create()
    if representation.belongs_to_trial:
        raise NotApplicable("it belongs to a trial: the pool answers it")
    said = representation.missing()
    if said is not None:
        raise NotApplicable(f"it cannot be asked: {said.what}")


def _require_computed(subject: Subject) -> None:
    """Raises NotApplicable for one that has nothing to compute here."""
    _require_no_trial(subject)
    if any(subject.create().given(part) is not None for part in PARTS):
        raise NotApplicable("its features are given")


def _ready(subject: Subject) -> tuple[Representation, torch.Tensor]:
    """A new instance, and images that it takes."""
    _require_computed(subject)
    refusals = []
    for geometry in GEOMETRIES:
        representation: Representation = subject.create()
        images = _images(geometry)
        try:
            representation.features(images.clone())
        except HarnessError as error:
            refusals.append(error.what)
        else:
            return representation, images
    raise Broken(f"images of no usual size are taken: {refusals[0]}")


def _asked(representation: Representation, images: torch.Tensor) -> torch.Tensor:
    """Features of a copy: other rules tell of images that are changed, and of gradients."""
    return representation.features(images.clone()).detach()


def _images(geometry: Geometry) -> torch.Tensor:
    """As they are handed out: (n, channels, side, side) float32 in [0, 1]."""
    pixels, _ = draw_images(N_IMAGES, np.random.default_rng(3), geometry.channels, geometry.side)
    return torch.from_numpy(pixels).float() / 255
