"""Which test images are training images too, by their pixels."""

from __future__ import annotations

from collections.abc import Sequence

from alharness.protocol.condition import RepeatedImages
from alharness.store.images import StoredImages, pixel_digests

EXAMPLES = 3


def repeated_images(
    train: StoredImages,
    test: StoredImages,
    train_names: Sequence[str] | None,
    test_names: Sequence[str] | None,
) -> RepeatedImages | None:
    """The test images whose pixels are those of a training image; None where nobody looked.

    Decoded and framed as models see them. Without names, images are named by their positions.
    """
    ours, theirs = pixel_digests(train), pixel_digests(test)
    if ours is None or theirs is None:
        return None
    first: dict[bytes, int] = {}
    for number, digest in enumerate(ours):
        first.setdefault(digest.tobytes(), number)
    twins = [
        (first[digest.tobytes()], number)
        for number, digest in enumerate(theirs)
        if digest.tobytes() in first
    ]
    examples = tuple(
        (_name(train_names, "training", one), _name(test_names, "test", other))
        for one, other in twins[:EXAMPLES]
    )
    return RepeatedImages(len(twins), len(theirs), examples)


def _name(names: Sequence[str] | None, split: str, number: int) -> str:
    return f"{split} image {number}" if names is None else names[number]
