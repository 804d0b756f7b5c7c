"""The workspace: one folder that holds everything a bench leaves."""

from __future__ import annotations

import os
import tempfile
from itertools import count
from pathlib import Path

import numpy as np

from alharness.api.errors import HarnessError, UsageError
from alharness.protocol.partition.sets import Added, IndexSet
from alharness.protocol.units import KINDS, AnnotationInputs, Unit
from alharness.store.checkpoints import Checkpoints
from alharness.store.curves import CURVES, read_curves
from alharness.store.datasets import Datasets
from alharness.store.features import Features
from alharness.store.files import set_aside
from alharness.store.index_sets import IndexSets
from alharness.store.origins import Origins
from alharness.store.records import Record, Records
from alharness.store.tried import TriedMethods

_FOLDERS = (
    "checkpoints", "data", "data/images", "data/labels", "data/prepared", "failures",
    "features", "mlartifacts", "origins", "reports", "sets",
)  # fmt: skip


class Workspace:
    """Records, checkpoints, index sets, prepared datasets and features below one folder."""

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()
        self.records = Records(self.root)
        self.checkpoints = Checkpoints(self.root)
        self.sets = IndexSets(self.root)
        self.datasets = Datasets(self.root)
        self.features = Features(self.root)
        self.tried = TriedMethods(self.root)
        self.origins = Origins(self.root)

    @property
    def reports(self) -> Path:
        """Where reports are written."""
        return self.root / "reports"

    def keep_sets(self, unit: Unit) -> None:
        """Put the index sets that a unit names where its work site finds them.

        What an annotation added is written by the annotation; when it is lost or damaged
        since, it is written anew from the records. Raises HarnessError when these are lost.
        """
        for part in unit.sets:
            if isinstance(part, IndexSet):
                self.sets.put(part)
            elif not self.sets.has(part.digest):
                self.sets.put(self._rebuilt(part))

    def curves(self, record: Record) -> dict[str, list[float | None]] | None:
        """What a trial measured after each epoch, None where it was no number; None when lost."""
        try:
            data = self.records.beside(record, CURVES)
        except HarnessError:
            return None
        return None if data is None else read_curves(data)

    def _rebuilt(self, part: Added) -> IndexSet:
        """What an annotation added, from the records of its query and itself."""
        query = self.records.read("query", part.query)
        annotation = self.records.read("annotation", part.annotation)
        if query is None or annotation is None:
            raise HarnessError(
                "a labeled set is lost, and so is a record that it is made of",
                where=part.digest,
                remedy="Run the same command again: what is missing is computed anew",
            )
        indices = np.asarray(query.result["indices"], dtype=np.int64)
        labels = np.asarray(annotation.result["labels"], dtype=np.int64)
        given = IndexSet(indices, labels)
        if given.digest == part.digest:
            return given
        assert isinstance(annotation.unit.inputs, AnnotationInputs)
        return IndexSet(indices, self.datasets.labels(annotation.unit.inputs.data)[indices])

    def make_way(self) -> list[Path]:
        """Set aside what stands where a folder belongs; the places where something did.

        Raises HarnessError when the disk refuses.
        """
        places = ["damaged", "records", *(f"records/{kind}" for kind in KINDS), *_FOLDERS]
        found = [self.root / place for place in places]
        found = [path for path in found if os.path.lexists(path) and not path.is_dir()]
        for path in found:
            if path.name == "damaged":
                number = next(n for n in count(1) if not os.path.lexists(f"{path}.{n}"))
                path.rename(f"{path}.{number}")
            else:
                set_aside(path, self.root / "damaged")
        return found

    def require_writable(self) -> None:
        """Raises UsageError when nothing can be written here."""
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self.root):
                pass
        except OSError as error:
            raise UsageError(
                f"workspace is not writable ({error.strerror})",
                where=str(self.root),
                remedy="Choose another folder with --workspace",
            ) from error

    def require_readable(self) -> None:
        """Raises UsageError when something is in its place that cannot be read; absent is empty."""
        try:
            next(self.root.iterdir(), None)
        except FileNotFoundError:
            return
        except OSError as error:
            raise UsageError(
                f"workspace is not readable ({error.strerror})",
                where=str(self.root),
                remedy="Choose another folder with --workspace",
            ) from error
