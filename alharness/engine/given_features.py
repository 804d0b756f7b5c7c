"""Features that somebody gives: whether they belong to the images of a data set, in their order."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from alharness.api.errors import HarnessError, UsageError
from alharness.api.representation import GivenFeatures, Part, image_digest
from alharness.engine.images import Images
from alharness.protocol.units.representation import BY_DATA, BY_IMAGES, BY_LABELS, NOT_VERIFIABLE

PROBED = 2000
"""So many rows train the probe, and as many others test it."""

FEWEST = 10
"""Rows that test a probe, at least."""


class Probe(NamedTuple):
    """What a linear probe made of features and labels in one order.

    ``accuracy`` of a probe on half of some labeled rows, on the other half, which has ``n`` rows;
    ``chance`` is what naming the same class always would give: the largest class's share of them.
    """

    accuracy: float
    chance: float
    n: int


class CheckedFeatures(NamedTuple):
    """Features, how it is known whose each row is, and a probe where it is not known."""

    features: NDArray[Any]
    order: str
    probe: Probe | None


def checked_given(
    given: GivenFeatures, data: str, labels: NDArray[np.int64], images: Images, part: Part
) -> CheckedFeatures:
    """Given features, held against all that came with them.

    ``images`` are those of the part, in its order; only digests of images have them read.
    Raises UsageError when there are more or fewer than images, they are no finite numbers, or what
    says whose they are names others.
    """
    features = np.asarray(given.features)
    n = len(labels)
    if features.ndim != 2 or features.shape[1] < 1 or features.dtype.kind != "f":
        raise _refused(given, f"features are {features.dtype} of shape {features.shape}", "(n, D)")
    if len(features) != n:
        raise _refused(given, f"it has {len(features)} rows", f"{n}, as the {part} images")
    with np.errstate(over="ignore"):
        finite = np.isfinite(features.astype(np.float32, copy=False)).all(axis=1)
    if not finite.all():
        row = int(np.argmin(finite))
        raise _refused(given, f"row {row} is not finite in float32", "finite numbers")
    if given.data is not None:
        _require(given, given.data == data, f"it is for data {str(given.data)[:40]}", data)
    if given.labels is not None:
        _require_labels(given, labels)
    if given.images is not None:
        _require_images(given, images)
        return CheckedFeatures(features, BY_IMAGES, None)
    if given.data is not None:
        return CheckedFeatures(features, BY_DATA, None)
    if given.labels is not None:
        return CheckedFeatures(features, BY_LABELS, None)
    return CheckedFeatures(features, NOT_VERIFIABLE, _probe(features, labels))


def _require_images(given: GivenFeatures, images: Images) -> None:
    digests = np.asarray(given.images)
    fits = digests.shape == (len(images),) and digests.dtype.kind in "US"
    found = f"image digests are {digests.dtype} of shape {digests.shape}"
    _require(given, fits, found, f"({len(images)},) text")
    named = np.char.decode(digests, "latin-1") if digests.dtype.kind == "S" else digests
    for rows, batch in images.batches(images.affordable(256)):
        pixels = (batch * 255).round().to(torch.uint8).cpu().numpy()
        for row, image in zip(range(rows.start, rows.stop), pixels, strict=True):
            said, digest = str(named[row]), image_digest(image)
            _require(given, said == digest, f"image {row} is {said[:40]}", digest)


def _require_labels(given: GivenFeatures, labels: NDArray[np.int64]) -> None:
    named = np.asarray(given.labels)
    fits = named.shape == labels.shape and named.dtype.kind in "iu"
    _require(given, fits, f"labels are {named.dtype} of shape {named.shape}", f"{labels.shape}")
    if not np.array_equal(named, labels):
        row = int(np.flatnonzero(named != labels)[0])
        raise _refused(given, f"the label of row {row} is {named[row]}", f"{labels[row]}")


def _require(given: GivenFeatures, fits: bool, found: str, expected: str) -> None:
    if not fits:
        raise _refused(given, found, expected)


def _refused(given: GivenFeatures, found: str, expected: str) -> HarnessError:
    return UsageError(
        f"{found}, expected {expected}",
        where=given.name,
        remedy="Give the features of this data set, one row for each image, in its order",
    )


def _probe(features: NDArray[Any], labels: NDArray[np.int64]) -> Probe | None:
    """A probe of some rows; None where there are too few to tell."""
    order = np.random.default_rng(0).permutation(len(labels))[: 2 * PROBED]
    half = len(order) // 2
    train, test = labels[order[:half]], labels[order[half:]]
    if half < FEWEST or len(np.unique(train)) < 2:
        return None
    # Imported here: it takes a second, and most features are not given.
    from sklearn.linear_model import RidgeClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    rows = features[order].astype(np.float64)
    probe = make_pipeline(StandardScaler(), RidgeClassifier(alpha=rows.shape[1]))
    accuracy = probe.fit(rows[:half], train).score(rows[half:], test)
    chance = np.bincount(test).max() / len(test)
    return Probe(float(accuracy), float(chance), len(test))
