"""``recorded``: an oracle that reads its labels from a file."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

import alharness

HEADER = ["index", "label"]


class RecordedParameters(alharness.Parameters):
    """Parameters of ``recorded``."""

    path: Path | None = Field(
        None,
        description="a CSV file with the header index,label and a line per image: its position "
        "in the training images and its class; relative to the current folder",
    )
    cost_per_label: float = Field(1.0, ge=0, description="what one label costs")


class RecordedOracle(alharness.Oracle):
    """Gives the labels that people or another program wrote down before.

    The file's content is part of every annotation's key: another file, other annotations.
    Only queried images need a line. Initial and validation sets keep the dataset's labels.
    """

    def __init__(self, path: Path | None, cost_per_label: float) -> None:
        """Raises UsageError when no file is named."""
        if path is None:
            raise alharness.UsageError(
                "it is given no file to read labels from",
                where="oracle 'recorded'",
                remedy='Name one: { oracle = "recorded", path = "labels.csv" }',
            )
        self.path = path
        self.cost_per_label = cost_per_label

    def annotate(
        self,
        true_labels: NDArray[np.int64],
        indices: NDArray[np.int64],
        n_classes: int,
        rng: np.random.Generator,
    ) -> NDArray[np.int64]:
        """Raises UsageError when an image has no label, or one that is not in [0, n_classes)."""
        recorded = self._labels()
        missing = [int(index) for index in indices if int(index) not in recorded]
        if missing:
            raise self._wrong(
                f"no label for image {missing[0]} (and {len(missing) - 1} more)",
                "Add a line for every image that may be queried",
            )
        labels = np.array([recorded[int(index)] for index in indices], dtype=np.int64)
        outside = labels[(labels < 0) | (labels >= n_classes)]
        if len(outside):
            raise self._wrong(
                f"label {outside[0]} is not in [0, {n_classes})", "Number the classes from 0"
            )
        return labels

    def _labels(self) -> dict[int, int]:
        """Class by image."""
        try:
            header, *lines = csv.reader(self._read().decode().splitlines())
            if header != HEADER:
                raise ValueError(f"its header is {','.join(header)}")
            pairs = [(int(index), int(label)) for index, label in filter(None, lines)]
        except ValueError as error:
            raise self._wrong(
                f"no table of labels ({error})",
                "Write the line index,label and then one line such as 17,3 per image",
            ) from error
        labels = dict(pairs)
        if len(labels) < len(pairs):
            raise self._wrong("an image has two lines", "Leave one of them")
        return labels

    def _read(self) -> bytes:
        try:
            return self.path.read_bytes()
        except OSError as error:
            raise self._wrong(
                f"cannot be read ({error.strerror})", "Name a file that is there"
            ) from error

    def _wrong(self, what: str, remedy: str) -> alharness.UsageError:
        return alharness.UsageError(what, where=str(self.path), remedy=remedy)


@alharness.hookimpl
def alharness_oracles() -> Iterator[alharness.OracleSpec]:
    yield alharness.OracleSpec(
        "recorded",
        RecordedOracle,
        summary="Gives the labels that a file holds",
        requires="A file with a label for every image that may be queried.",
        cost="`cost_per_label` for each queried image.",
        parameters=RecordedParameters,
    )
