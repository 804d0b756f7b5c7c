"""What a user has to know of a dataset: its census, classes without images, repeated images."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from alharness.api.dataset import DatasetShape
from alharness.protocol.condition import DatasetFacts
from alharness.protocol.wording import repeated_sentence, several


def data_notes(census: Sequence[str], known: DatasetFacts | DatasetShape) -> Iterator[str]:
    """Lines, without the dataset's name. What only prepared data tell is told of these alone."""
    yield from census
    if not isinstance(known, DatasetFacts):
        return
    absent = np.setdiff1d(np.arange(known.n_classes), known.train_labels)
    if len(absent):
        which = several([str(one) for one in absent])
        yield f"of {known.n_classes} classes, {len(absent)} have no training image: {which}"
    if known.repeated is None:
        yield "whether test images are training images too was not looked for when it was prepared"
    elif known.repeated.n:
        yield repeated_sentence(*known.repeated)
