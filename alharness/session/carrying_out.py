"""What ``bench`` does once everything is found: compute, track, report."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from functools import partial

from rich.console import Console

from alharness.engine.device import is_gpu
from alharness.executors.coordinator import Coordinator
from alharness.leaderboard.report import write_report
from alharness.observing.observers import Observers
from alharness.observing.progress import Pace, ProgressDisplay, progress
from alharness.protocol.planning.survey import Survey
from alharness.results.collect import collect
from alharness.results.document import Document
from alharness.results.documents import Documents
from alharness.session.asked import Computing
from alharness.session.executors import open_executor
from alharness.session.opening import Opened
from alharness.tracking.mlflow_process import Destination, MlflowProcess
from alharness.tracking.mlflow_tracker import MlflowTracker
from alharness.tracking.tracking_uri import shown, tracking_uri


def carry_out(opened: Opened, console: Console, computing: Computing, uri: str | None) -> Document:
    """Execute every unit that can be, follow it on the terminal and in MLflow, write the report.

    Raises UsageError or PluginError, before anything is computed, for an executor, a
    device or a tracking URI that cannot be used.
    """
    say = partial(console.print, markup=False, highlight=False, soft_wrap=True)
    for note in opened.data_notes:
        say(f"Data of {note}.")
    uri = tracking_uri(uri, opened.workspace.root)
    executor = open_executor(opened, computing, say)
    observers = Observers(opened.registry.plugins, say)
    on_gpu = is_gpu(computing.device)
    coordinator = Coordinator(opened.bench, opened.workspace, executor, observers, on_gpu)
    with closing(make_tracker(coordinator, uri, say)) as tracker:
        observers.add("MLflow", tracker)
        try:
            with closing(make_progress(coordinator, console)) as display:
                observers.add("the progress display", display)
                state = coordinator.run()
        finally:
            executor.shutdown()
        document = _documented(opened, coordinator, state)
        observers.bench_finished(document.to_json())
    return document


def make_tracker(coordinator: Coordinator, uri: str, say: Callable[[str], None]) -> MlflowTracker:
    """What follows a bench in MLflow; ``uri`` names its store, ``say`` gets its messages."""
    suite, ledger = coordinator.bench.suite, coordinator.ledger
    destination = Destination(uri, coordinator.workspace.root, suite.name, suite.title)
    writer = MlflowProcess(destination)
    return MlflowTracker(ledger.record, ledger.curves, writer, shown(uri), say)


def make_progress(coordinator: Coordinator, console: Console) -> ProgressDisplay:
    """What follows a bench on the terminal."""
    return progress(console, Pace(coordinator.ledger.seconds, coordinator.executor.slots))


def _documented(opened: Opened, coordinator: Coordinator, state: Survey) -> Document:
    """Collect the document; write it and the report."""
    failed = state.failed()
    failures = [message for key, message in coordinator.failures.items() if key in failed]
    document = collect(opened.bench, state, coordinator.ledger, failures)
    Documents(opened.workspace.reports).write(document)
    write_report(document, opened.workspace.reports)
    return document
