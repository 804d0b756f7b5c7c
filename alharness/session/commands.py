"""What the commands do, as functions: ``alharness.bench`` and ``alharness.plan``."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from alharness.api.errors import UsageError
from alharness.api.text import one_line
from alharness.protocol.suite.declaration import Suite
from alharness.session.asked import Computing, Opening

if TYPE_CHECKING:
    from alharness.results.document import Document
    from alharness.session.plan import Plan


def bench(
    suite: str | Path | Suite,
    *,
    scenarios: Iterable[str] = Opening.scenarios,
    plugins: Iterable[str] = Opening.plugins,
    add: Iterable[str] = Opening.add,
    plugin_files: Iterable[str | os.PathLike[str]] = Opening.plugin_files,
    workspace: str | os.PathLike[str] = Opening.workspace_dir,
    data_dir: str | os.PathLike[str] = Opening.data_dir,
    download: bool = Opening.download,
    looks: bool = Opening.looks,
    executor: str = Computing.executor,
    device: str = Computing.device,
    jobs: int | None = Computing.jobs,
    jobs_per_gpu: int | None = Computing.jobs_per_gpu,
    silence: float = Computing.silence,
    trial_timeout: float | None = Computing.trial_timeout,
    trial_memory: int | None = Computing.trial_memory,
    query_timeout: float = Computing.query_timeout,
    query_memory: int | None = Computing.query_memory,
    tracking_uri: str | None = None,
    family: Iterable[str] = (),
) -> Document:
    """Run a suite: train, query and compare; what ``alharness bench`` does.

    What is recorded in the workspace is not computed again: interrupt it at any time, and go
    on with the same call. Its document and report lie in the workspace, too. Progress and
    messages go to standard error.

    suite: its name, the path of a TOML file, or a Suite.
    scenarios: those of it that are benched, by name; none given, all. What earlier benches found in
        others stays in the document.
    plugins: samplers that are compared with the suite's reference, instead of the suite's methods:
        ``"vaal:epochs=15"``.
    add: samplers that are compared beside these.
    looks: whether further seeds of a method are run only while its looks do not stop it.
    plugin_files: Python files to load as plugins. executor: ``"NAME:parameter=value"``;
        jobs, jobs_per_gpu: its parameters of these names. device: auto, cpu, cuda or cuda:N.
    silence: seconds without a sign of life after which what carries out a unit is ended, 0 for no
        limit. trial_timeout, query_timeout: seconds that a trial, or a sampler for a query, may
        take; trial_memory, query_memory: MiB that its processes may hold. None: no limit; of
        query_memory, half of the machine's. tracking_uri: an MLflow server or
        database, None for ``mlflow.db`` in the workspace; the environment is not read.
    family: the methods that family-wise decisions count, by label; none given, all that were ever
        recorded in the workspace under the scenario's protocol digest.

    Returns the document; units that failed are in its ``failures``. Raises UsageError or
    PluginError, before anything is computed, for what cannot be used, and ContractViolation
    for a model that has other outputs than classes; at the end a HarnessError with the document
    as its ``document`` when that or the report cannot be written.
    """
    computing = Computing(
        executor,
        device,
        jobs,
        jobs_per_gpu,
        silence=silence,
        trial_timeout=trial_timeout,
        trial_memory=trial_memory,
        query_timeout=query_timeout,
        query_memory=query_memory,
    )
    asked = opening(
        suite, scenarios, plugins, add, plugin_files, workspace, data_dir, download, looks
    )
    return _carried_out(asked, computing, tracking_uri, family)


def _carried_out(
    asked: Opening, computing: Computing, tracking_uri: str | None, family: Iterable[str]
) -> Document:
    """Open a bench, refuse what cannot be used, and carry it out."""
    from rich.console import Console

    from alharness.session.executors import find_executor
    from alharness.session.families import family_of
    from alharness.session.first_pass import require_networks
    from alharness.session.opening import open_bench

    opened = open_bench(asked)
    find_executor(opened.registry, computing)
    labels = family_of(opened, family)
    known = {condition.name: condition.facts for condition in opened.bench.conditions}
    require_networks(opened.bench, known, opened.workspace.records, opened.plugin_files)
    # Imports torch: a mistake in what was asked for shows before that.
    from alharness.session.carrying_out import carry_out

    return carry_out(opened, Console(stderr=True), computing, tracking_uri, labels)


def plan(
    suite: str | Path | Suite,
    *,
    scenarios: Iterable[str] = Opening.scenarios,
    plugins: Iterable[str] = Opening.plugins,
    add: Iterable[str] = Opening.add,
    plugin_files: Iterable[str | os.PathLike[str]] = Opening.plugin_files,
    workspace: str | os.PathLike[str] = Opening.workspace_dir,
    data_dir: str | os.PathLike[str] = Opening.data_dir,
    download: bool = Opening.download,
    looks: bool = Opening.looks,
) -> Plan:
    """What ``bench`` would compute; what ``alharness plan`` shows. Computes and writes nothing.

    Arguments are those of ``bench``; data is not fetched. Raises UsageError or PluginError for
    what cannot be used, but not for data that is not there.
    """
    from alharness.session.first_pass import require_networks
    from alharness.session.opening import open_plan
    from alharness.session.plan import make_plan

    asked = opening(
        suite, scenarios, plugins, add, plugin_files, workspace, data_dir, download, looks
    )
    planned = open_plan(asked)
    known = {name: found.known for name, found in planned.data.items()}
    require_networks(planned.bench, known, planned.workspace.records, asked.plugin_files)
    return make_plan(planned)


def opening(
    suite: str | Path | Suite,
    scenarios: Iterable[str],
    plugins: Iterable[str],
    add: Iterable[str],
    plugin_files: Iterable[str | os.PathLike[str]],
    workspace: str | os.PathLike[str],
    data_dir: str | os.PathLike[str],
    download: bool,
    looks: bool,
) -> Opening:
    """What the commands that open a bench are asked for. Raises UsageError for impossible paths."""
    files = tuple(map(Path, plugin_files))
    folders = _folder(workspace, "workspace"), _folder(data_dir, "data_dir")
    named = tuple(scenarios)
    return Opening(suite, tuple(plugins), tuple(add), files, *folders, download, looks, named)


def _folder(path: str | os.PathLike[str], what: str) -> Path:
    """Raises UsageError for what can be no path on this machine: too long, or with a NUL."""
    try:
        with suppress(FileNotFoundError, NotADirectoryError, PermissionError):
            Path(path).stat()
    except (OSError, ValueError) as error:
        shown, reason = one_line(str(path), 100), getattr(error, "strerror", None) or error
        raise UsageError(f"'{shown}' can be no folder: {reason}", where=what) from None
    return Path(path)
