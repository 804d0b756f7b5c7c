"""Results as a tidy pandas frame: a row for each cycle of each run."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from alharness.results.document import METRICS, Document, Method, Scenario, numbers
from alharness.results.documents import documents_at
from alharness.statistics.measures import CLASS_ACCURACY

if TYPE_CHECKING:
    import pandas as pd

HYPERPARAMETER = "hyperparameter"
"""What stands before the name of a chosen hyper-parameter, with a colon."""

_KINDS = ("dataset", "representation", "model", "oracle")


def load_results(
    source: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
) -> pd.DataFrame:
    """What benches found as a pandas frame: a row for each cycle of each run, run or not.

    ``source``: a workspace's folder; a file with a document (``reports/SUITE.json``) or a list of
    them (what ``alharness report --json`` prints); or several of these. The same document
    twice counts once; two of one suite are told apart by ``document``.

    Columns, in this order, for what the documents have: ``document`` (a digest), ``suite``,
    ``suite_version``, ``scenario``, ``protocol_digest``, ``dataset``, ``representation`` (None on
    images), ``model``, ``oracle``, ``method``, ``reference``, ``sees_labels``, ``outdated``
    (bool), ``co_trained`` (bool, None where an early document does not say), ``initial_set``,
    ``seed``, ``cycle`` (int, from 0), ``state`` of the run, ``labels`` and ``validation_labels``
    (int), ``accuracy`` and the other metrics (float, in their own units, NaN where there is none),
    ``class_accuracy:K``, ``labels_spent`` and ``annotation_cost`` of the run, and
    ``hyperparameter:NAME`` of the chosen trial. Index: 0, 1, ….

    Raises UsageError for what cannot be read or holds no document, MismatchError for one that is
    not what it claims to be.
    """
    import pandas as pd

    sources = [source] if isinstance(source, str | os.PathLike) else list(source)
    documents = {one.content_digest: one for path in sources for one in documents_at(Path(path))}
    parts = [
        pd.DataFrame(dict(_columns(digest, document, scenario, method)))
        for digest, document in documents.items()
        for scenario in document.scenarios
        for method in scenario.methods
    ]
    if not parts:
        return pd.DataFrame()
    frame = pd.concat(parts, ignore_index=True)
    return frame[sorted(frame.columns, key=_place)]


def _columns(
    digest: str, document: Document, scenario: Scenario, method: Method
) -> Iterator[tuple[str, Any]]:
    """Every column of a method's rows: one value for all, or one for each row."""
    shape = numbers(method.accuracy).shape
    sets, seeds, cycles = (axis.ravel() for axis in np.indices(shape))
    yield "document", digest
    yield "suite", document.suite.name
    yield "suite_version", document.suite.version
    yield "scenario", scenario.scenario
    yield "protocol_digest", scenario.protocol_digest
    for kind in _KINDS:
        yield kind, next((one.label for one in scenario.plugins(kind)), None)
    yield "method", method.method
    yield "reference", method.method == scenario.reference
    yield "sees_labels", method.sees_labels
    yield "outdated", method.outdated is not None
    yield "co_trained", method.co_trained
    yield "initial_set", sets
    yield "seed", seeds
    yield "cycle", cycles
    yield "labels", np.asarray(scenario.labels)[cycles]
    yield "validation_labels", scenario.n_validation
    for name in ("accuracy", *METRICS):
        table = getattr(method, name)
        yield name, np.nan if table is None else numbers(table).ravel()
    if method.class_accuracy is not None:
        by_class = numbers(method.class_accuracy).reshape(len(cycles), -1)
        for index, values in enumerate(by_class.T):
            yield f"{CLASS_ACCURACY}:{index}", values
    for name in ("labels_spent", "annotation_cost"):
        yield name, numbers(getattr(method, name))[sets, seeds]
    runs = {(run.initial_set, run.seed): run for run in method.runs}
    of_row = [runs.get(key) for key in zip(sets.tolist(), seeds.tolist(), strict=True)]
    yield "state", [None if run is None else run.state for run in of_row]
    chosen = [
        run.cycles[cycle].hyperparameters
        if run is not None and run.cycles is not None and cycle < len(run.cycles)
        else {}
        for run, cycle in zip(of_row, cycles.tolist(), strict=True)
    ]
    for name in dict.fromkeys(name for one in chosen for name in one):
        yield f"{HYPERPARAMETER}:{name}", [one.get(name) for one in chosen]


_ORDER = (
    "document", "suite", "suite_version", "scenario", "protocol_digest", *_KINDS, "method",
    "reference", "sees_labels", "outdated", "co_trained", "initial_set", "seed", "cycle", "state",
    "labels", "validation_labels", "accuracy", *METRICS, CLASS_ACCURACY, "labels_spent",
    "annotation_cost", HYPERPARAMETER,
)  # fmt: skip


def _place(column: str) -> tuple[int, int, str]:
    """By kind; classes by number, hyper-parameters by name."""
    kind, _, rest = column.partition(":")
    number = int(rest) if kind == CLASS_ACCURACY else 0
    return _ORDER.index(kind), number, rest
