"""What a representation does: compute the features of every image of a part, and keep them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from alharness.api.errors import ContractViolation
from alharness.api.representation import Representation
from alharness.engine.given_features import checked_given
from alharness.engine.images import Images
from alharness.engine.randomness import controlled
from alharness.engine.surroundings import Computed, Surroundings
from alharness.protocol.units import RepresentationInputs
from alharness.protocol.units.representation import COMPUTED

BATCH = 64


def represent(around: Surroundings, inputs: RepresentationInputs, key: str) -> Computed:
    """Compute features, or check those that are given; they become the features of this key.

    Raises ContractViolation for features that are not finite, of changing width or of the
    wrong shape, UsageError for given ones that do not belong to the data.
    """
    representation: Representation = around.plugins.create("representation", inputs.representation)
    origin = around.plugins.component("representation", inputs.representation).origin
    labels = around.workspace.datasets.labels(inputs.data)
    images = around.examples(inputs.data, np.arange(len(labels)), labels).images
    given = representation.given(inputs.part)
    if given is None:
        blocks: Iterator[NDArray[Any]] = _computed(representation, images, origin)
        order, probe = COMPUTED, None
    else:
        features, order, probe = checked_given(given, inputs.data, labels, images, inputs.part)
        blocks = iter([features])
    widths: list[int] = []
    with controlled(0):
        digest = around.workspace.features.write(
            key, len(labels), inputs.precision, _told(blocks, widths, inputs.precision, origin)
        )
    result = {
        "features": digest,
        "n": len(labels),
        "width": widths[0],
        "order": order,
        "probe": None if probe is None else probe._asdict(),
    }
    return Computed(result)


def _computed(
    representation: Representation, images: Images, origin: str
) -> Iterator[NDArray[np.float32]]:
    """Batches in the order of the data set, so that each image always has the same neighbours."""
    for rows, batch in images.batches(images.affordable(BATCH)):
        with torch.inference_mode():
            features = representation.features(batch)
        n = rows.stop - rows.start
        if not isinstance(features, torch.Tensor):
            raise _broken(f"are {type(features).__name__}", n, origin)
        if features.ndim != 2 or len(features) != n or not features.is_floating_point():
            raise _broken(f"are {features.dtype} of shape {tuple(features.shape)}", n, origin)
        yield features.float().cpu().numpy()


def _told(
    blocks: Iterator[NDArray[Any]], widths: list[int], precision: str, origin: str
) -> Iterator[NDArray[Any]]:
    """The blocks, each found finite and as wide as the first, whose width is noted."""
    for block in blocks:
        width = block.shape[1]
        if width == 0:
            raise ContractViolation("its features have no numbers: D is 0", where=origin)
        widths.append(width)
        if width != widths[0]:
            raise ContractViolation(
                f"its features are {width} wide, after {widths[0]}", where=origin
            )
        with np.errstate(over="ignore"):
            narrow = block.astype(precision, copy=False)
        if not np.isfinite(narrow).all():
            overflow = precision == "float16" and np.isfinite(block).all()
            remedy = 'Keep them in features = "float32"' if overflow else ""
            raise ContractViolation(
                f"some of its features are no finite numbers in {precision}",
                where=origin,
                remedy=remedy,
            )
        yield narrow


def _broken(how: str, n: int, origin: str) -> ContractViolation:
    return ContractViolation(
        f"its features of {n} images {how}, expected a floating-point tensor ({n}, D)", where=origin
    )
