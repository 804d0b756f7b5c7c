"""Writing logged runs to MLflow, in the process that imports it."""

from __future__ import annotations

import fcntl
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain, count
from pathlib import Path

from mlflow import MlflowClient
from mlflow.entities import Experiment, LifecycleStage, Metric, Param, Run, RunTag
from mlflow.exceptions import MlflowException
from mlflow.utils.mlflow_tags import MLFLOW_PARENT_RUN_ID
from mlflow.utils.mlflow_tags import MLFLOW_RUN_NOTE as MLFLOW_NOTE

from alharness.api.text import block
from alharness.store.files import set_aside
from alharness.tracking.accepted import accepted
from alharness.tracking.logged_run import (
    FAILURE_TAG,
    KEY_TAG,
    LAYOUT,
    LAYOUT_TAG,
    STATE_TAG,
    SUPERSEDED_TAG,
    LoggedRun,
)
from alharness.tracking.method_runs import experiment_note
from alharness.tracking.own_database import OwnDatabase
from alharness.tracking.tracking_uri import is_database

LOCK = "mlflow.lock"
PAGE = 200
NOTE = 15_000
"""Characters of an experiment's note, at most."""

ONE_BATCH, ONE_BATCH_TAGS = 1000, 100
"""What MLflow takes in one request: so many metrics, params and tags in all, so many tags."""


SUPERSEDED = "by alharness 0.2, whose units have other keys"
"""What runs of alharness 0.1 and their experiment are tagged with."""


class MlflowStore:
    """One experiment of an MLflow store, found or created.

    An experiment of that name that alharness 0.1 wrote is renamed, and
    ``superseded`` is its new name: its runs are not mixed with new ones.

    MLflow is met for the first time, and each run is written, under a lock that all
    benches of the workspace share; a new one after a look whether another bench has
    created it meanwhile. What is there twice all the same (a server that
    answered too late, two workspaces that track to one server) is put right by the
    next one that looks: of each key one run stays, the others go to the bin.
    """

    def __init__(
        self,
        uri: str,
        workspace: Path,
        experiment: str,
        title: str,
        own: OwnDatabase | None = None,
    ) -> None:
        """``own`` is the workspace's own database when ``uri`` names that."""
        self._lock = workspace / LOCK
        self._me = uuid.uuid4().hex
        self._own = own
        self._accompanied = False
        self.superseded: str | None = None
        self.damage: str | None = None
        with self._exclusive():
            if own is not None:
                self.damage = own.make_whole()
            self._client = MlflowClient(uri)
            self._experiment = self._find_experiment(uri, workspace, experiment, title)
            self._runs = self._each_once(list(self._runs_of(self._experiment)))
        self._accompanied = False

    def states(self) -> dict[str, str]:
        """The state of every run that is there, by key."""
        return {key: run.data.tags.get(STATE_TAG, "") for key, run in self._runs.items()}

    def write(self, run: LoggedRun) -> None:
        """Create a run or continue it. The state is written last: a run without it is continued."""
        run = accepted(run)
        with self._exclusive():
            if self._own is not None:
                self._own.require_same()
            try:
                self._write(run)
            except MlflowException:
                if not self._is_gone(run):
                    raise
                self._write(run)

    def describe(self, note: str) -> None:
        """What the experiment's page says of it, in Markdown."""
        self._client.set_experiment_tag(self._experiment, MLFLOW_NOTE, block(note, NOTE))

    def _write(self, run: LoggedRun) -> None:
        known = None if run.whole else self._runs.get(run.key)
        there = known or (self._replace(run) if run.whole else self._create(run))
        self._runs[run.key] = there
        run_id = there.info.run_id
        if FAILURE_TAG in there.data.tags and FAILURE_TAG not in run.tags:
            self._client.delete_tag(run_id, FAILURE_TAG)
            del there.data.tags[FAILURE_TAG]
        if run.ended is None:
            self._client.update_run(run_id, status=run.status)
        else:
            self._client.set_terminated(run_id, run.status, run.ended)
        self._log(run_id, run)
        there.data.tags.update(run.tags)

    def _is_gone(self, run: LoggedRun) -> bool:
        """Whether a run was put into the bin since it was found; then it is forgotten."""
        there = self._runs.get(run.key)
        if there is None:
            return False
        now = self._client.get_run(there.info.run_id)
        if now.info.lifecycle_stage == LifecycleStage.ACTIVE:
            return False
        del self._runs[run.key]
        return True

    def _each_once(self, runs: list[Run]) -> dict[str, Run]:
        """The runs by key.

        Of several one stays, the same whoever looks; what is nested in the others becomes its.
        """
        first: dict[str, Run] = {}
        moved: dict[str, str] = {}
        for run in sorted(runs, key=lambda one: one.info.run_id):
            kept = first.setdefault(run.data.tags[KEY_TAG], run)
            if kept is not run:
                moved[run.info.run_id] = kept.info.run_id
        for run in first.values() if moved else ():
            parent = moved.get(run.data.tags.get(MLFLOW_PARENT_RUN_ID, ""))
            if parent is not None:
                self._client.set_tag(run.info.run_id, MLFLOW_PARENT_RUN_ID, parent)
        for surplus in moved:
            self._client.delete_run(surplus)
        return first

    def _log(self, run_id: str, run: LoggedRun) -> None:
        """One ``log_batch``. MLflow cuts a big one up, tags first: then the state goes apart."""
        metrics = [
            Metric(point.metric, point.value, point.time, point.step) for point in run.metrics
        ]
        params = [Param(name, value) for name, value in run.params.items()]
        tags = [RunTag(name, value) for name, value in run.tags.items()]
        state = RunTag(STATE_TAG, run.state)
        if len(metrics) + len(params) + len(tags) < ONE_BATCH and len(tags) < ONE_BATCH_TAGS:
            self._client.log_batch(run_id, metrics, params, [*tags, state], synchronous=True)
        else:
            self._client.log_batch(run_id, metrics, params, tags, synchronous=True)
            self._client.log_batch(run_id, tags=[state], synchronous=True)

    def _find_experiment(self, uri: str, workspace: Path, name: str, title: str) -> str:
        """The experiment of this name, without any run that alharness 0.1 wrote."""
        there = self._client.get_experiment_by_name(name)
        if there is not None and LAYOUT_TAG not in there.tags:
            there = self._claim(there)
        if there is not None:
            return str(there.experiment_id)
        folder = workspace.resolve() / "mlartifacts" / name
        artifacts = folder.as_uri() if is_database(uri) else None
        # The kind opens the page of training runs, not that of language models.
        tags = {
            MLFLOW_NOTE: experiment_note(title),
            "mlflow.experimentKind": "custom_model_development",
            LAYOUT_TAG: str(LAYOUT),
        }
        return str(self._client.create_experiment(name, artifacts, tags))

    def _claim(self, there: Experiment) -> Experiment | None:
        """Take over an experiment that somebody else made; None when it had to be superseded."""
        old = list(self._runs_of(there.experiment_id))
        if not old:
            self._client.set_experiment_tag(there.experiment_id, LAYOUT_TAG, str(LAYOUT))
            return there
        self._supersede(there, old)
        return None

    def _supersede(self, there: Experiment, runs: list[Run]) -> None:
        """Mark what alharness 0.1 wrote, and give its name free.

        The name comes last: what was interrupted before is taken up again.
        """
        for run in runs:
            if SUPERSEDED_TAG not in run.data.tags:
                self._client.set_tag(run.info.run_id, SUPERSEDED_TAG, SUPERSEDED)
        self._client.set_experiment_tag(there.experiment_id, SUPERSEDED_TAG, SUPERSEDED)
        name = self._free_name(there.name)
        self._client.rename_experiment(there.experiment_id, name)
        self.superseded = name

    def _free_name(self, name: str) -> str:
        """A name that no experiment has, those in the bin included."""
        candidates = (
            f"{name} (superseded, alharness 0.1{more})"
            for more in chain([""], (f", {number}" for number in count(2)))
        )
        return next(one for one in candidates if self._client.get_experiment_by_name(one) is None)

    def _runs_of(self, experiment: str, condition: str = "") -> Iterator[Run]:
        """The runs of an experiment that alharness wrote."""
        token = None
        while True:
            page = self._client.search_runs(
                [experiment], condition, max_results=PAGE, page_token=token
            )
            yield from (run for run in page if KEY_TAG in run.data.tags)
            token = page.token
            if not token:
                return

    def _create(self, run: LoggedRun) -> Run:
        """A new run with its key, unless another bench created it since this one looked."""
        there = next(self._with_key(run.key), None) if self._accompanied else None
        return there or self._new(run)

    def _replace(self, run: LoggedRun) -> Run:
        """A new run in the place of those that have its key."""
        for there in list(self._with_key(run.key)):
            self._client.delete_run(there.info.run_id)
        return self._new(run)

    def _new(self, run: LoggedRun) -> Run:
        tags = {KEY_TAG: run.key}
        if run.parent is not None:
            tags[MLFLOW_PARENT_RUN_ID] = self._runs[run.parent].info.run_id
        return self._client.create_run(self._experiment, run.started, tags, run.name)

    def _with_key(self, key: str) -> Iterator[Run]:
        return self._runs_of(self._experiment, f"tags.`{KEY_TAG}` = '{key}'")

    @contextmanager
    def _exclusive(self) -> Iterator[None]:
        """Hold the workspace's lock, and note whether anybody else has held it since the start."""
        if os.path.lexists(self._lock) and not self._lock.is_file():
            set_aside(self._lock, self._lock.parent / "damaged")
        with self._lock.open("a+") as stream:
            fcntl.flock(stream, fcntl.LOCK_EX)
            stream.seek(0)
            if stream.read() != self._me:
                self._accompanied = True
                stream.truncate(0)
                stream.write(self._me)
                stream.flush()
            yield
