"""What ``bench`` does once everything is found: compute, track, report."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from functools import partial

from rich.console import Console

from alharness.engine.device import is_gpu
from alharness.executors.coordinator import Coordinator
from alharness.observing.observers import Observers
from alharness.observing.progress import Pace, ProgressDisplay, progress
from alharness.observing.tried import TriedObserver
from alharness.results.document import Document
from alharness.results.documents import NotWritten
from alharness.session.applicability import not_applicable
from alharness.session.asked import Computing
from alharness.session.documenting import leave_document
from alharness.session.executors import open_executor
from alharness.session.notes import unreadable_records
from alharness.session.opening import Opened
from alharness.tracking.mlflow_process import Destination, MlflowProcess
from alharness.tracking.mlflow_tracker import MlflowTracker
from alharness.tracking.tracking_uri import TrackingStore, tracking_store


def carry_out(
    opened: Opened,
    console: Console,
    computing: Computing,
    uri: str | None,
    family: Sequence[str] = (),
) -> Document:
    """Execute every unit that can be, follow it on the terminal and in MLflow, write the report.

    ``family``: labels of methods that the family is narrowed to; none given, it is all of it.

    Raises UsageError or PluginError, before anything is computed, for an executor, a
    device or a tracking URI that cannot be used. Raises NotWritten, at the end, when document or
    report cannot be written.
    """
    say = partial(console.print, markup=False, highlight=False, soft_wrap=True)
    for path in opened.set_aside:
        say(f"{path} was no folder: it was set aside in 'damaged'")
    for note in opened.notes:
        say(f"Note: {note}.")
    for one in not_applicable(opened.bench):
        say(f"{one}.")
    for note in opened.data_notes:
        say(f"Data of {note}.")
    store = tracking_store(uri, opened.workspace.root)
    executor = open_executor(opened, computing, say)
    observers = Observers(opened.registry.plugins, say)
    on_gpu = is_gpu(computing.device)
    observers.add("the note of methods tried", TriedObserver(opened.workspace.tried))
    coordinator = Coordinator(opened.bench, opened.workspace, executor, observers, on_gpu)
    for note in unreadable_records(coordinator.ledger.unreadable):
        say(f"Note: {note}.")
    with closing(make_tracker(coordinator, store, say)) as tracker:
        observers.add("MLflow", tracker)
        try:
            with closing(make_progress(coordinator, console)) as display:
                observers.add("the progress display", display)
                coordinator.run()
        finally:
            executor.shutdown()
        document, unwritten = leave_document(
            opened, coordinator.ledger, coordinator.failures, family, say
        )
        observers.bench_finished(document.to_json())
    if unwritten:
        raise NotWritten(document, unwritten)
    return document


def make_tracker(
    coordinator: Coordinator, store: TrackingStore, say: Callable[[str], None]
) -> MlflowTracker:
    """What follows a bench in MLflow; ``say`` gets its messages."""
    suite, ledger = coordinator.bench.suite, coordinator.ledger
    destination = Destination(store, coordinator.workspace.root, suite.name, suite.title)
    writer = MlflowProcess(destination)
    return MlflowTracker(ledger.record, ledger.curves, writer, store.name, say)


def make_progress(coordinator: Coordinator, console: Console) -> ProgressDisplay:
    """What follows a bench on the terminal."""
    return progress(console, Pace(coordinator.ledger.seconds, coordinator.executor.slots))
