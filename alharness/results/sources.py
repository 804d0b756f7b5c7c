"""Sources of samples: a workspace, the document of a bench, or a CSV made anywhere."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from alharness.api.errors import UsageError
from alharness.results.document import Document
from alharness.results.documents import documents_of
from alharness.results.reading import read_document
from alharness.results.runs_csv import read_runs
from alharness.results.samples import Samples, samples_of, samples_of_runs

ONE_ARCHITECTURE = "One architecture: the verdicts hold for it alone."


def read_samples(
    path: Path,
    *,
    suite: str | None = None,
    metric: str | None = None,
    reference: str | None = None,
) -> list[Samples]:
    """The samples at a path: of a workspace's folder, of a document (JSON), or of a CSV.

    suite: of a workspace, the only suite whose document is read. metric: instead of the endpoint's.
    reference: instead of the suite's; of a CSV, ``random`` by default.
    Raises UsageError or MismatchError, naming the path, for what cannot be read, and for a suite,
    a metric or a reference that is not there.
    """
    if path.is_dir() or not path.exists():
        documents = documents_of(path)
        names = documents.suites() if suite is None else [suite]
        found = [documents.read(name) for name in names]
    elif suite is not None:
        raise UsageError(
            "--suite is for a workspace, and this is a file",
            where=str(path),
            remedy="Leave it out, or name the workspace's folder",
        )
    elif _begins_as_json(path):
        found = [read_document(path)]
    else:
        samples = samples_of_runs(read_runs(path), path, metric=metric, reference=reference)
        return [_with_values(samples, str(path))]
    return [one for document in found for one in samples_of_document(document, metric, reference)]


def samples_of_document(
    document: Document, metric: str | None = None, reference: str | None = None
) -> Iterator[Samples]:
    """The samples of each of its scenarios. Raises UsageError as ``read_samples`` does."""
    one_model = (ONE_ARCHITECTURE,) if document.n_models == 1 else ()
    for scenario in document.scenarios:
        samples = samples_of(scenario, document.suite.name, metric=metric, reference=reference)
        samples = replace(samples, notes=(*samples.notes, *one_model))
        yield samples if metric is None else _with_values(samples, scenario.scenario)


def _with_values(samples: Samples, where: str) -> Samples:
    """Samples that have any. Raises UsageError for others."""
    if all(np.isnan(values).all() for values in samples.values.values()):
        raise UsageError(
            f"there are no values of '{samples.measure.name}'",
            where=where,
            remedy="Name another --metric",
        )
    return samples


def _begins_as_json(path: Path) -> bool:
    try:
        with path.open("rb") as stream:
            return stream.read(100).removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"[")
    except OSError as error:
        raise UsageError(f"cannot be read: {error.strerror}", where=str(path)) from None
