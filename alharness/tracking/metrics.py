"""What records measured, as the metrics of MLflow runs, and when."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import chain

from alharness.protocol.units import UnitKind
from alharness.store.records import Record
from alharness.tracking.logged_run import MetricValue

MEASURED: Mapping[UnitKind, str] = {
    "evaluation": "test_accuracy",
    "query": "share_of_ties",
    "annotation": "cost",
}
"""The metric of each unit of a cycle beside its chosen trial."""


def chosen(trial: Record, labels: int, validation: int) -> Iterator[MetricValue]:
    """What the chosen trial of a cycle reached; the step is the number of labeled images.

    Without a validation set there is no accuracy.
    """
    values = {
        "validation_accuracy": trial.result["validation_accuracy"],
        "labels": labels,
        "labels_with_validation": labels + validation,
    }
    for metric, value in values.items():
        if value is not None:
            yield MetricValue(metric, float(value), labels, ended(trial))


def measured(record: Record, metric: str, labels: int) -> Iterator[MetricValue]:
    """What an evaluation, a query or an annotation measured, with the numbers of its notes."""
    yield MetricValue(metric, float(record.result[metric]), labels, ended(record))
    for name, value in record.facts.get("notes", {}).items():
        if isinstance(value, int | float) and not isinstance(value, bool):
            yield MetricValue(f"note.{name}", float(value), labels, ended(record))


def epochs(record: Record, curves: Mapping[str, Sequence[float | None]]) -> Iterator[MetricValue]:
    """What a trial measured after each epoch (the step); no loss that diverged."""
    begun, milliseconds = started(record), 1000 * record.facts["seconds"]
    for metric, values in curves.items():
        for epoch, value in enumerate(values):
            if value is not None:
                time = begun + round(milliseconds * (epoch + 1) / len(values))
                yield MetricValue(metric, float(value), epoch, time)


def best(record: Record) -> Iterator[MetricValue]:
    """What a trial's weights reached, at the epoch (the step) that they are of."""
    result = record.result
    epoch = result["best_epoch"]
    for metric in ("validation_accuracy", "validation_loss"):
        if result[metric] is not None:
            yield MetricValue(f"best_{metric}", float(result[metric]), epoch, ended(record))
    yield MetricValue("best_epoch", float(epoch), epoch, ended(record))


def span(records: Iterable[Record], status: str) -> tuple[int, int | None]:
    """When the first record was started, and when the last finished unless more will come.

    While more will come, records are read no further than the first: a run that
    is written again and again has very many.
    """
    records = iter(records)
    first = next(records, None)
    if first is None:
        return 0, None if status == "RUNNING" else 0
    if status == "RUNNING":
        return started(first), None
    return started(first), max(map(ended, chain([first], records)))


def started(record: Record) -> int:
    """In milliseconds since 1970."""
    begun = datetime.fromisoformat(record.facts["started"])
    return round(1000 * begun.timestamp())


def ended(record: Record) -> int:
    """In milliseconds since 1970."""
    return started(record) + round(1000 * float(record.facts["seconds"]))
