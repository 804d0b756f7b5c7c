"""``recorded``: an oracle that reads its labels from a file."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

import alharness

HEADER = ["index", "label"]

_WHOLE = re.compile(r"[+-]?[0-9]{1,18}", re.ASCII)
_WIDTH = 40
"""A message shows no more of what a file holds."""


class RecordedParameters(alharness.Parameters):
    """Parameters of ``recorded``."""

    path: Path | None = Field(
        None,
        description="a CSV file with the header index,label and a line per image: its position "
        "in the training images, counted from 0, and its class; relative to the current folder",
    )
    cost_per_label: float = Field(1.0, ge=0, description="what one label costs")


class RecordedOracle(alharness.Oracle):
    """Gives the labels that people or another program wrote down before.

    The file's content is part of every annotation's key: another file, other annotations.
    Every training image needs one line, since any may be queried; the table is compared with the
    dataset before anything is trained. Initial and validation sets keep the dataset's labels.
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

    def check(self, n_images: int, n_classes: int) -> None:
        """Raises UsageError unless every training image has one line, with one of the classes."""
        recorded = self._labels()
        outside = [index for index in recorded if not 0 <= index < n_images]
        if 0 not in recorded and n_images in recorded:
            raise self._wrong(
                f"it has a line for image {n_images} and none for image 0: images are counted "
                "from 1",
                f"Count the {n_images} training images from 0 to {n_images - 1}",
            )
        if len(outside):
            raise self._wrong(
                f"a line for image {outside[0]}{_more(len(outside))}, but the dataset has "
                f"{n_images} training images",
                f"Count them from 0 to {n_images - 1}, and leave out other lines",
            )
        missing = [index for index in range(n_images) if index not in recorded]
        if missing:
            raise self._no_label(missing)
        self._require_classes(recorded.values(), n_classes)

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
            raise self._no_label(missing)
        labels = [recorded[int(index)] for index in indices]
        self._require_classes(labels, n_classes)
        return np.array(labels, dtype=np.int64)

    def _no_label(self, missing: Sequence[int]) -> alharness.UsageError:
        return self._wrong(
            f"no label for image {missing[0]}{_more(len(missing))}",
            "Add a line for every training image",
        )

    def _require_classes(self, labels: Iterable[int], n_classes: int) -> None:
        outside = [label for label in labels if not 0 <= label < n_classes]
        if outside:
            raise self._wrong(
                f"label {outside[0]}{_more(len(outside))} is not in [0, {n_classes})",
                "Number the classes from 0",
            )

    def _labels(self) -> dict[int, int]:
        """Class by image."""
        labels: dict[int, int] = {}
        lines = csv.reader(self._text().splitlines())
        try:
            header = [name.strip() for name in next(lines, [])]
            if header != HEADER:
                raise ValueError(f"its header is {','.join(header)[:_WIDTH] or 'missing'}")
            for line in lines:
                if "".join(line).strip():
                    index, label = _pair(line)
                    if index in labels:
                        raise self._wrong(
                            f"image {index} has two lines, the second is line {lines.line_num}",
                            "Leave one of them",
                        )
                    labels[index] = label
        except (ValueError, csv.Error) as error:
            raise self._no_table(max(lines.line_num, 1), error) from error
        return labels

    def _text(self) -> str:
        data = self._read()
        try:
            return data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise self._no_table(1 + data[: error.start].count(b"\n"), error) from error

    def _read(self) -> bytes:
        try:
            return self.path.read_bytes()
        except OSError as error:
            raise self._wrong(
                f"cannot be read ({error.strerror})", "Name a file that is there"
            ) from error

    def _no_table(self, line: int, error: Exception) -> alharness.UsageError:
        return self._wrong(
            f"no table of labels (line {line}: {error})",
            "Write the line index,label and then one line such as 17,3 per image",
        )

    def _wrong(self, what: str, remedy: str) -> alharness.UsageError:
        return alharness.UsageError(what, where=str(self.path), remedy=remedy)


def _pair(line: Sequence[str]) -> tuple[int, int]:
    """Image and class. Raises ValueError for what are no two whole numbers."""
    if len(line) != len(HEADER):
        raise ValueError(f"{len(line)} columns, expected {len(HEADER)}")
    for value in line:
        if not _WHOLE.fullmatch(value.strip()):
            raise ValueError(f"'{value[:_WIDTH]}' is no whole number")
    index, label = map(int, line)
    return index, label


def _more(n: int) -> str:
    return f" (and {n - 1} more)" if n > 1 else ""


@alharness.hookimpl
def alharness_oracles() -> Iterator[alharness.OracleSpec]:
    yield alharness.OracleSpec(
        "recorded",
        RecordedOracle,
        summary="Gives the labels that a file holds",
        requires="A file with a label for every training image.",
        cost="`cost_per_label` for each queried image.",
        parameters=RecordedParameters,
    )
